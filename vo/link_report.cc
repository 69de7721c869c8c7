// SPDX-License-Identifier: MIT
#include "vo/link_report.h"

#include "cache/base/text.h"
#include "vo/file_names.h"
#include "vo/http/url.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/datalink.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// A value is a word or a sentence; longer ones are cut, so that one cell cannot fill the report.
constexpr std::size_t kLongestValue = 2000;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    if (slash > at) out.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return out;
}

bool matches_end(const std::vector<std::string_view>& patterns, const std::vector<std::string_view>& names) {
  // The archive's own folder is no name of the pattern's.
  if (patterns.empty() || names.size() < patterns.size() + 1) return false;
  const std::size_t skipped = names.size() - patterns.size();
  for (std::size_t i = 0; i < patterns.size(); ++i)
    if (!TextPattern{std::string(patterns[i]), false}.matches(names[skipped + i])) return false;
  return true;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

/// The value of key="value" (or '...') in a description; the key in any case.
std::optional<std::string> value_in(std::string_view text, std::string_view key) {
  const std::string low = lower(text), wanted = lower(key);
  for (std::size_t at = 0; (at = low.find(wanted, at)) != std::string::npos; ++at) {
    if (at > 0 && is_word(low[at - 1])) continue;
    std::size_t quote = at + wanted.size();
    while (quote < text.size() && text[quote] == ' ') ++quote;
    if (quote >= text.size() || text[quote] != '=') continue;
    do ++quote;
    while (quote < text.size() && text[quote] == ' ');
    if (quote >= text.size() || (text[quote] != '"' && text[quote] != '\'')) continue;
    const std::size_t end = text.find(text[quote], quote + 1);
    if (end == std::string_view::npos) continue;
    return words_of(text.substr(quote + 1, end - quote - 1), kLongestValue);
  }
  return std::nullopt;
}

/// All that is said of a field, each value once.
std::vector<std::string> values_of(const std::vector<const Link*>& links, const std::string& field) {
  std::vector<std::string> out;
  for (const Link* link : links) {
    const auto value = value_in(link->description, field);
    if (value && std::find(out.begin(), out.end(), *value) == out.end()) out.push_back(*value);
  }
  return out;
}

/// The descriptions that are looked at: of the terms in their order.
std::vector<const Link*> chosen(const LinkReport& report, const LinksAnswer& answer) {
  std::vector<const Link*> out;
  for (const std::string& term : report.semantics)
    for (const Link& link : answer.links)
      if (link.semantics == normal_semantics(term)) out.push_back(&link);
  if (report.semantics.empty())
    for (const Link& link : answer.links) out.push_back(&link);
  return out;
}

/// What the document was asked for by a parameter of this name, in any case.
std::string requested(const DatasetFolder& folder, const std::string& field) {
  const Result<Url> url = Url::parse(folder.source);
  std::string query = url ? url->query() : "";
  std::replace(query.begin(), query.end(), '?', '&');  // ESO writes a second one
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string pair = query.substr(at, end - at);
    const std::size_t equals = pair.find('=');
    if (equals != std::string::npos && same_word(pair.substr(0, equals), field))
      return percent_decode(pair.substr(equals + 1)).value_or(pair.substr(equals + 1));
    at = end + 1;
  }
  return "";
}

/// Why a value deserves a warning; empty when it does not.
std::string warning(const std::string& field, const std::string& value, const std::string& rule,
                    const std::string& asked_for, std::string_view term) {
  if (rule == "!requested") {
    if (!asked_for.empty() && !same_word(value, asked_for))
      return field + " is \"" + value + "\", but \"" + asked_for + "\" was asked for.";
    // The address does not tell, but the link's own term may: calSelector_raw2master.
    if (asked_for.empty() && !term.empty() && lower(semantics_word(term)).find(lower(value)) == std::string::npos)
      return field + " is \"" + value + "\", which is not what " + semantics_word(term) + " stands for.";
    return "";
  }
  const bool unless = rule.starts_with('!');
  if (same_word(value, unless ? std::string_view(rule).substr(1) : std::string_view(rule)) == unless) return "";
  return field + " is \"" + value + "\"" + (unless ? ", not \"" + rule.substr(1) + "\"." : ".");
}

}  // namespace

bool applies(const LinkReport& report, std::string_view path, bool term_folder) {
  const std::vector<std::string_view> patterns = split(report.in);
  std::vector<std::string_view> names = split(path);
  if (matches_end(patterns, names)) return true;
  if (!term_folder || names.empty()) return false;
  names.pop_back();
  return matches_end(patterns, names);
}

std::string report_text(const LinkReport& report, const DatasetFolder& folder, std::string_view term) {
  const Result<LinksAnswer> answer = parse_links(as_bytes(std::string_view(folder.links_document)));
  const std::vector<const Link*> links = answer ? chosen(report, *answer) : std::vector<const Link*>();
  std::string warnings, told;
  std::size_t width = 0;
  for (const std::string& field : report.fields) width = std::max(width, field.size());
  for (const std::string& field : report.fields) {
    const std::vector<std::string> values = values_of(links, field);
    const auto rule = report.warn.find(field);
    const auto meaning = report.means.find(field);
    std::string line;
    for (const std::string& value : values) {
      line += (line.empty() ? "" : ", ") + (value.empty() ? std::string("\"\"") : value);
      if (rule == report.warn.end()) continue;
      const std::string why = warning(field, value, rule->second, requested(folder, field), term);
      if (why.empty()) continue;
      warnings += "WARNING: " + why;
      if (meaning != report.means.end()) warnings += " " + meaning->second;
      warnings += "\n";
    }
    if (values.empty()) {
      line = "(the archive does not say)";
      if (rule != report.warn.end())
        warnings += "WARNING: the archive does not say whether " + field + " is as it should be.\n";
    }
    told += field + ":" + std::string(width - field.size() + 1, ' ') + line + "\n";
  }
  return (warnings.empty() ? "" : warnings + "\n") + told;
}

}  // namespace skymount::vo
