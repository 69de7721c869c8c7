// SPDX-License-Identifier: MIT
//
// `skymount unmount`: never asks the mount itself, so it works when the daemon is dead or the network gone.
#include "fs/cli/commands.h"
#include "fs/cli/holders.h"
#include "fs/cli/mount_table.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <iostream>

namespace skymount::fs {
namespace {

/// fusermount3 is setuid root: it unmounts what this user has mounted. Its own words are in FUSE's terms, so ours
/// replace them. Returns its exit code, 127 when it is not installed.
int fusermount(std::vector<std::string> arguments) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> argv;
  arguments.insert(arguments.begin(), "fusermount3");
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  const int spawned = posix_spawnp(&child, "fusermount3", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (spawned != 0) return 127;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

/// 0, or an errno.
int unmount_once(const std::filesystem::path& mountpoint, bool lazy) {
  if (geteuid() == 0) {
    if (umount2(mountpoint.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0) return 0;
    return errno;
  }
  std::vector<std::string> arguments = {"-u"};
  if (lazy) arguments.push_back("-z");
  arguments.push_back("--");
  arguments.push_back(mountpoint.string());
  const int code = fusermount(arguments);
  if (code == 0) return 0;
  // Busy and forbidden look the same from here; the lazy attempt tells them apart.
  return code == 127 ? ENOENT : (lazy ? EPERM : EBUSY);
}

}  // namespace

Result<bool> take_away(const std::filesystem::path& mountpoint) {
  const std::filesystem::path path = mountpoint_path(mountpoint);
  const auto entry = mounted_at(path);
  if (!entry) return fail(Code::not_found, path.string() + ": nothing is mounted there");
  if (entry->type != kMountType)
    return fail(Code::not_found, path.string() + ": what is mounted there is " + entry->type + ", not skymount");
  const int first = unmount_once(path, false);
  if (first == 0) return false;
  if (first == ENOENT)
    return fail(Code::unavailable, "fusermount3 is not installed; as root run: apt-get install fuse3");
  const int second = first == EBUSY ? unmount_once(path, true) : first;
  if (second == 0) return true;
  return fail(Code::denied, path.string() + ": cannot be unmounted by this user (" + std::strerror(second) +
                                "); whoever mounted it can, or root");
}

int run_unmount(const Command& command) {
  // Looked for beforehand: once the mount is out of the tree, /proc no longer says where an open file was.
  const std::filesystem::path path = mountpoint_path(command.mountpoint);
  const auto entry = mounted_at(path);
  const std::vector<Holder> holders = entry && entry->type == kMountType ? holders_of(path) : std::vector<Holder>();
  const Result<bool> in_use = take_away(path);
  if (!in_use) return complain(in_use.error());
  if (*in_use) {
    std::cerr << "skymount: " << path.string()
              << " is gone from the tree; programs that still use it keep it alive until they end";
    std::cerr << (holders.empty()
                      ? std::string(" (none with a file open that this user may look at; calls that wait for an "
                                    "archive's answer count, too, until their time is over)")
                      : ": " + words_of_holders(holders))
              << "\n";
  }
  return kExitOk;
}

}  // namespace skymount::fs
