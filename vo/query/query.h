// SPDX-License-Identifier: MIT
//
// What a path asks, as a value. Its canonical text is the cache key: every spelling of one query shares one listing.
#pragma once

#include "cache/base/result.h"
#include "vo/query/interval.h"
#include "vo/query/sky.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skymount::vo {

/// A text constraint: equality, wildcard (`*`), or its negation (`key=~PATTERN`).
struct TextPattern {
  std::string pattern;  ///< decoded, except that a literal star is kept as "%2A" and a literal percent as "%25"
  bool negated = false;
  bool has_wildcard() const;
  /// The pattern without wildcards as the plain text it stands for.
  std::string literal() const;
  /// The whole text, case-sensitive, the negation included.
  bool matches(std::string_view text) const;
  friend bool operator==(const TextPattern&, const TextPattern&) = default;
};

enum class TextKey { type, collection, instrument, facility, calib, id };
std::string_view column_of(TextKey key);  ///< ObsCore column: dataproduct_type, obs_collection, ...; calib_level

/// A folder of [[route]]: which route (by its path as configured), and what its holes hold.
struct RouteCall {
  std::string route;
  std::vector<std::pair<std::string, std::string>> values;
  friend bool operator==(const RouteCall&, const RouteCall&) = default;
};

struct Query {
  std::optional<RouteCall> route = {};  ///< then the rest is empty
  std::optional<SkyPosition> position;
  std::optional<double> radius_deg;  ///< only with a position or a target
  /// A name, to be resolved to a position before asking an archive (vo/resolver). With it `position` is what it was
  /// resolved to, and the canonical text still names the target alone: it does not change with a resolver's digits.
  std::optional<std::string> target;
  std::optional<Interval> time_mjd;
  std::optional<Interval> band_m;
  std::map<TextKey, TextPattern> text;
  std::optional<std::uint64_t> limit;

  bool empty() const;
  /// Of a route its path with the values filled in, after a '/', which no other canonical text begins with. Else keys
  /// in table order (pos target time band type collection instrument facility calib id limit), shortest fixed
  /// notation, RA in [0,360); a valid path component.
  std::string canonical() const;
  friend bool operator==(const Query&, const Query&) = default;
};

/// Whether a value of the key's column (for id: of one of its columns) satisfies the query; true when the query does
/// not name the key. Trailing blanks of padded columns do not count; calib compares numbers.
bool text_matches(const Query& query, TextKey key, std::string_view value);

}  // namespace skymount::vo
