// SPDX-License-Identifier: MIT
//
// The folders of datasets, remembered: those of their own links documents, those of documents that these lead to, and
// the same asked for once more when a link has expired. Together with vo/links_ahead it decides how often an archive's
// links service is asked.
#pragma once

#include "cache/base/executor.h"
#include "vo/dataset_key.h"
#include "vo/links_ahead.h"
#include "vo/shelf.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

using DatasetFolderPtr = std::shared_ptr<const DatasetFolder>;

/// Links fetched so recently have not expired: what they lead to is refused for another reason.
inline constexpr std::chrono::seconds kLinksAreNew{10};
/// An archive is not asked for the same links more often than this because files cannot be had.
inline constexpr std::chrono::minutes kRenewalPause{1};

/// Thread-safe.
class DatasetFolders {
 public:
  using ListingPtr = std::shared_ptr<const Listing>;

  /// `prefix` of all keys in the store; `store` may be null.
  DatasetFolders(std::shared_ptr<Archive> archive, const std::string& prefix, std::shared_ptr<cache::MetaStore> store,
                 const Clock& clock);
  ~DatasetFolders();

  /// What memory holds and is fresh, or what the row alone tells.
  DatasetFolderPtr in_memory(const Listing& listing, const Dataset& dataset, const LinksTrail& trail) const;
  Result<DatasetFolderPtr> get(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                               Siblings siblings, const FetchContext& ctx);
  /// Takes a folder that was asked for in another way.
  void keep(const Dataset& dataset, DatasetFolder folder);

  /// As Catalog::renewed, for entries of links documents.
  Result<std::optional<Entry>> renewed(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                       const Entry& entry, const FetchContext& ctx);
  /// Asks for a document whatever is remembered of it.
  Result<DatasetFolderPtr> ask_again(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                     const FetchContext& ctx);
  /// Whether what was asked at `asked_at` may be asked for again for a file's sake: once a pause, and by all who come
  /// while that goes on. Each true is followed by renewal_over().
  bool may_renew(const std::string& key, WallTime asked_at);
  void renewal_over(const std::string& key);

 private:
  using Folders = Shelf<DatasetFolder>;

  std::string key_on_way(const Dataset& dataset, const LinksTrail& trail = {}) const;
  Folders::Ask question(const ListingPtr& listing, const Dataset& dataset, Siblings siblings);
  Result<DatasetFolderPtr> get_nested(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                      bool may_renew_way, const FetchContext& ctx);
  void fetch_behind(const ListingPtr& listing, std::uint32_t dataset);

  const std::shared_ptr<Archive> archive_;
  const Clock& clock_;
  struct Renewal {
    WallTime at{};
    unsigned asking = 0;  ///< how many callers do
  };
  Synchronized<std::map<std::string, Renewal>> renewals_;
  std::stop_source stop_;
  mutable LinksAhead ahead_;  // what was entered is not what is known
  Folders shelf_;
  Executor behind_;  // last: its jobs use all of the above
};

}  // namespace skymount::vo
