// SPDX-License-Identifier: MIT
//
// From a Query to ADQL for an ObsCore table, in the positional form that a service understands.
// Source: IVOA ADQL 2.0/2.1, ObsCore 1.1; what works where: docs/ARCHITECTURE.md "positional ladder".
#pragma once

#include "vo/query/query.h"

#include <functional>
#include <string>
#include <vector>

namespace skymount::vo {

/// The rungs, best first. `intersects` is the footprint form: point in s_region without radius; with radius the region
/// meets the circle or the centre lies in it. `contains` is the same with the circle's centre for INTERSECTS. `centre`:
/// centres within the radius plus search_radius. `box`: the same by BETWEEN, wrapping RA and poles.
enum class PositionForm { intersects, contains, centre, box };
std::string_view to_text(PositionForm form);

struct AdqlOptions {
  std::string table = "ivoa.obscore";
  std::string where;                    ///< [obscore] where: ANDed in parentheses, as configured
  std::string order_by;                 ///< empty: none
  double search_radius_deg = 3;         ///< added to the radius on the rungs that see centres only
  std::vector<std::string> id_columns;  ///< for id=; default obs_publisher_did, obs_id
  std::string language = "ADQL";
};

/// The whole SELECT. TOP is left out; the limit travels as MAXREC.
std::string to_adql(const Query& query, PositionForm form, const AdqlOptions& options);

/// The same question as to_adql, counted: SELECT COUNT(*), and SUM(access_estsize) with `sizes`. No order.
std::string count_adql(const Query& query, PositionForm form, const AdqlOptions& options, bool sizes);

/// Whether the rows of this form must be filtered again here against the footprint.
bool needs_footprint_filter(const Query& query, PositionForm form);

/// Whether rows must pass row_matches(): LIKE cannot tell a literal '_' or '%' from its own wildcards.
bool needs_text_filter(const Query& query);

/// Whether a row satisfies the wildcard patterns of the query. `text_of` gives a column's text, "" for null or absent.
bool row_matches(const Query& query, const AdqlOptions& options,
                 const std::function<std::string(std::string_view column)>& text_of);

/// 'it''s'
std::string adql_string(std::string_view text);
/// A finite double as an ADQL literal (no exponent surprises: 1e-7 is fine in ADQL).
std::string adql_number(double value);

}  // namespace skymount::vo
