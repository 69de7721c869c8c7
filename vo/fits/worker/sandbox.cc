// SPDX-License-Identifier: MIT
#include "vo/fits/worker/sandbox.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <memory>

namespace skymount::vo {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// The other side ends a worker that computes for too long; this holds when there is no other side any more.
constexpr rlim_t kCpuSeconds = 600;
// A worker that nobody needs gives its memory back.
constexpr time_t kIdleSeconds = 60;

bool limit(int what, rlim_t most) {
  const rlimit value{most, most};
  return setrlimit(static_cast<__rlimit_resource>(what), &value) == 0;
}

bool limit_memory(rlim_t now, rlim_t most) {
  const rlimit value{now, most};
  return setrlimit(RLIMIT_DATA, &value) == 0;
}

bool filter_system_calls(int socket) {
  // EPERM instead of a kill for what libraries try without needing it would hide what a hostile file makes them do.
  const std::unique_ptr<void, void (*)(void*)> filter(seccomp_init(SCMP_ACT_KILL_PROCESS), seccomp_release);
  if (!filter) return false;
  const auto on_socket = scmp_arg_cmp{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(socket), 0};
  // Memory may be had, never memory that can be executed.
  const auto not_executable = scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
  bool ok = true;
  for (const int call : {SCMP_SYS(read), SCMP_SYS(write)}) {
    ok = ok && seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &on_socket) == 0;
  }
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    ok = ok && seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &not_executable) == 0;
  }
  for (const int call : {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
                         SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(getrandom),
                         SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time)}) {
    ok = ok && seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 0, nullptr) == 0;
  }
  // The memory limit of this process may be changed, within what it cannot change.
  const scmp_arg_cmp of_memory[] = {{0, SCMP_CMP_EQ, 0, 0}, {1, SCMP_CMP_EQ, RLIMIT_DATA, 0}};
  ok = ok && seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, of_memory) == 0;
  return ok && seccomp_load(filter.get()) == 0;
}

}  // namespace

bool enter_sandbox(int socket, std::uint64_t memory_bytes, std::uint64_t most_memory) {
  const timeval idle{kIdleSeconds, 0};
  if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle) != 0) return false;
  // Nothing of the other side's comes here on purpose; what came by mistake goes.
  if (close_range(static_cast<unsigned>(socket) + 1, ~0U, 0) != 0 && errno != ENOSYS) return false;
  if (chdir("/") != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (kSanitized) return true;
  // RLIMIT_DATA counts what is really asked for, unlike RLIMIT_AS, which libraries fill by being there.
  return limit(RLIMIT_CORE, 0) && limit(RLIMIT_CPU, kCpuSeconds) &&
         limit_memory(memory_bytes, std::max(memory_bytes, most_memory)) && limit(RLIMIT_FSIZE, 0) &&
         limit(RLIMIT_NOFILE, static_cast<rlim_t>(socket) + 1) && filter_system_calls(socket);
}

bool allow_memory(std::uint64_t bytes) {
  if (kSanitized) return true;
  rlimit now{};
  if (getrlimit(RLIMIT_DATA, &now) != 0 || bytes > now.rlim_max) return false;
  return limit_memory(bytes, now.rlim_max);
}

}  // namespace skymount::vo
