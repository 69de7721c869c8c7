// SPDX-License-Identifier: MIT
#include "cache/base/range_set.h"

namespace skymount {

void RangeSet::add(ByteRange range) {
  if (range.empty()) return;
  std::uint64_t start = range.offset;
  std::uint64_t end = range.end();
  auto it = ends_.upper_bound(start);
  if (it != ends_.begin()) {
    auto before = std::prev(it);
    if (before->second >= start) it = before;
  }
  while (it != ends_.end() && it->first <= end) {
    start = std::min(start, it->first);
    end = std::max(end, it->second);
    it = ends_.erase(it);
  }
  ends_.emplace(start, end);
}

void RangeSet::remove(ByteRange range) {
  if (range.empty()) return;
  auto it = ends_.upper_bound(range.offset);
  if (it != ends_.begin()) --it;
  while (it != ends_.end() && it->first < range.end()) {
    const auto [start, end] = *it;
    if (end <= range.offset) {
      ++it;
      continue;
    }
    it = ends_.erase(it);
    if (start < range.offset) ends_.emplace(start, range.offset);
    if (end > range.end()) it = ends_.emplace(range.end(), end).first;
  }
}

bool RangeSet::contains(ByteRange range) const {
  if (range.empty()) return true;
  auto it = ends_.upper_bound(range.offset);
  if (it == ends_.begin()) return false;
  return std::prev(it)->second >= range.end();
}

std::uint64_t RangeSet::total() const {
  std::uint64_t sum = 0;
  for (const auto& [start, end] : ends_) sum += end - start;
  return sum;
}

std::vector<ByteRange> RangeSet::missing_from(ByteRange range) const {
  std::vector<ByteRange> missing;
  std::uint64_t at = range.offset;
  auto it = ends_.upper_bound(at);
  if (it != ends_.begin()) --it;
  for (; it != ends_.end() && it->first < range.end(); ++it) {
    if (it->second <= at) continue;
    if (it->first > at) missing.push_back({at, it->first - at});
    at = it->second;
  }
  if (at < range.end()) missing.push_back({at, range.end() - at});
  return missing;
}

std::vector<ByteRange> RangeSet::ranges() const {
  std::vector<ByteRange> all;
  for (const auto& [start, end] : ends_) all.push_back({start, end - start});
  return all;
}

}  // namespace skymount
