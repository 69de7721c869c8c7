// SPDX-License-Identifier: MIT
//
// One TOML file as flat settings that remember where they were written. Merging two files is then overlaying two maps,
// and every later complaint can name file and line. toml++ is used in config_document.cc alone.
#pragma once

#include "cache/base/result.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skymount::fs {

/// A value that is neither text, number, switch, table nor list of texts: a date, a mixed list.
struct OtherValue {
  std::string kind;  ///< for messages: "a date"
};
struct Setting;
/// { key = value, ... }, in the order of lines. The settings' section is the key of the table.
struct TableValue {
  std::shared_ptr<const std::vector<Setting>> items;
};
using SettingValue =
    std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>, TableValue, OtherValue>;

struct Setting {
  std::string section, key;  ///< "tap", "url"; the section of top-level keys is ""
  SettingValue value;
  std::string file;
  unsigned line = 0;
  bool users_own = false;  ///< from a file that the user wrote, not a shipped one

  /// "gavo.toml:4"
  std::string where() const { return file + ":" + std::to_string(line); }
  /// "[tap] url", or "name" at the top.
  std::string label() const { return section.empty() ? key : "[" + section + "] " + key; }
};

struct Section {
  std::string name;
  unsigned line = 0;
  bool repeated = false;  ///< written [[name]]
};

/// One of several sections of the same name.
struct RepeatedSection {
  std::string name;
  unsigned line = 0;
  std::vector<Setting> settings;  ///< in the order of lines
};

struct Document {
  std::string file;
  std::vector<Section> sections;               ///< in the order of lines
  std::vector<Setting> settings;               ///< in the order of lines; those of [[repeated]] sections are left out
  std::vector<RepeatedSection> repeated = {};  ///< in the order of lines
};

/// Errors  not_found: no such file; invalid: unreadable, not TOML (with line), over 1 MiB.
Result<Document> read_document(const std::filesystem::path& file, bool users_own);
Result<Document> parse_document(std::string_view text, const std::string& file, bool users_own);

/// Settings under "section.key". Later files win key by key.
using Settings = std::map<std::string, Setting>;
void overlay(Settings& below, const Document& above);

/// "text", "a whole number": how messages speak of a value.
std::string kind_of(const SettingValue& value);

}  // namespace skymount::fs
