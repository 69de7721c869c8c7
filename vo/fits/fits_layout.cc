// SPDX-License-Identifier: MIT
#include "vo/fits/fits_layout.h"

#include "vo/fits/header_scan.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// Ten blocks hold the headers of most extensions; a longer one is asked for when its end is missed.
constexpr std::uint64_t kHeaderGuess = 10 * kFitsBlock;
// ESO's primary headers run to hundreds of kB: the rest of a header is fetched in such steps.
constexpr std::uint64_t kHeaderStep = 128 * 1024;
// The rest of a primary header that is longer than what the open brought: 360 more blocks in one request, and
// the longest headers seen have some hundreds.
constexpr std::uint64_t kHeaderRest = 1024 * 1024;
constexpr std::uint64_t kFirstPixels = 256 * 1024;
// A file of thousands of tiny extensions must not turn one read into thousands of ranges.
constexpr std::size_t kMostHints = 8;

}  // namespace

std::vector<ByteRange> FitsLayout::likely_next(std::uint64_t offset, ByteView bytes, std::uint64_t size) const {
  std::vector<ByteRange> out;
  const std::uint64_t seen_to = offset + bytes.size();
  const auto want = [&](std::uint64_t from, std::uint64_t length) {
    const ByteRange range = ByteRange{from, length}.intersection({seen_to, size > seen_to ? size - seen_to : 0});
    if (!range.empty()) out.push_back(range);
  };
  std::uint64_t at = offset;
  while (at < seen_to && out.size() < kMostHints) {
    const HeaderScan scan = scan_header(bytes.subspan(at - offset));
    if (scan.state == HeaderState::not_fits) break;
    if (scan.state == HeaderState::needs_more) {
      want(seen_to, kHeaderStep);
      break;
    }
    const FitsHeader& header = scan.header;
    if (header.unit_bytes > size - std::min(at, size)) {
      want(at + header.header_bytes, kFirstPixels);  // the last unit, or a file cut short
      break;
    }
    const std::uint64_t next = at + header.unit_bytes;
    if (next >= seen_to) {
      // The next header first: it is small, and programs that count extensions read nothing else.
      want(next, kHeaderGuess);
      want(at + header.header_bytes, std::min(kFirstPixels, header.data_bytes));
    }
    at = next;
  }
  return out;
}

std::uint64_t FitsLayout::header_reaches(ByteView head) const {
  return scan_header(head).state == HeaderState::needs_more ? head.size() + kHeaderRest : 0;
}

}  // namespace skymount::vo
