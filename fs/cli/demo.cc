// SPDX-License-Identifier: MIT
//
// `skymount demo`: the demo archive and its mount as one thing that ends with Ctrl-C and leaves nothing behind.
#include "fs/cli/commands.h"
#include "fs/cli/demo_origin.h"
#include "fs/cli/mount_table.h"
#include "fs/cli/mountpoint.h"
#include "fs/daemon/assemble.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>

namespace skymount::fs {
namespace {

/// Configuration, cache and perhaps the mountpoint of this one run.
class Workplace {
 public:
  static Result<Workplace> make() {
    std::error_code error;
    std::string name = (std::filesystem::temp_directory_path(error) / "skymount-demo-XXXXXX").string();
    if (error || mkdtemp(name.data()) == nullptr)
      return fail(Code::no_space, name + ": cannot be made: " + std::strerror(errno));
    return Workplace(name);
  }
  Workplace(Workplace&& other) noexcept : path_(std::move(other.path_)), mountpoint_(std::move(other.mountpoint_)) {
    other.path_.clear();
    other.mountpoint_.clear();
  }
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace() {
    std::error_code error;
    if (!mountpoint_.empty()) std::filesystem::remove(mountpoint_, error);
    // Never walk into a mount that could not be taken away.
    if (!path_.empty() && !error) std::filesystem::remove_all(path_, error);
  }
  const std::filesystem::path& path() const { return path_; }

  /// $XDG_RUNTIME_DIR/skymount-demo, else a folder of ours; gone at the end.
  std::filesystem::path own_mountpoint() {
    const auto runtime = process_environment()("XDG_RUNTIME_DIR");
    std::error_code error;
    if (runtime) mountpoint_ = std::filesystem::path(*runtime) / "skymount-demo";
    if (!runtime || access(runtime->c_str(), W_OK) != 0 || mounted_at(mountpoint_path(mountpoint_)))
      mountpoint_ = path_ / "sky";
    std::filesystem::create_directory(mountpoint_, error);
    return mountpoint_;
  }

 private:
  explicit Workplace(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_, mountpoint_;
};

constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP};

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kEnding) sigaddset(&set, signal);
  return set;
}

/// The mount daemonises from a child of its own, so that whatever becomes of that process, this one goes on to the end.
/// The mount ends with this process, also when that is killed: it would be left without its archive.
int mount_in_child(MountRequest request) {
  int life[2];  // nobody ever writes to it
  if (pipe2(life, O_CLOEXEC) != 0)
    return complain(Error(Code::unavailable, std::string("pipe: ") + std::strerror(errno)));
  request.ends_with = life[0];
  std::cout.flush();
  const pid_t child = fork();
  if (child < 0) return complain(Error(Code::unavailable, std::string("fork: ") + std::strerror(errno)));
  if (child == 0) {
    for (const int signal : kEnding) std::signal(signal, SIG_DFL);
    const sigset_t set = ending_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    close(life[1]);
    const int code = mount_and_serve(request);
    std::cout.flush();
    _exit(code);
  }
  close(life[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kExitFailure;
}

void introduce(const std::filesystem::path& mountpoint, const std::string& url) {
  const std::string at = mountpoint.string();
  std::cout << "The demo archive (" << url << ") is mounted at " << at << ". For example:\n"
            << "  ls " << at << "/demo/pos=156.01,48.14\n"
            << "  cat " << at << "/demo/README.txt\n"
            << "Ctrl-C unmounts it and ends." << std::endl;
}

/// Until a signal, or until somebody unmounts, or until the server is gone. Returns the exit code.
int stay(const std::filesystem::path& mountpoint, DemoOrigin& origin) {
  const sigset_t set = ending_signals();
  for (;;) {
    const timespec second{1, 0};
    if (sigtimedwait(&set, nullptr, &second) > 0) return kExitOk;
    if (!mounted_at(mountpoint)) return kExitOk;
    if (!origin.alive()) return complain(Error(Code::unavailable, "skymount-demo has ended by itself"));
  }
}

int serve_and_mount(const Command& command, Workplace& place) {
  Result<std::filesystem::path> program = find_demo_program(own_binary());
  if (!program) return complain(program.error());
  Result<std::filesystem::path> mountpoint =
      check_mountpoint(command.mountpoint.empty() ? place.own_mountpoint() : command.mountpoint, {.take_over = true});
  if (!mountpoint) return complain(mountpoint.error());
  Result<DemoOrigin> origin = DemoOrigin::start(*program, place.path() / "demo.toml", command.origin_options);
  if (!origin) return complain(origin.error());

  ConfigRequest what;
  what.files = {place.path() / "demo.toml"};
  what.cache = command.config.cache ? *command.config.cache : place.path() / "cache";
  Result<Configuration> config = load_configuration(what, process_environment());
  if (!config) return complain(config.error());
  if (Result<void> cache = prepare_cache(config->global.cache_dir); !cache) return complain(cache.error());
  for (vo::ArchiveOptions& archive : config->archives) archive.resolver.urls = {origin->url() + "/sesame"};
  MountRequest request;
  request.config = std::move(*config);
  request.mountpoint = *mountpoint;
  request.fuse_options = kernel_options("skymount-demo");
  if (const int code = mount_in_child(request); code != kExitOk) return code;
  introduce(*mountpoint, origin->url());
  const int code = stay(*mountpoint, *origin);
  if (!mounted_at(*mountpoint)) return code;
  const Result<bool> in_use = take_away(*mountpoint);
  return in_use ? code : complain(in_use.error());
}

}  // namespace

int run_demo(const Command& command) {
  if (Result<void> fuse = check_fuse(); !fuse) return complain(fuse.error());
  // A shell starts background jobs with SIGINT ignored, and ignored signals cannot be waited for.
  for (const int signal : kEnding) std::signal(signal, [](int) {});
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  Result<Workplace> place = Workplace::make();
  if (!place) return complain(place.error());
  return serve_and_mount(command, *place);
}

}  // namespace skymount::fs
