// SPDX-License-Identifier: MIT
//
// Reads as much of a FITS header as its layout needs: where it ends, how many bytes of data follow. Works on bytes that
// are here, trusts none of them, and knows no keyword beyond the mandatory ones. Source: FITS 4.0 sections 3 and 4.
#pragma once

#include "cache/base/bytes.h"

#include <cstdint>
#include <optional>

namespace skymount::vo {

/// Headers and data units are padded to this many bytes.
inline constexpr std::uint64_t kFitsBlock = 2880;

struct FitsHeader {
  bool primary = false;
  std::uint64_t header_bytes = 0;  ///< padded: where the data begin, from the header's start
  std::uint64_t data_bytes = 0;    ///< without padding; GCOUNT * (PCOUNT + NAXIS1 * ... * NAXISn) * |BITPIX| / 8
  std::uint64_t unit_bytes = 0;    ///< padded header and data: where the next HDU begins
};

enum class HeaderState { complete, needs_more, not_fits };

struct HeaderScan {
  HeaderState state = HeaderState::not_fits;
  FitsHeader header;  ///< when complete
};

/// `bytes` begin at a header. not_fits also when a size is negative or does not fit 63 bits.
HeaderScan scan_header(ByteView bytes);

}  // namespace skymount::vo
