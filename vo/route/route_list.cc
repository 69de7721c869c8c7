// SPDX-License-Identifier: MIT
//
// A column of a CSV file (RFC 4180, as spreadsheets and notebooks write it): the ids that a bulk download is about.
#include "vo/query/words.h"
#include "vo/route/route.h"

#include <algorithm>
#include <fstream>
#include <unordered_set>

namespace skymount::vo {
namespace {

// A list that a person keeps; a folder of more names no tool lists in comfort.
constexpr std::size_t kMostValues = 100'000;
constexpr std::size_t kLongestFile = 64 * 1024 * 1024;

/// One record of `text` from `at` on, which is moved behind it.
std::vector<std::string> next_record(const std::string& text, std::size_t& at, char comma) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"') {
        out.back() += c;
      } else if (at + 1 < text.size() && text[at + 1] == '"') {
        out.back() += text[++at];
      } else {
        quoted = false;
      }
    } else if (c == '"' && out.back().empty()) {
      quoted = true;
    } else if (c == comma) {
      out.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else if (c != '\r') {
      out.back() += c;
    }
  }
  for (std::string& cell : out) cell = trim(cell);
  return out;
}

}  // namespace

std::vector<std::string> listed_values(const RouteList& list, std::string_view hole, std::string* fault) {
  std::vector<std::string> out;
  const auto column = list.columns.find(std::string(hole));
  if (list.csv.empty() || column == list.columns.end()) return out;
  const auto say = [&](const std::string& words) {
    if (fault != nullptr) *fault = (list.users_csv.empty() ? list.csv : list.users_csv) + ": " + words;
  };
  std::ifstream in(list.csv, std::ios::binary);
  if (!in && !list.users_csv.empty()) in = std::ifstream(list.users_csv, std::ios::binary);
  if (!in) {
    say("there is no such file, so nothing is listed; what is known by name can still be opened");
    return out;
  }
  std::string text(kLongestFile, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  const char comma =
      text.substr(0, line_end).find(',') == std::string::npos && text.substr(0, line_end).find(';') != std::string::npos
          ? ';'
          : ',';
  std::size_t at = 0;
  const std::vector<std::string> header = next_record(text, at, comma);
  const auto found = std::find(header.begin(), header.end(), column->second);
  if (found == header.end()) {
    say("it has no column '" + column->second + "', so nothing is listed");
    return out;
  }
  const auto index = static_cast<std::size_t>(found - header.begin());
  std::unordered_set<std::string> seen;
  while (at < text.size() && out.size() < kMostValues) {
    const std::vector<std::string> cells = next_record(text, at, comma);
    if (cells.size() <= index) continue;
    std::string_view value = cells[index];
    if (!list.strip.empty() && value.starts_with(list.strip)) value.remove_prefix(list.strip.size());
    if (!value.empty() && is_utf8(value) && seen.emplace(value).second) out.emplace_back(value);
  }
  if (at < text.size()) say("only its first " + std::to_string(kMostValues) + " names are listed");
  return out;
}

}  // namespace skymount::vo
