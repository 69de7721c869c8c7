// SPDX-License-Identifier: MIT
#include "fs/attributes.h"

#include "vo/query/interval.h"

#include <algorithm>
#include <cmath>

namespace skymount::fs {
namespace {

constexpr std::int64_t kNanosecond = 1'000'000'000;
// 1901-12-13T20:45:52Z: what ext4 and XFS can keep. A file that bore an earlier date would differ from each of its
// copies, and rsync would copy it at every run.
constexpr std::int64_t kEarliestOfFiles = -2'147'483'648LL * kNanosecond;

std::optional<std::int64_t> observed_ns(const std::optional<double>& mjd) {
  if (!mjd || !std::isfinite(*mjd)) return std::nullopt;
  const double seconds = vo::mjd_to_unix(*mjd);
  if (std::abs(seconds) > 9e9) return std::nullopt;  // +-285 years: what nanoseconds in 64 bits can say
  // An MJD of today in a double is good to 0.6 microseconds; to the millisecond it reads as the archive wrote it.
  return std::llround(seconds * 1000) * (kNanosecond / 1000);
}

std::optional<std::int64_t> observed_ns(const Place& place) {
  if (place.entry && place.entry->date_mjd) return observed_ns(place.entry->date_mjd);
  return place.listing ? observed_ns(place.dataset_row().t_min_mjd) : std::nullopt;
}

std::int64_t to_ns(WallTime when) {
  return when.time_since_epoch().count() * 1'000'000;
}

/// Texts of an answer bear its date; what comes from the configuration bears the configuration's. So does the folder of
/// a question: it is entered before its answer is here, and the kernel drops the names it keeps of a folder whose date
/// changes.
std::int64_t mtime_of(const Place& place, WallTime configured_at) {
  if (place.dated) return to_ns(*place.dated);
  if (const std::optional<std::int64_t> observed = observed_ns(place)) return *observed;
  if (place.is_folder() && !place.listing) return to_ns(configured_at);
  if (place.listing) return to_ns(place.listing->asked_at);
  if (place.query) {
    if (const vo::ListingPtr listing = place.archive->catalog.listing_in_memory(*place.query)) {
      return to_ns(listing->asked_at);
    }
  }
  return to_ns(configured_at);
}

/// Data is as old as its archive says, once it is known and unless another date was shown before; else as its row.
void date_of_data(const Place& place, const vo::KnownFile& known, Attributes& out) {
  if (known.last_modified && std::abs(*known.last_modified) < 9'000'000'000) {
    out.mtime_ns = *known.last_modified * kNanosecond;
  } else {
    out.mtime_ns = observed_ns(place).value_or(0);
    out.undated = true;
  }
}

KnownSize known_size(const vo::KnownFile& known) {
  return {known.size == 0 && !known.exact ? kUnknownSize : known.size, known.exact, known.version};
}

}  // namespace

KnownSize known_size(const Place& place) {
  return known_size(place.archive->sources.known(*place.entry));
}

namespace {

Attributes as_known(const Node& node, const cache::BlockCache& blocks, WallTime configured_at) {
  const Place& place = node.place;
  Attributes out;
  out.node = node.id;
  out.ino = node.ino;
  out.folder = place.is_folder();
  out.symlink = place.is_symlink();
  if (place.kind != PlaceKind::data) out.mtime_ns = mtime_of(place, configured_at);
  if (out.symlink) out.size = place.target.size();
  // recent/ leads to the spelling used last, best.fits to what could be had last: both may change any time.
  const bool best = out.symlink && place.listing && place.facet_value.empty();
  if (place.dated || best) out.exact = false;
  if (out.folder || out.symlink) return out;
  const std::optional<Bound> bound = node.bound.with([](const std::optional<Bound>& b) { return b; });
  if (place.kind == PlaceKind::generated) {
    out.size = bound ? bound->size : kUnknownSize;
    out.exact = bound.has_value();
    out.cached_bytes = out.size;
    return out;
  }
  const vo::KnownFile known = place.archive->sources.known(*place.entry);
  date_of_data(place, known, out);
  if (bound) {
    out.size = bound->size;
    out.cached_bytes = blocks.cached_bytes(place.archive->sources.content_id(*place.entry, bound->version));
    return out;
  }
  out.size = known_size(known).size;
  out.exact = false;  // an unbound node has not been opened: its size may still turn out otherwise
  return out;
}

}  // namespace

Attributes attributes_of(const vo::Listing& listing, const vo::Dataset& dataset, NodeId node, std::uint64_t ino) {
  Attributes out;
  out.node = node;
  out.ino = ino;
  out.folder = true;
  out.mtime_ns = observed_ns(dataset.t_min_mjd).value_or(to_ns(listing.asked_at));
  return out;
}

Attributes attributes_of(const Node& node, const cache::BlockCache& blocks, WallTime configured_at) {
  Attributes out = as_known(node, blocks, configured_at);
  if (!out.folder) out.mtime_ns = std::max(out.mtime_ns, kEarliestOfFiles);
  return out;
}

}  // namespace skymount::fs
