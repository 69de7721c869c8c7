// SPDX-License-Identifier: MIT
#include "cache/janitor.h"

#include <pthread.h>

#include <algorithm>

namespace skymount::cache {
namespace {

// Below the limit by this much after cleaning, so that it does not run again at once.
constexpr double kCleanTo = 0.9;
// While nothing more can be evicted it looks again this often, because contents stop being used without a sign.
constexpr std::chrono::milliseconds kLookAgain{500};

}  // namespace

Janitor::Janitor(std::shared_ptr<BlockStore> store, std::uint64_t max_bytes, Evict evict, UsedMs used)
    : store_(std::move(store)), max_bytes_(max_bytes), evict_(std::move(evict)), used_(std::move(used)) {
  thread_ = std::thread([this] { work(); });
}

Janitor::~Janitor() {
  stop();
}

void Janitor::stop() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Janitor::look() {
  if (store_->bytes() <= max_bytes_) return;
  std::lock_guard lock(mutex_);
  wanted_ = true;
  wake_.notify_one();
}

void Janitor::work() {
  pthread_setname_np(pthread_self(), "cache janitor");
  store_->sweep();
  look();
  std::unique_lock lock(mutex_);
  while (!closing_) {
    wake_.wait(lock, [&] { return wanted_ || closing_; });
    if (closing_) return;
    wanted_ = false;
    lock.unlock();
    clean();
    lock.lock();
    if (store_->bytes() <= max_bytes_) continue;
    wake_.wait_for(lock, kLookAgain, [&] { return closing_; });
    wanted_ = true;
  }
}

void Janitor::clean() {
  struct Candidate {
    std::int64_t used_ms;
    std::string hex;
  };
  std::vector<Candidate> candidates;
  store_->each_file([&](const std::string& hex, const BlockStore::File& file) {
    if (!file.pinned) candidates.push_back({std::max(file.used_ms, used_(hex)), hex});
    return true;
  });
  std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.used_ms < b.used_ms; });
  const auto target = static_cast<std::uint64_t>(static_cast<double>(max_bytes_) * kCleanTo);
  for (const Candidate& candidate : candidates) {
    if (store_->bytes() <= target) break;
    evict_(candidate.hex);
  }
  // What is left is at work. New bytes then stay in memory, so that one huge file cannot fill the disk.
  store_->set_over_limit(store_->bytes() > max_bytes_);
}

}  // namespace skymount::cache
