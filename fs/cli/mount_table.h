// SPDX-License-Identifier: MIT
//
// What the kernel says is mounted, without touching the mounts themselves: asking a dead FUSE mount can fail or wait.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace skymount::fs {

struct MountEntry {
  std::filesystem::path mountpoint;
  std::string type;    ///< "fuse.skymount"
  std::string source;  ///< "skymount"
  std::optional<unsigned> user{};  ///< FUSE: who has mounted it
};

/// The text of /proc/self/mountinfo (proc(5)), oldest first; malformed lines are left out.
std::vector<MountEntry> parse_mountinfo(const std::string& text);
std::vector<MountEntry> mounts_of_this_machine();

inline constexpr const char* kMountType = "fuse.skymount";

/// The uppermost mount exactly at `mountpoint`, which must be absolute and without links.
std::optional<MountEntry> mounted_at(const std::filesystem::path& mountpoint);

/// `path` as the kernel would write it in mountinfo. The last component is not asked for, so that a dead mount does not
/// keep us from naming it.
std::filesystem::path mountpoint_path(const std::filesystem::path& path);

}  // namespace skymount::fs
