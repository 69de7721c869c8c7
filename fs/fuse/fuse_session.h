// SPDX-License-Identifier: MIT
//
// One mount from fuse_mount to unmount.
#pragma once

#include "fs/filesystem.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace skymount::fs {

struct SessionOptions {
  std::filesystem::path mountpoint;
  std::vector<std::string> options;  ///< for -o: fsname=..., subtype=..., nosuid, ro, allow_other, ...
};

/// Mounts, serves and returns when the mount is gone (unmounted, or SIGINT, SIGTERM, SIGHUP). `on_ready` is called once
/// the kernel has accepted the mount. All signals should be blocked by the caller; they are taken here, on this thread
/// only. Errors  unavailable, with what libfuse said.
Result<void> serve(Filesystem& filesystem, const SessionOptions& options, std::function<void()> on_ready);

}  // namespace skymount::fs
