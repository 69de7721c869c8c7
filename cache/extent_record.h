// SPDX-License-Identifier: MIT
//
// What the index knows of one extent: which granules are on disk, and their checksums. Also the form of a change to it:
// the granules that came (present) and those that went (cleared), so that two processes never overwrite each other's
// news.
#pragma once

#include "cache/base/bytes.h"
#include "cache/granule.h"

#include <array>
#include <bitset>
#include <string>
#include <string_view>

namespace skymount::cache {

struct ExtentRecord {
  std::bitset<kGranulesPerExtent> present;
  std::bitset<kGranulesPerExtent> cleared;  ///< only in a change
  std::array<std::uint64_t, kGranulesPerExtent> sums{};

  void add(std::size_t granule, std::uint64_t sum) {
    present.set(granule);
    cleared.reset(granule);
    sums[granule] = sum;
  }
  void remove(std::size_t granule) {
    present.reset(granule);
    cleared.set(granule);
  }

  Bytes encoded() const;
  /// What cannot be read is an empty record: the bytes are then fetched again.
  static ExtentRecord decoded(ByteView bytes);
  /// An Lmdb::Merge.
  static Bytes merged(ByteView before, ByteView change);
};

/// The key of an extent in the index: keys of one content are in the order of its extents.
std::string extent_key(const std::string& hex, std::uint64_t extent);
/// The extent of such a key.
std::uint64_t extent_of_key(std::string_view key);

}  // namespace skymount::cache
