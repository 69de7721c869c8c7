// SPDX-License-Identifier: MIT
//
// A half-open stretch of a file: offset and length, in bytes.
#pragma once

#include <algorithm>
#include <cstdint>

namespace skymount {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  constexpr std::uint64_t end() const { return offset + length; }
  constexpr bool empty() const { return length == 0; }
  constexpr bool contains(ByteRange other) const { return other.offset >= offset && other.end() <= end(); }
  constexpr bool touches(ByteRange other) const { return other.offset <= end() && offset <= other.end(); }
  /// What both have; empty when they only touch.
  constexpr ByteRange intersection(ByteRange other) const {
    const std::uint64_t from = std::max(offset, other.offset);
    const std::uint64_t to = std::min(end(), other.end());
    return to > from ? ByteRange{from, to - from} : ByteRange{from, 0};
  }
  friend constexpr bool operator==(const ByteRange&, const ByteRange&) = default;
};

}  // namespace skymount
