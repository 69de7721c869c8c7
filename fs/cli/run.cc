// SPDX-License-Identifier: MIT
//
// From a Command to what it does, and the checks that turn FUSE's puzzling failures into sentences beforehand.
#include "fs/daemon/assemble.h"
#include "fs/cli/commands.h"
#include "fs/cli/mount_table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <iostream>

namespace skymount::fs {

int complain(const Error& error) {
  std::cerr << "skymount: " << error.what() << "\n";
  return kExitFailure;
}

Result<std::filesystem::path> check_mountpoint(const std::filesystem::path& mountpoint) {
  const std::filesystem::path path = mountpoint_path(mountpoint);
  if (const auto entry = mounted_at(path); entry && entry->type == kMountType)
    return fail(Code::invalid, path.string() + ": skymount is mounted there already; `skymount unmount " +
                                   path.string() + "` takes it away");
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT)
      return fail(Code::not_found,
                  path.string() + ": there is no such folder; make it with: mkdir -p " + path.string());
    if (errno == ENOTCONN)
      return fail(Code::unavailable,
                  path.string() + ": a dead mount is in the way; take it away with: fusermount3 -u " + path.string());
    return fail(Code::denied, path.string() + ": " + std::strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) return fail(Code::not_directory, path.string() + ": is a file; a mountpoint is a folder");
  if (access(path.c_str(), W_OK) != 0)
    return fail(Code::denied, path.string() + ": only who can write to a folder may mount on it");
  return path;
}

Result<void> check_fuse() {
  const int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device >= 0) {
    close(device);
    return {};
  }
  if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
    return fail(
        Code::unavailable,
        "/dev/fuse is missing, so nothing can be mounted here; as root run: modprobe fuse (in a container: start "
        "it with --device /dev/fuse --cap-add SYS_ADMIN)");
  return fail(Code::denied, std::string("/dev/fuse cannot be opened (") + std::strerror(errno) +
                                "); in a container start it with --device /dev/fuse --cap-add SYS_ADMIN");
}

Result<void> prepare_cache(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory.parent_path(), error);
  if (mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(Code::denied, "the cache " + directory.string() + " cannot be made (" + std::strerror(errno) +
                                "); choose another place with --cache DIR");
}

std::vector<std::string> kernel_options(const std::string& source) {
  return {"nosuid", "nodev", "noexec", "fsname=" + source, "subtype=skymount"};
}

int run_mount(const Command& command) {
  MountRequest request;
  Result<Configuration> config = load_configuration(command.config, process_environment());
  if (!config) return complain(config.error());
  request.config = std::move(*config);
  for (const std::string& notice : request.config.notices) std::cerr << "skymount: note: " << notice << "\n";
  Result<std::filesystem::path> mountpoint = check_mountpoint(command.mountpoint);
  if (!mountpoint) return complain(mountpoint.error());
  request.mountpoint = std::move(*mountpoint);
  if (Result<void> fuse = check_fuse(); !fuse) return complain(fuse.error());
  if (command.fake) return kExitOk;
  if (Result<void> cache = prepare_cache(request.config.global.cache_dir); !cache) return complain(cache.error());
  request.foreground = command.foreground;
  request.offline = command.offline;
  request.read_only = command.read_only;
  request.allow_other = command.allow_other;
  request.fuse_options = kernel_options(command.source);
  return mount_and_serve(request);
}

int run_cli(int argc, char** argv) {
  const Result<Command> command = parse_command_line(argc, argv);
  if (!command) {
    std::cerr << "skymount: " << command.error().what() << "\n";
    return kExitUsage;
  }
  switch (command->kind) {
    case Command::Kind::mount: return run_mount(*command);
    case Command::Kind::unmount: return run_unmount(*command);
    case Command::Kind::demo: return run_demo(*command);
    case Command::Kind::archives: return run_archives(*command);
    case Command::Kind::text: std::cout << command->text; return kExitOk;
  }
  return kExitFailure;
}

}  // namespace skymount::fs
