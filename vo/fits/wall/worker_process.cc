// SPDX-License-Identifier: MIT
#include "vo/fits/wall/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

namespace skymount::vo {
namespace {

using Steady = std::chrono::steady_clock;

// How soon a caller's wish to stop is noticed while the worker is silent.
constexpr std::chrono::milliseconds kLook{50};
// Where the worker finds its end of the socket pair; it closes everything above.
constexpr int kWorkerSocket = 3;

Error os_error(const std::string& doing, int number) {
  return {Code::unsupported, doing + ": " + std::strerror(number)};
}

/// exec'ed, never forked with what the daemon has open: nothing of its memory, environment or files gets there.
int spawn(const std::filesystem::path& program, std::uint64_t memory_bytes, int socket, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, socket, kWorkerSocket);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C in a terminal is not for it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string name = program.string(), memory = std::to_string(memory_bytes);
  char* argv[] = {name.data(), memory.data(), nullptr};
  char* environment[] = {nullptr};
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// The same on a thread that has nothing to pass on: started by root the worker is still root by name, but without any
/// of its capabilities (capabilities(7): with an empty bounding set exec gives none), and exec never adds some.
int spawn_without_privileges(const std::filesystem::path& program, std::uint64_t memory_bytes, int socket, pid_t& pid) {
  int error = 0;
  std::thread([&] {
    // Fails for everybody but root, who alone has something to lose.
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
      prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    error = spawn(program, memory_bytes, socket, pid);
  }).join();
  return error;
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const std::filesystem::path& program,
                                                            std::uint64_t memory_bytes) {
  if (program.empty() || access(program.c_str(), X_OK) != 0) {
    return fail(Code::unsupported, "skymount-fits, the program that looks into FITS files, is not installed" +
                                       (program.empty() ? std::string() : " as " + program.string()));
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail(os_error("socketpair", errno));
  // dup2 onto itself would leave it to be closed by exec.
  if (ends[1] == kWorkerSocket) std::swap(ends[0], ends[1]);
  int theirs = ends[1];
  pid_t pid = -1;
  const int error = spawn_without_privileges(program, memory_bytes, theirs, pid);
  close(theirs);
  if (error != 0) {
    close(ends[0]);
    return fail(os_error(program.string() + " cannot be started", error));
  }
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(pid, ends[0]));
}

WorkerProcess::~WorkerProcess() {
  close(socket_);
  if (reaped_) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool WorkerProcess::ready() const {
  pollfd it{socket_, POLLIN, 0};
  return poll(&it, 1, 0) == 0;
}

Error WorkerProcess::ended() {
  int status = 0;
  // The socket is closed: the process is at its end or has left the protocol, and gets no more time.
  kill(pid_, SIGTERM);
  for (int i = 0; i < 20 && !reaped_; ++i) {
    reaped_ = waitpid(pid_, &status, WNOHANG) == pid_;
    if (!reaped_) poll(nullptr, 0, 5);
  }
  std::string how = "it ended";
  if (reaped_ && WIFSIGNALED(status)) how = std::string("it crashed: ") + strsignal(WTERMSIG(status));
  if (reaped_ && WIFEXITED(status)) how = "it ended with status " + std::to_string(WEXITSTATUS(status));
  return {Code::corrupt, "the program that looks into FITS files could not cope with this one (" + how + ")"};
}

Result<void> WorkerProcess::wait_for(short events, const FetchContext& ctx, Steady::time_point until) {
  for (;;) {
    if (ctx.stopped()) return fail(Code::cancelled, "interrupted");
    const auto now = Steady::now();
    if (now >= ctx.deadline) return fail(Code::timed_out, "the budget ended while a FITS file was looked at");
    if (now >= until) {
      return fail(Code::corrupt, "the program that looks into FITS files was busy for too long with this one");
    }
    const auto left = std::min({kLook, std::chrono::ceil<std::chrono::milliseconds>(until - now)});
    pollfd it{socket_, events, 0};
    const int ready = poll(&it, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail(os_error("poll", errno));
  }
}

Result<void> WorkerProcess::send(FrameKind kind, ByteView payload, const FetchContext& ctx,
                                 std::chrono::milliseconds silence) {
  const auto head = frame_head(kind, payload.size());
  const auto until = Steady::now() + silence;
  for (ByteView part : {ByteView(head), payload}) {
    while (!part.empty()) {
      const ssize_t sent = ::send(socket_, part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0) {
        part = part.subspan(static_cast<std::size_t>(sent));
        continue;
      }
      if (errno != EAGAIN && errno != EINTR) return fail(ended());
      if (Result<void> waited = wait_for(POLLOUT, ctx, until); !waited) return waited;
    }
  }
  return {};
}

Result<Frame> WorkerProcess::receive(const FetchContext& ctx, std::chrono::milliseconds silence) {
  auto until = Steady::now() + silence;
  const auto fill = [&](std::span<std::byte> out) -> Result<void> {
    while (!out.empty()) {
      const ssize_t came = ::recv(socket_, out.data(), out.size(), MSG_DONTWAIT);
      if (came > 0) {
        out = out.subspan(static_cast<std::size_t>(came));
        until = Steady::now() + silence;
        continue;
      }
      if (came == 0 || (errno != EAGAIN && errno != EINTR)) return fail(ended());
      if (Result<void> waited = wait_for(POLLIN, ctx, until); !waited) return waited;
    }
    return {};
  };
  std::array<std::byte, kFrameHead> head{};
  if (Result<void> came = fill(head); !came) return fail(came.error());
  const auto parsed = parse_frame_head(head);
  if (!parsed) return fail(Code::corrupt, "the program that looks into FITS files lost its words over this one");
  Frame frame{parsed->first, Bytes(parsed->second)};
  if (Result<void> came = fill(frame.payload); !came) return fail(came.error());
  return frame;
}

}  // namespace skymount::vo
