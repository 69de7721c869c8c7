// SPDX-License-Identifier: MIT
//
// From the rows of an ObsCore answer to a Listing: datasets found, named, sized. A function of its arguments, so that
// an answer remembered on disk makes the same folders as the one that came over the network.
#pragma once

#include "cache/base/error.h"
#include "vo/listing.h"

#include <optional>

namespace skymount::vo {

/// What was asked and what came.
struct ListingParts {
  Query query;
  std::string adql, service_url;
  WallTime asked_at{};
  Table table;
  std::vector<Shortfall> shortfalls;
  std::string links_id{};  ///< as in Listing
  /// Of an answer that was remembered on disk: grouping and naming tens of thousands of rows takes longer than reading
  /// them.
  PackedDatasets datasets{};
  std::uint64_t rows_hash = 0;  ///< of the packed table; 0: not known
};

/// `name_template` as [naming] dataset; one that does not parse gives the default's names and a line in the log.
Listing build_listing(ListingParts parts, const std::string& name_template);

/// Makes a listing say that it is past its time: with the reason, when it could not be asked anew (then its version
/// changes too, since INCOMPLETE.txt appears). `offline`: nobody was asked, which is no failure of the archive's.
void mark_overdue(Listing& listing, const std::optional<Error>& failure, WallTime failed_at, bool offline = false);

/// Roughly what a listing keeps in memory, in bytes.
std::uint64_t weight(const Listing& listing);

}  // namespace skymount::vo
