// SPDX-License-Identifier: MIT
//
// What to have the disk read before a reader of a cached file comes there. The kernel cannot tell: our threads share
// one descriptor, so that its readahead sees reads out of order, and it reads a mount in pieces of 128 KiB that arrive
// one after the other. Here they are sorted into walks by where they are.
#pragma once

#include "cache/base/byte_range.h"

#include <array>
#include <cstdint>

namespace skymount::cache {

/// Pure bookkeeping; not thread-safe.
class DiskWalks {
 public:
  /// `run` is about to be read. What is worth asking the disk for beyond it; empty: nothing just now, or asked before.
  /// A walk gets as much ahead as it has come, up to 4 MiB. One that has just begun gets what the last two walks have
  /// both read: readers of cutouts read equal pieces at many places.
  ByteRange on_read(ByteRange run);

 private:
  struct Walk {
    std::uint64_t begin = 0, reached = 0;  ///< reached 0: unused
    std::uint64_t asked = 0;               ///< the end of what was asked for
    std::uint64_t used = 0;                ///< when, by clock_
  };
  Walk& walk_of(ByteRange run);

  std::array<Walk, 8> walks_;  // as many readers of one file are told apart
  std::uint64_t clock_ = 0;
  std::uint64_t last_length_ = 0, expected_ = 0;
};

}  // namespace skymount::cache
