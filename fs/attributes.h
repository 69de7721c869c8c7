// SPDX-License-Identifier: MIT
//
// What stat shows of a node, from memory alone.
#pragma once

#include "cache/block_cache.h"
#include "fs/tree/node.h"

#include <sys/types.h>

namespace skymount::fs {

struct Attributes {
  NodeId node = 0;
  std::uint64_t ino = 0;
  bool folder = false;
  bool symlink = false;  ///< size is its target's length
  std::uint64_t size = 0;
  bool exact = true;  ///< false: an estimate, which the kernel must not keep
  std::uint64_t cached_bytes = 0;
  std::int64_t mtime_ns = 0;  ///< since 1970, may be negative
  bool undated = false;       ///< data that bears its row's date, because its own is not known or was not shown first
};

/// What is known of a data file or a generated text right now.
struct KnownSize {
  std::uint64_t size = 0;
  bool exact = false;
  std::string version;
};

/// Before a file's size is known. Never 0: tar would store an empty file; 2880 is the smallest FITS file.
inline constexpr std::uint64_t kUnknownSize = 2880;

/// Size and version of a data place, asking memory (and for the first time LMDB) only.
KnownSize known_size(const Place& place);

/// Of a dataset's folder, for which no place was made.
Attributes attributes_of(const vo::Listing& listing, const vo::Dataset& dataset, NodeId node, std::uint64_t ino);

/// Never waits for the network. `configured_at`: the date of what no answer dates.
Attributes attributes_of(const Node& node, const cache::BlockCache& blocks, WallTime configured_at);

}  // namespace skymount::fs
