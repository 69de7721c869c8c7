// SPDX-License-Identifier: MIT
#include "vo/dataset_folders.h"

#include "vo/catalog_records.h"
#include "vo/renewed_source.h"

#include <algorithm>

namespace skymount::vo {
namespace {

using Room = cache::MetaStore::Room;

// A question outlives its callers' budgets by so much: a slow answer then serves the next caller.
constexpr int kPatience = 5;
// Folders are many and small; what does not fit is read from disk again.
constexpr std::size_t kFolders = 20'000;
constexpr std::uint64_t kFolderShare = 8;  // of [cache] memory
constexpr std::size_t kMostRenewals = 10'000;

std::uint64_t weight(const DatasetFolder& folder) {
  return 600 + folder.links_document.size() + folder.entries.size() * 800 + folder.services.size() * 2000;
}

/// "Later" is no answer for a day, nor is a part of one.
std::chrono::milliseconds lifetime(const DatasetFolder& folder, const Lifetimes& ttl) {
  const bool later = std::any_of(folder.faults.begin(), folder.faults.end(), [](const LinkFault& fault) {
    return fault.fault.starts_with("TransientFault") || fault.fault.starts_with(kBrokeOff);
  });
  return later ? std::min(ttl.links, ttl.negative) : ttl.links;
}

Shelf<DatasetFolder>::Rules rules_of(const ArchiveOptions& options, const std::string& prefix) {
  Shelf<DatasetFolder>::Rules rules;
  rules.room = Room::links;
  rules.key_prefix = prefix;
  rules.lifetime = options.ttl.links;
  rules.negative = options.ttl.negative;
  rules.limit = options.limits.listing * kPatience;
  rules.weight = [](const DatasetFolder& folder) { return weight(folder); };
  rules.lifetime_of = [ttl = options.ttl](const DatasetFolder& folder) { return lifetime(folder, ttl); };
  rules.patience = options.limits.connect;
  return rules;
}

/// What a links service refuses is not the caller's mistake: who lists a folder gave no value that could be wrong.
Result<DatasetFolderPtr> blameless(Result<DatasetFolderPtr> folder) {
  if (folder || folder.error().code() != Code::invalid) return folder;
  return fail(Code::corrupt, folder.error().what());
}

std::optional<DatasetFolder> load_folder(const SharedBytes& record) {
  return unpack_folder(record.view());
}

std::uint32_t index_in(const Listing& listing, const Dataset& dataset) {
  return static_cast<std::uint32_t>(&dataset - listing.datasets.data());
}

bool is_same(const Entry& a, const Entry& b) {
  return a.identity == b.identity;
}

/// The entry as a later document has it. One that only kept its name is another file under that name.
const Entry* find(const DatasetFolder& folder, const Entry& entry) {
  const auto it =
      std::find_if(folder.entries.begin(), folder.entries.end(), [&](const Entry& e) { return is_same(e, entry); });
  return it == folder.entries.end() ? nullptr : &*it;
}

bool has_news(const Entry& now, const Entry& then) {
  return now.url != then.url || now.service != then.service || now.error != then.error;
}

}  // namespace

DatasetFolders::DatasetFolders(std::shared_ptr<Archive> archive, const std::string& prefix,
                               std::shared_ptr<cache::MetaStore> store, const Clock& clock)
    : archive_(std::move(archive)),
      clock_(clock),
      ahead_(*archive_,
             {[this](const Dataset& dataset) { return shelf_.at_hand(key_on_way(dataset)); },
              [this](const Dataset& dataset, DatasetFolder folder) { keep(dataset, std::move(folder)); },
              [this](const ListingPtr& listing, std::uint32_t dataset) { fetch_behind(listing, dataset); }},
             clock),
      shelf_(rules_of(archive_->options(), prefix), kFolders, archive_->options().memory_bytes / kFolderShare, "links",
             std::move(store), clock),
      behind_("links ahead", std::max(2U, archive_->options().limits.connections) - 1) {}

/// Links that the archive shows to one user are kept for that one.
std::string DatasetFolders::key_on_way(const Dataset& dataset, const LinksTrail& trail) const {
  std::string key = key_of(dataset);
  for (const Entry& step : trail) key += "\n> " + step.identity;
  const std::string asker = archive_->http()->identity(AskedFor::links);
  return asker.empty() ? key : key + "\nfor " + asker;
}

DatasetFolders::~DatasetFolders() {
  stop_.request_stop();
}

void DatasetFolders::keep(const Dataset& dataset, DatasetFolder folder) {
  (void)shelf_.accept(key_on_way(dataset), std::move(folder));
}

DatasetFolderPtr DatasetFolders::in_memory(const Listing& listing, const Dataset& dataset,
                                           const LinksTrail& trail) const {
  if (DatasetFolderPtr known = shelf_.in_memory(key_on_way(dataset, trail))) {
    if (trail.empty()) ahead_.entered(listing, index_in(listing, dataset));
    return known;
  }
  if (!trail.empty()) return nullptr;
  if (auto made = archive_->folder_of_row(listing, dataset))
    return std::make_shared<const DatasetFolder>(std::move(*made));
  return nullptr;
}

DatasetFolders::Folders::Ask DatasetFolders::question(const ListingPtr& listing, const Dataset& dataset,
                                                      Siblings siblings) {
  return [this, listing, index = index_in(*listing, dataset), siblings](const FetchContext& own) {
    return ahead_.ask(listing, index, siblings, own);
  };
}

Result<DatasetFolderPtr> DatasetFolders::get(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                             Siblings siblings, const FetchContext& ctx) {
  if (DatasetFolderPtr known = in_memory(*listing, dataset, trail)) return known;
  if (trail.empty() && siblings != Siblings::none) ahead_.entered(*listing, index_in(*listing, dataset));
  if (!trail.empty()) return get_nested(listing, dataset, trail, /*may_renew_way=*/true, ctx);
  return blameless(shelf_.get(key_on_way(dataset), ctx, load_folder, question(listing, dataset, siblings)));
}

/// The documents on the way are known, since somebody came along it; their links may have expired since.
Result<DatasetFolderPtr> DatasetFolders::get_nested(const ListingPtr& listing, const Dataset& dataset,
                                                    const LinksTrail& trail, bool may_renew_way,
                                                    const FetchContext& ctx) {
  Result<DatasetFolderPtr> root = get(listing, dataset, {}, Siblings::none, ctx);
  if (!root) return root;
  const auto ask = [this, listing, &dataset, trail, source = (*root)->source](const FetchContext& own) {
    return archive_->links().nested(*listing, dataset, source, trail, own);
  };
  Result<DatasetFolderPtr> out = blameless(shelf_.get(key_on_way(dataset, trail), ctx, load_folder, ask));
  if (out || !may_renew_way || !may_have_expired(out.error().code())) return out;
  const LinksTrail before(trail.begin(), trail.end() - 1);
  Result<std::optional<Entry>> newer = renewed(listing, dataset, before, trail.back(), ctx);
  if (!newer || !*newer) return out;
  LinksTrail way = before;
  way.push_back(std::move(**newer));
  return ask_again(listing, dataset, way, ctx);
}

/// Whatever is remembered of it.
Result<DatasetFolderPtr> DatasetFolders::ask_again(const ListingPtr& listing, const Dataset& dataset,
                                                   const LinksTrail& trail, const FetchContext& ctx) {
  if (trail.empty())
    return blameless(shelf_.renew(key_on_way(dataset), ctx, question(listing, dataset, Siblings::none)));
  Result<DatasetFolderPtr> root = get(listing, dataset, {}, Siblings::none, ctx);
  if (!root) return root;
  const auto ask = [this, listing, &dataset, trail, source = (*root)->source](const FetchContext& own) {
    return archive_->links().nested(*listing, dataset, source, trail, own);
  };
  return blameless(shelf_.renew(key_on_way(dataset, trail), ctx, ask));
}

Result<std::optional<Entry>> DatasetFolders::renewed(const ListingPtr& listing, const Dataset& dataset,
                                                     const LinksTrail& trail, const Entry& entry,
                                                     const FetchContext& ctx) {
  const std::string key = key_on_way(dataset, trail);
  Result<DatasetFolderPtr> current = get(listing, dataset, trail, Siblings::none, ctx);
  if (!current) return fail(current.error());
  // Somebody may have renewed them since `entry` was looked up.
  if (const Entry* now = find(**current, entry); now != nullptr && has_news(*now, entry)) return *now;
  // Who comes while another asks shares that answer, and who comes right behind it gets what it brought.
  if (!may_renew(key, (*current)->asked_at)) {
    current = get(listing, dataset, trail, Siblings::none, ctx);
    const Entry* now = current ? find(**current, entry) : nullptr;
    return now != nullptr && has_news(*now, entry) ? std::optional(*now) : std::nullopt;
  }
  Result<DatasetFolderPtr> fresh = ask_again(listing, dataset, trail, ctx);
  renewal_over(key);
  if (!fresh) return fail(fresh.error());
  const Entry* now = find(**fresh, entry);
  if (now == nullptr) {
    return fail(Code::stale, "'" + entry.name + "' is no longer among the links of " + std::string(dataset.name));
  }
  return has_news(*now, entry) ? std::optional(*now) : std::nullopt;
}

bool DatasetFolders::may_renew(const std::string& key, WallTime asked_at) {
  const WallTime now = clock_.now();
  const bool running = shelf_.renewing(key);
  return renewals_.with([&](auto& renewals) {
    if (renewals.size() >= kMostRenewals) {
      std::erase_if(renewals,
                    [&](const auto& r) { return r.second.asking == 0 && now - r.second.at >= kRenewalPause; });
    }
    const auto found = renewals.find(key);
    const bool known = found != renewals.end();
    const bool joins = running || (known && found->second.asking > 0);
    if (!joins && (now - asked_at < kLinksAreNew || (known && now - found->second.at < kRenewalPause))) return false;
    Renewal& renewal = renewals[key];
    if (!joins) renewal.at = now;
    ++renewal.asking;
    return true;
  });
}

void DatasetFolders::renewal_over(const std::string& key) {
  renewals_.with([&](auto& renewals) {
    if (const auto found = renewals.find(key); found != renewals.end()) --found->second.asking;
  });
}

void DatasetFolders::fetch_behind(const ListingPtr& listing, std::uint32_t dataset) {
  behind_.submit([this, listing, dataset] {
    FetchContext ctx =
        FetchContext::within(archive_->options().limits.listing, "links of the next datasets", stop_.get_token());
    ctx.priority = Priority::prefetch;
    const Dataset& row = listing->datasets[dataset];
    // Nobody waits for it: who enters the dataset later gets the answer or asks again.
    (void)shelf_.get(key_on_way(row), ctx, load_folder, question(listing, row, Siblings::none));
  });
}

}  // namespace skymount::vo
