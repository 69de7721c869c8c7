// SPDX-License-Identifier: MIT
//
// The commands' end of a mount's control socket, and the way from a path to the mount it lies in. Never waits for a
// mount longer than it says: a daemon that hangs must not hang the command that asks why.
#pragma once

#include "cache/base/result.h"
#include "fs/cli/mount_table.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::fs {

/// How long a mount may take to answer at all.
inline constexpr std::chrono::milliseconds kControlPatience{2'000};

/// One conversation. Not thread-safe.
class ControlClient {
 public:
  /// The daemon of a mount. Errors  not_found: no daemon of this user's serves it; timed_out; denied.
  static Result<ControlClient> to_mount(const MountEntry& mount);
  static Result<ControlClient> to_socket(const std::filesystem::path& socket);
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&&) = delete;
  ~ControlClient();

  /// Sends one line of request. Errors  timed_out, unavailable: the daemon does not take it.
  Result<void> ask(std::string_view line);
  /// The next line of answer. Errors  timed_out: none came in time; unavailable: the daemon is gone.
  Result<std::string> next(std::chrono::milliseconds patience = kControlPatience);

 private:
  explicit ControlClient(int fd) : fd_(fd) {}
  Result<void> await(short events, std::chrono::steady_clock::time_point until) const;
  int fd_;
  std::string read_;  // not handed out yet
};

/// The mounts of skymount in the table, one a mountpoint.
std::vector<MountEntry> skymounts();
/// Sockets of this user that answer, whether or not their mount is in the table (another mount namespace, or taken out
/// of the tree while in use). Dead ones are removed.
std::vector<std::filesystem::path> live_sockets();

struct PlaceInMount {
  MountEntry mount;
  std::string inside;  ///< from the mount's root: "/gavo/pos=1,2", or "/"
};
/// Which mount a path lies in. What lies in the mount is not touched, so patterns and unlisted names are fine.
/// Errors  not_found: in none; the message names those that there are.
Result<PlaceInMount> place_in_mount(const std::string& path);

}  // namespace skymount::fs
