// SPDX-License-Identifier: MIT
//
// The keys as two tables.
#include "fs/config/schema.h"

#include "vo/query/grammar.h"

#include <algorithm>
#include <array>

namespace skymount::fs {
namespace {

struct KeyRule {
  std::string_view section, key;
};

constexpr KeyRule kArchiveKeys[] = {
    {"", "name"},
    {"", "title"},
    {"", "description"},
    {"tap", "url"},
    {"tap", "language"},
    {"tap", "mode"},
    {"tap", "maxrec"},
    {"tap", "execution_duration"},
    {"obscore", "table"},
    {"obscore", "where"},
    {"obscore", "order_by"},
    {"obscore", "form"},
    {"obscore", "search_radius"},
    {"obscore", "id_columns"},
    {"ssa", "url"},
    {"sia", "url"},
    {"sia", "version"},
    {"datalink", "url"},
    {"datalink", "batch"},
    {"naming", "dataset"},
    {"cutout", "radius"},
    {"cutout", "max_bytes"},
    {"best", "full"},
    {"auth", "kind"},
    {"auth", "hosts"},
    {"auth", "header"},
    {"auth", "token_url"},
    {"auth", "client_id"},
    {"auth", "scope"},
    {"limits", "connections"},
    {"limits", "requests_per_second"},
    {"limits", "connect"},
    {"limits", "first_byte"},
    {"limits", "stall"},
    {"limits", "listing"},
    {"limits", "read"},
    {"limits", "open"},
    {"limits", "bytes_per_hour"},
    {"network", "allow_private"},
    {"ttl", "listings"},
    {"ttl", "links"},
    {"ttl", "negative"},
    // Written [[route]] and [[report]]. Their keys are looked at by fs/config/routes and reports.
    {"route", "path"},
    {"report", "file"},
};

constexpr KeyRule kGlobalKeys[] = {
    {"cache", "dir"},    {"cache", "size"},    {"cache", "memory"}, {"ttl", "listings"}, {"ttl", "links"},
    {"ttl", "negative"}, {"crawlers", "deny"}, {"proxy", "url"},    {"tls", "ca"},       {"sesame", "url"},
};

std::vector<KeyRule> rules_of(FileKind kind) {
  if (kind == FileKind::archive) return {std::begin(kArchiveKeys), std::end(kArchiveKeys)};
  return {std::begin(kGlobalKeys), std::end(kGlobalKeys)};
}

bool is_secret(std::string_view key) {
  static constexpr std::array<std::string_view, 10> names = {"password",      "passwd",       "passphrase", "token",
                                                             "access_token",  "secret",       "api_key",    "apikey",
                                                             "client_secret", "user_password"};
  return std::find(names.begin(), names.end(), key) != names.end();
}

std::string at(const Document& document, unsigned line) {
  return document.file + ":" + std::to_string(line) + ": ";
}

std::string guess(std::string_view word, const std::vector<std::string_view>& candidates, std::string_view open,
                  std::string_view close) {
  const std::string_view near = vo::nearest(word, candidates);
  if (!near.empty()) return " - did you mean " + std::string(open) + std::string(near) + std::string(close) + "?";
  std::string all;
  for (std::string_view candidate : candidates) all += (all.empty() ? "" : ", ") + std::string(candidate);
  return "; there are: " + all;
}

/// Section and key as one stream in the order of lines, so that the first mistake from the top is the one reported.
Result<void> check_section(const Document& document, const Section& section, const std::vector<KeyRule>& rules) {
  std::vector<std::string_view> names;
  for (const KeyRule& rule : rules)
    if (!rule.section.empty() && std::find(names.begin(), names.end(), rule.section) == names.end())
      names.push_back(rule.section);
  if (std::find(names.begin(), names.end(), section.name) == names.end())
    return fail(Code::invalid,
                at(document, section.line) + "there is no section [" + section.name + "]" +
                    guess(section.name, names, section.repeated ? "[[" : "[", section.repeated ? "]]" : "]"));
  const std::string written = section.repeated ? "[[" + section.name + "]]" : "[" + section.name + "]";
  if (section.repeated != (section.name == "route" || section.name == "report"))
    return fail(Code::invalid, at(document, section.line) + written + " must be written " +
                                   (section.repeated ? "[" + section.name + "]" : "[[" + section.name + "]]"));
  return {};
}

Result<void> check_setting(const Setting& setting, const std::vector<KeyRule>& rules) {
  if (is_secret(setting.key))
    return fail(Code::denied, setting.where() + ": " + setting.label() +
                                  " is a secret, and secrets are refused in this file; they are bound in "
                                  "~/.config/skymount/secrets.toml");
  std::vector<std::string_view> keys, sections;
  bool found = false;
  for (const KeyRule& rule : rules) {
    if (rule.section == setting.section) {
      keys.push_back(rule.key);
      found = found || rule.key == setting.key;
    } else if (setting.section.empty() && !rule.section.empty()) {
      sections.push_back(rule.section);
    }
  }
  if (!found) {
    if (std::find(sections.begin(), sections.end(), setting.key) != sections.end())
      return fail(Code::invalid, setting.where() + ": '" + setting.key + "' is a section, not a key; write [" +
                                     setting.key + "] and its keys below");
    const std::string whose =
        setting.section.empty() ? "there is no top-level key '" : "[" + setting.section + "] has no key '";
    return fail(Code::invalid, setting.where() + ": " + whose + setting.key + "'" + guess(setting.key, keys, "'", "'"));
  }
  return {};
}

}  // namespace

Result<void> check_keys(const Document& document, FileKind kind) {
  const std::vector<KeyRule> rules = rules_of(kind);
  auto section = document.sections.begin();
  auto setting = document.settings.begin();
  while (section != document.sections.end() || setting != document.settings.end()) {
    const bool section_first =
        setting == document.settings.end() || (section != document.sections.end() && section->line <= setting->line);
    Result<void> checked =
        section_first ? check_section(document, *section++, rules) : check_setting(*setting++, rules);
    if (!checked) return checked;
  }
  return {};
}

}  // namespace skymount::fs
