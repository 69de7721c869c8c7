// SPDX-License-Identifier: MIT
//
// A set of bytes kept as disjoint, merged ranges: which parts of a file are here, wanted or on their way.
#pragma once

#include "cache/base/byte_range.h"

#include <map>
#include <vector>

namespace skymount {

/// Not thread-safe; owned by one room and guarded there.
class RangeSet {
 public:
  void add(ByteRange range);
  void remove(ByteRange range);
  bool contains(ByteRange range) const;
  bool empty() const { return ends_.empty(); }
  /// Number of bytes in the set.
  std::uint64_t total() const;
  /// The parts of `range` that are not in the set, in order.
  std::vector<ByteRange> missing_from(ByteRange range) const;
  std::vector<ByteRange> ranges() const;

 private:
  std::map<std::uint64_t, std::uint64_t> ends_;  // start -> end; neighbours never touch
};

}  // namespace skymount
