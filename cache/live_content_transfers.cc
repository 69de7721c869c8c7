// SPDX-License-Identifier: MIT
//
// The transfers' side of a content: pieces come in, go to those who wait for them, and are kept granule by granule.
#include <algorithm>
#include <cstring>
#include <exception>

#include "cache/base/log.h"
#include "cache/live_content.h"

namespace skymount::cache {
namespace {

// Granules are written when a chunk is full, but a slow transfer stores what it has after this long.
constexpr std::chrono::milliseconds kWriteEvery{250};
// Less says nothing of a connection's speed.
constexpr std::uint64_t kTellsPace = 512_KiB;
// Smaller requests are enough where round trips are short.
constexpr std::uint64_t kFast = 8_MiB;
// A request that takes as long as so many waits for its first byte loses 4 % by them.
constexpr double kWaitsWorth = 24;
// Bites of granules come from the ends of what was delivered; more than this many are from a source that skips about.
constexpr std::size_t kMaxPartials = 64;

}  // namespace

void LiveContent::run(const TransferPtr& transfer) {
  const std::optional<ByteRange> range = start(transfer);
  if (!range) return;
  ++shared_->running;
  FetchContext ctx;
  ctx.cause = transfer->cause;
  ctx.stop = transfer->stop.get_token();
  const auto asked = FetchContext::Steady::now();
  auto last_write = asked;
  std::optional<FetchContext::Steady::time_point> answered;
  const auto sink = [&](std::uint64_t offset, ByteView piece) -> Result<void> {
    if (auto taken = take(transfer, offset, piece); !taken) return taken;
    const auto now = FetchContext::Steady::now();
    if (!answered) answered = now;
    if (now - last_write >= kWriteEvery) {
      keep(transfer->assembly, false);
      last_write = now;
    }
    return {};
  };
  Result<void> fetched;
  try {
    fetched = transfer->source->fetch(*range, sink, ctx);
  } catch (const std::exception& e) {
    fetched = fail(Code::unavailable, std::string("the download ended with an exception: ") + e.what());
  }
  if (const std::uint64_t to = transfer->assembly.received; answered && to > range->offset)
    note_pace(to - range->offset, *answered - asked, FetchContext::Steady::now() - *answered);
  const Result<void> result = outcome(transfer, std::move(fetched));
  keep(transfer->assembly, true);
  --shared_->running;
  finish(transfer, result);
  set_aside(transfer->assembly);
}

/// A request costs the time to its first byte; how many bytes would come in many times that? The shortest such time
/// counts: what is longer was not the archive's distance, but a connection to be opened, or a busy machine.
void LiveContent::note_pace(std::uint64_t bytes, std::chrono::duration<double> to_first,
                            std::chrono::duration<double> after) {
  if (bytes < kTellsPace || after.count() <= 0) return;
  std::lock_guard lock(mutex_);
  shortest_wait_ = std::min(shortest_wait_, to_first);
  const double worth = static_cast<double>(bytes) / after.count() * shortest_wait_.count() * kWaitsWorth;
  const auto now = static_cast<std::uint64_t>(std::clamp(worth, 1.0, 1e12));
  const std::uint64_t before = worth_asking_;
  worth_asking_ = before == 0 ? now : before - before / 4 + now / 4;
}

/// A scan then stays so little ahead of its reader that it finds what came in memory, not on the disk.
bool LiveContent::comes_fast() const {
  const std::uint64_t worth = worth_asking_;
  return worth > 0 && worth <= kFast;
}

std::optional<std::uint64_t> LiveContent::worth_asking() const {
  const std::uint64_t worth = worth_asking_;
  return worth > 0 ? std::optional(worth) : std::nullopt;
}

/// What to fetch now. Nothing when there is no need: it was stopped while it waited, or another transfer brings all.
std::optional<ByteRange> LiveContent::start(const TransferPtr& transfer) {
  Result<void> over;
  {
    std::lock_guard lock(mutex_);
    const bool other_whole = std::any_of(transfers_.begin(), transfers_.end(), [&](const TransferPtr& other) {
      return other != transfer && other->whole && other->active();
    });
    if (transfer->stopping || shared_->closing) {
      over = fail(Code::cancelled, "the transfer was stopped");
    } else if (transfer->whole || !transfer->source->whole_only() || !other_whole) {
      if (!transfer->whole && transfer->source->whole_only()) become_whole(*transfer);
      transfer->state = Transfer::State::running;
      transfer->started = FetchContext::Steady::now();
      transfer->assembly = {transfer->begin, transfer->begin, nullptr};
      return ByteRange{transfer->begin, transfer->end - transfer->begin};
    }
  }
  finish(transfer, over);
  return std::nullopt;
}

/// Its source learned that the origin ignores ranges: this is the one download of the file from now on.
void LiveContent::become_whole(Transfer& transfer) const {
  transfer.whole = transfer.keep = true;
  transfer.cut = false;
  transfer.begin = 0;
  transfer.end = stored_.size().value_or(Transfer::kToTheEnd);
}

/// One piece from the source, on the transfer's thread.
Result<void> LiveContent::take(const TransferPtr& transfer, std::uint64_t offset, ByteView piece) {
  shared_->fetched_bytes += piece.size();
  Assembly& assembly = transfer->assembly;
  if (offset != assembly.received) restart_at(transfer, offset);
  while (!piece.empty()) {
    if (!assembly.chunk || assembly.chunk->filled == assembly.chunk->room) {
      std::lock_guard lock(mutex_);
      const std::uint64_t to = std::max(transfer->end, assembly.received + piece.size());
      assembly.chunk = shared_->chunks.chunk_at(assembly.received, to - assembly.received);
    }
    const ChunkPtr& chunk = assembly.chunk;
    const ByteView part = piece.first(std::min<std::uint64_t>(piece.size(), chunk->room - chunk->filled));
    // Only this thread writes into it, and nobody looks behind what is filled: no lock for the copy.
    std::memcpy(chunk->memory.get() + chunk->filled, part.data(), part.size());
    if (auto accepted = accept(*transfer, part); !accepted) return accepted;
    if (chunk->filled == chunk->room) {
      keep(assembly, true);
      set_aside(assembly);
    }
    piece = piece.subspan(part.size());
  }
  return {};
}

/// What was written into the transfer's chunk has come.
Result<void> LiveContent::accept(Transfer& transfer, ByteView piece) {
  Assembly& assembly = transfer.assembly;
  const std::uint64_t offset = assembly.received;
  Watchers ready;
  std::unique_lock lock(mutex_);
  if (transfer.stopping) return fail(Code::cancelled, "nobody waits for this transfer any more");
  const std::uint64_t promised = stored_.size().value_or(Transfer::kToTheEnd);
  const bool too_much = offset > promised || piece.size() > promised - offset;
  const std::uint64_t limit = transfer.cut ? std::min(promised, transfer.end) : promised;
  piece = piece.first(std::min<std::uint64_t>(piece.size(), limit > offset ? limit - offset : 0));
  assembly.chunk->filled += piece.size();
  assembly.received += piece.size();
  deliver(transfer, {offset, piece.size()});
  ready = take_watchers(transfer, /*ended=*/false);
  transfer.end = std::max(transfer.end, assembly.received);
  const bool enough = transfer.cut && assembly.received >= transfer.end;
  lock.unlock();
  call(ready);
  if (too_much)
    return fail(Code::corrupt, "the origin sends more than the " + std::to_string(promised) + " bytes it promised");
  return enough ? Result<void>(fail(Code::cancelled, "this is enough")) : Result<void>();
}

/// The source delivers elsewhere than it was asked to: from the start, because its origin ignores ranges.
void LiveContent::restart_at(const TransferPtr& transfer, std::uint64_t offset) {
  keep(transfer->assembly, true);
  set_aside(transfer->assembly);
  std::lock_guard lock(mutex_);
  transfer->assembly = {offset, offset, nullptr};
  transfer->begin = offset;
  if (transfer->source->whole_only() && offset == 0) become_whole(*transfer);
}

/// Tells everybody who awaits bytes of `came` that they are in the transfer's chunk. Under the lock.
void LiveContent::deliver(const Transfer& transfer, ByteRange came) {
  const ChunkPtr& chunk = transfer.assembly.chunk;
  // A transfer that was cut short may end within its chunk.
  const std::uint64_t ends = std::min(chunk->base + chunk->room, transfer.end);
  for (Reader* reader : readers_) {
    if (reader->until_end || reader->whole || came.intersection(reader->outer).empty()) continue;
    if (chunk->base <= reader->wanted.offset && reader->wanted.end() <= ends) {
      reader->whole = part_of(chunk, reader->wanted);
      if (reader->whole) reader->wake.notify_all();
    } else {
      copy_awaited(*reader, chunk->range(), chunk->view(chunk->range()));
    }
  }
}

/// Stores what of an assembly is not kept yet. Only the assembly's owner calls this; others look at it under the lock
/// meanwhile.
void LiveContent::keep(Assembly& assembly, bool last) {
  const std::uint64_t done = keep(assembly.kept_to, assembly.unkept(), last);
  std::lock_guard lock(mutex_);
  assembly.kept_to = done;
}

/// A chunk to which nothing is added any more goes to those that came last; so it is never out of sight.
void LiveContent::set_aside(Assembly& assembly) {
  if (!assembly.chunk) return;
  if (assembly.chunk->filled > 0) shared_->recent.put(this, assembly.chunk);
  std::lock_guard lock(mutex_);
  assembly.chunk = nullptr;
}

/// Writes the granules of `bytes`, which begin at `base`, that are whole, and returns how far it got. `last`: nothing
/// follows, so the bites at its ends are set aside, too.
std::uint64_t LiveContent::keep(std::uint64_t base, ByteView bytes, bool last) {
  const auto size = stored_.size();
  const std::uint64_t got = base + bytes.size();
  const auto view = [&](std::uint64_t from, std::uint64_t to) { return bytes.subspan(from - base, to - from); };
  // [base, first): the rest of a granule whose start came before. [first, whole_to): whole granules. [whole_to, got): a
  // bite.
  const std::uint64_t first = std::min(granule_ceil(base), size.value_or(Transfer::kToTheEnd));
  std::uint64_t whole_to = size && got >= *size ? got : granule_floor(got);
  if (got < first && !last) return base;
  std::uint64_t done = base;
  if (first > base && got > base) {
    std::lock_guard lock(mutex_);
    done = std::min(first, got);
    add_partial(base, view(base, done));
  }
  whole_to = std::max(whole_to, done);
  if (whole_to > done) {
    stored_.write(done, view(done, whole_to), comes_fast());
    done = whole_to;
    shared_->stored();
  }
  if (last && got > done) {
    std::lock_guard lock(mutex_);
    add_partial(done, view(done, got));
    done = got;
  }
  return done;
}

/// Adds a bite of one granule; writes the granule when it is whole. Under the lock.
void LiveContent::add_partial(std::uint64_t offset, ByteView bytes) {
  const std::uint64_t start = granule_floor(offset);
  if (stored_.missing({start, granules_around({start, 1}, stored_.size()).length}).empty()) return;
  Partial& partial = partials_[start];
  const std::uint64_t length = granules_around({start, 1}, stored_.size()).length;
  partial.bytes.resize(std::max<std::uint64_t>(partial.bytes.size(), offset - start + bytes.size()));
  std::copy(bytes.begin(), bytes.end(), partial.bytes.begin() + static_cast<std::ptrdiff_t>(offset - start));
  partial.have.add({offset, bytes.size()});
  if (partial.have.contains({start, length})) {
    stored_.write(start, ByteView(partial.bytes).first(length));
    partials_.erase(start);
  } else if (partials_.size() > kMaxPartials) {
    partials_.erase(partials_.begin()->first == start ? std::prev(partials_.end()) : partials_.begin());
  }
}

void LiveContent::learn_size(std::uint64_t size) {
  if (stored_.size() == size) return;
  std::lock_guard lock(mutex_);
  stored_.set_size(size);
  // The last granule may have waited to hear that it is whole.
  const auto last = size > 0 ? partials_.find(granule_floor(size - 1)) : partials_.end();
  if (last == partials_.end()) return;
  const Partial partial = last->second;
  partials_.erase(last);
  for (const ByteRange have : partial.have.ranges()) {
    const ByteRange part = have.intersection({0, size});
    if (!part.empty()) {
      add_partial(part.offset, ByteView(partial.bytes).subspan(part.offset - granule_floor(part.offset), part.length));
    }
  }
}

/// What the end of a fetch means: a fetch that ends early has failed, and one without promised size has taught us the
/// size.
Result<void> LiveContent::outcome(const TransferPtr& transfer, Result<void> fetched) {
  std::uint64_t got = 0, end = 0;
  {
    std::lock_guard lock(mutex_);
    got = transfer->assembly.received;
    end = transfer->end;
    if (transfer->cut && got >= end) return {};
  }
  if (!fetched) return fetched;
  if (end == Transfer::kToTheEnd) {
    const auto promised = transfer->source->size();
    if (!promised || *promised == got) {
      learn_size(got);
      return {};
    }
    end = *promised;
  }
  if (got >= end) return {};
  return fail(Code::corrupt, "the origin's answer ended at byte " + std::to_string(got) + " of " + std::to_string(end));
}

void LiveContent::finish(const TransferPtr& transfer, const Result<void>& result) {
  Watchers left;
  std::unique_lock lock(mutex_);
  const ByteRange undelivered = transfer->ahead();
  transfer->state = Transfer::State::ended;
  transfers_.remove(transfer);
  for (Reader* reader : readers_) {
    const auto on = std::find(reader->on.begin(), reader->on.end(), transfer);
    if (on == reader->on.end()) continue;
    reader->on.erase(on);
    --transfer->waiters;
    // A view of the chunk was meant for it, and the transfer ended before all of it came.
    if (const ChunkPtr& chunk = transfer->assembly.chunk; chunk && !reader->until_end && !reader->whole)
      copy_awaited(*reader, chunk->range(), chunk->view(chunk->range()));
    if (!result && !reader->error) {
      const auto awaited = reader->awaited.ranges();
      const bool hit = reader->until_end || std::any_of(awaited.begin(), awaited.end(), [&](ByteRange range) {
                         const ByteRange lost = range.intersection(undelivered);
                         return !lost.empty() && !reader->filled.contains(lost);
                       });
      if (hit) reader->error = result.error();
    }
    reader->wake.notify_all();
  }
  left = take_watchers(*transfer, /*ended=*/true);
  lock.unlock();
  call(left);
}

std::uint64_t LiveContent::spare_bytes(const Transfer& transfer) const {
  std::lock_guard lock(mutex_);
  const bool ahead_for_nobody = transfer.active() && transfer.state == Transfer::State::running &&
                                transfer.waiters == 0 && !transfer.keep && !transfer.whole && !transfer.cut;
  return ahead_for_nobody ? transfer.ahead().length : 0;
}

/// It ends where it is; who fetches ahead will notice what is missing when a reader comes there.
void LiveContent::give_way(Transfer& transfer) {
  std::lock_guard lock(mutex_);
  if (!transfer.active() || transfer.waiters > 0 || transfer.whole || transfer.keep) return;
  transfer.end = std::min(transfer.end, granule_ceil(transfer.assembly.received + 1));
  transfer.cut = true;
}

void LiveContent::owner_left(const TransferPtr& transfer) {
  {
    std::lock_guard lock(mutex_);
    --transfer->owners;
    if (!transfer->active() || transfer->wanted()) return;
    transfer->stopping = true;
  }
  transfer->stop.request_stop();
}

}  // namespace skymount::cache
