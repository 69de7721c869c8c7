// SPDX-License-Identifier: MIT
#include "vo/auth/secret.h"

#include "vo/auth/hidden_secret.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

extern char** environ;

namespace skymount::vo {
namespace {

// A certificate with its chain is some 10 KB, a token 2 KB.
constexpr std::size_t kLongestSecret = 64 * 1024;
// Time enough to unlock a password store; who types more slowly asks again.
constexpr std::chrono::seconds kCommandBudget{30};

std::string without_line_ends(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::string octal(unsigned mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777U);
  return text;
}

/// Reads `pipe` to its end; false when it is too much or too late.
bool drain(int pipe, std::string& out, std::chrono::steady_clock::time_point until) {
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{pipe, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t n = ::read(pipe, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) return true;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > kLongestSecret) return false;
  }
}

/// Starts `command` in a process group of its own, its output in `write_end`. 0, or an errno.
int spawn(const std::vector<std::string>& command, int write_end, pid_t& child) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, write_end, 1);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t how;
  posix_spawnattr_init(&how);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&how, &none);  // ours blocks what a command may need
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawnattr_setpgroup(&how, 0);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  const int failed = posix_spawnp(&child, argv[0], &files, &how, argv.data(), environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  return failed;
}

}  // namespace

Result<void> check_private(const std::filesystem::path& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) {
    return fail(errno == ENOENT ? Code::not_found : Code::denied, file.string() + ": " + std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return fail(Code::denied, file.string() + ": is no file, so no secret is read from it");
  if (info.st_uid != geteuid()) {
    return fail(Code::denied, file.string() +
                                  ": belongs to another user, so no secret is read from it; copy it to a "
                                  "file of your own");
  }
  if ((info.st_mode & 0077U) != 0) {
    return fail(Code::denied, file.string() + ": others may read it (mode " + octal(info.st_mode) +
                                  "), so no secret is read from it; run: chmod 600 " + file.string());
  }
  return {};
}

Result<std::string> output_of(const std::vector<std::string>& command, std::chrono::milliseconds budget) {
  if (command.empty() || command.front().empty()) return fail(Code::denied, "the command for a secret is empty");
  const std::string name = "the command " + command.front();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(Code::denied, name + ": " + std::strerror(errno));
  pid_t child = 0;
  const int failed = spawn(command, ends[1], child);
  close(ends[1]);
  if (failed != 0) {
    close(ends[0]);
    return fail(Code::denied, name + " for a secret cannot be started: " + std::strerror(failed));
  }
  std::string out;
  const bool whole = drain(ends[0], out, std::chrono::steady_clock::now() + budget);
  close(ends[0]);
  if (!whole) kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!whole) {
    return fail(Code::denied, name + " for a secret did not end within " +
                                  std::to_string(std::chrono::duration_cast<std::chrono::seconds>(budget).count()) +
                                  " s, or printed far too much");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(Code::denied, name + " for a secret failed" +
                                  (WIFEXITED(status) ? " (exit " + std::to_string(WEXITSTATUS(status)) + ")" : "") +
                                  "; run it in a shell to see why");
  }
  return out;
}

std::string Secret::described() const {
  switch (kind_) {
    case Kind::environment: return "the environment variable " + words_.front();
    case Kind::file: return "the file " + words_.front();
    case Kind::command: return "the command " + words_.front();
  }
  return {};
}

Result<std::string> Secret::read_now() const {
  switch (kind_) {
    case Kind::environment: {
      const char* value = std::getenv(words_.front().c_str());
      return std::string(value == nullptr ? "" : value);
    }
    case Kind::file: {
      if (Result<void> safe = check_private(words_.front()); !safe) return fail(safe.error());
      std::ifstream in(words_.front(), std::ios::binary);
      std::string text(kLongestSecret, '\0');
      in.read(text.data(), static_cast<std::streamsize>(text.size()));
      text.resize(static_cast<std::size_t>(in.gcount()));
      return text;
    }
    case Kind::command: return output_of(words_, kCommandBudget);
  }
  return std::string();
}

Result<std::string> Secret::read() const {
  if (std::optional<std::string> known = value_.with([](const auto& value) { return value; })) return *known;
  Result<std::string> value = read_now();
  if (!value) return value;
  *value = without_line_ends(std::move(*value));
  if (value->empty()) return fail(Code::denied, described() + " for a secret is empty or not set");
  if (value->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
    return fail(Code::denied, described() + " for a secret holds several lines; it must be the secret alone");
  }
  hide_secret(*value);
  value_.with([&](auto& kept) { kept = *value; });
  return value;
}

std::optional<std::string> Secret::at_hand() const {
  if (kind_ == Kind::command) return value_.with([](const auto& value) { return value; });
  Result<std::string> value = read();
  return value ? std::optional(std::move(*value)) : std::nullopt;
}

void Secret::forget() const {
  value_.with([](auto& value) { value.reset(); });
}

}  // namespace skymount::vo
