// SPDX-License-Identifier: MIT
//
// What the reads of one file have in common, and hence what is worth fetching next. Several readers may work on a file
// at once, and the kernel's readahead asks in pieces of 128 KiB, out of order: reads are therefore sorted into streams
// by where they are, and a stream counts as a scan when it has few holes.
#pragma once

#include "cache/base/fetch_context.h"
#include "cache/base/range_set.h"

#include <algorithm>
#include <list>
#include <optional>
#include <vector>

namespace skymount::cache {

/// An open brings so much of a file (vo/http asks for it); who reads no further has not begun a scan.
inline constexpr std::uint64_t kOpenBrings = 240 * 1024;

/// Pure bookkeeping; not thread-safe.
class AccessPattern {
 public:
  using Time = FetchContext::Steady::time_point;

  /// `parallel`: as many ranges may be on their way at once.
  AccessPattern(std::uint64_t size, unsigned parallel) : size_(size), parallel_(std::max(1U, parallel)) {}

  /// Reads before `offset` are no scan, whatever they look like (a header that is read block by block).
  void expect_no_scan_before(std::uint64_t offset) { calm_to_ = offset; }

  struct Plan {
    ByteRange fetch;               ///< what to fetch in one go should this read be missing
    std::vector<ByteRange> ahead;  ///< what to fetch ahead of it, soonest first; nothing twice
    std::uint64_t stream = 0;      ///< whose reads these are
    bool fresh = false;            ///< the first read of a stream: it says nothing about the next one
    std::vector<std::uint64_t>
        ended;  ///< streams that are over; what was fetched ahead for them is not wanted any more
  };
  /// `range` is inside the file and not empty. Being told of the same read twice changes nothing. `worth_asking`: of a
  /// scan, larger requests than this bring nothing; where round trips are short there is no need to be far ahead, and
  /// who is not finds what came in memory.
  Plan on_read(ByteRange range, Time now, std::optional<std::uint64_t> worth_asking = std::nullopt);

 private:
  struct Stream {
    std::uint64_t id = 0;
    ByteRange span;
    RangeSet seen;
    std::uint64_t first_length = 0, pieces = 0;  ///< of its first read; number of reads that brought anything new
    std::uint64_t ahead = 0;                     ///< up to here it is fetched or will be
    std::vector<std::uint64_t> planned;          ///< where requests end that the reader has not passed yet
    Time last;
    bool skipping() const;
    bool scanning(std::uint64_t calm_to) const;
  };
  Stream* stream_of(ByteRange range);
  void begin_stream(ByteRange range, Time now, Plan& plan);
  void fetch_ahead(Stream& stream, std::uint64_t most, Plan& plan) const;
  void follow_strides(ByteRange range, Plan& plan);

  const std::uint64_t size_;
  const std::uint64_t parallel_;
  std::uint64_t calm_to_ = 0;
  std::uint64_t last_id_ = 0;
  std::list<Stream> streams_;  // most recently used first
  std::uint64_t last_jump_from_ = 0;
  std::int64_t stride_ = 0;
  unsigned strides_ = 0;
};

}  // namespace skymount::cache
