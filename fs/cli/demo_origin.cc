// SPDX-License-Identifier: MIT
//
// Starts skymount-demo in a process group of its own: Ctrl-C is for us, who first unmount and then end the server, so
// that the mount never looks at a dead archive.
#include "fs/cli/demo_origin.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

namespace skymount::fs {
namespace {

using namespace std::chrono_literals;
// It makes a few dozen small files in memory, a second's work; thirty leave room for a machine that is busy compiling.
constexpr auto kStartBudget = 30s;
constexpr auto kEndBudget = 3s;

/// Our blocked signals are not the child's, and ignored ones (a shell's background job) neither.
void with_clean_signals(posix_spawnattr_t& attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigemptyset(&all);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&all, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

}  // namespace

Result<std::filesystem::path> find_demo_program(const std::filesystem::path& binary) {
  const std::filesystem::path beside = binary.parent_path();
  for (const std::filesystem::path& candidate :
       {beside / "skymount-demo", beside / "../libexec/skymount/skymount-demo"}) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate.lexically_normal();
  }
  return fail(Code::not_found, "skymount-demo, the program that serves the demo archive, is not in " + beside.string() +
                                   " nor in ../libexec/skymount; build it with: cmake --build --preset release");
}

Result<DemoOrigin> DemoOrigin::start(const std::filesystem::path& program, const std::filesystem::path& config_out,
                                     const std::vector<std::string>& options) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(Code::unavailable, std::string("pipe: ") + std::strerror(errno));
  std::vector<std::string> words = {program.string(), "--print-url", "--parent-death", "--config-out",
                                    config_out.string()};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  with_clean_signals(attributes);
  pid_t child = -1;
  const int spawned = posix_spawn(&child, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (spawned != 0) {
    close(ends[0]);
    return fail(Code::unavailable, program.string() + " cannot be started: " + std::strerror(spawned));
  }
  DemoOrigin origin(child, ends[0]);
  if (Result<void> ready = origin.await_url(); !ready) return fail(ready.error());
  return origin;
}

Result<void> DemoOrigin::await_url() {
  const auto until = std::chrono::steady_clock::now() + kStartBudget;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail(Code::unavailable, "skymount-demo did not come up within 30 s");
    pollfd waiting{output_, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(left.count())) <= 0) continue;
    char buffer[256];
    const ssize_t got = read(output_, buffer, sizeof buffer);
    if (got <= 0) return fail(Code::unavailable, "skymount-demo ended before it answered; its own words are above");
    url_.append(buffer, static_cast<std::size_t>(got));
    if (const std::size_t end = url_.find('\n'); end != std::string::npos) {
      url_.resize(end);
      return {};
    }
  }
}

bool DemoOrigin::alive() {
  if (child_ > 0 && waitpid(child_, nullptr, WNOHANG) == child_) child_ = -1;
  return child_ > 0;
}

DemoOrigin::DemoOrigin(DemoOrigin&& other) noexcept
    : child_(std::exchange(other.child_, -1)), output_(std::exchange(other.output_, -1)), url_(std::move(other.url_)) {}

DemoOrigin::~DemoOrigin() {
  if (alive()) {
    kill(child_, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + kEndBudget;
    while (alive() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(10ms);
    if (alive()) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
  }
  if (output_ >= 0) close(output_);
}

}  // namespace skymount::fs
