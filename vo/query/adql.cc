// SPDX-License-Identifier: MIT
#include "vo/query/adql.h"

#include "vo/query/words.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace skymount::vo {
namespace {

std::string adql_point(const SkyPosition& p) {
  return "POINT('ICRS', " + adql_number(p.ra_deg) + ", " + adql_number(p.dec_deg) + ")";
}

std::string adql_circle(const SkyPosition& p, double radius_deg) {
  return "CIRCLE('ICRS', " + adql_number(p.ra_deg) + ", " + adql_number(p.dec_deg) + ", " +
         adql_number(std::min(radius_deg, 180.0)) + ")";
}

std::string centre_in_circle(const SkyPosition& p, double radius_deg) {
  return "1=CONTAINS(POINT('ICRS', s_ra, s_dec), " + adql_circle(p, radius_deg) + ")";
}

std::string in_box(const SkyPosition& p, double radius_deg) {
  const SkyBox box = bounding_box({p, std::min(radius_deg, 180.0)});
  const auto between = [](std::string_view column, double low, double high) {
    return std::string(column) + " BETWEEN " + adql_number(low) + " AND " + adql_number(high);
  };
  std::string out = between("s_dec", box.dec_min, box.dec_max);
  if (box.ra_min == 0 && box.ra_max == 360) return out;  // around a pole every right ascension is near
  if (box.ra_min <= box.ra_max) return out + " AND " + between("s_ra", box.ra_min, box.ra_max);
  return out + " AND (" + between("s_ra", box.ra_min, 360) + " OR " + between("s_ra", 0, box.ra_max) + ")";
}

std::string positional(const Query& query, PositionForm form, const AdqlOptions& options) {
  const SkyPosition& p = *query.position;
  const double radius = query.radius_deg.value_or(0);
  const std::string covers_point = "1=CONTAINS(" + adql_point(p) + ", s_region)";
  switch (form) {
    case PositionForm::intersects:
      if (!query.radius_deg) return covers_point;
      return "(1=INTERSECTS(" + adql_circle(p, radius) + ", s_region) OR " + centre_in_circle(p, radius) + ")";
    case PositionForm::contains:
      if (!query.radius_deg) return covers_point;
      return "(" + covers_point + " OR " + centre_in_circle(p, radius) + ")";
    case PositionForm::centre: return centre_in_circle(p, radius + options.search_radius_deg);
    case PositionForm::box: return in_box(p, radius + options.search_radius_deg);
  }
  return covers_point;
}

/// What the pattern is to LIKE. ADQL 2.0 has no ESCAPE: `%`, `_` and the backslash that some databases take for an
/// escape become `_`, which finds too much and never too little; text_matches() then takes the rest away.
struct Like {
  std::string pattern;
  bool exact = true;
};
Like like_of(const TextPattern& text) {
  Like out;
  const std::string& p = text.pattern;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const std::string_view three = std::string_view(p).substr(i, 3);
    if (three == "%2A" || three == "%25") {
      out.pattern += three == "%2A" ? '*' : '_';
      out.exact = out.exact && three == "%2A";
      i += 2;
    } else if (p[i] == '*') {
      out.pattern += '%';
    } else if (p[i] == '_' || p[i] == '%' || p[i] == '\\') {
      out.pattern += '_';
      out.exact = false;
    } else {
      out.pattern += p[i];
    }
  }
  return out;
}

/// Empty when SQL cannot say it without losing rows: what is NOT LIKE 'a_b%' lacks rows that differ from the pattern
/// just where its underscore stands.
std::string text_condition(const std::string& column, const TextPattern& text) {
  if (!text.has_wildcard()) {
    const std::string value = adql_string(text.literal());
    return text.negated ? "(" + column + " <> " + value + " OR " + column + " IS NULL)" : column + " = " + value;
  }
  const Like like = like_of(text);
  if (!text.negated) return column + " LIKE " + adql_string(like.pattern);
  if (!like.exact) return {};
  return "(" + column + " NOT LIKE " + adql_string(like.pattern) + " OR " + column + " IS NULL)";
}

std::string calib_condition(const TextPattern& text) {
  if (text.has_wildcard()) return {};  // LIKE is for text, the column is a number: row_matches() filters
  const std::string column(column_of(TextKey::calib));
  const auto level = parse_integer(text.literal());
  const std::string value = level ? std::to_string(*level) : adql_string(text.literal());
  return text.negated ? "(" + column + " <> " + value + " OR " + column + " IS NULL)" : column + " = " + value;
}

std::string id_condition(const TextPattern& text, const std::vector<std::string>& configured) {
  const std::vector<std::string> columns =
      configured.empty() ? std::vector<std::string>{"obs_publisher_did", "obs_id"} : configured;
  const std::string joint = text.negated ? " AND " : " OR ";
  std::string out;
  for (const std::string& column : columns) {
    const std::string condition = text_condition(column, text);
    if (!condition.empty()) out += (out.empty() ? "" : joint) + condition;
  }
  return out.empty() || columns.size() == 1 ? out : "(" + out + ")";
}

void add_interval(std::vector<std::string>& out, const Interval& interval, const std::string& min,
                  const std::string& max) {
  if (std::isfinite(interval.high)) out.push_back(min + " <= " + adql_number(interval.high));
  if (std::isfinite(interval.low)) out.push_back(max + " >= " + adql_number(interval.low));
}

}  // namespace

std::string_view to_text(PositionForm form) {
  switch (form) {
    case PositionForm::intersects: return "intersects";
    case PositionForm::contains: return "contains";
    case PositionForm::centre: return "centre";
    case PositionForm::box: return "box";
  }
  return "intersects";
}

namespace {

std::string from_where(const Query& query, PositionForm form, const AdqlOptions& options) {
  std::vector<std::string> conditions;
  if (query.position) conditions.push_back(positional(query, form, options));
  if (query.time_mjd) add_interval(conditions, *query.time_mjd, "t_min", "t_max");
  if (query.band_m) add_interval(conditions, *query.band_m, "em_min", "em_max");
  for (const auto& [key, pattern] : query.text) {
    std::string condition = key == TextKey::calib ? calib_condition(pattern)
                            : key == TextKey::id  ? id_condition(pattern, options.id_columns)
                                                  : text_condition(std::string(column_of(key)), pattern);
    if (!condition.empty()) conditions.push_back(std::move(condition));
  }
  if (!options.where.empty()) conditions.push_back("(" + options.where + ")");

  std::string out = " FROM " + options.table;
  for (std::size_t i = 0; i < conditions.size(); ++i) out += (i == 0 ? " WHERE " : " AND ") + conditions[i];
  return out;
}

}  // namespace

std::string to_adql(const Query& query, PositionForm form, const AdqlOptions& options) {
  std::string out = "SELECT *" + from_where(query, form, options);
  if (!options.order_by.empty()) out += " ORDER BY " + options.order_by;
  return out;
}

std::string count_adql(const Query& query, PositionForm form, const AdqlOptions& options, bool sizes) {
  // The aliases keep services from inventing names that are no identifiers; columns are read by their place.
  return std::string("SELECT COUNT(*) AS n_rows") + (sizes ? ", SUM(access_estsize) AS kbytes" : "") +
         from_where(query, form, options);
}

bool needs_footprint_filter(const Query& query, PositionForm form) {
  return query.position && (form == PositionForm::centre || form == PositionForm::box);
}

bool needs_text_filter(const Query& query) {
  return std::any_of(query.text.begin(), query.text.end(), [](const auto& t) { return t.second.has_wildcard(); });
}

bool row_matches(const Query& query, const AdqlOptions& options,
                 const std::function<std::string(std::string_view)>& text_of) {
  for (const auto& [key, pattern] : query.text) {
    if (!pattern.has_wildcard()) continue;  // the archive's own equality stands: its collation may know more than we do
    if (key != TextKey::id) {
      if (!text_matches(query, key, text_of(column_of(key)))) return false;
      continue;
    }
    const std::vector<std::string> fallback{"obs_publisher_did", "obs_id"};
    const auto& columns = options.id_columns.empty() ? fallback : options.id_columns;
    const auto matches = [&](const std::string& column) { return text_matches(query, TextKey::id, text_of(column)); };
    const bool found = pattern.negated ? std::all_of(columns.begin(), columns.end(), matches)
                                       : std::any_of(columns.begin(), columns.end(), matches);
    if (!found) return false;
  }
  return true;
}

std::string adql_string(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string adql_number(double value) {
  if (std::isnan(value)) return "0";
  if (std::isinf(value)) return value > 0 ? "1e300" : "-1e300";
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value == 0 ? 0.0 : value);
  return error == std::errc{} ? std::string(buffer, end) : "0";
}

}  // namespace skymount::vo
