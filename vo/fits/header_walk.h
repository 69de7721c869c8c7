// SPDX-License-Identifier: MIT
//
// The headers of a FITS file one after another, read through ranges: only the blocks of the headers, never the data
// between them. Everything is bounded, because a header says itself where it ends and where the next one begins.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/result.h"
#include "vo/fits/header_scan.h"

#include <functional>
#include <optional>

namespace skymount::vo {

/// Bytes of a file: exactly the range, which lies in the file. Blocks.
using ReadRange = std::function<Result<SharedBytes>(ByteRange)>;

/// The longest header that is read: 1,000 blocks, 36,000 cards. ESO's longest have some hundred blocks; a header that
/// does not end would make us read the whole file.
inline constexpr std::uint64_t kLongestHeader = 1000 * kFitsBlock;

struct HeaderUnit {
  std::uint64_t offset = 0;  ///< of the header in the file
  Bytes cards;               ///< up to and with the END card
  FitsHeader layout;

  std::uint64_t data_offset() const { return offset + layout.header_bytes; }
};

/// The header at `offset` of a file of `size` bytes; nothing when no header begins there (the end of the file, or what
/// FITS 4.0 section 3.5 allows behind the last HDU). In one to four reads.
/// Errors  corrupt: the file ends inside the header, or its sizes are impossible; too_large: no END within
///         kLongestHeader; as `read`.
Result<std::optional<HeaderUnit>> read_header(std::uint64_t offset, std::uint64_t size, const ReadRange& read);

/// The same for bytes that come in order only. `next` fills the span as far as it can; 0: the end.
using ReadNext = std::function<Result<std::size_t>(std::span<std::byte>)>;
Result<std::optional<HeaderUnit>> read_first_header(const ReadNext& next);

}  // namespace skymount::vo
