// SPDX-License-Identifier: MIT
//
// From the rows of a route's answer to a folder: a file or a dataset each. A function of its arguments, so that an
// answer remembered on disk makes the same folder as the one that came over the network.
#pragma once

#include "vo/listing_builder.h"
#include "vo/route/route.h"

namespace skymount::vo {

/// parts.query.route is set; `route` is the one that it names. Rows that name no file are counted in a shortfall.
Listing build_route_listing(ListingParts parts, const Route& route);

/// The file that a route with rows = "service" makes of a name; `name` is its own.
Result<Entry> service_entry(const Route& route, const RouteCall& call, std::string_view name);

/// A table of a route as a file: "source.csv" of the route that ends with "source".
Entry table_entry(const Route& route, const RouteCall& call, std::string_view format, bool incomplete = false);
inline constexpr std::string_view kTableFormats[] = {"csv", "tsv", "vot", "fits"};
/// The format and whether it is the incomplete one, of a name that `stem` has: "source.INCOMPLETE.csv".
struct TableName {
  std::string format;
  bool incomplete = false;
};
std::optional<TableName> table_name(std::string_view stem, std::string_view name);

}  // namespace skymount::vo
