// SPDX-License-Identifier: MIT
//
// Brings files into the block cache for `skymount prefetch`: finds them, opens each as a reader would, and has it
// complete. What is here already is not asked for again, so a job that was interrupted goes on where it stopped.
#pragma once

#include "cache/block_cache.h"
#include "fs/daemon/tree_walk.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace skymount::fs {

/// Thread-safe. Its threads end with it, soon after stop() or when all is done.
class PrefetchJob {
 public:
  struct Wish {
    std::vector<std::string> paths;  ///< from the mount's root, patterns allowed
    bool pin = false;                ///< and keep them over eviction
  };
  /// `tree` and `blocks` outlive it. `room`: bytes that the job may fill, so that it never evicts what it has brought.
  PrefetchJob(const Namespace& tree, cache::BlockCache& blocks, std::uint64_t room, Wish wish);
  ~PrefetchJob();
  void stop();

  /// A file that is done.
  struct Outcome {
    std::string path;
    enum class State { fetched, here, failed } state = State::failed;
    std::uint64_t size = 0;     ///< bytes of the file; 0 when it is not known
    std::uint64_t fetched = 0;  ///< of it by this job
    std::optional<Error> error;
  };
  struct Progress {
    bool searching = true;  ///< more files may be found
    bool over = false;
    std::size_t files = 0, fetched = 0, here = 0, failed = 0;
    std::uint64_t bytes = 0;          ///< here, of the files found
    std::uint64_t total_bytes = 0;    ///< of all files found, as far as known
    std::uint64_t fetched_bytes = 0;  ///< by this job
    bool estimated = false;           ///< some sizes are guesses of the archive
    struct File {
      std::string path;
      std::uint64_t bytes = 0, size = 0;
      bool exact = false;
    };
    std::vector<File> running;
    std::vector<Outcome> news;  ///< files that were done since the last call
  };
  Progress progress();

 private:
  struct Running {
    std::optional<cache::ContentId> id;  // once it is open
    std::uint64_t size = 0, before = 0;  // bytes; here when the job came
    bool exact = false;
  };
  struct Found {
    Place place;
    std::uint64_t size = 0;  // as counted in total_
    bool exact = false;
  };
  void search();
  void found(Place place);
  void work();
  Outcome bring(const Place& place);
  Result<Outcome> bring_once(const Place& place);
  std::uint64_t settled(const cache::ContentId& id, std::uint64_t size) const;
  Result<void> make_room(std::uint64_t size);
  void note_open(const std::string& path, const cache::ContentId& id, std::uint64_t size, std::uint64_t before);
  void finish(const Found& file, Outcome outcome);

  const Namespace& tree_;
  cache::BlockCache& blocks_;
  const std::uint64_t room_;
  const Wish wish_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Found> queue_;
  std::map<std::string, Running> running_;  // by path
  std::vector<Outcome> news_;
  bool searching_ = true;
  std::size_t files_ = 0, fetched_ = 0, here_ = 0, failed_ = 0;
  std::uint64_t total_ = 0, done_bytes_ = 0, fetched_bytes_ = 0, taken_ = 0;
  std::size_t guessed_ = 0;  // files to come whose size is a guess
  std::vector<std::thread> threads_;
};

}  // namespace skymount::fs
