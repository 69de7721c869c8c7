// SPDX-License-Identifier: MIT
#include "fs/cli/control_client.h"

#include "fs/config/search.h"
#include "fs/daemon/control_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace skymount::fs {
namespace {

namespace paths = std::filesystem;

// A status is some kilobytes. A line longer than this is no answer of ours.
constexpr std::size_t kLongestAnswer = 16 * 1024 * 1024;

/// Where that user's socket may lie: where it is expected, then where the kernel knows one of this name, since the
/// mount may have been made with another XDG_RUNTIME_DIR than ours. Who listens there is looked at when connecting.
std::vector<paths::path> folders_to_look_in(uid_t user, const std::string& name) {
  std::vector<paths::path> out = control_folders(user);
  for (const paths::path& socket : listening_sockets(name)) {
    const paths::path folder = socket.parent_path();
    if (std::find(out.begin(), out.end(), folder) == out.end()) out.push_back(folder);
  }
  return out;
}

}  // namespace

Result<ControlClient> ControlClient::to_mount(const MountEntry& mount) {
  const uid_t user = mount.user.value_or(geteuid());
  if (geteuid() != 0 && user != geteuid())
    return fail(Code::denied, "mounted by another user (" + std::to_string(user) + "), who can ask");
  std::optional<Error> worst;
  std::string looked;
  for (const paths::path& folder : folders_to_look_in(user, control_name(mount.mountpoint))) {
    looked += (looked.empty() ? "" : ", ") + folder.string();
    if (!is_control_folder(folder, user)) continue;
    const Result<int> fd = connect_control(folder / control_name(mount.mountpoint), 2'000, user);
    if (fd) return ControlClient(*fd);
    if (!worst || worst->code() == Code::not_found) worst = fd.error();
  }
  if (worst && worst->code() != Code::not_found) return fail(*worst);
  return fail(Code::not_found, "no control socket of it is in " + looked +
                                   ": its process has ended, or could make none (then its log says why), or lives in "
                                   "another container");
}

Result<ControlClient> ControlClient::to_socket(const paths::path& socket) {
  const Result<int> fd = connect_control(socket, 2'000);
  if (!fd) return fail(fd.error());
  return ControlClient(*fd);
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), read_(std::move(other.read_)) {}

ControlClient::~ControlClient() {
  if (fd_ >= 0) close(fd_);
}

Result<void> ControlClient::await(short events, std::chrono::steady_clock::time_point until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd watched{fd_, events, 0};
    const int n = poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (n > 0) return {};
    if (n == 0) return fail(Code::timed_out, "the mount does not answer");
    if (errno != EINTR) return fail(Code::unavailable, std::strerror(errno));
  }
}

Result<void> ControlClient::ask(std::string_view line) {
  std::string whole(line);
  whole += '\n';
  std::string_view rest = whole;
  const auto until = std::chrono::steady_clock::now() + kControlPatience;
  while (!rest.empty()) {
    const ssize_t n = send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (Result<void> ready = await(POLLOUT, until); !ready) return ready;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // it has answered already, and why is there to be read
    } else if (errno != EINTR) {
      return fail(Code::unavailable, std::strerror(errno));
    }
  }
  return {};
}

Result<std::string> ControlClient::next(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::array<char, 65536> buffer{};
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = read_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    searched = read_.size();
    if (searched > kLongestAnswer) return fail(Code::corrupt, "the mount's answer makes no sense");
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) {
      read_.append(buffer.data(), static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      if (Result<void> ready = await(POLLIN, until); !ready) return fail(ready.error());
    } else if (n == 0 || errno != EINTR) {
      return fail(Code::unavailable, "the mount has ended");
    }
  }
}

std::vector<MountEntry> skymounts() {
  std::vector<MountEntry> out;
  for (MountEntry& mount : mounts_of_this_machine()) {
    if (mount.type != kMountType) continue;
    std::erase_if(out, [&](const MountEntry& below) { return below.mountpoint == mount.mountpoint; });
    out.push_back(std::move(mount));
  }
  return out;
}

std::vector<paths::path> live_sockets() {
  std::vector<paths::path> out;
  for (const paths::path& folder : control_folders()) {
    if (!is_control_folder(folder)) continue;
    remove_dead_sockets(folder);
    std::error_code bad;
    for (paths::directory_iterator it(folder, bad), end; !bad && it != end; it.increment(bad))
      if (it->path().extension() == ".sock") out.push_back(it->path());
  }
  return out;
}

Result<PlaceInMount> place_in_mount(const std::string& path) {
  std::error_code bad;
  // A shell leaves the ~ of a quoted pattern to us.
  const paths::path whole = paths::absolute(expand_home(path, process_environment()), bad).lexically_normal();
  if (bad) return fail(Code::invalid, path + ": " + bad.message());
  const std::vector<MountEntry> mounts = skymounts();
  const auto mount_at = [&](const paths::path& place) {
    return std::find_if(mounts.begin(), mounts.end(),
                        [&](const MountEntry& mount) { return mount.mountpoint == place; });
  };
  paths::path prefix;
  for (auto part = whole.begin(); part != whole.end(); ++part) {
    if (part->empty()) continue;
    prefix /= *part;
    auto found = mount_at(prefix);  // as written; else through symbolic links
    if (found == mounts.end()) found = mount_at(mountpoint_path(prefix));
    if (found == mounts.end()) continue;
    PlaceInMount out{*found, ""};
    while (++part != whole.end())
      if (!part->empty()) out.inside += "/" + part->string();
    if (out.inside.empty()) out.inside = "/";
    return out;
  }
  std::string known;
  for (const MountEntry& mount : mounts) known += (known.empty() ? "" : ", ") + mount.mountpoint.string();
  return fail(Code::not_found, path + ": lies in no mount of skymount" +
                                   (known.empty() ? "; nothing is mounted" : "; mounted are " + known));
}

}  // namespace skymount::fs
