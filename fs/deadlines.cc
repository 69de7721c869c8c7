// SPDX-License-Identifier: MIT
#include "fs/deadlines.h"

namespace skymount::fs {

Deadlines::Deadlines() : thread_([this] { run(); }) {}

Deadlines::~Deadlines() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Deadlines::at(Steady::time_point when, std::function<void()> expired) {
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    first = waiting_.empty() || when < waiting_.begin()->first;
    waiting_.emplace(when, std::move(expired));
  }
  if (first) wake_.notify_one();
}

void Deadlines::run() {
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (waiting_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto next = waiting_.begin()->first;
    if (Steady::now() < next) {
      wake_.wait_until(lock, next);
      continue;
    }
    const std::function<void()> expired = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    lock.unlock();
    expired();
    lock.lock();
  }
}

}  // namespace skymount::fs
