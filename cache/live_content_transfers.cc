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

// Granules are written in strokes of this size: few system calls and index changes, little memory per transfer...
constexpr std::uint64_t kWriteSize = 256_KiB;
// ...but a slow transfer shows what it has after this long.
constexpr std::chrono::milliseconds kWriteEvery{250};
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
  auto last_write = FetchContext::Steady::now();
  const auto sink = [&](std::uint64_t offset, ByteView piece) -> Result<void> {
    if (auto taken = take(transfer, offset, piece); !taken) return taken;
    const auto now = FetchContext::Steady::now();
    if (transfer->assembly.bytes.size() >= kWriteSize || now - last_write >= kWriteEvery) {
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
  const Result<void> result = outcome(transfer, std::move(fetched));
  keep(transfer->assembly, true);
  --shared_->running;
  finish(transfer, result);
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
      transfer->assembly.base = transfer->begin;
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
  if (offset != transfer->assembly.received()) restart_at(transfer, offset);
  std::lock_guard lock(mutex_);
  if (transfer->stopping) return fail(Code::cancelled, "nobody waits for this transfer any more");
  const std::uint64_t promised = stored_.size().value_or(Transfer::kToTheEnd);
  const bool too_much = offset > promised || piece.size() > promised - offset;
  const std::uint64_t limit = transfer->cut ? std::min(promised, transfer->end) : promised;
  piece = piece.first(std::min<std::uint64_t>(piece.size(), limit > offset ? limit - offset : 0));
  deliver(offset, piece);
  transfer->assembly.bytes.insert(transfer->assembly.bytes.end(), piece.begin(), piece.end());
  transfer->end = std::max(transfer->end, offset + piece.size());
  if (too_much)
    return fail(Code::corrupt, "the origin sends more than the " + std::to_string(promised) + " bytes it promised");
  if (transfer->cut && offset + piece.size() >= transfer->end) return fail(Code::cancelled, "this is enough");
  return {};
}

/// The source delivers elsewhere than it was asked to: from the start, because its origin ignores ranges.
void LiveContent::restart_at(const TransferPtr& transfer, std::uint64_t offset) {
  keep(transfer->assembly, true);
  std::lock_guard lock(mutex_);
  transfer->assembly = {offset, {}};
  transfer->begin = offset;
  if (transfer->source->whole_only() && offset == 0) become_whole(*transfer);
}

/// Copies a piece to everybody who awaits bytes of it. Under the lock.
void LiveContent::deliver(std::uint64_t offset, ByteView piece) {
  const ByteRange came{offset, piece.size()};
  for (Reader* reader : readers_) {
    if (reader->until_end || came.intersection(reader->outer).empty()) continue;
    bool news = false;
    for (const ByteRange awaited : reader->awaited.ranges()) {
      const ByteRange part = awaited.intersection(came);
      if (part.empty()) continue;
      // A byte that came already is the same byte again, and the reader does not look before it is complete.
      for (const ByteRange fresh : reader->filled.missing_from(part)) {
        std::memcpy(reader->at(fresh.offset), piece.data() + (fresh.offset - offset), fresh.length);
        reader->filled.add(fresh);
        news = true;
      }
    }
    if (news && reader->complete()) reader->wake.notify_all();
  }
}

/// Writes the granules of an assembly that are whole. `last`: nothing follows, so the bites at its ends are set aside,
/// too. Only the assembly's owner calls this; others look at it under the lock meanwhile.
void LiveContent::keep(Assembly& assembly, bool last) {
  const auto size = stored_.size();
  const std::uint64_t base = assembly.base, got = assembly.received();
  // [base, first): the rest of a granule whose start came before. [first, whole_to): whole granules. [whole_to, got): a
  // bite.
  const std::uint64_t first = std::min(granule_ceil(base), size.value_or(Transfer::kToTheEnd));
  std::uint64_t whole_to = size && got >= *size ? got : granule_floor(got);
  if (got < first && !last) return;
  std::uint64_t done = base;
  if (first > base && got > base) {
    std::lock_guard lock(mutex_);
    done = std::min(first, got);
    add_partial(base, assembly.view({base, done - base}));
  }
  whole_to = std::max(whole_to, done);
  if (whole_to > done) {
    stored_.write(done, assembly.view({done, whole_to - done}));
    done = whole_to;
    shared_->stored();
  }
  std::lock_guard lock(mutex_);
  if (last && got > done) {
    add_partial(done, assembly.view({done, got - done}));
    done = got;
  }
  assembly.advance_to(done);
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
    got = transfer->assembly.received();
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
  std::lock_guard lock(mutex_);
  const ByteRange undelivered = transfer->ahead();
  transfer->state = Transfer::State::ended;
  transfers_.remove(transfer);
  for (Reader* reader : readers_) {
    const auto on = std::find(reader->on.begin(), reader->on.end(), transfer);
    if (on == reader->on.end()) continue;
    reader->on.erase(on);
    --transfer->waiters;
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
  transfer.end = std::min(transfer.end, granule_ceil(transfer.assembly.received() + 1));
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
