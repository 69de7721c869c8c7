// SPDX-License-Identifier: MIT
//
// How the process behind a mount behaves towards the machine: no files that others can read, no memory images, and a
// word to systemd when it is ready.
#pragma once

#include <filesystem>
#include <string>

namespace skymount::fs {

/// No core files and no debugger of the same user (the process holds what it read, and later credentials), and files of
/// its own for their owner alone. For the process as a whole, before it has threads.
void protect_process();

/// sd_notify(3): tells the service manager, if one started this process ($NOTIFY_SOCKET), that it is ready, or ending.
/// Silently does nothing otherwise. Thread-safe.
void tell_ready(const std::filesystem::path& mountpoint);
void tell_ending();

}  // namespace skymount::fs
