// SPDX-License-Identifier: MIT
#include "cache/disk_walks.h"

#include "cache/base/bytes.h"

#include <algorithm>

namespace skymount::cache {
namespace {

// Some milliseconds of a disk: enough for it to be busy while we hand on what came before.
constexpr std::uint64_t kMostAhead = 4_MiB;
// Out of order by so much is still the same walk: the kernel has four reads of 128 KiB under way.
constexpr std::uint64_t kNear = 512_KiB;

}  // namespace

DiskWalks::Walk& DiskWalks::walk_of(ByteRange run) {
  const auto goes_on = [&](const Walk& walk) {
    return walk.reached > 0 && run.offset <= walk.reached + kNear && run.end() + kNear >= walk.reached;
  };
  auto found = std::find_if(walks_.begin(), walks_.end(), goes_on);
  if (found != walks_.end()) return *found;
  const auto later = [](const Walk& a, const Walk& b) { return a.used < b.used; };
  // What the last two have both read is what this one is expected to read.
  const Walk& last = *std::max_element(walks_.begin(), walks_.end(), later);
  expected_ = std::min({last.reached - last.begin, last_length_, kMostAhead});
  last_length_ = last.reached - last.begin;
  found = std::min_element(walks_.begin(), walks_.end(), later);
  *found = {run.offset, run.offset, run.offset, 0};
  return *found;
}

ByteRange DiskWalks::on_read(ByteRange run) {
  Walk& walk = walk_of(run);
  walk.used = ++clock_;
  walk.reached = std::max(walk.reached, run.end());
  const std::uint64_t walked = walk.reached - walk.begin;
  const std::uint64_t ahead = std::min(walked, kMostAhead);
  const std::uint64_t wanted = walked > expected_ ? walk.reached + ahead : walk.begin + expected_;
  const std::uint64_t from = std::max(walk.asked, walk.reached);
  // Few large requests instead of many small ones: not before half of the last one is used up.
  if (wanted <= from || (walk.asked > walk.reached && wanted - from < ahead / 2)) return {};
  walk.asked = wanted;
  return {from, wanted - from};
}

}  // namespace skymount::cache
