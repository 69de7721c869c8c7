// SPDX-License-Identifier: MIT
#include "fs/attributes.h"

#include "vo/query/interval.h"

#include <cmath>

namespace skymount::fs {
namespace {

constexpr std::int64_t kNanosecond = 1'000'000'000;

std::optional<std::int64_t> observed_ns(const Place& place) {
  if (!place.listing) return std::nullopt;
  const std::optional<double> mjd = place.dataset_row().t_min_mjd;
  if (!mjd || !std::isfinite(*mjd)) return std::nullopt;
  const double seconds = vo::mjd_to_unix(*mjd);
  if (std::abs(seconds) > 9e9) return std::nullopt;  // +-285 years: what nanoseconds in 64 bits can say
  // An MJD of today in a double is good to 0.6 microseconds; to the millisecond it reads as the archive wrote it.
  return std::llround(seconds * 1000) * (kNanosecond / 1000);
}

std::int64_t to_ns(WallTime when) {
  return when.time_since_epoch().count() * 1'000'000;
}

/// Folders and files of an answer bear its date; what comes from the configuration bears that of the mount.
std::int64_t mtime_of(const Place& place, WallTime mounted_at) {
  if (place.kind == PlaceKind::data) {
    const vo::KnownFile known = place.archive->sources.known(*place.entry);
    if (known.last_modified && std::abs(*known.last_modified) < 9'000'000'000)
      return *known.last_modified * kNanosecond;
    return observed_ns(place).value_or(0);
  }
  if (const std::optional<std::int64_t> observed = observed_ns(place)) return *observed;
  if (place.query && place.kind != PlaceKind::query) {
    if (const vo::ListingPtr listing = place.archive->catalog.listing_in_memory(*place.query)) {
      return to_ns(listing->asked_at);
    }
  }
  return to_ns(mounted_at);
}

}  // namespace

KnownSize known_size(const Place& place) {
  const vo::KnownFile known = place.archive->sources.known(*place.entry);
  return {known.size == 0 && !known.exact ? kUnknownSize : known.size, known.exact, known.version};
}

Attributes attributes_of(const Node& node, const cache::BlockCache& blocks, WallTime mounted_at) {
  const Place& place = node.place;
  Attributes out;
  out.node = node.id;
  out.ino = node.ino;
  out.folder = place.is_folder();
  out.mtime_ns = mtime_of(place, mounted_at);
  if (out.folder) return out;
  const std::optional<Bound> bound = node.bound.with([](const std::optional<Bound>& b) { return b; });
  if (place.kind == PlaceKind::generated) {
    out.size = bound ? bound->size : kUnknownSize;
    out.exact = bound.has_value();
    out.cached_bytes = out.size;
    return out;
  }
  if (bound) {
    out.size = bound->size;
    out.cached_bytes = blocks.cached_bytes(place.archive->sources.content_id(*place.entry, bound->version));
    return out;
  }
  const KnownSize known = known_size(place);
  out.size = known.size;
  out.exact = false;  // an unbound node has not been opened: its size may still turn out otherwise
  return out;
}

}  // namespace skymount::fs
