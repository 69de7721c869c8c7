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
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date";
    default: return "something else";
  }
}

SettingValue value_of(const toml::node& node) {
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

class Flattener {
 public:
  Flattener(Document& out, bool users_own) : out_(out), users_own_(users_own) {}

  void top(const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (const auto* section = node.as_table()) {
        out_.sections.push_back({name, line_of(key), false});
        for (const auto& [inner, value] : *section) add(name, inner, value);
      } else if (node.is_array_of_tables()) {
        out_.sections.push_back({name, line_of(key), true});
      } else {
        add("", key, node);
      }
    }
    std::stable_sort(out_.sections.begin(), out_.sections.end(),
                     [](const Section& a, const Section& b) { return a.line < b.line; });
    std::stable_sort(out_.settings.begin(), out_.settings.end(),
                     [](const Setting& a, const Setting& b) { return a.line < b.line; });
  }

 private:
  static unsigned line_of(const toml::key& key) { return key.source().begin.line; }

  void add(const std::string& section, const toml::key& key, const toml::node& node) {
    out_.settings.push_back({section, std::string(key.str()), value_of(node), out_.file, line_of(key), users_own_});
  }

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
    std::string operator()(const OtherValue& other) const { return other.kind; }
  };
  return std::visit(Words{}, value);
}

}  // namespace skymount::fs
