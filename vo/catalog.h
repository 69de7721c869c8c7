// SPDX-License-Identifier: MIT
//
// Listings and dataset folders, remembered: in memory while used, in LMDB over remounts, asked of the archive when
// their time to live is over. Two callers that want one answer cause one request.
#pragma once

#include "vo/archive.h"
#include "vo/count.h"

#include <memory>

namespace skymount::vo {

using ListingPtr = std::shared_ptr<const Listing>;
using DatasetFolderPtr = std::shared_ptr<const DatasetFolder>;

/// Thread-safe. A failure is remembered for ttl.negative only when the archive said so (not_found, invalid), never when
/// it could not be reached.
class Catalog {
 public:
  Catalog(std::shared_ptr<Archive> archive, std::shared_ptr<cache::MetaStore> store, const Clock& clock);
  ~Catalog();

  /// What memory holds and is fresh; never touches disk or network.
  ListingPtr listing_in_memory(const Query& query) const;
  DatasetFolderPtr folder_in_memory(const Listing& listing, const Dataset& dataset) const;

  /// Memory, then LMDB, then the archive. When the archive cannot be reached and an expired answer is known, that one.
  Result<ListingPtr> listing(const Query& query, const FetchContext& ctx);
  Result<DatasetFolderPtr> folder(const ListingPtr& listing, const Dataset& dataset, const FetchContext& ctx);

  /// How much there is. From the listing when that is complete here, else one COUNT/SUM query, remembered like a
  /// listing. Errors  as listing().
  Result<Count> count(const Query& query, const FetchContext& ctx);
  std::optional<Count> count_in_memory(const Query& query) const;

  Archive& archive() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymount::vo
