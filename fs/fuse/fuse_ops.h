// SPDX-License-Identifier: MIT
//
// The FUSE edge: decodes what the kernel asks, calls the Filesystem, encodes what it answers. Decides nothing, never
// waits.
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include "fs/filesystem.h"

#include <functional>

namespace skymount::fs {

/// What the operations get as userdata.
struct FuseContext {
  Filesystem* filesystem = nullptr;
  uid_t uid = 0;
  gid_t gid = 0;
  fuse_session* session = nullptr;
  std::function<void()> on_ready;  ///< called once the kernel has accepted the mount
  /// Asks the kernel to forget these names, later and elsewhere.
  std::function<void(std::vector<InodeTable::Crowd>)> forget_names{};
};

const fuse_lowlevel_ops& fuse_operations();

}  // namespace skymount::fs
