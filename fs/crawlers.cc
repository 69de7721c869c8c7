// SPDX-License-Identifier: MIT
#include "fs/crawlers.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <unistd.h>

#include <algorithm>

namespace skymount::fs {
namespace {

constexpr std::size_t kCommBytes = 15;  // TASK_COMM_LEN without its end
// Programs that were told why: as many as a desktop can have; more than that is somebody playing.
constexpr std::size_t kMostTold = 1000;

/// `*` stands for any run of characters. Linear in time but for the last star, so that no pattern can be expensive.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string base_name(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";  // what procfs adds when a package was upgraded under a process
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string executable_of(const std::filesystem::path& process) {
  char target[PATH_MAX];
  const ssize_t n = readlink((process / "exe").c_str(), target, sizeof target);
  return n > 0 ? base_name({target, static_cast<std::size_t>(n)}) : std::string();
}

std::string command_of(const std::filesystem::path& process) {
  const int fd = open((process / "comm").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return "";
  char name[64];
  const ssize_t n = read(fd, name, sizeof name);
  close(fd);
  std::string out(name, n > 0 ? static_cast<std::size_t>(n) : 0);
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

bool names_program(std::string_view pattern, std::string_view program, bool comm) {
  if (program.empty()) return false;
  if (matches(pattern, program)) return true;
  if (!comm || program.size() != kCommBytes || pattern.size() <= kCommBytes) return false;
  // The rest of the name was cut off: what is left of the pattern, up to a star, has to be all that is known.
  return pattern.substr(0, kCommBytes) == program;
}

Crawlers::Crawlers(CrawlerPolicy policy, std::filesystem::path proc)
    : policy_(std::move(policy)), proc_(std::move(proc)) {}

bool Crawlers::denies(std::string_view program, bool comm) const {
  return std::any_of(policy_.deny.begin(), policy_.deny.end(),
                     [&](const std::string& pattern) { return names_program(pattern, program, comm); });
}

std::optional<std::string> Crawlers::refused(pid_t thread) const {
  if (policy_.deny.empty() || thread <= 0) return std::nullopt;
  const std::filesystem::path process = proc_ / std::to_string(thread);
  // A thread may call itself anything and a script is run by its interpreter: either name tells.
  if (std::string program = executable_of(process); denies(program, false)) return program;
  if (std::string command = command_of(process); denies(command, true)) return command;
  return std::nullopt;
}

bool Crawlers::first_time(const std::string& program) {
  return told_.with(
      [&](std::set<std::string>& told) { return told.size() < kMostTold && told.insert(program).second; });
}

}  // namespace skymount::fs
