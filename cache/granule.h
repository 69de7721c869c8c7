// SPDX-License-Identifier: MIT
//
// How a content is cut up on disk: granules under one checksum, extents under one record of the index.
#pragma once

#include "cache/base/byte_range.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace skymount::cache {

// What one checksum covers, hence the least a random read can move: an unaligned 64 KiB read costs 80 KiB. Larger
// granules make random reads dearer, smaller ones make the index larger than it is worth (8 bytes a granule).
inline constexpr std::uint64_t kGranuleSize = 16 * 1024;
inline constexpr std::uint64_t kGranulesPerExtent = 256;
inline constexpr std::uint64_t kExtentSize = kGranuleSize * kGranulesPerExtent;  // 4 MiB

constexpr std::uint64_t granule_floor(std::uint64_t offset) {
  return offset - offset % kGranuleSize;
}
constexpr std::uint64_t granule_ceil(std::uint64_t offset) {
  return granule_floor(offset + kGranuleSize - 1);
}

/// The whole granules that hold `range`; the last one of a file of known size is short.
constexpr ByteRange granules_around(ByteRange range, std::optional<std::uint64_t> size) {
  const std::uint64_t from = granule_floor(range.offset);
  const std::uint64_t to = granule_ceil(range.end());
  return {from, (size ? std::max(from, std::min(to, *size)) : to) - from};
}

}  // namespace skymount::cache
