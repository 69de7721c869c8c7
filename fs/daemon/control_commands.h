// SPDX-License-Identifier: MIT
//
// What the commands may ask of a running mount, one JSON object a line, and what they are answered.
//
//   {"command":"status"}                                     {"event":"end","ok":true,"status":{...}}
//   {"command":"prefetch","paths":["/gavo/..."],"pin":false} progress and file events, then an end
//   {"command":"cache","action":"stat","paths":[...]}        file events with paths, then an end
//
// A command that lasts gives a sign at least each second. The last line always has "event":"end" and "ok"; when that is
// false also "code" and "error". Paths begin at the mount's root.
#pragma once

#include "cache/block_cache.h"
#include "fs/daemon/control_server.h"
#include "fs/filesystem.h"

#include <string>
#include <string_view>

namespace skymount::fs {

/// Listens for the commands of a mount, whose parts must outlive the server. Errors  as make_control_folder() and
/// ControlServer::start(); the mount itself is as good without.
Result<std::unique_ptr<ControlServer>> serve_control(Filesystem& filesystem, cache::BlockCache& blocks,
                                                     const std::filesystem::path& mountpoint);

/// Answers one request.
void answer_control(Filesystem& filesystem, cache::BlockCache& blocks, std::string_view request, ControlPeer& peer);

/// stat, verify, clear or unpin of all that a cache holds, with or without a mount: the JSON object of the end event.
/// `limit`: bytes, 0 when it is not known. Errors  invalid: no such action for a whole cache.
Result<std::string> whole_cache_action(cache::BlockCache& blocks, std::string_view action, std::uint64_t limit,
                                       std::stop_token stop);

}  // namespace skymount::fs
