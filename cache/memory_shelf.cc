// SPDX-License-Identifier: MIT
//
// First in, first out: what lies here was wanted when it came, and a scan wants each granule about once.
#include "cache/memory_shelf.h"

namespace skymount::cache {

void MemoryShelf::put(const std::string& content, std::uint64_t granule, ByteView bytes) {
  auto owned = std::make_shared<const Bytes>(bytes.begin(), bytes.end());
  std::lock_guard lock(mutex_);
  const auto [slot, fresh] = slots_.insert_or_assign({content, granule}, std::move(owned));
  if (fresh) {
    bytes_ += bytes.size();
    oldest_first_.push_back(slot->first);
  }
  while (bytes_ > max_bytes_ && !oldest_first_.empty()) {
    const Key key = std::move(oldest_first_.front());
    oldest_first_.pop_front();
    if (const auto found = slots_.find(key); found != slots_.end()) forget(found);
  }
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
