// SPDX-License-Identifier: MIT
//
// Header fields as archives send them: parsed leniently, believed strictly. A field that cannot be read is absent.
#include "vo/http/message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include "cache/base/text.h"
#include "vo/http/redact.h"

namespace skymount::vo {
namespace {

/// Digits only: no sign, no blanks, no overflow.
template <class T>
std::optional<T> whole_number(std::string_view text) {
  T value = 0;
  if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Takes "name=value" or "name" up to the next ';' off the front of `rest`; a quoted value may hold semicolons.
std::pair<std::string, std::string> take_parameter(std::string_view& rest) {
  const std::size_t stop = std::min(rest.find_first_of("=;"), rest.size());
  std::pair<std::string, std::string> out(lower(trim(rest.substr(0, stop))), "");
  rest.remove_prefix(stop);
  if (rest.empty() || rest[0] == ';') {
    if (!rest.empty()) rest.remove_prefix(1);
    return out;
  }
  rest = trim(rest.substr(1));
  if (!rest.empty() && rest[0] == '"') {
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
      out.second += rest[i];
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  } else {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    out.second = trim(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return out;
}

std::string utf8_from_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

/// charset'language'percent-encoded (RFC 8187 3.2), as UTF-8.
std::optional<std::string> extended_value(std::string_view text) {
  const std::size_t first = text.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  auto decoded = percent_decode(text.substr(second + 1));
  if (!decoded) return std::nullopt;
  if (same_word(text.substr(0, first), "UTF-8")) return is_utf8(*decoded) ? std::optional(*decoded) : std::nullopt;
  if (same_word(text.substr(0, first), "ISO-8859-1")) return utf8_from_latin1(*decoded);
  return std::nullopt;
}

/// The last path component without control bytes; nothing when that leaves no name.
std::optional<std::string> safe_name(std::string_view name) {
  name = name.substr(name.find_last_of("/\\") == std::string_view::npos ? 0 : name.find_last_of("/\\") + 1);
  std::string out;
  for (const char c : name)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  out = std::string(trim(out));
  if (out.empty() || out == "." || out == "..") return std::nullopt;
  return is_utf8(out) ? out : utf8_from_latin1(out);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size() && out.size() < 16;) {
    const std::size_t begin = text.find_first_not_of(" ,-\t", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" ,-\t", begin), text.size());
    out.push_back(text.substr(begin, end - begin));
    at = end;
  }
  return out;
}

std::optional<unsigned> month_number(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                               "jul", "aug", "sep", "oct", "nov", "dec"};
  for (unsigned i = 0; i < kMonths.size(); ++i)
    if (same_word(word, kMonths[i])) return i + 1;
  return std::nullopt;
}

std::optional<std::int64_t> seconds_since_1970(std::optional<int> year, std::optional<unsigned> month,
                                               std::optional<unsigned> day, std::string_view clock) {
  if (!year || !month || !day || clock.size() != 8 || clock[2] != ':' || clock[5] != ':') return std::nullopt;
  const auto h = whole_number<unsigned>(clock.substr(0, 2)), m = whole_number<unsigned>(clock.substr(3, 2)),
             s = whole_number<unsigned>(clock.substr(6, 2));
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month), std::chrono::day(*day)};
  if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * 86400LL + *h * 3600 + *m * 60 + *s;
}

struct Announced {
  std::optional<std::uint64_t> value;
  bool contradiction = false;
};

/// All Content-Length fields and lists taken together: "5" and "5, 5" say five, "5" beside "6" says nothing.
Announced announced_length(const HttpHeaders& headers) {
  Announced out;
  for (const auto& [name, list] : headers.fields()) {
    if (!same_word(name, "Content-Length")) continue;
    for (std::size_t at = 0; at <= list.size();) {
      const std::size_t end = std::min(list.find(',', at), list.size());
      const auto value = whole_number<std::uint64_t>(trim(std::string_view(list).substr(at, end - at)));
      if (!value || (out.value && *out.value != *value)) return {std::nullopt, true};
      out.value = value;
      at = end + 1;
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> HttpHeaders::get(std::string_view name) const {
  for (const auto& [field, value] : fields_)
    if (same_word(field, name)) return value;
  return std::nullopt;
}

std::optional<std::uint64_t> HttpResponse::content_length() const {
  return headers.get("Transfer-Encoding") ? std::nullopt : announced_length(headers).value;
}

bool HttpResponse::contradicts_its_length() const {
  return !headers.get("Transfer-Encoding") && announced_length(headers).contradiction;
}

std::string HttpResponse::without_secrets(std::string words) const {
  for (const std::string& secret : secrets) words = blank_word(std::move(words), secret);
  for (const std::string& secret : secrets_in_query(final_url.query())) words = blank_word(std::move(words), secret);
  return words;
}

std::string HttpResponse::content_type() const {
  return MediaType::parse(headers.get("Content-Type").value_or("")).type;
}

std::optional<std::string> HttpResponse::strong_etag() const {
  const auto tag = headers.get("ETag");
  // Some servers forget the quotes; such a tag still names one version, byte for byte.
  if (!tag || tag->empty() || tag->starts_with("W/") || tag->starts_with("w/")) return std::nullopt;
  return tag;
}

std::optional<std::string> HttpResponse::filename() const {
  const auto field = headers.get("Content-Disposition");
  if (!field) return std::nullopt;
  std::string_view rest = *field;
  std::optional<std::string> plain, extended;
  for (int i = 0; !rest.empty() && i < 32; ++i) {
    const auto [name, value] = take_parameter(rest);
    if (name == "filename*" && !extended) extended = extended_value(value);
    if (name == "filename" && !plain) plain = value;
  }
  if (extended)
    if (auto name = safe_name(*extended)) return name;
  return plain ? safe_name(*plain) : std::nullopt;
}

std::optional<std::int64_t> HttpResponse::last_modified() const {
  const auto text = headers.get("Last-Modified");
  return text ? parse_http_date(*text) : std::nullopt;
}

std::optional<ContentRange> ContentRange::parse(std::string_view text) {
  text = trim(text);
  if (text.size() < 6 || !same_word(text.substr(0, 5), "bytes")) return std::nullopt;
  text = trim(text.substr(5));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view span = trim(text.substr(0, slash)), total_text = trim(text.substr(slash + 1));
  ContentRange out;
  if (total_text != "*") {
    out.total = whole_number<std::uint64_t>(total_text);
    if (!out.total) return std::nullopt;
  }
  if (span == "*") return out;
  const std::size_t dash = span.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = whole_number<std::uint64_t>(trim(span.substr(0, dash)));
  const auto last = whole_number<std::uint64_t>(trim(span.substr(dash + 1)));
  if (!first || !last || *last < *first || *last == UINT64_MAX || (out.total && *last >= *out.total))
    return std::nullopt;
  out.range = {*first, *last - *first + 1};
  return out;
}

MediaType MediaType::parse(std::string_view text) {
  MediaType out;
  const std::size_t semicolon = std::min(text.find(';'), text.size());
  out.type = lower(trim(text.substr(0, semicolon)));
  text.remove_prefix(std::min(semicolon + 1, text.size()));
  while (!text.empty() && out.parameters.size() < 32) {
    auto parameter = take_parameter(text);
    if (!parameter.first.empty()) out.parameters.push_back(std::move(parameter));
  }
  return out;
}

std::string MediaType::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (same_word(key, name)) return value;
  return {};
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() < 5) return std::nullopt;
  // "Sun Nov  6 08:49:37 1994"
  if (const auto month = month_number(words[1]); month)
    return seconds_since_1970(whole_number<int>(words[4]), month, whole_number<unsigned>(words[2]), words[3]);
  // "Sun, 06 Nov 1994 08:49:37 GMT" and "Sunday, 06-Nov-94 08:49:37 GMT"
  auto year = whole_number<int>(words[3]);
  if (year && words[3].size() == 2) *year += *year < 70 ? 2000 : 1900;  // RFC 9110: a date over 50 years ahead is past
  return seconds_since_1970(year, month_number(words[2]), whole_number<unsigned>(words[1]), words[4]);
}

}  // namespace skymount::vo
