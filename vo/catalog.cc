// SPDX-License-Identifier: MIT
#include "vo/catalog.h"

#include "cache/base/synchronized.h"
#include "cache/content_id.h"
#include "vo/catalog_records.h"
#include "vo/lru.h"
#include "vo/single_flight.h"

#include <optional>

namespace skymount::vo {
namespace {

using Room = cache::MetaStore::Room;

// Listings in use at once are few and may be large; folders are many and small.
constexpr std::size_t kListings = 64, kFolders = 20'000;
constexpr std::uint64_t kListingBytes = 256'000'000, kFolderBytes = 64'000'000;
// Questions to one archive under way at once; its connection limit is the real bound.
constexpr std::size_t kThreads = 8;
// A question outlives its callers' budgets by so much: a slow answer then serves the next caller.
constexpr int kPatience = 5;
// How long an expired answer is shown before the archive that could not be reached is asked again.
constexpr std::chrono::minutes kStalePause{1};

/// An answer, or a refusal that is an answer too, and until when it holds.
template <class T>
struct Known {
  std::shared_ptr<const T> value;
  std::optional<Error> refusal;
  WallTime until{};
};

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

/// One kind of answer: its memory, its flights, its room in the store.
template <class T>
class Shelf {
 public:
  using Ptr = std::shared_ptr<const T>;
  struct Rules {
    Room room;
    std::string key_prefix;
    std::chrono::milliseconds lifetime, negative, limit;
    std::function<std::uint64_t(const T&)> weight;
  };

  Shelf(Rules rules, std::size_t items, std::uint64_t bytes, const char* name, std::shared_ptr<cache::MetaStore> store,
        const Clock& clock)
      : rules_(std::move(rules)),
        store_(std::move(store)),
        clock_(clock),
        memory_(Lru<Known<T>>(items, bytes)),
        flights_(name, kThreads) {}

  /// Fresh and in memory, or null.
  Ptr in_memory(const std::string& key) const {
    const auto known = remembered(key);
    return known && clock_.now() < known->until ? known->value : nullptr;
  }

  using Load = std::function<std::optional<T>(ByteView)>;
  using Ask = std::function<Result<T>(const FetchContext&)>;

  Result<Ptr> get(const std::string& key, const FetchContext& ctx, const Load& load, const Ask& ask) {
    if (const auto known = remembered(key); known && clock_.now() < known->until) {
      if (known->refusal) return fail(*known->refusal);
      return known->value;
    }
    Result<Ptr> answer =
        flights_.run(key, ctx, rules_.limit, [=, this](const FetchContext& own) { return find(key, own, load, ask); });
    if (answer || answer.error().code() != Code::timed_out) return answer;
    if (Ptr old = expired(key, load)) return old;
    return answer;
  }

 private:
  std::optional<Known<T>> remembered(const std::string& key) const {
    return memory_.with([&](auto& memory) -> std::optional<Known<T>> {
      const Known<T>* known = memory.get(key);
      return known == nullptr ? std::nullopt : std::optional(*known);
    });
  }

  void keep(const std::string& key, Ptr value, WallTime until) {
    const std::uint64_t bytes = rules_.weight(*value);
    memory_.with([&](auto& memory) { memory.put(key, {std::move(value), std::nullopt, until}, bytes); });
  }

  /// On a flight's thread: disk, then the archive.
  Result<Ptr> find(const std::string& key, const FetchContext& ctx, const Load& load, const Ask& ask) {
    if (const auto stored = read(key)) {
      const WallTime until = stored->stored_at + rules_.lifetime;
      if (clock_.now() < until) {
        if (std::optional<T> value = load(stored->value)) {
          auto shared = std::make_shared<const T>(std::move(*value));
          keep(key, shared, until);
          return shared;
        }
      }
    }
    Result<T> answer = ask(ctx);
    if (answer) {
      // Dropped when the store cannot take it; the answer is good all the same.
      if (store_) (void)store_->put(rules_.room, rules_.key_prefix + key, pack(*answer));
      auto shared = std::make_shared<const T>(std::move(*answer));
      keep(key, shared, clock_.now() + rules_.lifetime);
      return shared;
    }
    const Code code = answer.error().code();
    if (code == Code::not_found || code == Code::invalid) {
      memory_.with([&](auto& memory) {
        memory.put(key, {nullptr, answer.error(), clock_.now() + rules_.negative}, 400);
      });
    }
    if (code == Code::unavailable || code == Code::timed_out) {
      if (Ptr old = expired(key, load)) return old;
    }
    return fail(std::move(answer).error());
  }

  /// The last answer that is known, marked stale, kept for a moment so that the archive is not asked at every turn.
  Ptr expired(const std::string& key, const Load& load) {
    std::optional<T> value;
    if (const auto known = remembered(key); known && known->value) {
      value = *known->value;
    } else if (const auto stored = read(key)) {
      value = load(stored->value);
    }
    if (!value) return nullptr;
    value->stale = true;
    auto shared = std::make_shared<const T>(std::move(*value));
    keep(key, shared, clock_.now() + kStalePause);
    return shared;
  }

  std::optional<cache::MetaStore::Record> read(const std::string& key) const {
    return store_ ? store_->get(rules_.room, rules_.key_prefix + key) : std::nullopt;
  }

  const Rules rules_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  mutable Synchronized<Lru<Known<T>>> memory_;
  SingleFlight<Ptr> flights_;  // last: its work uses the members above
};

std::string key_of(const Dataset& dataset) {
  const std::string key = dataset.publisher_did + "\n" + dataset.access_url;
  return key.size() > 1 ? key : "\n\n" + dataset.name;
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
                 kFolders, kFolderBytes, "links", store, clock) {}

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

  const std::shared_ptr<Archive> archive_;

 private:
  const Lifetimes& ttl() const { return archive_->options().ttl; }
  std::chrono::milliseconds patience() const { return archive_->options().limits.listing * kPatience; }

  const std::string prefix_;
  Shelf<Listing> listings_;
  Shelf<DatasetFolder> folders_;
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

Archive& Catalog::archive() const {
  return *impl_->archive_;
}

}  // namespace skymount::vo
