// SPDX-License-Identifier: MIT
#include "cache/direct_writes.h"

#include <unistd.h>

#include <cerrno>

namespace skymount::cache {
namespace {

constexpr std::uint64_t kPage = 4096;
// A disk whose head must move takes some 10 ms for each 256 KiB, and several downloads wait for each other; a flash
// disk takes less than 10 ms for a MiB, also of eight writers at once.
constexpr std::int64_t kTooSlow = 60'000'000;
constexpr std::chrono::seconds kTryAgain{30};

}  // namespace

bool DirectWrites::worth_trying(Steady::time_point now) const {
  return !refused_ && now >= not_before_.load();
}

void DirectWrites::note(std::uint64_t bytes, Steady::duration took, Steady::time_point now) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(took).count();
  const auto this_time = static_cast<std::int64_t>(static_cast<double>(ns) * 1048576.0 / static_cast<double>(bytes));
  const std::int64_t before = ns_per_mib_;
  const std::int64_t mean = before == 0 ? this_time : before + (this_time - before) / 8;
  if (mean <= kTooSlow) {
    ns_per_mib_ = mean;
    return;
  }
  ns_per_mib_ = 0;
  not_before_ = now + kTryAgain;
}

std::uint64_t DirectWrites::write(int fd, std::uint64_t offset, ByteView bytes) {
  const auto begin = Steady::now();
  const std::uint64_t length = bytes.size() / kPage * kPage;
  if (fd < 0 || length == 0 || offset % kPage != 0 || reinterpret_cast<std::uintptr_t>(bytes.data()) % kPage != 0 ||
      !worth_trying(begin))
    return 0;
  const ssize_t n = ::pwrite(fd, bytes.data(), length, static_cast<off_t>(offset));
  if (n < 0 && errno == EINVAL) refused_ = true;
  if (n <= 0) return 0;
  const auto now = Steady::now();
  note(static_cast<std::uint64_t>(n), now - begin, now);
  return static_cast<std::uint64_t>(n) / kPage * kPage;
}

}  // namespace skymount::cache
