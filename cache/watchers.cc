// SPDX-License-Identifier: MIT
//
// Readers that do not wait: the kernel's requests for bytes that a transfer is about to bring. They are answered by its
// thread, so that a scan needs no thread for each request and no two more changes of threads.
#include "cache/live_content.h"

#include <algorithm>

namespace skymount::cache {
namespace {

// Farther from what has come, somebody else may be asked sooner (LiveContent::cut_short).
constexpr std::uint64_t kTooFarAhead = 1_MiB;

}  // namespace

bool LiveContent::when_here(ByteRange range, const FetchContext& ctx, BlockCache::Then then) {
  auto watcher = std::make_shared<Watcher>();
  watcher->wanted = range;
  watcher->then = std::move(then);
  Errands todo;
  {
    std::lock_guard lock(mutex_);
    watcher->on = bringer_of(range);
    if (!watcher->on) return false;
    Transfer& transfer = *watcher->on;
    ++transfer.waiters;
    if (ctx.priority == Priority::demand && transfer.priority == Priority::prefetch) {
      transfer.priority = Priority::demand;
      if (transfer.state == Transfer::State::queued) todo.promote.push_back(watcher->on);
    }
    read_for_ = ctx.cause;
    ++shared_->misses;
    watchers_.push_back(watcher);
  }
  do_errands(std::move(todo));
  if (ctx.stop.stop_possible()) {
    // The bytes may have come meanwhile; the watcher is then nobody's any more, and its end here does no harm.
    watcher->on_stop.emplace(ctx.stop, [self = weak_from_this(), weak = std::weak_ptr(watcher)] {
      const auto content = self.lock();
      const WatcherPtr left = weak.lock();
      if (content && left) content->watcher_left(left);
    });
  }
  return true;
}

/// A transfer that will have all of `range` in one chunk, soon. Under the lock.
LiveContent::TransferPtr LiveContent::bringer_of(ByteRange range) const {
  if (range.offset / kChunkSize != (range.end() - 1) / kChunkSize) return nullptr;
  for (const TransferPtr& transfer : transfers_) {
    if (!transfer->active() || transfer->whole || transfer->cut || transfer->source->whole_only()) continue;
    if (range.offset < transfer->begin || range.end() > transfer->end) continue;
    const bool running = transfer->state == Transfer::State::running;
    const std::uint64_t received = running ? transfer->assembly.received : transfer->begin;
    const std::uint64_t in_memory = running ? transfer->assembly.range().offset : transfer->begin;
    if (range.offset >= in_memory && range.end() > received && range.offset <= received + kTooFarAhead) return transfer;
  }
  return nullptr;
}

void LiveContent::watcher_left(const WatcherPtr& watcher) {
  bool stop = false;
  {
    std::lock_guard lock(mutex_);
    if (std::erase(watchers_, watcher) == 0) return;
    Transfer& transfer = *watcher->on;
    --transfer.waiters;
    stop = transfer.active() && !transfer.wanted();
    if (stop) transfer.stopping = true;
  }
  if (stop) watcher->on->stop.request_stop();
  watcher->then(std::nullopt);
}

/// Those whose bytes have come, or will not come because the transfer `ended`. Under the lock.
LiveContent::Watchers LiveContent::take_watchers(const Transfer& transfer, bool ended) {
  Watchers out;
  for (auto it = watchers_.begin(); it != watchers_.end();) {
    Watcher& watcher = **it;
    if (watcher.on.get() == &transfer) watcher.bytes = part_of(transfer.assembly.chunk, watcher.wanted);
    if (watcher.on.get() == &transfer && (ended || watcher.bytes)) {
      --watcher.on->waiters;
      out.push_back(std::move(*it));
      it = watchers_.erase(it);
    } else {
      ++it;
    }
  }
  return out;
}

void LiveContent::call(const Watchers& watchers) {
  for (const WatcherPtr& watcher : watchers) watcher->then(std::move(watcher->bytes));
}

}  // namespace skymount::cache
