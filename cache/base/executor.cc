// SPDX-License-Identifier: MIT
#include "cache/base/executor.h"

#include "cache/base/log.h"

#include <pthread.h>

#include <exception>

namespace skymount {

Executor::Executor(std::string name, std::size_t max_threads) : name_(std::move(name)), max_threads_(max_threads) {}

Executor::~Executor() { finish(); }

void Executor::finish() {
  shutdown();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Executor::submit(Job job) {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return;  // `job` dies with the caller's frame, outside our lock
    jobs_.push_back(std::move(job));
    if (idle_ < jobs_.size() && threads_.size() < max_threads_) threads_.emplace_back([this] { work(); });
  }
  wake_.notify_one();
}

void Executor::shutdown() {
  std::deque<Job> dropped;  // destroyed outside the lock: their destructors may reply or submit
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    dropped.swap(jobs_);
  }
  wake_.notify_all();
}

std::size_t Executor::queued() const {
  std::lock_guard lock(mutex_);
  return jobs_.size();
}

void Executor::work() {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());  // 15: the kernel's limit for a thread's name
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
    --idle_;
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    try {
      job();
    } catch (const std::exception& e) {
      log(LogLevel::error, name_ + ": a job ended with an exception: " + e.what());
    }
    job = nullptr;
    lock.lock();
  }
}

}  // namespace skymount
