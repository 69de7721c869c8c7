// SPDX-License-Identifier: MIT
//
// Who looks a name up in order to make it. Every valid question exists as a folder, and for a name that exists the
// kernel answers mkdir() with "File exists" by itself, without asking us: FUSE's LOOKUP does not tell what it is for.
// So the caller is looked at, who waits in its system call meanwhile: is it mkdir() of this very name?
#pragma once

#include <string_view>

#include <sys/types.h>

namespace skymount::fs {

/// Whether `thread` is in mkdir() of `name` (as a path's last component). Exact where /proc lets us read its system
/// call (same user, no Yama restriction); else a program called `mkdir` with such an argument is believed. False for 0
/// and for everybody whom we may not look at: mkdir() then says that the folder exists. Some microseconds; call it only
/// when the answer matters.
bool is_making_folder(pid_t thread, std::string_view name);

}  // namespace skymount::fs
