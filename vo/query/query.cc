// SPDX-License-Identifier: MIT
#include "vo/query/query.h"

#include "vo/query/grammar.h"
#include "vo/query/words.h"

#include <vector>

namespace skymount::vo {
namespace {

/// A piece of a pattern, with the two escapes that patterns keep.
std::string decoded(std::string_view piece) {
  std::string out;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (piece.substr(i, 3) == "%2A" || piece.substr(i, 3) == "%25") {
      out += piece[i + 2] == 'A' ? '*' : '%';
      i += 2;
    } else {
      out += piece[i];
    }
  }
  return out;
}

bool matches_glob(std::string_view pattern, std::string_view text) {
  const std::size_t first = pattern.find('*');
  if (first == std::string_view::npos) return decoded(pattern) == text;
  const std::string prefix = decoded(pattern.substr(0, first));
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  pattern.remove_prefix(first + 1);
  for (std::size_t star; (star = pattern.find('*')) != std::string_view::npos; pattern.remove_prefix(star + 1)) {
    const std::string middle = decoded(pattern.substr(0, star));
    const std::size_t at = text.find(middle);  // the leftmost place leaves the most for what follows
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + middle.size());
  }
  return text.ends_with(decoded(pattern));
}

/// A comma that would begin a new term when read back.
bool comma_begins_term(std::string_view after_comma) {
  const std::size_t equals = after_comma.find('=');
  if (equals == std::string_view::npos) return false;
  for (std::string_view key : query_keys()) {
    if (same_word(after_comma.substr(0, equals), key)) return true;
  }
  return false;
}

/// `text` as a value in a path component. `keeps_escapes`: a '%' is one of a pattern's own escapes.
std::string encoded(std::string_view text, bool keeps_escapes) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool special = c == '/' || (c == '%' && !keeps_escapes) || is_control(c) ||
                         (c == ',' && comma_begins_term(text.substr(i + 1))) ||
                         (c == ' ' && (i == 0 || i + 1 == text.size()));
    out += special ? percent_byte(c) : std::string(1, c);
  }
  return out;
}

std::string encoded(const TextPattern& pattern) {
  std::string out = pattern.negated ? "~" : "";
  std::string_view text = pattern.pattern;
  if (text.starts_with('~')) {  // a tilde that is meant
    out += "%7E";
    text.remove_prefix(1);
  }
  return out + encoded(text, true);
}

/// The name of a target: behind a comma that is not encoded a number is a radius.
std::string encoded_name(std::string_view name) {
  std::string out;
  for (const char c : encoded(name, false)) out += c == ',' ? percent_byte(c) : std::string(1, c);
  return out;
}

std::string_view key_of(TextKey key) {
  switch (key) {
    case TextKey::type: return "type";
    case TextKey::collection: return "collection";
    case TextKey::instrument: return "instrument";
    case TextKey::facility: return "facility";
    case TextKey::calib: return "calib";
    case TextKey::id: return "id";
  }
  return "id";
}

}  // namespace

bool TextPattern::has_wildcard() const {
  return pattern.find('*') != std::string::npos;
}
std::string TextPattern::literal() const {
  return decoded(pattern);
}
bool TextPattern::matches(std::string_view text) const {
  return matches_glob(pattern, text) != negated;
}

std::string_view column_of(TextKey key) {
  switch (key) {
    case TextKey::type: return "dataproduct_type";
    case TextKey::collection: return "obs_collection";
    case TextKey::instrument: return "instrument_name";
    case TextKey::facility: return "facility_name";
    case TextKey::calib: return "calib_level";
    case TextKey::id: return "obs_publisher_did";
  }
  return "obs_publisher_did";
}

bool Query::empty() const {
  return *this == Query{};
}

namespace {

/// "/product={product_id}" with the values in the place of the holes.
std::string canonical_of(const RouteCall& call) {
  std::string out = "/";
  for (std::size_t at = 0; at < call.route.size();) {
    const std::size_t close = call.route[at] == '{' ? call.route.find('}', at) : std::string::npos;
    if (close == std::string::npos) {
      out += call.route[at++];
      continue;
    }
    const std::string inside = call.route.substr(at + 1, close - at - 1);
    const std::string hole = inside.substr(0, inside.find(':'));
    for (const auto& [name, value] : call.values)
      if (name == hole) out += encoded(value, false);
    at = close + 1;
  }
  return out;
}

}  // namespace

std::string Query::canonical() const {
  if (route) return canonical_of(*route);
  std::string out;
  const auto term = [&](std::string_view key, const std::string& value) {
    if (!out.empty()) out += ',';
    out.append(key).append("=").append(value);
  };
  const std::string radius = radius_deg ? "," + fixed_shortest(*radius_deg) : "";
  if (position && !target) term("pos", position->canonical() + radius);
  if (target) term("target", encoded_name(*target) + radius);
  if (time_mjd) term("time", canonical_time(*time_mjd));
  if (band_m) term("band", canonical_band(*band_m));
  for (const auto& [key, pattern] : text) term(key_of(key), encoded(pattern));
  if (limit) term("limit", std::to_string(*limit));
  return out;
}

bool text_matches(const Query& query, TextKey key, std::string_view value) {
  const auto found = query.text.find(key);
  if (found == query.text.end()) return true;
  if (key == TextKey::calib && !found->second.has_wildcard()) {
    const auto wanted = parse_integer(found->second.literal()), has = parse_integer(trim(value));
    return (wanted.has_value() && wanted == has) != found->second.negated;
  }
  // CHAR(n) columns arrive padded with blanks, which SQL ignores when it compares.
  std::string_view unpadded = value;
  while (unpadded.ends_with(' ')) unpadded.remove_suffix(1);
  const TextPattern& pattern = found->second;
  return pattern.negated ? pattern.matches(value) && pattern.matches(unpadded)
                         : pattern.matches(value) || pattern.matches(unpadded);
}

}  // namespace skymount::vo
