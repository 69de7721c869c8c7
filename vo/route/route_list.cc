// SPDX-License-Identifier: MIT
//
// A column of a CSV file (RFC 4180, as spreadsheets and notebooks write it): the ids that a bulk download is about.
#include "cache/base/synchronized.h"
#include "vo/query/words.h"
#include "vo/route/route.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_set>

namespace skymount::vo {
namespace {

// A list that a person keeps; a folder of more names no tool lists in comfort.
constexpr std::size_t kMostValues = 100'000;
// NAME_MAX: what is longer is no name.
constexpr std::size_t kLongestValue = 255;
constexpr std::size_t kLongestFile = 64 * 1024 * 1024;

/// One record of `text` from `at` on, which is moved behind it. `open`: its last quote is never closed, so that it
/// reaches to the end.
std::vector<std::string> next_record(const std::string& text, std::size_t& at, char comma, bool& open) {
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
  open = quoted;
  for (std::string& cell : out) cell = trim(cell);
  return out;
}

struct Listed {
  std::vector<std::string> values;
  std::string fault;
  bool partly = false;  ///< the file has more

  void lacks(const std::string& why) {
    partly = true;
    fault += (fault.empty() ? "" : "; ") + why;
  }
};
using ListedPtr = std::shared_ptr<const Listed>;

/// What tells one state of a file from another.
using Stamp = std::tuple<ino_t, off_t, std::int64_t, std::int64_t>;

/// The values of one column of `text`.
Listed column_of(std::string& text, const std::string& wanted, const std::string& strip) {
  Listed out;
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  const std::string_view first = std::string_view(text).substr(0, line_end);
  const char comma = first.find(',') == std::string_view::npos && first.find(';') != std::string_view::npos ? ';' : ',';
  std::size_t at = 0;
  bool open = false;
  const std::vector<std::string> header = next_record(text, at, comma, open);
  const auto found = std::find(header.begin(), header.end(), wanted);
  if (found == header.end()) {
    out.fault = "it has no column '" + wanted + "', so nothing is listed";
    return out;
  }
  const auto index = static_cast<std::size_t>(found - header.begin());
  std::unordered_set<std::string> seen;
  std::size_t unusable = 0;
  while (at < text.size() && out.values.size() < kMostValues) {
    const std::size_t from = at;
    const std::vector<std::string> cells = next_record(text, at, comma, open);
    if (open) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(from), '\n');
      out.lacks("a quote (\") in line " + std::to_string(line) + " is never closed; from there on nothing is listed");
      break;
    }
    std::string_view value = index < cells.size() ? std::string_view(cells[index]) : std::string_view();
    if (!strip.empty() && value.starts_with(strip)) value.remove_prefix(strip.size());
    const bool usable = !value.empty() && value.size() <= kLongestValue && is_utf8(value) &&
                        std::none_of(value.begin(), value.end(), is_control);
    // Lines without the column, and blank ones, are how such files end.
    unusable += !usable && !value.empty() ? 1 : 0;
    if (usable && seen.emplace(value).second) out.values.emplace_back(value);
  }
  if (at < text.size()) out.lacks("only its first " + std::to_string(kMostValues) + " names are listed");
  if (unusable > 0)
    out.lacks(std::to_string(unusable) + " of its lines hold no text that could be a name; they are left out");
  return out;
}

Listed read_list(const RouteList& list, const std::string& file, const std::string& column, const struct stat& info) {
  const auto size = static_cast<std::size_t>(info.st_size);
  std::ifstream in(file, std::ios::binary);
  if (!in) return {{}, "it cannot be read, so nothing is listed; what is known by name can still be opened"};
  std::string text(std::min(size, kLongestFile), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (size > kLongestFile) text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  Listed out = column_of(text, column, list.strip);
  if (size > kLongestFile) out.lacks("it is over 64 MiB; what stands behind that is not listed");
  return out;
}

/// A folder is listed often and the file changes rarely: it is read again when it is another one.
ListedPtr remembered(const RouteList& list, const std::string& file, const std::string& column,
                     const struct stat& info) {
  struct Known {
    Stamp stamp;
    ListedPtr listed;
  };
  // A handful of lists an archive.
  constexpr std::size_t kMostLists = 100;
  static Synchronized<std::map<std::string, Known>> all;
  const std::string key = file + "\n" + column + "\n" + list.strip;
  const Stamp stamp{info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  if (const ListedPtr known = all.with([&](auto& lists) {
        const auto at = lists.find(key);
        return at != lists.end() && at->second.stamp == stamp ? at->second.listed : nullptr;
      }))
    return known;
  auto listed = std::make_shared<const Listed>(read_list(list, file, column, info));
  all.with([&](auto& lists) {
    if (lists.size() >= kMostLists) lists.clear();
    lists[key] = {stamp, listed};
  });
  return listed;
}

}  // namespace

std::vector<std::string> listed_values(const RouteList& list, std::string_view hole, std::string* fault, bool* partly) {
  const auto column = list.columns.find(std::string(hole));
  if (list.csv.empty() || column == list.columns.end()) return {};
  std::string file = list.csv;
  const auto say = [&](const std::string& words) {
    if (fault != nullptr && !words.empty()) *fault = file + ": " + words;
  };
  struct stat info {};
  bool there = ::stat(file.c_str(), &info) == 0;
  if (!there && !list.users_csv.empty()) {
    file = list.users_csv;
    there = ::stat(file.c_str(), &info) == 0;
  }
  if (!there) {
    say("there is no such file, so nothing is listed; what is known by name can still be opened");
    return {};
  }
  // A pipe would be waited for.
  if (!S_ISREG(info.st_mode)) {
    say("it is no file, so nothing is listed; what is known by name can still be opened");
    return {};
  }
  const ListedPtr listed = remembered(list, file, column->second, info);
  say(listed->fault);
  if (partly != nullptr) *partly = listed->partly;
  return listed->values;
}

}  // namespace skymount::vo
