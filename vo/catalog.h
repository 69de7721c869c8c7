// SPDX-License-Identifier: MIT
//
// Listings and dataset folders, remembered: in memory while used, in LMDB over remounts, asked of the archive when
// their time to live is over. Two callers that want one answer cause one request.
#pragma once

#include "vo/archive.h"
#include "vo/count.h"
#include "vo/dataset_folders.h"

#include <memory>

namespace skymount::vo {

using ListingPtr = std::shared_ptr<const Listing>;

/// Thread-safe. A failure is remembered for ttl.negative only when the archive said so (not_found, invalid), never when
/// it could not be reached. What was seen is replaced by another answer only (vo/shelf).
class Catalog {
 public:
  Catalog(std::shared_ptr<Archive> archive, std::shared_ptr<cache::MetaStore> store, const Clock& clock);
  ~Catalog();

  /// What memory holds and is fresh, or stale while its refresh is under way; never touches disk or network.
  ListingPtr listing_in_memory(const Query& query) const;
  DatasetFolderPtr folder_in_memory(const Listing& listing, const Dataset& dataset,
                                    const LinksTrail& trail = {}) const;

  /// Memory, then LMDB, then the archive. An answer past its time comes at once, `stale`, and is refreshed behind; one
  /// that is older than kGraceLifetimes is asked anew within [limits] connect, and comes when that fails. A listing
  /// whose refresh failed says so in its shortfalls and has another version.
  Result<ListingPtr> listing(const Query& query, const FetchContext& ctx);
  Result<DatasetFolderPtr> folder(const ListingPtr& listing, const Dataset& dataset, const FetchContext& ctx);
  /// The same for a links document that others lead to: `trail` is the way there, links of the documents before it.
  /// `siblings`: what else will be wanted, so that it can share requests.
  Result<DatasetFolderPtr> folder(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                  Siblings siblings, const FetchContext& ctx);

  /// After `entry` could not be had because of `why`: the same entry as the archive has it today. What listed it is
  /// asked for once more, unless that was done within the last seconds or a minute ago already.
  /// Nothing: there is no better way to it. Errors  stale: the archive does not list it any more, or it turned out to be
  /// a links document and is a folder now; else as the archive answers.
  Result<std::optional<Entry>> renewed(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                       const Entry& entry, const Error& why, const FetchContext& ctx);

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
