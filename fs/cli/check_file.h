// SPDX-License-Identifier: MIT
//
// How one file or folder below a mount is, seen as any program sees it: through the kernel.
#pragma once

#include "fs/cli/mount_table.h"
#include "vo/checkup.h"

namespace skymount::fs {

/// The mount of ours that `path` lies in, by its name alone: the mount itself is not asked. Nothing when it lies in
/// none, or when another mount is nearer.
std::optional<MountEntry> mount_of(const std::filesystem::path& path);

/// Steps: mount, file, origin, read. Blocks as the mount's own budgets allow; a mount that does not answer within two
/// seconds is not asked further.
std::vector<vo::CheckStep> check_file(const std::filesystem::path& path, const MountEntry& mounted);

}  // namespace skymount::fs
