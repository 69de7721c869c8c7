// SPDX-License-Identifier: MIT
#include "fs/daemon/control_server.h"

#include "cache/base/log.h"
#include "fs/daemon/control_socket.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <system_error>

namespace skymount::fs {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

int left_until(Steady::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - Steady::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

Error errno_error(const std::string& doing) {
  return {errno == EACCES || errno == EPERM ? Code::denied : Code::unavailable, doing + ": " + std::strerror(errno)};
}

}  // namespace

class ControlServer::Client final : public ControlPeer {
 public:
  Client(int fd, int ending, const ControlLimits& limits) : fd_(fd), ending_(ending), limits_(limits) {}
  ~Client() override { close(fd_); }

  /// The request without its line end; nothing when it does not come, or is too long.
  Result<std::string> request() {
    const auto until = Steady::now() + limits_.request;
    std::string line;
    std::array<char, 65536> buffer{};
    for (;;) {
      if (!ready(POLLIN, until)) return fail(Code::timed_out, "the request did not come in time");
      const ssize_t n = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (n <= 0) return fail(Code::cancelled, "the client left before its request was complete");
      const std::string_view piece(buffer.data(), static_cast<std::size_t>(n));
      const std::size_t end = piece.find('\n');
      line += piece.substr(0, end);
      if (line.size() > kControlLine)
        return fail(Code::too_large, "a request has " + std::to_string(kControlLine) + " bytes at most");
      if (end != std::string_view::npos) return line;
    }
  }

  bool send(std::string_view line) override {
    std::string whole(line);
    whole += '\n';
    std::string_view rest = whole;
    auto until = Steady::now() + limits_.unread_answer;
    while (!rest.empty() && !gone_.stop_requested()) {
      const ssize_t n = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0) {
        rest.remove_prefix(static_cast<std::size_t>(n));
        until = Steady::now() + limits_.unread_answer;
      } else if (errno == EINTR) {
        continue;
      } else if (errno != EAGAIN || !ready(POLLOUT, until)) {
        gone_.request_stop();
      }
    }
    return !gone_.stop_requested();
  }

  bool wait(milliseconds time) override {
    // Whatever more the client sends is not looked at, so that it cannot keep this thread busy.
    const bool went = ready(0, Steady::now() + time);
    if (went) gone_.request_stop();
    return !gone_.stop_requested();
  }

  std::stop_token gone() const override { return gone_.get_token(); }

 private:
  /// True when `events`, or the client's leaving, came first; false at `until` and when the server ends.
  bool ready(short events, Steady::time_point until) {
    for (;;) {
      std::array<pollfd, 2> watched{pollfd{fd_, static_cast<short>(events | POLLRDHUP), 0}, pollfd{ending_, POLLIN, 0}};
      const int n = poll(watched.data(), watched.size(), left_until(until));
      if (n < 0 && errno == EINTR) continue;
      if (watched[1].revents != 0) gone_.request_stop();
      return n > 0 && watched[0].revents != 0 && !gone_.stop_requested();
    }
  }

  const int fd_, ending_;
  const ControlLimits limits_;
  std::stop_source gone_;
};

ControlServer::ControlServer(std::filesystem::path socket, Handler handler, ControlLimits limits)
    : path_(std::move(socket)), handler_(std::move(handler)), limits_(limits) {}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::filesystem::path& socket, Handler handler,
                                                            ControlLimits limits) {
  auto server = std::unique_ptr<ControlServer>(new ControlServer(socket, std::move(handler), limits));
  if (Result<void> listening = server->listen(); !listening) return fail(std::move(listening).error());
  server->accepting_ = std::thread([at = server.get()] { at->accept_clients(); });
  return server;
}

Result<void> ControlServer::listen() {
  ending_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  listening_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (ending_ < 0 || listening_ < 0) return fail(errno_error("control socket"));
  // Made beside its place and moved there: at no moment is a name of ours without somebody who listens.
  const std::string made = path_.string() + "." + std::to_string(getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (made.size() >= sizeof address.sun_path)
    return fail(Code::unavailable, made + ": too long for the name of a socket");
  std::memcpy(address.sun_path, made.c_str(), made.size());
  unlink(made.c_str());
  struct stat info {};
  if (bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      chmod(made.c_str(), 0600) != 0 || ::listen(listening_, 16) != 0 || lstat(made.c_str(), &info) != 0 ||
      rename(made.c_str(), path_.c_str()) != 0) {
    const Error error = errno_error(made);
    unlink(made.c_str());
    return fail(error);
  }
  device_ = info.st_dev;
  inode_ = info.st_ino;
  return {};
}

ControlServer::~ControlServer() {
  struct stat now {};
  const bool ours = inode_ != 0 && lstat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_;
  if (ours) unlink(path_.c_str());
  if (ending_ >= 0) eventfd_write(ending_, 1);
  if (accepting_.joinable()) accepting_.join();
  reap(/*all=*/true);
  if (listening_ >= 0) close(listening_);
  if (ending_ >= 0) close(ending_);
}

void ControlServer::reap(bool all) {
  for (auto it = clients_.begin(); it != clients_.end();) {
    if (!all && !it->over) {
      ++it;
      continue;
    }
    it->thread.join();
    it = clients_.erase(it);
  }
}

void ControlServer::accept_clients() {
  pthread_setname_np(pthread_self(), "control");
  for (;;) {
    std::array<pollfd, 2> watched{pollfd{listening_, POLLIN, 0}, pollfd{ending_, POLLIN, 0}};
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      // Without descriptors the waiting client would wake us at once again.
      if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(milliseconds(100));
      continue;
    }
    reap(/*all=*/false);
    if (!peer_is_trusted(fd) || clients_.size() >= limits_.clients) {
      const bool busy = peer_is_trusted(fd);
      const std::string_view words =
          busy
              ? R"({"ok":false,"code":"unavailable","error":"this mount answers too many commands just now; try again"})"
                "\n"
              : R"({"ok":false,"code":"denied","error":"only who has mounted it, and root, may ask"})"
                "\n";
      static_cast<void>(::send(fd, words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
      close(fd);
      continue;
    }
    Thread& client = clients_.emplace_back();
    try {
      client.thread = std::thread([this, fd, &client] {
        serve(fd);
        client.over = true;
      });
    } catch (const std::system_error& e) {  // no more threads: this client has to come again
      log(LogLevel::warning, std::string("control: ") + e.what());
      clients_.pop_back();
      close(fd);
    }
  }
}

void ControlServer::serve(int fd) {
  pthread_setname_np(pthread_self(), "control client");
  Client client(fd, ending_, limits_);
  const Result<std::string> request = client.request();
  if (!request) {
    if (request.error().code() != Code::cancelled)
      client.send(R"({"ok":false,"code":"invalid","error":")" + request.error().what() + "\"}");
    return;
  }
  try {
    handler_(*request, client);
  } catch (const std::exception& e) {
    log(LogLevel::error, std::string("control: a command ended with an exception: ") + e.what());
  }
}

}  // namespace skymount::fs
