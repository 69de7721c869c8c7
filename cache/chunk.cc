// SPDX-License-Identifier: MIT
#include "cache/chunk.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace skymount::cache {
namespace {

// Direct writes to the disk want memory like this.
constexpr std::size_t kPage = 4096;

}  // namespace

struct ChunkPool::Spare {
  explicit Spare(std::uint64_t bytes) : most(bytes / kChunkSize) {}
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<std::byte[], Free>;

  Memory take() {
    {
      std::lock_guard lock(mutex);
      if (!free.empty()) {
        auto out = std::move(free.back());
        free.pop_back();
        return out;
      }
    }
    return Memory(static_cast<std::byte*>(std::aligned_alloc(kPage, kChunkSize)));
  }
  void give_back(Memory memory) {
    std::lock_guard lock(mutex);
    if (free.size() < most) free.push_back(std::move(memory));
  }

  const std::size_t most;
  std::mutex mutex;
  std::vector<Memory> free;
};

ChunkPool::ChunkPool(std::uint64_t spare_bytes) : spare_(std::make_shared<Spare>(spare_bytes)) {}

ChunkPtr ChunkPool::chunk_at(std::uint64_t offset, std::uint64_t wanted) {
  auto out = std::make_shared<Chunk>();
  out->base = offset;
  out->room = std::min(kChunkSize - offset % kChunkSize, std::max<std::uint64_t>(wanted, 1));
  if (out->room <= kChunkSize / 2) {  // of a random read: not worth a whole one
    out->memory = std::make_shared_for_overwrite<std::byte[]>(out->room);
    return out;
  }
  Spare::Memory memory = spare_->take();
  if (!memory) throw std::bad_alloc();
  out->memory = std::shared_ptr<std::byte[]>(memory.release(),
                                             [to = spare_](std::byte* used) { to->give_back(Spare::Memory(used)); });
  return out;
}

void RecentChunks::put(const void* content, ChunkPtr chunk) {
  std::vector<ChunkPtr> out;  // freed outside of the lock
  std::lock_guard lock(mutex_);
  const Key key{content, chunk->base};
  bytes_ += chunk->room;
  const auto [slot, fresh] = chunks_.try_emplace(key, chunk);
  if (fresh) {
    oldest_first_.push_back(key);
  } else {
    if (slot->second->filled < chunk->filled) slot->second.swap(chunk);
    bytes_ -= chunk->room;
    out.push_back(std::move(chunk));
  }
  while (bytes_ > max_bytes_ && !oldest_first_.empty()) {
    if (auto gone = chunks_.extract(oldest_first_.front())) {
      bytes_ -= gone.mapped()->room;
      out.push_back(std::move(gone.mapped()));
    }
    oldest_first_.pop_front();
  }
}

RecentChunks::Chunks::const_iterator RecentChunks::at_or_before(const Key& key) const {
  auto it = chunks_.upper_bound(key);
  if (it != chunks_.begin() && std::prev(it)->first.first == key.first) --it;
  return it;
}

std::optional<SharedBytes> RecentChunks::find(const void* content, ByteRange range) const {
  std::lock_guard lock(mutex_);
  const auto it = at_or_before({content, range.offset});
  return it == chunks_.end() || it->first.first != content ? std::nullopt : part_of(it->second, range);
}

std::vector<ChunkPtr> RecentChunks::within(const void* content, ByteRange range) const {
  std::vector<ChunkPtr> out;
  std::lock_guard lock(mutex_);
  for (auto it = at_or_before({content, range.offset}); it != chunks_.end(); ++it) {
    if (it->first.first != content || it->first.second >= range.end()) break;
    if (!it->second->range().intersection(range).empty()) out.push_back(it->second);
  }
  return out;
}

void RecentChunks::erase(const void* content) {
  std::vector<ChunkPtr> out;
  std::lock_guard lock(mutex_);
  for (auto it = chunks_.lower_bound({content, 0}); it != chunks_.end() && it->first.first == content;) {
    bytes_ -= it->second->room;
    out.push_back(std::move(it->second));
    it = chunks_.erase(it);
  }
  if (!out.empty()) oldest_first_.remove_if([&](const Key& key) { return key.first == content; });
}

}  // namespace skymount::cache
