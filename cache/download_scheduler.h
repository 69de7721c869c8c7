// SPDX-License-Identifier: MIT
//
// Who may download now. Each archive has a lane of its own with a bounded number of threads, so an archive that does
// not answer holds up nobody but itself; in a lane, what a reader waits for goes before what is fetched ahead.
#pragma once

#include "cache/base/fetch_context.h"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace skymount::cache {

/// Something to be run once on a lane's thread.
class Download {
 public:
  virtual ~Download() = default;
  virtual void run() = 0;
  /// Bytes that it will still fetch and that nobody waits for. Called while it runs, from other threads.
  virtual std::uint64_t spare_bytes() const { return 0; }
  /// Asks it to end soon, because somebody waits for its connection.
  virtual void give_way() {}
};

/// A queue with threads of its own. Downloads that wait for other downloads belong in another lane than those.
struct DownloadLane {
  std::string name;
  unsigned threads = 1;  ///< as the first user of the name says
};

/// Thread-safe.
class DownloadScheduler {
 public:
  /// `most_ahead`: as many downloads that nobody waits for run at once, in all lanes together. Each holds pieces in
  /// memory; those that somebody waits for are bounded by their lanes.
  explicit DownloadScheduler(unsigned most_ahead);
  /// As shutdown() with two seconds.
  ~DownloadScheduler();
  DownloadScheduler(const DownloadScheduler&) = delete;
  DownloadScheduler& operator=(const DownloadScheduler&) = delete;

  void submit(const DownloadLane& lane, Priority priority, std::shared_ptr<Download> download);
  /// Somebody waits now for a download that was queued to be fetched ahead. Nothing happens when it already runs.
  void promote(const DownloadLane& lane, const std::shared_ptr<Download>& download);
  /// Takes no more; runs what is queued on the calling thread (by now each download knows that it is to end at once),
  /// then waits up to `grace` for the threads. A thread that stays longer is left behind; it owns all it touches.
  void shutdown(std::chrono::milliseconds grace);

 private:
  class Places;
  struct Lane;
  std::shared_ptr<Lane> find(const DownloadLane& lane);

  const std::shared_ptr<Places> places_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Lane>> lanes_;
  bool closing_ = false;
};

}  // namespace skymount::cache
