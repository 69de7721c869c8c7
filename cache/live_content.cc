// SPDX-License-Identifier: MIT
//
// The readers' side of a content: from a range that is wanted to transfers that bring it.
#include "cache/live_content.h"

#include <algorithm>

namespace skymount::cache {
namespace {

// Somebody who needs a byte this far behind what a transfer has reached does not wait for it to get there: the transfer
// is cut short and a new one begins at that byte. Below it, waiting costs less than a new request.
constexpr std::uint64_t kTooFarAhead = 1_MiB;
// One request of a prefetch, and as far as waiting requests are joined together.
constexpr std::uint64_t kMaxRequest = 16_MiB;
// Whole files come slowly (an archive computes them) and cost a waiting thread each; the connections to an archive are
// limited elsewhere.
constexpr unsigned kWholeFileThreads = 4;
// A granule that proves bad twice over is not the disk's fault.
constexpr int kMaxRounds = 8;

std::string bytes_text(ByteRange range) {
  return "bytes " + std::to_string(range.offset) + "-" + std::to_string(range.end() - 1);
}

}  // namespace

std::optional<SharedBytes> LiveContent::read_cached(ByteRange range) {
  if (range.empty()) return SharedBytes();
  Reader reader(range, stored_.size());
  if (!reader.outer.contains(range)) return std::nullopt;
  std::vector<ByteRange> on_disk;
  {
    std::lock_guard lock(mutex_);
    if ((reader.whole = in_one_chunk(range))) {
      ++shared_->hits;
      return reader.whole;
    }
    RangeSet gaps;
    on_disk = gather(reader, gaps);
    if (!gaps.empty()) return std::nullopt;
  }
  for (const ByteRange run : on_disk) {
    if (!stored_.read(run, reader.at(run.offset))) return std::nullopt;
  }
  stored_.touch();
  ++shared_->hits;
  return reader.bytes();
}

Result<SharedBytes> LiveContent::read(const SourcePtr& source, ByteRange range, ByteRange fetch_hint,
                                      const FetchContext& ctx) {
  if (range.empty()) return SharedBytes();
  if (const auto size = source->size()) learn_size(*size);
  Reader reader(range, stored_.size());
  if (!reader.outer.contains(range)) return fail(Code::invalid, bytes_text(range) + " are behind the end of the file");
  stored_.touch();

  for (int round = 0; round < kMaxRounds; ++round) {
    if (ctx.stopped()) return fail(gave_up(range, ctx));
    Errands todo;
    std::vector<ByteRange> on_disk;
    {
      std::lock_guard lock(mutex_);
      if ((reader.whole = in_one_chunk(range))) {
        if (round == 0) ++shared_->hits;
        return *reader.whole;
      }
      RangeSet gaps;
      on_disk = gather(reader, gaps);
      if (!on_disk.empty()) reader.at(reader.outer.offset);
      if (!gaps.empty()) read_for_ = ctx.cause;
      if (!gaps.empty()) attach(reader, gaps.ranges(), source, fetch_hint, ctx, todo);
      reader.awaited = std::move(gaps);
      readers_.push_back(&reader);
      if (round == 0) ++(reader.on.empty() ? shared_->hits : shared_->misses);
    }
    do_errands(std::move(todo));
    todo = {};
    for (const ByteRange run : on_disk) {
      const bool good = stored_.read(run, reader.at(run.offset));
      std::lock_guard lock(mutex_);
      if (good) reader.filled.add(run);
    }
    std::unique_lock lock(mutex_);
    const bool settled = wait(lock, reader, ctx);
    leave(reader, todo);
    lock.unlock();
    do_errands(std::move(todo));
    if (reader.complete()) return reader.bytes();
    if (reader.error) return fail(reader.error->during("reading " + bytes_text(range)));
    if (!settled) return fail(gave_up(range, ctx));
  }
  return fail(Code::corrupt, bytes_text(range) + " never arrived: the origin's answers ended early");
}

void LiveContent::prefetch(const SourcePtr& source, ByteRange range, const FetchContext& ctx) {
  if (source->whole_only()) return begin(source, ctx);
  if (const auto size = source->size()) learn_size(*size);
  if (shared_->store->full() || ctx.stopped()) return;
  Errands todo;
  {
    std::lock_guard lock(mutex_);
    for (ByteRange run : unfetched(granules_around(range, stored_.size()))) {
      while (!run.empty()) {
        const ByteRange part{run.offset, std::min(run.length, kMaxRequest)};
        const TransferPtr made = new_transfer(source, part, false, ctx, todo);
        if (ctx.stop.stop_possible()) {
          made->owners = 1;
        } else {
          made->keep = true;
        }
        run = {part.end(), run.end() - part.end()};
      }
    }
  }
  for (const TransferPtr& made : todo.submit) {
    if (!ctx.stop.stop_possible()) break;
    made->watches.push_back(std::make_unique<std::stop_callback<std::function<void()>>>(
        ctx.stop, std::function<void()>([weak = std::weak_ptr(made)] {
          if (const TransferPtr transfer = weak.lock()) transfer->content->owner_left(transfer);
        })));
  }
  do_errands(std::move(todo));
}

void LiveContent::begin(const SourcePtr& source, const FetchContext& ctx) {
  if (const auto size = source->size()) learn_size(*size);
  if (all_stored()) return;
  if (!source->whole_only() && source->size()) {
    FetchContext kept = ctx;
    kept.stop = {};
    return prefetch(source, {0, *source->size()}, kept);
  }
  Errands todo;
  {
    std::lock_guard lock(mutex_);
    if (all_stored()) return;  // the last transfer ended since we looked: no second one
    whole_transfer(source, ctx, todo)->keep = true;
  }
  do_errands(std::move(todo));
}

Result<std::uint64_t> LiveContent::complete(const SourcePtr& source, const FetchContext& ctx) {
  if (const auto size = source->size()) learn_size(*size);
  if (all_stored()) return *stored_.size();
  if (!source->whole_only() && source->size()) return complete_ranges(source, *source->size(), ctx);
  Reader reader;
  reader.until_end = true;
  Errands todo;
  {
    std::lock_guard lock(mutex_);
    // The last transfer may have ended since we looked. A second one would ask for a computed answer that can be had
    // once.
    if (all_stored()) return *stored_.size();
    const TransferPtr whole = whole_transfer(source, ctx, todo);
    whole->keep = true;
    join(reader, whole, ctx, todo);
    readers_.push_back(&reader);
  }
  do_errands(std::move(todo));
  todo = {};
  std::unique_lock lock(mutex_);
  const bool settled = wait(lock, reader, ctx);
  leave(reader, todo);
  lock.unlock();
  do_errands(std::move(todo));
  if (reader.error) return fail(reader.error->during("fetching the whole file"));
  if (!settled)
    return fail(ctx.stopped() ? Code::cancelled : Code::timed_out,
                "the whole file is not here yet; its transfer goes on");
  if (const auto size = stored_.size()) return *size;
  return fail(Code::corrupt, "the file ended, but its size is unknown");
}

Result<std::uint64_t> LiveContent::complete_ranges(const SourcePtr& source, std::uint64_t size,
                                                   const FetchContext& ctx) {
  for (std::uint64_t at = 0; at < size; at += kMaxRequest) {
    const ByteRange window{at, std::min(kMaxRequest, size - at)};
    const ByteRange rest{window.end(), size - window.end()};
    prefetch(source, rest.intersection({window.end(), 3 * kMaxRequest}), ctx);
    if (const auto bytes = read(source, window, window, ctx); !bytes) return fail(bytes.error());
  }
  return size;
}

void LiveContent::put(std::uint64_t offset, ByteView bytes, std::uint64_t size) {
  learn_size(size);
  if (offset >= size || bytes.empty()) return;
  bytes = bytes.first(std::min<std::uint64_t>(bytes.size(), size - offset));
  if (stored_.missing(granules_around({offset, bytes.size()}, size)).empty()) return;
  {
    std::lock_guard lock(mutex_);
    for (Reader* reader : readers_) {
      if (!reader->until_end && !reader->whole) copy_awaited(*reader, {offset, bytes.size()}, bytes);
    }
  }
  keep(offset, bytes, true);
}

bool LiveContent::all_stored() const {
  const auto size = stored_.size();
  return size && stored_.holds({0, *size});
}

bool LiveContent::busy() const {
  std::lock_guard lock(mutex_);
  return !transfers_.empty() || !readers_.empty();
}

void LiveContent::stop() {
  Errands todo;
  {
    std::lock_guard lock(mutex_);
    for (const TransferPtr& transfer : transfers_) {
      transfer->stopping = true;
      todo.stop.push_back(transfer);
    }
    for (Reader* reader : readers_) {
      if (!reader->settled()) reader->error = Error(Code::cancelled, "the cache is being closed");
      reader->wake.notify_all();
    }
  }
  do_errands(std::move(todo));
}

// --- under the lock
// -------------------------------------------------------------------------------------------------------

/// Sorts what the reader lacks into what is stored (returned), what memory holds (copied), and what is nowhere
/// (`gaps`).
std::vector<ByteRange> LiveContent::gather(Reader& reader, RangeSet& gaps) const {
  std::vector<ByteRange> on_disk;
  for (const ByteRange lacking : reader.filled.missing_from(reader.wanted)) {
    const ByteRange granules = granules_around(lacking, stored_.size());
    RangeSet absent;
    for (const ByteRange run : stored_.missing(granules)) {
      absent.add(run);
      fill_from_memory(reader, run);
      for (const ByteRange needed : reader.filled.missing_from(run.intersection(lacking))) {
        for (const ByteRange gap : reader.filled.missing_from(granules_around(needed, stored_.size()))) gaps.add(gap);
      }
    }
    for (const ByteRange run : absent.missing_from(granules)) on_disk.push_back(run);
  }
  return on_disk;
}

void LiveContent::attach(Reader& reader, const std::vector<ByteRange>& gaps, const SourcePtr& source, ByteRange hint,
                         const FetchContext& ctx, Errands& todo) {
  if (source->whole_only()) return join(reader, whole_transfer(source, ctx, todo), ctx, todo);
  RangeSet coming;
  for (const ByteRange gap : gaps) {
    for (const TransferPtr& transfer : transfers_) {
      const ByteRange part = transfer->active() ? transfer->ahead().intersection(gap) : ByteRange{};
      if (part.empty() || cut_short(transfer, part)) continue;
      coming.add(part);
      join(reader, transfer, ctx, todo);
    }
  }
  for (const ByteRange gap : gaps) {
    for (const ByteRange needed : coming.missing_from(gap)) {
      // As much around it as the hint allows, up to what is here or coming anyway.
      const std::uint64_t from = std::min(hint.offset, needed.offset), to = std::max(hint.end(), needed.end());
      for (const ByteRange run : unfetched(granules_around({from, to - from}, stored_.size()))) {
        if (run.intersection(needed).empty()) continue;
        TransferPtr transfer = extend_queued(run, source);
        if (!transfer) transfer = new_transfer(source, run, false, ctx, todo);
        coming.add(run);
        join(reader, transfer, ctx, todo);
      }
    }
  }
}

void LiveContent::join(Reader& reader, const TransferPtr& transfer, const FetchContext& ctx, Errands& todo) {
  if (std::find(reader.on.begin(), reader.on.end(), transfer) != reader.on.end()) return;
  reader.on.push_back(transfer);
  ++transfer->waiters;
  if (ctx.priority == Priority::demand && transfer->priority == Priority::prefetch) {
    transfer->priority = Priority::demand;
    if (transfer->state == Transfer::State::queued) todo.promote.push_back(transfer);
  }
}

/// True when the transfer now ends before `wanted`, because it would take too long to get there.
bool LiveContent::cut_short(const TransferPtr& transfer, ByteRange wanted) {
  if (transfer->whole || transfer->state != Transfer::State::running) return false;
  const std::uint64_t reached = transfer->assembly.received;
  if (wanted.offset - reached <= kTooFarAhead) return false;
  transfer->end = granule_floor(wanted.offset);
  transfer->cut = true;
  return true;
}

/// A queued transfer of the same source that now fetches `range`, too; null when there is no neighbour.
LiveContent::TransferPtr LiveContent::extend_queued(ByteRange range, const SourcePtr& source) {
  for (const TransferPtr& transfer : transfers_) {
    if (!transfer->active() || transfer->state != Transfer::State::queued || transfer->whole ||
        transfer->source != source)
      continue;
    const std::uint64_t from = std::min(transfer->begin, range.offset), to = std::max(transfer->end, range.end());
    if (to - from > kMaxRequest || (transfer->end != range.offset && range.end() != transfer->begin)) continue;
    transfer->begin = from;
    transfer->end = to;
    return transfer;
  }
  return nullptr;
}

/// The one transfer of the whole file; made when there is none.
LiveContent::TransferPtr LiveContent::whole_transfer(const SourcePtr& source, const FetchContext& ctx, Errands& todo) {
  for (const TransferPtr& transfer : transfers_) {
    if (transfer->whole && transfer->active()) return transfer;
  }
  return new_transfer(source, {0, stored_.size().value_or(Transfer::kToTheEnd)}, true, ctx, todo);
}

LiveContent::TransferPtr LiveContent::new_transfer(const SourcePtr& source, ByteRange range, bool whole,
                                                   const FetchContext& ctx, Errands& todo) {
  auto made = std::make_shared<Transfer>(shared_from_this(), source, range, whole, ctx, lane_for(*source, whole));
  transfers_.push_back(made);
  todo.submit.push_back(made);
  return made;
}

/// Ranges, whole files and computed files queue apart: a download of an hour must not hold up a read of a moment, and
/// what is computed here waits for ranges.
DownloadLane LiveContent::lane_for(const ByteSource& source, bool whole) const {
  // One more than its origin allows: fetching ahead leaves a thread free, so that a reader who waits is first in line
  // for the next connection.
  const unsigned allowed = source.parallel_fetches();
  const unsigned threads = allowed > 0 ? allowed + 1 : shared_->threads_per_archive;
  const std::string& archive = source.id().archive;
  if (source.reads_others()) return {archive + ", computed", threads};
  if (whole) return {archive + ", whole files", kWholeFileThreads * threads};
  return {archive, threads};
}

/// The parts of `range` that are neither stored nor in memory nor coming.
std::vector<ByteRange> LiveContent::unfetched(ByteRange range) const {
  RangeSet known;
  for (const TransferPtr& transfer : transfers_) {
    if (transfer->active()) known.add(transfer->ahead());
    known.add(transfer->assembly.range());
  }
  for (auto it = partials_.lower_bound(range.offset); it != partials_.end() && it->first < range.end(); ++it) {
    // Only what continues a granule from its start: else one granule would take two requests.
    const auto have = it->second.have.ranges();
    if (!have.empty() && have.front().offset == it->first) known.add(have.front());
  }
  std::vector<ByteRange> out;
  for (const ByteRange run : stored_.missing(range)) {
    for (const ByteRange part : known.missing_from(run)) {
      if (!out.empty() && out.back().end() == part.offset) {
        out.back().length += part.length;
      } else {
        out.push_back(part);
      }
    }
  }
  return out;
}

/// False when the reader's patience or its owner's ended first.
bool LiveContent::wait(std::unique_lock<std::mutex>& lock, Reader& reader, const FetchContext& ctx) {
  const auto settled = [&] { return reader.settled(); };
  if (ctx.deadline == FetchContext::Steady::time_point::max()) return reader.wake.wait(lock, ctx.stop, settled);
  return reader.wake.wait_until(lock, ctx.stop, ctx.deadline, settled);
}

void LiveContent::leave(Reader& reader, Errands& todo) {
  readers_.remove(&reader);
  for (const TransferPtr& transfer : reader.on) {
    --transfer->waiters;
    if (reader.complete()) {
      // Whoever reads one piece of a file that only comes whole will read the next; starting over would cost all of it.
      transfer->keep |= transfer->whole;
    } else if (transfer->active() && !transfer->wanted()) {
      transfer->stopping = true;
      todo.stop.push_back(transfer);
    }
  }
  reader.on.clear();
}

Error LiveContent::gave_up(ByteRange range, const FetchContext& ctx) const {
  if (ctx.stopped()) return {Code::cancelled, "reading " + bytes_text(range) + " was interrupted"};
  return {Code::timed_out, bytes_text(range) + " did not arrive within the time for this call"};
}

void LiveContent::do_errands(Errands errands) {
  for (const TransferPtr& transfer : errands.promote) {
    shared_->scheduler.promote(transfer->lane, transfer);
  }
  const auto urgency = [&](const TransferPtr& transfer) {
    std::lock_guard lock(mutex_);
    return transfer->priority;
  };
  for (const TransferPtr& transfer : errands.submit) {
    const Priority priority = urgency(transfer);
    shared_->scheduler.submit(transfer->lane, priority, transfer);
    if (urgency(transfer) != priority)
      shared_->scheduler.promote(transfer->lane, transfer);  // somebody joined meanwhile
  }
  for (const TransferPtr& transfer : errands.stop) transfer->stop.request_stop();
}

}  // namespace skymount::cache
