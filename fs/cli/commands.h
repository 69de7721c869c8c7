// SPDX-License-Identifier: MIT
//
// The commands behind fs/cli.h, each with its exit code. Errors go to standard error as "skymount: sentence".
#pragma once

#include "fs/cli/cli.h"
#include "fs/config/mount_request.h"

namespace skymount::fs {

int run_mount(const Command& command);
int run_unmount(const Command& command);
int run_demo(const Command& command);
int run_archives(const Command& command);
int run_check(const Command& command);
int run_status(const Command& command);
int run_prefetch(const Command& command);
int run_cache(const Command& command);
int run_login(const Command& command);
int run_logout(const Command& command);

/// "skymount: sentence" on standard error; returns kExitFailure.
int complain(const Error& error);

/// Makes the cache directory, 0700, where there is none: what was looked at is nobody else's business.
Result<void> prepare_cache(const std::filesystem::path& directory);
/// What the kernel is told beside ro and allow_other.
std::vector<std::string> kernel_options(const std::string& source);

/// Takes the mount away: at once when nobody uses it, else from the tree now and for good when the last user is done.
/// Returns whether it was still in use.
/// Errors  not_found: nothing of ours is mounted there; denied: the kernel refuses this user.
Result<bool> take_away(const std::filesystem::path& mountpoint);

}  // namespace skymount::fs
