// SPDX-License-Identifier: MIT
#include "cache/access_pattern.h"

#include <algorithm>
#include <bit>

#include "cache/granule.h"

namespace skymount::cache {
namespace {

// How far from the front of a scan a read may be and still belong to it: four of the kernel's readahead requests.
constexpr std::uint64_t kNear = 512 * 1024;
// As many readers of one file are told apart.
constexpr std::size_t kMaxStreams = 8;
// A stream that is silent for so long when another one begins was a scan that ended, or a reader that jumped.
constexpr std::chrono::seconds kSilent{1};
// A scan from the start of a file begins with so much on each connection, and then fetches sixteen times as far ahead
// as it has come: it is at full speed after two round trips. Less at first costs a round trip more (0.1 s of the 2.2 s
// that 256 MiB take on 8 connections of 20 MB/s at 50 ms), and half the growth 0.04 s; more at first would be wasted by
// those who read some 100 KiB and stop. What is on its way ends when the file is closed.
constexpr std::uint64_t kGrowth = 16;
constexpr std::uint64_t kMinWindow = 1024 * 1024;
// Elsewhere neighbours may be chance: it begins with so much on one connection, and grows slower.
constexpr std::uint64_t kMinElsewhere = 512 * 1024, kGrowthElsewhere = 4;
// At 20 MB/s and 50 ms a connection is idle for 6 % of the time that such a request takes, and 11 % with half of it.
constexpr std::uint64_t kMaxWindow = 16 * 1024 * 1024;
// Towards the end of the file requests become smaller, so that all connections end their work together. Half as large
// again as a fair share: each request costs a round trip, too, and they do not all begin at once.
constexpr std::uint64_t kMinTail = 2 * 1024 * 1024;
// What a reader waits for is fetched in smaller pieces than what is fetched ahead: it cannot be called back.
constexpr std::uint64_t kMaxDemand = 1024 * 1024;
constexpr unsigned kMaxStridesAhead = 4;
// After so many pieces, so near to each other on the average, they are no chance. 128 KiB are 6 ms of such a
// connection.
constexpr std::uint64_t kSkips = 6;
constexpr std::uint64_t kSmallGap = 128 * 1024;

}  // namespace

/// Small pieces with small gaps, ever on: the rows of a section of an image, say. What lies in the gaps costs less time
/// than a round trip for each piece.
bool AccessPattern::Stream::skipping() const {
  return pieces >= kSkips && span.length / pieces <= kSmallGap && seen.total() * 2 < span.length;
}

bool AccessPattern::Stream::scanning(std::uint64_t calm_to) const {
  if (span.end() <= calm_to) return false;
  if (skipping()) return true;
  // Two reads make a scan at the start of a file, where most scans begin; elsewhere neighbours may be chance.
  if (seen.total() * 2 < span.length) return false;
  return span.offset == 0 ? pieces >= 2 && span.end() > kOpenBrings : pieces >= 3;
}

AccessPattern::Plan AccessPattern::on_read(ByteRange range, Time now, std::optional<std::uint64_t> worth_asking) {
  Plan plan;
  plan.fetch = range;
  Stream* stream = stream_of(range);
  if (stream == nullptr) {
    begin_stream(range, now, plan);
    follow_strides(range, plan);
    return plan;
  }
  plan.stream = stream->id;
  stream->last = now;
  if (!stream->seen.contains(range)) ++stream->pieces;
  plan.fresh = stream->pieces == 1;
  stream->seen.add(range);
  const std::uint64_t from = std::min(stream->span.offset, range.offset);
  stream->span = {from, std::max(stream->span.end(), range.end()) - from};
  const std::uint64_t most = std::clamp(std::bit_floor(worth_asking.value_or(kMaxWindow)), kMinTail, kMaxWindow);
  if (stream->scanning(calm_to_)) fetch_ahead(*stream, most, plan);
  return plan;
}

/// The stream whose front is near `range`; it becomes the first of the list.
AccessPattern::Stream* AccessPattern::stream_of(ByteRange range) {
  const auto found = std::find_if(streams_.begin(), streams_.end(), [&](const Stream& stream) {
    const std::uint64_t front = stream.span.end();
    return range.offset <= front + kNear && range.end() + kNear >= front;
  });
  if (found == streams_.end()) return nullptr;
  streams_.splice(streams_.begin(), streams_, found);
  return &streams_.front();
}

void AccessPattern::begin_stream(ByteRange range, Time now, Plan& plan) {
  for (auto it = streams_.begin(); it != streams_.end();) {
    const bool crowded = streams_.size() >= kMaxStreams && std::next(it) == streams_.end();
    if (now - it->last > kSilent || crowded) {
      plan.ended.push_back(it->id);
      it = streams_.erase(it);
    } else {
      ++it;
    }
  }
  Stream stream;
  stream.id = plan.stream = ++last_id_;
  stream.span = range;
  stream.seen.add(range);
  stream.first_length = range.length;
  stream.pieces = 1;
  stream.ahead = range.end();
  stream.last = now;
  streams_.push_front(std::move(stream));
  plan.fresh = true;
}

void AccessPattern::fetch_ahead(Stream& stream, std::uint64_t most, Plan& plan) const {
  const std::uint64_t come = stream.skipping() ? stream.span.length / 2 : stream.seen.total() - stream.first_length;
  const bool at_start = stream.span.offset == 0;
  const std::uint64_t least = at_start ? parallel_ * kMinWindow : kMinElsewhere;
  const std::uint64_t reach = std::clamp((at_start ? kGrowth : kGrowthElsewhere) * come, least, parallel_ * most);
  const std::uint64_t window =
      std::clamp(std::bit_floor(reach / parallel_), at_start ? kMinWindow : kMinElsewhere, most);
  const std::uint64_t demand_to =
      std::min(size_, std::max(plan.fetch.end(), plan.fetch.offset + std::min(window, kMaxDemand)));
  // The read itself is part of the first window, so that it is not asked for apart.
  stream.ahead = std::max(stream.ahead, granule_floor(plan.fetch.offset));
  plan.fetch.length = demand_to - plan.fetch.offset;
  const std::uint64_t target = std::min(size_, stream.span.end() + reach);
  // No more requests wait than keep the connections busy: those that are planned later are larger, because the scan
  // has come further by then, and each costs a round trip.
  std::erase_if(stream.planned, [&](std::uint64_t end) { return end <= stream.span.end(); });
  while (stream.ahead < target && stream.planned.size() < parallel_ + (parallel_ + 1) / 2) {
    const std::uint64_t left = size_ - stream.ahead;
    const std::uint64_t tail = std::max(kMinTail, granule_ceil(left * 3 / (2 * parallel_)));
    const std::uint64_t length = std::min({window, tail, left});
    // Half a window is waited for, so that a scan asks in few large pieces; the end of the file is fetched as it is.
    if (target - stream.ahead < length / 2 && target != size_) break;
    plan.ahead.push_back({stream.ahead, length});
    stream.ahead += length;
    stream.planned.push_back(stream.ahead);
  }
}

/// Reads at equal distances (a column of a table, the planes of a cube at one place): the next ones are easily guessed.
void AccessPattern::follow_strides(ByteRange range, Plan& plan) {
  const auto jump = static_cast<std::int64_t>(range.offset - last_jump_from_);
  strides_ = jump == stride_ && jump != 0 ? strides_ + 1 : 0;
  stride_ = jump;
  last_jump_from_ = range.offset;
  if (strides_ < 2) return;
  for (unsigned i = 1; i <= std::min(strides_, kMaxStridesAhead); ++i) {
    const std::int64_t at = static_cast<std::int64_t>(range.offset) + stride_ * i;
    if (at < 0 || static_cast<std::uint64_t>(at) >= size_) return;
    const auto offset = static_cast<std::uint64_t>(at);
    plan.ahead.push_back({offset, std::min(range.length, size_ - offset)});
  }
}

}  // namespace skymount::cache
