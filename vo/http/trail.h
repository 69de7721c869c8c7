// SPDX-License-Identifier: MIT
//
// What passed by, in a few bytes: enough to tell whether a second answer begins as the first one did, when no validator
// says so and the first is gone.
#pragma once

#include "cache/base/bytes.h"

#include <cstdint>

namespace skymount::vo {

/// Hashes of bytes from 0 on, independent of the pieces in which they came. Keeps at most one block of them.
class Trail {
 public:
  void add(ByteView piece);
  std::uint64_t length() const { return length_; }
  friend bool operator==(const Trail&, const Trail&) = default;

 private:
  std::uint64_t length_ = 0, chain_ = 0;
  Bytes open_;  ///< the block that is not full yet
};

}  // namespace skymount::vo
