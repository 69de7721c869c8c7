// SPDX-License-Identifier: MIT
//
// Writing past the kernel's page cache. What a fast download brings is in the kernel's memory already, as pages of the
// mount; putting it there a second time, as pages of our file, costs more than all else that we do with a byte. A disk
// that cannot follow gets its bytes through the page cache again, which takes them in at once and sorts them.
#pragma once

#include "cache/base/bytes.h"

#include <atomic>
#include <chrono>

namespace skymount::cache {

/// Of all contents on one disk. Thread-safe.
class DirectWrites {
 public:
  using Steady = std::chrono::steady_clock;

  /// Writes as much of the beginning of `bytes` at `offset` as can be written so: nothing when the disk or its
  /// filesystem does not take it well just now, or when memory, offset and length are not of whole pages. `fd` was
  /// opened with O_DIRECT. What is left is to be written in the ordinary way, also after an error.
  std::uint64_t write(int fd, std::uint64_t offset, ByteView bytes);
  bool worth_trying(Steady::time_point now) const;

  /// How long a write took; public for tests.
  void note(std::uint64_t bytes, Steady::duration took, Steady::time_point now);

 private:
  std::atomic<bool> refused_{false};
  std::atomic<std::int64_t> ns_per_mib_{0};  // a running mean; 0: none yet
  std::atomic<Steady::time_point> not_before_{Steady::time_point::min()};
};

}  // namespace skymount::cache
