// SPDX-License-Identifier: MIT
//
// Where a mount's control socket lies, and how both ends make sure of each other. The daemon and the commands share
// this file, so that they look in the same place.
#pragma once

#include "cache/base/result.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>
#include <unistd.h>

namespace skymount::fs {

/// What a request or an answer's line may have at most. A prefetch of 10,000 paths fits.
inline constexpr std::size_t kControlLine = 4 * 1024 * 1024;

/// The folders in which this user's sockets may lie, best first: $XDG_RUNTIME_DIR/skymount, /run/user/UID/skymount (for
/// commands without a session's environment), /tmp/skymount-UID.
/// Root may look for those of another user.
std::vector<std::filesystem::path> control_folders(uid_t user = geteuid());
/// Makes the first of them that can be made, 0700. A folder that somebody else owns or can write to is not used.
/// Errors  denied: none can be used; the message says why.
Result<std::filesystem::path> make_control_folder();
/// Whether `folder` is there, the user's alone and no link.
bool is_control_folder(const std::filesystem::path& folder, uid_t user = geteuid());

/// The socket's name for a mountpoint (absolute, without links): a hash, because a path of a socket has 107 bytes.
std::string control_name(const std::filesystem::path& mountpoint);

/// The sockets called `name` that are bound in this network namespace, whoever listens: proc(5), /proc/net/unix. That
/// lists the name under which a socket was made, with the process behind it, before it was moved to its own.
std::vector<std::filesystem::path> listening_sockets(std::string_view name);

/// Connects within `patience` without ever waiting longer.
/// Errors  not_found: no socket, or nobody listens (a dead daemon's); timed_out; denied: not this user's or root's.
Result<int> connect_control(const std::filesystem::path& socket, int patience_ms, uid_t user = geteuid());

/// Takes away the sockets in `folder` behind which nobody listens.
void remove_dead_sockets(const std::filesystem::path& folder);

/// Whether the other end (SO_PEERCRED) is this user, or root.
bool peer_is_trusted(int socket, uid_t user = geteuid());

}  // namespace skymount::fs
