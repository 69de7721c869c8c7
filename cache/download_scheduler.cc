// SPDX-License-Identifier: MIT
//
// Threads of a lane start when work comes, and end when none came for a while. They share the lane, not the scheduler,
// so that one that hangs in a source can be left behind.
#include "cache/download_scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <thread>
#include <vector>

#include "cache/base/log.h"

namespace skymount::cache {
namespace {

// An archive that nobody reads from costs no threads after this.
constexpr std::chrono::milliseconds kIdle{10'000};
constexpr std::chrono::milliseconds kLookAgain{50};
// What ends within this many bytes is waited for: to end it at once costs its connection and thus round trips, too.
constexpr std::uint64_t kWorthEnding = 4 * 1024 * 1024;

}  // namespace

/// Places for downloads that nobody waits for. Thread-safe.
class DownloadScheduler::Places {
 public:
  explicit Places(unsigned most) : free_(static_cast<int>(std::max(1U, most))) {}
  bool take() {
    if (free_.fetch_sub(1) > 0) return true;
    ++free_;
    return false;
  }
  void give_back() { ++free_; }

 private:
  std::atomic<int> free_;
};

struct DownloadScheduler::Lane {
  using Queue = std::deque<std::shared_ptr<Download>>;

  Lane(const DownloadLane& wanted, std::shared_ptr<Places> ahead_places)
      : name("get " + wanted.name), limit(std::max(1U, wanted.threads)), places(std::move(ahead_places)) {}

  std::shared_ptr<Download> next();
  std::vector<std::shared_ptr<Download>> in_the_way() const;
  void work(std::unique_lock<std::mutex>& lock);

  const std::string name;
  const unsigned limit;
  const std::shared_ptr<Places> places;
  std::mutex mutex;
  std::condition_variable wake, ended;
  Queue demand, ahead;
  std::vector<std::shared_ptr<Download>> fetching_ahead;  ///< those that run
  unsigned threads = 0, idle = 0;
  bool closing = false;
};

/// What to run now; null when there is nothing. One thread is always left for readers that wait.
std::shared_ptr<Download> DownloadScheduler::Lane::next() {
  Queue* queue = nullptr;
  if (!demand.empty()) {
    queue = &demand;
  } else if (!ahead.empty() && fetching_ahead.size() < std::max(1U, limit - 1) && places->take()) {
    queue = &ahead;
  }
  if (queue == nullptr) return nullptr;
  auto download = std::move(queue->front());
  queue->pop_front();
  if (queue == &ahead) fetching_ahead.push_back(download);
  return download;
}

/// Those who fetch ahead, when they leave no connection to somebody who comes now.
std::vector<std::shared_ptr<Download>> DownloadScheduler::Lane::in_the_way() const {
  if (fetching_ahead.size() < std::max(1U, limit - 1)) return {};
  return fetching_ahead;
}

void DownloadScheduler::Lane::work(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    std::shared_ptr<Download> download = closing ? nullptr : next();
    if (download == nullptr) {
      if (closing) return;
      ++idle;
      // A place that another lane gives back is not announced here: whoever wants one looks for it.
      const bool woken = wake.wait_for(lock, ahead.empty() ? kIdle : kLookAgain) == std::cv_status::no_timeout;
      --idle;
      if (!woken && demand.empty() && ahead.empty()) return;
      continue;
    }
    lock.unlock();
    try {
      download->run();
    } catch (const std::exception& e) {
      log(LogLevel::error, name + ": a download ended with an exception: " + e.what());
    }
    lock.lock();
    if (std::erase(fetching_ahead, download) > 0) places->give_back();
    lock.unlock();
    download = nullptr;
    lock.lock();
  }
}

DownloadScheduler::DownloadScheduler(unsigned most_ahead) : places_(std::make_shared<Places>(most_ahead)) {}

DownloadScheduler::~DownloadScheduler() {
  shutdown(std::chrono::seconds(2));
}

std::shared_ptr<DownloadScheduler::Lane> DownloadScheduler::find(const DownloadLane& wanted) {
  std::lock_guard lock(mutex_);
  auto& lane = lanes_[wanted.name];
  if (!lane) {
    lane = std::make_shared<Lane>(wanted, places_);
    lane->closing = closing_;
  }
  return lane;
}

void DownloadScheduler::submit(const DownloadLane& lane, Priority priority, std::shared_ptr<Download> download) {
  const std::shared_ptr<Lane> to = find(lane);
  std::unique_lock lock(to->mutex);
  if (to->closing) {
    lock.unlock();
    download->run();
    return;
  }
  std::vector<std::shared_ptr<Download>> in_the_way;
  if (priority == Priority::demand) in_the_way = to->in_the_way();
  (priority == Priority::demand ? to->demand : to->ahead).push_back(std::move(download));
  if (to->idle < to->demand.size() + to->ahead.size() && to->threads < to->limit) {
    ++to->threads;
    std::thread([to] {
      pthread_setname_np(pthread_self(), to->name.substr(0, 15).c_str());  // 15: the kernel's limit
      std::unique_lock held(to->mutex);
      to->work(held);
      --to->threads;
      to->ended.notify_all();
    }).detach();
  }
  to->wake.notify_one();
  lock.unlock();
  std::shared_ptr<Download> largest;
  std::uint64_t most = kWorthEnding;
  for (const auto& other : in_the_way) {
    const std::uint64_t spare = other->spare_bytes();
    if (spare <= most) continue;
    most = spare;
    largest = other;
  }
  if (largest) largest->give_way();
}

void DownloadScheduler::promote(const DownloadLane& lane, const std::shared_ptr<Download>& download) {
  const std::shared_ptr<Lane> in = find(lane);
  std::lock_guard lock(in->mutex);
  const auto found = std::find(in->ahead.begin(), in->ahead.end(), download);
  if (found == in->ahead.end()) return;
  in->demand.push_back(*found);
  in->ahead.erase(found);
  in->wake.notify_one();
}

void DownloadScheduler::shutdown(std::chrono::milliseconds grace) {
  std::map<std::string, std::shared_ptr<Lane>> lanes;
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    lanes = lanes_;
  }
  const auto until = std::chrono::steady_clock::now() + grace;
  for (auto& [name, lane] : lanes) {
    Lane::Queue queued;
    {
      std::lock_guard lock(lane->mutex);
      lane->closing = true;
      queued.swap(lane->demand);
      queued.insert(queued.end(), lane->ahead.begin(), lane->ahead.end());
      lane->ahead.clear();
    }
    lane->wake.notify_all();
    for (const auto& download : queued) download->run();
  }
  for (auto& [name, lane] : lanes) {
    std::unique_lock lock(lane->mutex);
    const std::shared_ptr<Lane>& at = lane;
    if (!lane->ended.wait_until(lock, until, [&] { return at->threads == 0; })) {
      log(LogLevel::warning, "a download of " + printable(name) + " does not end; it is left behind");
    }
  }
}

}  // namespace skymount::cache
