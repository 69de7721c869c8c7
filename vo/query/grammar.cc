// SPDX-License-Identifier: MIT
#include "vo/query/grammar.h"

#include "vo/query/words.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

constexpr std::size_t kMaxComponent = 255;  // NAME_MAX of every Linux filesystem
constexpr std::uint64_t kMaxLimit = 1'000'000'000;

tl::unexpected<Error> bad(std::string_view key, std::string_view value, std::string why) {
  return fail(Code::invalid, std::string(key) + "=" + std::string(value) + ": " + std::move(why));
}

bool is_key_char(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

/// The known key that `text` begins with, with '=' after it; empty when there is none.
std::string_view key_at(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  for (std::string_view key : query_keys()) {
    if (same_word(text.substr(0, equals), key)) return key;
  }
  return {};
}

tl::unexpected<Error> unknown_key(std::string_view component) {
  const std::string word(component.substr(0, component.find('=')));
  const std::string_view near = nearest(word, query_keys());
  std::string what = "'" + word + "' is no key of a query";
  if (!near.empty()) return fail(Code::not_found, what + "; perhaps " + std::string(near) + "=");
  what += "; keys are";
  for (std::string_view key : query_keys()) what.append(" ").append(key);
  return fail(Code::not_found, std::move(what));
}

/// Percent-decoded. A pattern keeps the escapes of a literal star and a literal percent.
Result<std::string> decode(std::string_view key, std::string_view value, bool as_pattern) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (is_control(c)) return bad(key, value, "control bytes must be written as %XX");
    if (c == '%') {
      const auto byte = hex_byte(value.substr(i + 1, 2));
      if (!byte) return bad(key, value, "'%' needs two hex digits behind it; a percent sign itself is %25");
      if (*byte == '\0') return bad(key, value, "a value cannot hold a zero byte");
      i += 2;
      c = *byte;
      if (as_pattern && (c == '*' || c == '%')) {
        out += percent_byte(c);
        continue;
      }
    } else if (as_pattern && c == '*' && out.ends_with('*')) {
      continue;  // "**" means the same as "*"
    }
    out += c;
  }
  if (!is_utf8(out)) return bad(key, value, "not UTF-8");
  return out;
}

Result<void> read_position(std::string_view value, Query& out) {
  const std::size_t first = value.find(',');
  const std::size_t second = first == std::string_view::npos ? first : value.find(',', first + 1);
  Result<SkyPosition> position = SkyPosition::parse(value.substr(0, second));
  if (!position) return fail(std::move(position).error());
  out.position = *position;
  if (second == std::string_view::npos) return {};
  const std::string_view rest = value.substr(second + 1);
  if (const std::size_t comma = rest.find(','); comma != std::string_view::npos) {
    const std::string_view extra = trim(rest.substr(comma + 1));
    return bad("pos", value, "expected RA,DEC or RA,DEC,RADIUS, not '" + std::string(extra) + "' after it");
  }
  Result<double> radius = parse_angle(rest);
  if (!radius) {
    if (looks_like_term(rest)) {
      const Error key = unknown_key(rest).value();
      return bad("pos", value, key.what());
    }
    return fail(std::move(radius).error().during("pos=" + std::string(value) + ": radius"));
  }
  out.radius_deg = *radius;
  return {};
}

Result<void> read_text(TextKey column, std::string_view key, std::string_view value, Query& out) {
  TextPattern pattern;
  pattern.negated = value.starts_with('~');
  Result<std::string> decoded = decode(key, value.substr(pattern.negated ? 1 : 0), true);
  if (!decoded) return fail(std::move(decoded).error());
  pattern.pattern = std::move(*decoded);
  if (pattern.pattern.empty()) return bad(key, value, "no value; '" + std::string(key) + "=*' is any");
  if (column == TextKey::calib && !pattern.has_wildcard()) {
    const auto level = parse_integer(pattern.pattern);
    if (!level)
      return bad(key, value,
                 "a calibration level is a number: 0 raw, 1 standard format, 2 calibrated, 3 enhanced, 4 analysis");
    pattern.pattern = std::to_string(*level);
  }
  out.text.emplace(column, std::move(pattern));
  return {};
}

Result<void> read_limit(std::string_view value, Query& out) {
  const auto limit = parse_integer(trim(value));
  if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(kMaxLimit)) {
    return bad("limit", value, "expected a whole number from 1 to " + std::to_string(kMaxLimit));
  }
  out.limit = static_cast<std::uint64_t>(*limit);
  return {};
}

constexpr std::array<std::pair<std::string_view, TextKey>, 6> kTextKeys{{{"type", TextKey::type},
                                                                         {"collection", TextKey::collection},
                                                                         {"instrument", TextKey::instrument},
                                                                         {"facility", TextKey::facility},
                                                                         {"calib", TextKey::calib},
                                                                         {"id", TextKey::id}}};

bool has(const Query& query, std::string_view key) {
  if (key == "pos") return query.position.has_value();
  if (key == "target") return query.target.has_value();
  if (key == "time") return query.time_mjd.has_value();
  if (key == "band") return query.band_m.has_value();
  if (key == "limit") return query.limit.has_value();
  const auto* named = std::find_if(kTextKeys.begin(), kTextKeys.end(), [&](auto& k) { return k.first == key; });
  return named != kTextKeys.end() && query.text.contains(named->second);
}

/// "M31" or "M31,30arcmin". A number behind the last comma is a radius; a comma of the name itself may be written %2C.
Result<void> read_target(std::string_view raw, Query& out) {
  std::string_view name = raw;
  if (const std::size_t comma = raw.rfind(','); comma != std::string_view::npos) {
    const std::string_view tail = trim(raw.substr(comma + 1));
    if (!tail.empty() && (is_digit(tail[0]) || tail[0] == '.' || tail[0] == '-' || tail[0] == '+')) {
      Result<double> radius = parse_angle(tail);
      if (!radius) {
        return fail(std::move(radius).error().during("target=" + std::string(raw) +
                                                     ": radius (a comma of the name itself is %2C)"));
      }
      out.radius_deg = *radius;
      name = raw.substr(0, comma);
    }
  }
  Result<std::string> value = decode("target", name, false);
  if (!value) return fail(std::move(value).error());
  // Blanks around and between words do not tell objects apart: "M  31" is M 31.
  std::string folded;
  for (const char c : trim(*value)) {
    if (!is_blank(c)) {
      folded += c;
    } else if (!folded.ends_with(' ')) {
      folded += ' ';
    }
  }
  if (folded.empty()) return bad("target", raw, "no name");
  out.target = std::move(folded);
  return {};
}

Result<void> read_interval(std::string_view key, std::string_view value, std::optional<Interval>& out) {
  Result<Interval> interval = key == "time" ? parse_time(value) : parse_band(value);
  if (!interval) return fail(std::move(interval).error());
  out = *interval;
  return {};
}

Result<void> read_term(std::string_view key, std::string_view raw, Query& out) {
  if ((key == "pos" && out.target) || (key == "target" && out.position && !out.target)) {
    return bad(key, raw, "pos and target both name a position; leave one of them out");
  }
  if (has(out, key)) {
    return bad(
        key, raw,
        "'" + std::string(key) + "' is given twice; one path asks one question, nesting is AND of different keys");
  }
  if (key == "target") return read_target(raw, out);
  for (const auto& [name, column] : kTextKeys) {
    if (key == name) return read_text(column, key, raw, out);
  }
  Result<std::string> value = decode(key, raw, false);
  if (!value) return fail(std::move(value).error());
  if (trim(*value).empty()) return bad(key, raw, "no value");
  if (key == "pos") return read_position(*value, out);
  if (key == "time") return read_interval(key, *value, out.time_mjd);
  if (key == "band") return read_interval(key, *value, out.band_m);
  return read_limit(*value, out);
}

// Edits between two words: insert, delete, change, swap neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_up, up(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) up[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = up[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = std::min({change, up[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
    two_up = std::exchange(up, row);
  }
  return up[b.size()];
}

}  // namespace

const std::vector<std::string_view>& query_keys() {
  static const std::vector<std::string_view> keys{"pos",        "target",   "time",  "band", "type", "collection",
                                                  "instrument", "facility", "calib", "id",   "limit"};
  return keys;
}

bool looks_like_term(std::string_view component) {
  const std::size_t equals = component.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return std::all_of(component.begin(), component.begin() + static_cast<std::ptrdiff_t>(equals), is_key_char);
}

Result<Query> parse_component(std::string_view component, const Query& base) {
  if (component.size() > kMaxComponent) {
    return fail(Code::name_too_long, "a folder name has at most 255 bytes, this one has " +
                                         std::to_string(component.size()) + "; split it into nested folders");
  }
  Query out = base;
  std::string_view rest = component;
  do {
    const std::string_view key = key_at(rest);
    if (key.empty()) return unknown_key(rest);
    rest.remove_prefix(key.size() + 1);
    std::size_t end = rest.find(',');
    while (end != std::string_view::npos && key_at(rest.substr(end + 1)).empty()) end = rest.find(',', end + 1);
    const std::string_view value = rest.substr(0, end);
    if (Result<void> term = read_term(key, value, out); !term) return fail(std::move(term).error());
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  } while (!rest.empty());
  return out;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kLongest = 64;  // no key is longer; keeps a hostile word cheap
  if (word.empty() || word.size() > kLongest) return {};
  const std::string wanted = lower(word);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, (wanted.size() + 1) / 3) + 1;
  for (std::string_view candidate : candidates) {
    const std::string other = lower(candidate.substr(0, kLongest));
    std::size_t distance = edit_distance(wanted, other);
    // "coll", "instr": an abbreviation is as near as one slip of the hand.
    if (wanted.size() >= 3 && other.starts_with(wanted)) distance = std::min<std::size_t>(distance, 1);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace skymount::vo
