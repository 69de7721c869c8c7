// SPDX-License-Identifier: MIT
#include "fs/cli/mountpoint.h"

#include "fs/cli/commands.h"
#include "fs/cli/mount_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>
#include <iostream>
#include <thread>

namespace skymount::fs {
namespace {

// A live mount answers for its root from memory; two seconds are a busy machine's.
constexpr auto kAnswerTime = std::chrono::seconds(2);

/// What already lies at `path`; a dead mount of ours is taken away when the rules say so.
Result<void> clear_the_way(const std::filesystem::path& path, const MountpointRules& rules) {
  const auto entry = mounted_at(path);
  if (!entry || entry->type != kMountType) return {};
  const std::string at = path.string();
  switch (health_of(path)) {
    case MountHealth::alive:
      return fail(Code::invalid,
                  at + ": skymount is mounted there already; `skymount unmount " + at + "` takes it away");
    case MountHealth::silent:
      return fail(Code::unavailable, at + ": a skymount that does not answer is mounted there; `skymount unmount " +
                                         at + "` takes it away");
    case MountHealth::dead: break;
  }
  if (!rules.take_over) return {};
  if (const Result<bool> taken = take_away(path); !taken) return fail(taken.error());
  std::cerr << "skymount: note: " << at << ": a mount whose process was gone has been taken away\n";
  return clear_the_way(path, rules);  // mounts can lie on top of each other
}

/// Hiding files below a mount is a mistake far more often than a wish: `skymount mount ~`.
Result<void> check_empty(const std::filesystem::path& path) {
  // Looking into an automount point would mount it, that is, wait for ourselves.
  if (const auto entry = mounted_at(path); entry && entry->type == "autofs") return {};
  std::error_code error;
  const std::filesystem::directory_iterator first(path, error);
  if (error || first == std::filesystem::directory_iterator()) return {};
  return fail(Code::invalid, path.string() + ": is not empty (" + first->path().filename().string() +
                                 "), and a mount would hide what is in it; use an empty folder, or -o nonempty");
}

}  // namespace

MountHealth health_of(const std::filesystem::path& mountpoint) {
  // On a thread that is left behind if need be: the question cannot be taken back, and ends with this process.
  auto answered = std::make_shared<std::promise<int>>();
  std::future<int> answer = answered->get_future();
  std::thread([answered, path = mountpoint.string()] {
    // Not stat: the kernel answers that from what it remembers for a minute after the process was killed. No answer of
    // statfs is ever remembered.
    struct statfs info {};
    answered->set_value(statfs(path.c_str(), &info) == 0 ? 0 : errno);
  }).detach();
  if (answer.wait_for(kAnswerTime) != std::future_status::ready) return MountHealth::silent;
  const int error = answer.get();
  return error == ENOTCONN || error == ECONNABORTED ? MountHealth::dead : MountHealth::alive;
}

Result<std::filesystem::path> check_mountpoint(const std::filesystem::path& mountpoint, const MountpointRules& rules) {
  const std::filesystem::path path = mountpoint_path(mountpoint);
  if (Result<void> clear = clear_the_way(path, rules); !clear) return fail(clear.error());
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT)
      return fail(Code::not_found,
                  path.string() + ": there is no such folder; make it with: mkdir -p " + path.string());
    if (errno == ENOTCONN && !rules.take_over && mounted_at(path) && mounted_at(path)->type == kMountType) return path;
    if (errno == ENOTCONN)
      return fail(Code::unavailable,
                  path.string() + ": a dead mount is in the way; take it away with: fusermount3 -u " + path.string());
    return fail(Code::denied, path.string() + ": " + std::strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) return fail(Code::not_directory, path.string() + ": is a file; a mountpoint is a folder");
  if (access(path.c_str(), W_OK) != 0)
    return fail(Code::denied, path.string() + ": only who can write to a folder may mount on it");
  if (!rules.nonempty)
    if (Result<void> empty = check_empty(path); !empty) return fail(empty.error());
  return path;
}

Result<void> check_fuse(bool allow_other) {
  const int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) {
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
      return fail(
          Code::unavailable,
          "/dev/fuse is missing, so nothing can be mounted here; as root run: modprobe fuse (in a container: start "
          "it with --device /dev/fuse --cap-add SYS_ADMIN)");
    return fail(Code::denied, std::string("/dev/fuse cannot be opened (") + std::strerror(errno) +
                                  "); in a container start it with --device /dev/fuse --cap-add SYS_ADMIN");
  }
  close(device);
  if (!allow_other || geteuid() == 0) return {};
  std::ifstream config("/etc/fuse.conf");
  for (std::string line; std::getline(config, line);)
    if (line.substr(0, line.find_first_of(" \t#")) == "user_allow_other") return {};
  return fail(Code::denied,
              "-o allow_other is only for root here; root can permit it to all by the line user_allow_other in "
              "/etc/fuse.conf");
}

}  // namespace skymount::fs
