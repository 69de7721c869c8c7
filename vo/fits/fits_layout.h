// SPDX-License-Identifier: MIT
//
// What a FITS file's structure says about the next reads: who reads a header soon wants its first pixels, or hops to
// the next header. Files of other kinds give no hints.
#pragma once

#include "cache/layout_hint.h"

namespace skymount::vo {

/// Stateless: one object serves all files.
class FitsLayout final : public cache::LayoutHint {
 public:
  std::vector<ByteRange> likely_next(std::uint64_t offset, ByteView bytes, std::uint64_t size) const override;
  std::uint64_t header_reaches(ByteView head) const override;
};

}  // namespace skymount::vo
