// SPDX-License-Identifier: MIT
//
// Who walks through the datasets of an answer asks for their links one after the other. From the third one on the next
// ones are asked for as well: in one request where the service takes several IDs, else a few beside the one that is
// waited for. Whoever needs a dataset that is being asked for joins.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "vo/archive.h"
#include "vo/links_service.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace skymount::vo {

/// What is likely to be wanted next.
enum class Siblings {
  none,    ///< nothing but the dataset itself
  walked,  ///< the next ones, if others were entered just before
  all,     ///< all of the listing: a flat folder is being made
};

/// Thread-safe.
class LinksAhead {
 public:
  using ListingPtr = std::shared_ptr<const Listing>;
  /// What its owner does with folders.
  struct Owner {
    std::function<bool(const Dataset&)> at_hand;  ///< remembered and fresh, or being asked for
    std::function<void(const Dataset&, DatasetFolder)> keep;
    std::function<void(const ListingPtr&, std::uint32_t)> fetch;  ///< begins to ask for one; does not wait
  };

  LinksAhead(Archive& archive, Owner owner, const Clock& clock)
      : archive_(archive), owner_(std::move(owner)), clock_(clock) {}

  /// Somebody entered this dataset. Costs a lock.
  void entered(const Listing& listing, std::uint32_t dataset);

  /// The folder of one dataset, asked of the archive; what comes with it goes to the owner.
  Result<DatasetFolder> ask(const ListingPtr& listing, std::uint32_t dataset, Siblings siblings,
                            const FetchContext& ctx);

 private:
  struct Batch;
  using BatchPtr = std::shared_ptr<Batch>;
  struct Walk {
    std::uint64_t listing = 0;
    std::deque<std::pair<std::uint32_t, WallTime>> entered;  ///< the latest three different ones
  };
  struct State {
    std::deque<Walk> walks;                     ///< the latest used first
    std::map<std::string, BatchPtr> under_way;  ///< by dataset
    std::map<std::string, Doubt> doubts;        ///< by dataset: told with others, to be asked for alone
  };

  bool is_walked(const Listing& listing) const;
  Doubt doubt_of(const std::string& key) const;
  Result<DatasetFolder> ask_alone(const Listing& listing, const Dataset& dataset, const LinksQuestion& question,
                                  Doubt doubt, const FetchContext& ctx);
  BatchPtr join_or_begin(const ListingPtr& listing, std::uint32_t dataset, const LinksQuestion& question, bool& mine);
  std::vector<std::uint32_t> next_ones(const Listing& listing, std::uint32_t first, const LinksQuestion& question,
                                       unsigned most) const;
  void run(const BatchPtr& batch, const ListingPtr& listing, const FetchContext& ctx);
  void fetch_beside(const ListingPtr& listing, std::uint32_t dataset);

  Archive& archive_;
  const Owner owner_;
  const Clock& clock_;
  mutable Synchronized<State> state_;
};

}  // namespace skymount::vo
