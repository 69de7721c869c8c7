// SPDX-License-Identifier: MIT
//
// Everything that can be known to be wrong with a mountpoint before anything is mounted on it, as sentences instead of
// FUSE's puzzling failures.
#pragma once

#include "cache/base/result.h"

#include <filesystem>

namespace skymount::fs {

enum class MountHealth {
  alive,
  dead,    ///< its process is gone: "Transport endpoint is not connected"
  silent,  ///< no answer within two seconds: its process is stopped or stuck
};
/// Asks the mount for its size, which needs no network and is never answered from the kernel's memory.
MountHealth health_of(const std::filesystem::path& mountpoint);

struct MountpointRules {
  bool nonempty = false;   ///< a folder with something in it may be covered
  bool take_over = false;  ///< a dead mount of ours is taken away first; otherwise it is only looked at
};

/// Returns the absolute mountpoint.
/// Errors  invalid: a live mount of ours is there, or the folder is not empty; unavailable: a dead mount that is not
///         ours, or a silent one, is in the way; not_found, not_directory, denied.
Result<std::filesystem::path> check_mountpoint(const std::filesystem::path& mountpoint,
                                               const MountpointRules& rules = {});

/// /dev/fuse is there and may be opened, and with `allow_other` the machine's owner permits that. Errors  unavailable,
/// denied, with what to do.
Result<void> check_fuse(bool allow_other = false);

}  // namespace skymount::fs
