// SPDX-License-Identifier: MIT
#include "vo/catalog.h"

#include "cache/content_id.h"
#include "vo/catalog_records.h"
#include "vo/shelf.h"

#include <optional>

namespace skymount::vo {
namespace {

using Room = cache::MetaStore::Room;

// A question outlives its callers' budgets by so much: a slow answer then serves the next caller.
constexpr int kPatience = 5;

// Listings in use at once are few and may be large; folders are many and small.
constexpr std::size_t kListings = 64, kFolders = 20'000;
constexpr std::uint64_t kListingBytes = 256'000'000, kFolderBytes = 64'000'000;
constexpr std::size_t kCounts = 1'000;
constexpr std::uint64_t kCountBytes = 2'000'000;

std::uint64_t weight(const DatasetFolder& folder) {
  return 600 + folder.links_document.size() + folder.entries.size() * 800 + folder.services.size() * 2000;
}

/// What a listing depends on beside its query: a changed configuration must not meet old answers.
std::string configuration_of(const ArchiveOptions& options) {
  std::string text = options.tap.url + "\n" + options.tap.language + "\n" + std::to_string(options.tap.maxrec) + "\n" +
                     options.obscore.table + "\n" + options.obscore.where + "\n" + options.obscore.order_by + "\n" +
                     options.obscore.form + "\n" + std::to_string(options.obscore.search_radius_deg) + "\n" +
                     options.datalink.url;
  for (const std::string& column : options.obscore.id_columns) text += "\n" + column;
  return cache::hash_hex(text);
}

std::string key_of(const Dataset& dataset) {
  const std::string key = dataset.publisher_did + "\n" + dataset.access_url;
  return key.size() > 1 ? key : "\n\n" + dataset.name;
}

/// The rows that are here, when they are all.
std::optional<Count> count_of(const Listing& listing) {
  for (const Shortfall& shortfall : listing.shortfalls) {
    if (shortfall.kind != Shortfall::Kind::degraded_geometry) return std::nullopt;
  }
  Count out;
  out.rows = listing.table.size();
  const auto column = listing.table.meta.column("access_estsize");
  double kilobytes = 0;
  for (std::size_t i = 0; column && i < listing.table.size(); ++i) {
    const auto size = to_number(listing.table.cell(i, column));
    if (size && *size > 0 && *size < 1e12) kilobytes += *size;
  }
  if (kilobytes > 0) out.bytes = static_cast<std::uint64_t>(kilobytes * 1000);
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
                   [](const Listing& listing) { return vo::weight(listing); }},
                  kListings, kListingBytes, "listing", store, clock),
        folders_({Room::links, prefix_, ttl().links, ttl().negative, patience(),
                  [](const DatasetFolder& folder) { return weight(folder); }},
                 kFolders, kFolderBytes, "links", store, clock),
        counts_({Room::listings, prefix_ + "count\n", ttl().listings, ttl().negative, patience(),
                 [](const Count& count) { return 200 + count.adql.size() + count.words.size(); }},
                kCounts, kCountBytes, "count", store, clock) {}

  ListingPtr listing_in_memory(const Query& query) const { return listings_.in_memory(query.canonical()); }

  DatasetFolderPtr folder_in_memory(const Listing& listing, const Dataset& dataset) const {
    if (DatasetFolderPtr known = folders_.in_memory(key_of(dataset))) return known;
    if (auto made = archive_->folder_of_row(listing, dataset))
      return std::make_shared<const DatasetFolder>(std::move(*made));
    return nullptr;
  }

  Result<ListingPtr> listing(const Query& query, const FetchContext& ctx) {
    const auto load = [this, query](ByteView bytes) -> std::optional<Listing> {
      std::optional<ListingParts> parts = unpack_listing(bytes);
      if (!parts) return std::nullopt;
      parts->query = query;
      return build_listing(std::move(*parts), archive_->options().naming.dataset);
    };
    return listings_.get(query.canonical(), ctx, load,
                         [this, query](const FetchContext& own) { return archive_->query(query, own); });
  }

  Result<DatasetFolderPtr> folder(const ListingPtr& listing, const Dataset& dataset, const FetchContext& ctx) {
    if (DatasetFolderPtr known = folder_in_memory(*listing, dataset)) return known;
    return folders_.get(key_of(dataset), ctx, unpack_folder, [this, listing, dataset](const FetchContext& own) {
      return archive_->folder(*listing, dataset, own);
    });
  }

  std::optional<Count> count_in_memory(Query query) const {
    if (const ListingPtr listing = listings_.in_memory(query.canonical())) {
      if (const auto counted = count_of(*listing)) return counted;
    }
    query.limit.reset();
    const auto known = counts_.in_memory(query.canonical());
    return known ? std::optional(*known) : std::nullopt;
  }

  Result<Count> count(Query query, const FetchContext& ctx) {
    if (const auto known = count_in_memory(query)) return *known;
    query.limit.reset();
    const auto answer = counts_.get(query.canonical(), ctx, unpack_count, [this, query](const FetchContext& own) {
      return archive_->count(query, own);
    });
    if (!answer) return fail(answer.error());
    return **answer;
  }

  const std::shared_ptr<Archive> archive_;

 private:
  const Lifetimes& ttl() const { return archive_->options().ttl; }
  std::chrono::milliseconds patience() const { return archive_->options().limits.listing * kPatience; }

  const std::string prefix_;
  Shelf<Listing> listings_;
  Shelf<DatasetFolder> folders_;
  Shelf<Count> counts_;
};

Catalog::Catalog(std::shared_ptr<Archive> archive, std::shared_ptr<cache::MetaStore> store, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(archive), std::move(store), clock)) {}
Catalog::~Catalog() = default;

ListingPtr Catalog::listing_in_memory(const Query& query) const {
  return impl_->listing_in_memory(query);
}

DatasetFolderPtr Catalog::folder_in_memory(const Listing& listing, const Dataset& dataset) const {
  return impl_->folder_in_memory(listing, dataset);
}

Result<ListingPtr> Catalog::listing(const Query& query, const FetchContext& ctx) {
  return impl_->listing(query, ctx);
}

Result<DatasetFolderPtr> Catalog::folder(const ListingPtr& listing, const Dataset& dataset, const FetchContext& ctx) {
  return impl_->folder(listing, dataset, ctx);
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
