// SPDX-License-Identifier: MIT
#include "vo/row_filter.h"

#include "cache/base/text.h"

#include <algorithm>
#include <cmath>

namespace skymount::vo {
namespace {

const Value& cell(const Row& row, std::optional<std::size_t> column) {
  static const Value none;
  return column && *column < row.size() ? row[*column] : none;
}

std::optional<SkyPosition> position(const Row& row, std::optional<std::size_t> ra, std::optional<std::size_t> dec) {
  const auto lon = to_number(cell(row, ra)), lat = to_number(cell(row, dec));
  if (!lon || !lat || !std::isfinite(*lon) || !std::isfinite(*lat) || std::abs(*lat) > 90) return std::nullopt;
  const double turned = std::fmod(*lon, 360.0);
  return SkyPosition{turned < 0 ? turned + 360 : turned, *lat};
}

}  // namespace

RowFilter::RowFilter(const Query& query, PositionForm form, const AdqlOptions& options) : query_(query) {
  for (const auto& [key, pattern] : query.text) {
    std::vector<std::string> names{std::string(column_of(key))};
    if (key == TextKey::id) {
      names = options.id_columns.empty() ? std::vector<std::string>{"obs_publisher_did", "obs_id"} : options.id_columns;
    }
    (pattern.has_wildcard() ? patterns_ : equalities_).push_back({key, pattern.negated, std::move(names), {}});
  }
  if (!query.position || !needs_footprint_filter(query, form)) return;
  footprints_ = true;
  asked_ = {*query.position, query.radius_deg.value_or(0)};
  centres_within_ = asked_.radius_deg + options.search_radius_deg;
}

void RowFilter::bind(std::vector<Pattern>& patterns, const TableMeta& meta) {
  for (Pattern& pattern : patterns) {
    pattern.columns.clear();
    for (const std::string& name : pattern.column_names) {
      if (const auto column = meta.column(name)) pattern.columns.push_back(*column);
    }
  }
}

void RowFilter::bind(const TableMeta& meta) {
  bind(patterns_, meta);
  bind(equalities_, meta);
  region_ = meta.column("s_region");
  ra_ = meta.column("s_ra");
  dec_ = meta.column("s_dec");
  fov_ = meta.column("s_fov");
  region_xtype_ = region_ ? meta.fields[*region_].xtype : std::string{};
}

bool RowFilter::keep(const Row& row) {
  if (is_stranger(row)) {
    ++strangers_;
    return false;
  }
  return texts_match(row) && (!footprints_ || covers_position(row));
}

bool RowFilter::texts_match(const Row& row) const {
  return std::all_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    if (pattern.columns.empty()) return true;
    const auto matches = [&](std::size_t column) {
      return text_matches(query_, pattern.key, to_text(cell(row, column)));
    };
    // Of several id columns one must match; with a negation none may, which text_matches() says for each.
    return pattern.negated ? std::all_of(pattern.columns.begin(), pattern.columns.end(), matches)
                           : std::any_of(pattern.columns.begin(), pattern.columns.end(), matches);
  });
}

bool RowFilter::is_stranger(const Row& row) const {
  return std::any_of(equalities_.begin(), equalities_.end(), [&](const Pattern& equal) {
    const std::string wanted = query_.text.at(equal.key).literal();
    const auto fits = [&](std::size_t column) {
      const std::string text = to_text(cell(row, column));
      return text_matches(query_, equal.key, text) || (!equal.negated && same_word(trim(text), trim(wanted)));
    };
    if (equal.columns.empty()) return false;
    return equal.negated ? !std::all_of(equal.columns.begin(), equal.columns.end(), fits)
                         : !std::any_of(equal.columns.begin(), equal.columns.end(), fits);
  });
}

bool RowFilter::covers_position(const Row& row) {
  const SkyRegion region = SkyRegion::parse(to_text(cell(row, region_)), region_xtype_);
  const std::optional<SkyPosition> centre = position(row, ra_, dec_);
  const double distance = centre ? separation_deg(*centre, asked_.centre) : INFINITY;
  bool covered = false;
  if (!region.empty()) {
    covered =
        asked_.radius_deg > 0 ? region.meets(asked_) || distance <= asked_.radius_deg : region.contains(asked_.centre);
  } else if (const auto fov = to_number(cell(row, fov_)); fov && *fov > 0 && centre) {
    covered = distance <= *fov / 2 + asked_.radius_deg;
  } else {
    covered = distance <= centres_within_;
    if (covered) ++without_footprint_;
  }
  if (!covered) ++outside_;
  return covered;
}

}  // namespace skymount::vo
