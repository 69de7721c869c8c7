// SPDX-License-Identifier: MIT
//
// How often the kernel asked. What its caches answer never comes here, so these counters show that they work.
#pragma once

#include <atomic>
#include <cstdint>

namespace skymount::fs {

/// Since the mount began. Thread-safe; counted at the FUSE edge, told in `.skymount/status.json`.
struct Upcalls {
  using Count = std::atomic<std::uint64_t>;
  Count lookup{0}, getattr{0}, opendir{0}, readdir{0}, open{0}, read{0}, xattr{0}, forget{0};
};

}  // namespace skymount::fs
