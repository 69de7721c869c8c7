// SPDX-License-Identifier: MIT
//
// What a file's structure says about the next reads: given bytes already seen, which ranges are likely next. Implemented in
// vo (a FITS header names its data unit and the next HDU); cache only follows it.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/bytes.h"

#include <cstdint>
#include <vector>

namespace skymount::cache {

class LayoutHint {
 public:
  virtual ~LayoutHint() = default;
  /// `bytes` stand at `offset` of a file of `size` bytes. Returns ranges worth having soon, most likely first; may be
  /// empty. Pure: no waiting, no network. Thread-safe.
  virtual std::vector<ByteRange> likely_next(std::uint64_t offset, ByteView bytes, std::uint64_t size) const = 0;

  /// `head` is how the file begins. When it ends inside a header: up to where whoever reads that header to its end is
  /// likely to come, so that the rest is fetched in one request and not taken for the beginning of a scan. Else 0.
  virtual std::uint64_t header_reaches(ByteView head) const {
    static_cast<void>(head);
    return 0;
  }
};

}  // namespace skymount::cache
