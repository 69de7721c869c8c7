// SPDX-License-Identifier: MIT
#include "fs/pending_reads.h"

namespace skymount::fs {

std::uint64_t PendingReads::add(Caller caller) {
  std::lock_guard lock(mutex_);
  if (!closed_) callers_.emplace(next_, std::move(caller));
  return next_++;
}

void PendingReads::take(std::uint64_t number, const std::function<void(const Caller&)>& work) {
  Caller caller;
  {
    std::lock_guard lock(mutex_);
    const auto found = callers_.find(number);
    if (found == callers_.end()) return;
    caller = std::move(found->second);
    callers_.erase(found);
    ++working_;
  }
  work(caller);
  caller = nullptr;  // its end may answer, and that is work, too
  std::lock_guard lock(mutex_);
  if (--working_ == 0) idle_.notify_all();
}

void PendingReads::close() {
  std::unordered_map<std::uint64_t, Caller> left;  // answered by their end, outside of the lock
  std::unique_lock lock(mutex_);
  closed_ = true;
  left.swap(callers_);
  idle_.wait(lock, [this] { return working_ == 0; });
  lock.unlock();
}

}  // namespace skymount::fs
