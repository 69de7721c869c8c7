// SPDX-License-Identifier: MIT
#include "vo/catalog.h"

#include "cache/content_id.h"
#include "vo/blame.h"
#include "vo/catalog_records.h"
#include "vo/discovery_service.h"
#include "vo/entry_names.h"
#include "vo/links_only.h"
#include "vo/links_service.h"
#include "vo/route_listing.h"
#include "vo/shelf.h"
#include "vo/table_room.h"

#include <algorithm>
#include <optional>

namespace skymount::vo {
namespace {

using Room = cache::MetaStore::Room;

// A question outlives its callers' budgets by so much: a slow answer then serves the next caller.
constexpr int kPatience = 5;

// Listings in use at once are few and may be large. They get a quarter of [cache] memory; one that is larger stays as
// long as it is the last that was asked (65,000 rows of 25 columns take some 110 MB).
constexpr std::size_t kListings = 64;
constexpr std::uint64_t kListingShare = kTableShare;
constexpr std::size_t kCounts = 1'000;
constexpr std::uint64_t kCountBytes = 2'000'000;

/// What a listing depends on beside its query: a changed configuration must not meet old answers.
std::string configuration_of(const ArchiveOptions& options) {
  std::string text = discovery_url(options) + "\n" + options.tap.language + "\n" + std::to_string(options.tap.maxrec) +
                     "\n" + options.obscore.table + "\n" + options.obscore.where + "\n" + options.obscore.order_by +
                     "\n" + options.obscore.form + "\n" + std::to_string(options.obscore.search_radius_deg) + "\n" +
                     options.datalink.url;
  for (const std::string& column : options.obscore.id_columns) text += "\n" + column;
  return cache::hash_hex(text);
}

/// The rows that are here, when they are all.
std::optional<Count> count_of(const Listing& listing) {
  Count out;
  for (const Shortfall& shortfall : listing.shortfalls) {
    const auto kind = shortfall.kind;
    using Kind = Shortfall::Kind;
    if (kind == Kind::overflow || kind == Kind::limit_asked || kind == Kind::fault || kind == Kind::remark)
      return std::nullopt;
    if (kind == Kind::degraded_geometry) out.words = "How the position was tested is in INCOMPLETE.txt.";
  }
  out.rows = listing.table.size();
  const auto column = listing.table.meta.column("access_estsize");
  double kilobytes = 0;
  for (std::size_t i = 0; column && i < listing.table.size(); ++i) {
    const auto size = to_number(listing.table.cell(i, column));
    if (size && *size > 0 && *size < 1e12) kilobytes += *size;
  }
  if (kilobytes > 0) out.bytes = static_cast<std::uint64_t>(kilobytes * 1000);
  if (listing.query.route) {
    // Its configuration says which column holds sizes, and in which unit.
    std::uint64_t bytes = 0;
    for (const Entry& file : listing.files) bytes += file.size_estimate.value_or(0);
    for (const Dataset& dataset : listing.datasets) bytes += dataset.size_estimate.value_or(0);
    out.bytes = bytes > 0 ? std::optional(bytes) : std::nullopt;
  }
  out.asked_at = listing.asked_at;
  out.stale = listing.stale;
  return out;
}

}  // namespace

class Catalog::Impl {
 public:
  Impl(std::shared_ptr<Archive> archive, std::shared_ptr<cache::MetaStore> store, const Clock& clock)
      : archive_(std::move(archive)),
        prefix_(archive_->options().name + "\n" + configuration_of(archive_->options()) + "\n"),
        listings_({Room::listings, prefix_, ttl().listings, ttl().negative, patience(),
                   [](const Listing& listing) { return vo::weight(listing); },
                   [offline = archive_->options().offline](Listing& l, const Overdue& why) {
                     mark_overdue(l, why.failure, why.failed_at, offline);
                   },
                   [this](const Listing& listing) { return lifetime(listing); }, archive_->options().limits.connect},
                  kListings, archive_->options().memory_bytes / kListingShare, "listing", store, clock),
        folders_(archive_, prefix_, store, clock),
        counts_({Room::listings, prefix_ + "count\n", ttl().listings, ttl().negative, patience(),
                 [](const Count& count) { return 200 + count.adql.size() + count.words.size(); }},
                kCounts, kCountBytes, "count", store, clock) {}

  ListingPtr listing_in_memory(const Query& query) const { return listings_.in_memory(key_of(query)); }

  Result<ListingPtr> listing(const Query& query, const FetchContext& ctx) {
    Result<ListingPtr> answer = listings_.get(key_of(query), ctx, load_listing(query), question(query));
    if (!answer) return fail(blamed(std::move(answer).error()));
    return answer;
  }

  Result<std::optional<Entry>> renewed(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                       const Entry& entry, const Error& why, const FetchContext& ctx) {
    const bool of_row = trail.empty() && archive_->folder_of_row(*listing, dataset).has_value();
    if (why.code() == Code::corrupt) {
      if (!archive_->links().is_links(entry, of_row, !trail.empty(), ctx)) return std::nullopt;
      if (!of_row) (void)folders_.ask_again(listing, dataset, trail, ctx);
      return fail(Code::stale, "'" + entry.name + "' is no file but a links document; the folder shows what it lists");
    }
    if (why.code() != Code::denied && why.code() != Code::not_found) return std::nullopt;
    return of_row ? renewed_row(listing, dataset, entry, ctx) : folders_.renewed(listing, dataset, trail, entry, ctx);
  }

  std::optional<Count> count_in_memory(Query query) const {
    if (const ListingPtr listing = listings_.in_memory(key_of(query))) {
      if (const auto counted = count_of(*listing)) return counted;
    }
    query.limit.reset();
    const auto known = counts_.in_memory(for_asker(query.canonical()));
    return known ? std::optional(*known) : std::nullopt;
  }

  Result<Count> count(Query query, const FetchContext& ctx) {
    if (const auto known = count_in_memory(query)) return *known;
    if (const ListingPtr listing = listings_.seen(key_of(query), ctx, load_listing(query))) {
      if (const auto counted = count_of(*listing)) return *counted;
    }
    query.limit.reset();
    const auto answer = counts_.get(
        for_asker(query.canonical()), ctx, [](const SharedBytes& r) { return unpack_count(r.view()); },
        [this, query](const FetchContext& own) { return archive_->count(query, own); });
    if (!answer) return fail(blamed(answer.error()));
    return **answer;
  }

  const std::shared_ptr<Archive> archive_;
  DatasetFolders& folders() { return folders_; }

 private:
  /// Rows that the archive shows to one user are kept for that one.
  std::string for_asker(std::string key) const {
    const std::string asker = archive_->http()->identity(AskedFor::tap);
    return asker.empty() ? key : key + "\nfor " + asker;
  }

  /// The answer of a route is that of its question as it is configured today.
  std::string key_of(const Query& query) const {
    std::string key = for_asker(query.canonical());
    if (!query.route) return key;
    const RoutePtr route = archive_->route(query.route->route);
    return key + "\n" + cache::hash_hex(route ? route->adql + "\n" + route->language : "");
  }

  Shelf<Listing>::Load load_listing(const Query& query) const {
    return [this, query](const SharedBytes& record) -> std::optional<Listing> {
      std::optional<ListingParts> parts = unpack_listing(record);
      // What was remembered under a larger budget is asked anew.
      if (!parts || parts->table.bytes() > archive_->options().memory_bytes / kTableShare) return std::nullopt;
      parts->query = query;
      if (query.route) {
        const RoutePtr route = archive_->route(query.route->route);
        return route ? std::optional(build_route_listing(std::move(*parts), *route)) : std::nullopt;
      }
      return build_listing(std::move(*parts), archive_->options().naming.dataset);
    };
  }

  Shelf<Listing>::Ask question(const Query& query) {
    return
        [this, query, asker = archive_->http()->identity(AskedFor::tap)](const FetchContext& own) -> Result<Listing> {
          Result<Listing> answer = archive_->query(query, own);
          if (answer && archive_->http()->identity(AskedFor::tap) != asker)
            return fail(Code::unavailable, "the login changed while the archive answered; ask again");
          if (!answer || !answer->datasets.empty() || query.route) return answer;
          return with_links_only(std::move(*answer), *archive_, folders_, own);
        };
  }

  /// The row's file under the URL that the table has today.
  Result<std::optional<Entry>> renewed_row(const ListingPtr& listing, const Dataset& dataset, const Entry& entry,
                                           const FetchContext& ctx) {
    const std::string key = key_of(listing->query);
    const auto of_today = [&](const ListingPtr& now) -> Result<std::optional<Entry>> {
      const auto same = [&](const Dataset& d) {
        return d.publisher_did == dataset.publisher_did && stable_url(d.access_url) == stable_url(dataset.access_url);
      };
      const auto it = std::find_if(now->datasets.begin(), now->datasets.end(), same);
      if (it == now->datasets.end()) {
        return fail(Code::stale, "the archive names another file for " + std::string(dataset.name) + " now, or none");
      }
      const std::optional<DatasetFolder> folder = archive_->folder_of_row(*now, *it);
      if (!folder || folder->entries.empty() || folder->entries.front().url == entry.url) return std::nullopt;
      return folder->entries.front();
    };
    if (const ListingPtr known = listings_.in_memory(key); known && known != listing) {
      Result<std::optional<Entry>> newer = of_today(known);
      if (!newer || *newer) return newer;
    }
    const std::string renewal = "listing\n" + key;
    if (!folders_.may_renew(renewal, listing->asked_at)) {
      const ListingPtr known = listings_.in_memory(key);  // somebody's question may have been answered just now
      return known && known != listing ? of_today(known) : std::nullopt;
    }
    Result<ListingPtr> fresh = listings_.renew(key, ctx, question(listing->query));
    folders_.renewal_over(renewal);
    if (!fresh) return fail(fresh.error());
    return of_today(*fresh);
  }

  const Lifetimes& ttl() const { return archive_->options().ttl; }
  /// Rows before an archive's failure are shown, but not for a day.
  std::chrono::milliseconds lifetime(const Listing& listing) const {
    const bool failed = std::any_of(listing.shortfalls.begin(), listing.shortfalls.end(),
                                    [](const Shortfall& s) { return s.kind == Shortfall::Kind::fault; });
    return failed ? std::min(ttl().listings, ttl().negative) : ttl().listings;
  }
  std::chrono::milliseconds patience() const { return archive_->options().limits.listing * kPatience; }

  const std::string prefix_;
  Shelf<Listing> listings_;
  DatasetFolders folders_;
  Shelf<Count> counts_;
};

Catalog::Catalog(std::shared_ptr<Archive> archive, std::shared_ptr<cache::MetaStore> store, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(archive), std::move(store), clock)) {}
Catalog::~Catalog() = default;

ListingPtr Catalog::listing_in_memory(const Query& query) const {
  return impl_->listing_in_memory(query);
}

DatasetFolderPtr Catalog::folder_in_memory(const Listing& listing, const Dataset& dataset,
                                           const LinksTrail& trail) const {
  return impl_->folders().in_memory(listing, dataset, trail);
}

Result<ListingPtr> Catalog::listing(const Query& query, const FetchContext& ctx) {
  return impl_->listing(query, ctx);
}

Result<DatasetFolderPtr> Catalog::folder(const ListingPtr& listing, const Dataset& dataset, const FetchContext& ctx) {
  return impl_->folders().get(listing, dataset, {}, Siblings::walked, ctx);
}

Result<DatasetFolderPtr> Catalog::folder(const ListingPtr& listing, const Dataset& dataset, const LinksTrail& trail,
                                         Siblings siblings, const FetchContext& ctx) {
  return impl_->folders().get(listing, dataset, trail, siblings, ctx);
}

Result<std::optional<Entry>> Catalog::renewed(const ListingPtr& listing, const Dataset& dataset,
                                              const LinksTrail& trail, const Entry& entry, const Error& why,
                                              const FetchContext& ctx) {
  return impl_->renewed(listing, dataset, trail, entry, why, ctx);
}

Result<Count> Catalog::count(const Query& query, const FetchContext& ctx) {
  return impl_->count(query, ctx);
}

std::optional<Count> Catalog::count_in_memory(const Query& query) const {
  return impl_->count_in_memory(query);
}

Archive& Catalog::archive() const {
  return *impl_->archive_;
}

}  // namespace skymount::vo
