// SPDX-License-Identifier: MIT
#include "fs/daemon/control_socket.h"

#include "cache/content_id.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

namespace skymount::fs {
namespace {

namespace paths = std::filesystem;

bool fits(const paths::path& folder) {
  // sun_path has 108 bytes; a name of ours has 21, a temporary one some more.
  return folder.native().size() + 48 < sizeof(sockaddr_un{}.sun_path);
}

Error denied(const paths::path& socket, const std::string& why) {
  return {Code::denied, socket.string() + ": " + why};
}

}  // namespace

std::vector<paths::path> control_folders(uid_t user) {
  std::vector<paths::path> out;
  const std::string uid = std::to_string(user);
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (user == geteuid() && runtime != nullptr && runtime[0] == '/') out.push_back(paths::path(runtime) / "skymount");
  for (const paths::path& more :
       {paths::path("/run/user") / uid / "skymount", paths::path("/tmp") / ("skymount-" + uid)}) {
    if (std::find(out.begin(), out.end(), more) == out.end()) out.push_back(more);
  }
  std::erase_if(out, [](const paths::path& folder) { return !fits(folder); });
  return out;
}

bool is_control_folder(const paths::path& folder, uid_t user) {
  struct stat info {};
  return lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == user && (info.st_mode & 077) == 0;
}

Result<paths::path> make_control_folder() {
  std::string why;
  for (const paths::path& folder : control_folders()) {
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      why += folder.string() + ": " + std::strerror(errno) + "; ";
    } else if (!is_control_folder(folder)) {
      why += folder.string() + ": is not this user's alone; ";
    } else {
      return folder;
    }
  }
  return fail(Code::denied, why + "so `skymount status` and prefetch will not find this mount");
}

std::string control_name(const paths::path& mountpoint) {
  return cache::hash_hex(mountpoint.string()) + ".sock";
}

std::vector<paths::path> listening_sockets(std::string_view name) {
  std::vector<paths::path> out;
  std::ifstream table("/proc/net/unix");
  for (std::string line; std::getline(table, line);) {
    // Num: RefCount Protocol Flags Type St Inode /path
    const std::size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    paths::path socket(line.substr(slash));
    const std::string made = socket.filename();
    if (!made.starts_with(name)) continue;
    socket.replace_filename(name);
    if (made.find_first_not_of(".0123456789", name.size()) == std::string::npos && std::find(out.begin(), out.end(), socket) == out.end())
      out.push_back(std::move(socket));
  }
  return out;
}

Result<int> connect_control(const paths::path& socket_path, int patience_ms, uid_t user) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.native().size() >= sizeof address.sun_path) return fail(denied(socket_path, "the path is too long"));
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.native().size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(Code::unavailable, std::string("socket: ") + std::strerror(errno));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  int why = 0;
  // EAGAIN: the daemon's waiting line is full. There is nothing to poll for, so it is tried again.
  while ((why = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno) == EAGAIN &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (why == 0 && peer_is_trusted(fd, user)) return fd;
  close(fd);
  if (why == 0) return fail(denied(socket_path, "somebody else's program listens there"));
  if (why == EAGAIN) return fail(Code::timed_out, socket_path.string() + ": the mount does not answer");
  if (why == ENOENT || why == ECONNREFUSED)
    return fail(Code::not_found, socket_path.string() + ": nobody listens there");
  return fail(denied(socket_path, std::strerror(why)));
}

void remove_dead_sockets(const paths::path& folder) {
  if (!is_control_folder(folder)) return;
  std::error_code bad;
  for (paths::directory_iterator it(folder, bad), end; !bad && it != end; it.increment(bad)) {
    struct stat before {
    }, after{};
    if (lstat(it->path().c_str(), &before) != 0 || !S_ISSOCK(before.st_mode)) continue;
    const Result<int> alive = connect_control(it->path(), 0);
    if (alive) {
      close(*alive);
    } else if (alive.error().code() == Code::not_found && lstat(it->path().c_str(), &after) == 0 &&
               after.st_ino == before.st_ino) {
      unlink(it->path().c_str());
    }
  }
}

bool peer_is_trusted(int fd, uid_t user) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  return peer.uid == user || peer.uid == 0;
}

}  // namespace skymount::fs
