// SPDX-License-Identifier: MIT
//
// First in, first out: what lies here was wanted when it came, and a scan wants each granule about once.
#include "cache/memory_shelf.h"

#include <algorithm>

namespace skymount::cache {

void MemoryShelf::put(const std::string& content, std::uint64_t granule, ByteView bytes) {
  auto owned = std::make_shared<const Bytes>(bytes.begin(), bytes.end());
  std::lock_guard lock(mutex_);
  const auto [slot, fresh] = slots_.insert_or_assign({content, granule}, std::move(owned));
  if (fresh) {
    bytes_ += bytes.size();
    oldest_first_.push_back(slot->first);
  }
  while (bytes_ > max_bytes_ && !oldest_first_.empty()) push_out_one();
}

/// The oldest that nobody holds; else the oldest. Held contents are few and short-lived, so the look past them is, too.
void MemoryShelf::push_out_one() {
  auto oldest = oldest_first_.begin();
  if (!holds_.empty()) {
    oldest = std::find_if(oldest_first_.begin(), oldest_first_.end(),
                          [&](const Key& key) { return !holds_.contains(key.first); });
    if (oldest == oldest_first_.end()) oldest = oldest_first_.begin();
  }
  const Key key = std::move(*oldest);
  oldest_first_.erase(oldest);
  if (const auto found = slots_.find(key); found != slots_.end()) forget(found);
}

void MemoryShelf::hold(const std::string& content) {
  std::lock_guard lock(mutex_);
  ++holds_[content];
}

void MemoryShelf::release(const std::string& content) {
  std::lock_guard lock(mutex_);
  const auto found = holds_.find(content);
  if (found != holds_.end() && --found->second == 0) holds_.erase(found);
}

bool MemoryShelf::held(const std::string& content) const {
  std::lock_guard lock(mutex_);
  return holds_.contains(content);
}

std::shared_ptr<const Bytes> MemoryShelf::get(const std::string& content, std::uint64_t granule) const {
  std::lock_guard lock(mutex_);
  const auto found = slots_.find({content, granule});
  return found == slots_.end() ? nullptr : found->second;
}

void MemoryShelf::erase(const std::string& content) {
  std::lock_guard lock(mutex_);
  oldest_first_.remove_if([&](const Key& key) { return key.first == content; });
  for (auto slot = slots_.lower_bound({content, 0}); slot != slots_.end() && slot->first.first == content;)
    forget(slot++);
}

bool MemoryShelf::empty() const {
  std::lock_guard lock(mutex_);
  return slots_.empty();
}

void MemoryShelf::forget(Slots::iterator slot) {
  bytes_ -= slot->second->size();
  slots_.erase(slot);
}

}  // namespace skymount::cache
