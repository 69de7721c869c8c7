// SPDX-License-Identifier: MIT
//
// The only file that knows toml++.
#include "fs/config/document.h"

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>

namespace skymount::fs {
namespace {

// A configuration is a page of text; more is a mix-up (a data file given to --config) and not worth parsing.
constexpr std::size_t kLongestFile = 1 << 20;

std::string with_article(toml::node_type type) {
  switch (type) {
    case toml::node_type::array: return "a list";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date";
    default: return "something else";
  }
}

unsigned line_of(const toml::key& key) {
  return key.source().begin.line;
}

std::vector<Setting> settings_of(const std::string& section, const toml::table& table, const std::string& file,
                                 bool users_own);

SettingValue value_of(const std::string& key, const toml::node& node, const std::string& file, bool users_own) {
  if (const auto* table = node.as_table()) {
    return TableValue{std::make_shared<const std::vector<Setting>>(settings_of(key, *table, file, users_own))};
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* whole = node.as_integer()) return whole->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* list = node.as_array()) {
    std::vector<std::string> texts;
    for (const toml::node& item : *list) {
      const auto* text = item.as_string();
      if (text == nullptr) return OtherValue{"a list with something else than texts"};
      texts.push_back(text->get());
    }
    return texts;
  }
  return OtherValue{with_article(node.type())};
}

std::vector<Setting> settings_of(const std::string& section, const toml::table& table, const std::string& file,
                                 bool users_own) {
  std::vector<Setting> out;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    out.push_back({section, name, value_of(name, node, file, users_own), file, line_of(key), users_own});
  }
  std::stable_sort(out.begin(), out.end(), [](const Setting& a, const Setting& b) { return a.line < b.line; });
  return out;
}

class Flattener {
 public:
  Flattener(Document& out, bool users_own) : out_(out), users_own_(users_own) {}

  void top(const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (const auto* section = node.as_table()) {
        out_.sections.push_back({name, line_of(key), false});
        for (Setting& setting : settings_of(name, *section, out_.file, users_own_))
          out_.settings.push_back(std::move(setting));
      } else if (node.is_array_of_tables()) {
        out_.sections.push_back({name, line_of(key), true});
        for (const toml::node& one : *node.as_array())
          out_.repeated.push_back(
              {name, one.source().begin.line, settings_of(name, *one.as_table(), out_.file, users_own_)});
      } else {
        out_.settings.push_back(
            {"", name, value_of(name, node, out_.file, users_own_), out_.file, line_of(key), users_own_});
      }
    }
    std::stable_sort(out_.sections.begin(), out_.sections.end(),
                     [](const Section& a, const Section& b) { return a.line < b.line; });
    std::stable_sort(out_.settings.begin(), out_.settings.end(),
                     [](const Setting& a, const Setting& b) { return a.line < b.line; });
  }

 private:
  Document& out_;
  const bool users_own_;
};

}  // namespace

Result<Document> parse_document(std::string_view text, const std::string& file, bool users_own) {
  try {
    const toml::table table = toml::parse(text, file);
    Document document;
    document.file = file;
    Flattener(document, users_own).top(table);
    return document;
  } catch (const toml::parse_error& error) {
    return fail(Code::invalid, file + ":" + std::to_string(error.source().begin.line) +
                                   ": not valid TOML: " + std::string(error.description()));
  }
}

Result<Document> read_document(const std::filesystem::path& file, bool users_own) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found)
    return fail(Code::not_found, file.string() + ": there is no such file");
  if (std::filesystem::is_directory(status))
    return fail(Code::invalid, file.string() + ": is a folder; name the TOML file inside");
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::invalid, file.string() + ": cannot be read; check its permissions");
  std::string text(kLongestFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kLongestFile) return fail(Code::invalid, file.string() + ": over 1 MiB, which is no configuration");
  return parse_document(text, file.string(), users_own);
}

void overlay(Settings& below, const Document& above) {
  for (const Setting& setting : above.settings) below[setting.section + "." + setting.key] = setting;
}

std::string kind_of(const SettingValue& value) {
  struct Words {
    std::string operator()(const std::string& text) const { return "the text \"" + text + "\""; }
    std::string operator()(std::int64_t whole) const { return "the number " + std::to_string(whole); }
    std::string operator()(double) const { return "a number with a fraction"; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(const std::vector<std::string>&) const { return "a list of texts"; }
    std::string operator()(const TableValue&) const { return "a table"; }
    std::string operator()(const OtherValue& other) const { return other.kind; }
  };
  return std::visit(Words{}, value);
}

}  // namespace skymount::fs
