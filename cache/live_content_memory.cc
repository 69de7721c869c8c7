// SPDX-License-Identifier: MIT
//
// What of a content is in memory, and how a reader gets it: as a view of a chunk, else copied into a buffer of its own.
#include <cstring>

#include "cache/live_content.h"

namespace skymount::cache {

LiveContent::Reader::Reader(ByteRange range, std::optional<std::uint64_t> size)
    : wanted(range), outer(granules_around(range, size)) {}

std::byte* LiveContent::Reader::at(std::uint64_t offset) {
  if (!out) out = std::make_shared_for_overwrite<std::byte[]>(outer.length);
  return out.get() + (offset - outer.offset);
}

SharedBytes LiveContent::Reader::bytes() const {
  if (whole) return *whole;
  return {out, ByteView(out.get() + (wanted.offset - outer.offset), wanted.length)};
}

// --- under the lock

std::optional<SharedBytes> LiveContent::in_one_chunk(ByteRange range) const {
  for (const TransferPtr& transfer : transfers_) {
    if (auto here = part_of(transfer->assembly.chunk, range)) return here;
  }
  return shared_->recent.find(this, range);
}

void LiveContent::fill_from_memory(Reader& reader, ByteRange range) const {
  const auto fill = [&](std::uint64_t offset, ByteView bytes) {
    std::memcpy(reader.at(offset), bytes.data(), bytes.size());
    reader.filled.add({offset, bytes.size()});
  };
  for (auto it = partials_.lower_bound(granule_floor(range.offset)); it != partials_.end() && it->first < range.end();
       ++it) {
    for (const ByteRange have : it->second.have.ranges()) {
      const ByteRange part = have.intersection(range);
      if (!part.empty()) fill(part.offset, ByteView(it->second.bytes).subspan(part.offset - it->first, part.length));
    }
  }
  std::vector<ChunkPtr> chunks = shared_->recent.within(this, range);
  for (const TransferPtr& transfer : transfers_) {
    if (transfer->assembly.chunk) chunks.push_back(transfer->assembly.chunk);
  }
  for (const ChunkPtr& chunk : chunks) {
    const ByteRange part = chunk->range().intersection(range);
    if (!part.empty()) fill(part.offset, chunk->view(part));
  }
}

/// Copies to a reader what it awaits of `bytes`, which are those of `came`. Under the lock.
void LiveContent::copy_awaited(Reader& reader, ByteRange came, ByteView bytes) {
  bool news = false;
  for (const ByteRange awaited : reader.awaited.ranges()) {
    const ByteRange part = awaited.intersection(came);
    if (part.empty()) continue;
    // A byte that came already is the same byte again, and the reader does not look before it is complete.
    for (const ByteRange fresh : reader.filled.missing_from(part)) {
      std::memcpy(reader.at(fresh.offset), bytes.data() + (fresh.offset - came.offset), fresh.length);
      reader.filled.add(fresh);
      news = true;
    }
  }
  if (news && reader.complete()) reader.wake.notify_all();
}

}  // namespace skymount::cache
