// SPDX-License-Identifier: MIT
#include "fs/daemon/process_rules.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace skymount::fs {
namespace {

/// One datagram to a unix socket, abstract when the name begins with '@'. It is a courtesy: a manager that is gone or
/// has a full queue is no reason to fail a mount.
void notify(const std::string& state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || (name[0] != '/' && name[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(name);
  if (length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';
  const int out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (out < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  static_cast<void>(sendto(out, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                           reinterpret_cast<const sockaddr*>(&address), size));
  close(out);
}

}  // namespace

void protect_process() {
  umask(077);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // The limit does not hold where the kernel pipes cores to a program (core(5)); not being dumpable holds everywhere.
  // Leak detection has to attach to its own process, which this forbids to all but root.
#if !defined(__SANITIZE_ADDRESS__)
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void tell_ready(const std::filesystem::path& mountpoint) {
  std::string at = mountpoint.string();
  for (char& c : at)
    if (c == '\n') c = ' ';  // a line break would begin another assignment
  notify("READY=1\nMAINPID=" + std::to_string(getpid()) + "\nSTATUS=mounted at " + at + "\n");
}

void tell_ending() {
  notify("STOPPING=1\n");
}

}  // namespace skymount::fs
