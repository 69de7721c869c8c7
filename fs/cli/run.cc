// SPDX-License-Identifier: MIT
//
// From a Command to what it does.
#include "fs/cli/commands.h"
#include "fs/cli/completion.h"
#include "fs/cli/mountpoint.h"
#include "fs/daemon/assemble.h"

#include <sys/stat.h>
#include <cerrno>
#include <cstring>
#include <iostream>

namespace skymount::fs {

int complain(const Error& error) {
  std::cerr << "skymount: " << error.what() << "\n";
  return kExitFailure;
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

namespace {

/// Whom an archive trusts is this user, not everybody on this machine.
Result<void> check_sharing(const Command& command, const Configuration& config) {
  if (!command.allow_other || command.share_protected) return {};
  for (const vo::ArchiveOptions& archive : config.archives) {
    std::error_code error;
    const bool login = !archive.auth.token_file.empty() && std::filesystem::exists(archive.auth.token_file, error);
    if (archive.auth.bindings.empty() && !login) continue;
    return fail(Code::denied, "-o allow_other would show everybody on this machine what your credential for " +
                                  archive.name + " opens; add -o share_protected if they may see it");
  }
  return {};
}

}  // namespace

int run_mount(const Command& command) {
  MountRequest request;
  Result<Configuration> config = load_configuration(command.config, process_environment());
  if (!config) return complain(config.error());
  request.config = std::move(*config);
  for (const std::string& notice : request.config.notices) std::cerr << "skymount: note: " << notice << "\n";
  if (Result<void> may = check_sharing(command, request.config); !may) return complain(may.error());
  // Nor is a later login taken up where everybody would profit from it.
  if (command.allow_other && !command.share_protected)
    for (vo::ArchiveOptions& archive : request.config.archives) archive.auth.token_file.clear();
  if (Result<void> fuse = check_fuse(command.allow_other); !fuse) return complain(fuse.error());
  Result<std::filesystem::path> mountpoint =
      check_mountpoint(command.mountpoint, {.nonempty = command.nonempty, .take_over = !command.fake});
  if (!mountpoint) return complain(mountpoint.error());
  request.mountpoint = std::move(*mountpoint);
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
    case Command::Kind::check: return run_check(*command);
    case Command::Kind::status: return run_status(*command);
    case Command::Kind::prefetch: return run_prefetch(*command);
    case Command::Kind::cache: return run_cache(*command);
    case Command::Kind::login: return run_login(*command);
    case Command::Kind::logout: return run_logout(*command);
    case Command::Kind::completion: std::cout << completion_script(command->target); return kExitOk;
    case Command::Kind::text: std::cout << command->text; return kExitOk;
  }
  return kExitFailure;
}

}  // namespace skymount::fs
