// SPDX-License-Identifier: MIT
#include "fs/making.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

namespace skymount::fs {
namespace {

std::string proc(pid_t thread, const char* file) {
  std::ifstream in("/proc/" + std::to_string(thread) + "/" + file);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// The component that a path ends with, slashes behind it aside.
std::string_view last_component(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

/// /proc/PID/syscall: the number, six arguments, two registers; or "running" while the caller, which has just sent us
/// its request, has not fallen asleep yet. See proc(5).
std::optional<std::array<unsigned long, 3>> system_call(pid_t thread) {
  constexpr int kTries = 20;  // of 50 microseconds: a caller on another CPU sleeps well before
  for (int i = 0; i < kTries; ++i) {
    const std::string text = proc(thread, "syscall");
    std::array<unsigned long, 3> out{};
    if (std::sscanf(text.c_str(), "%lu %lx %lx", &out[0], &out[1], &out[2]) == 3) return out;
    if (!text.starts_with("running")) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return std::nullopt;
}

/// The text at an address of another process; what could be read of it.
std::string text_at(pid_t thread, unsigned long address) {
  constexpr std::size_t kPage = 4096;  // PATH_MAX; a read may not cross into a page that is not there
  std::string out;
  std::array<char, kPage> buffer{};
  while (out.size() < kPage) {
    const std::size_t room = kPage - (address + out.size()) % kPage;
    const iovec here{buffer.data(), room};
    const iovec there{reinterpret_cast<void*>(address + out.size()), room};
    const ssize_t n = process_vm_readv(thread, &here, 1, &there, 1, 0);
    if (n <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(n));
    if (const std::size_t end = out.find('\0'); end != std::string::npos) return out.substr(0, end);
  }
  return {};
}

/// A program called mkdir, one of whose arguments ends with the name.
bool is_mkdir_program(pid_t thread, std::string_view name) {
  if (proc(thread, "comm") != "mkdir\n") return false;
  const std::string arguments = proc(thread, "cmdline");
  for (std::size_t from = 0; from < arguments.size();) {
    const std::size_t end = std::min(arguments.find('\0', from), arguments.size());
    if (last_component(std::string_view(arguments).substr(from, end - from)) == name) return true;
    from = end + 1;
  }
  return false;
}

}  // namespace

bool is_making_folder(pid_t thread, std::string_view name) {
  if (thread <= 0) return false;
  const auto call = system_call(thread);
  if (!call) return is_mkdir_program(thread, name);
  const auto& [number, first, second] = *call;
  unsigned long path = 0;
#ifdef SYS_mkdir  // newer architectures have mkdirat alone
  if (number == SYS_mkdir) path = first;
#endif
  if (number == SYS_mkdirat) path = second;
  return path != 0 && last_component(text_at(thread, path)) == name;
}

}  // namespace skymount::fs
