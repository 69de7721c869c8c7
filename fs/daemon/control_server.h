// SPDX-License-Identifier: MIT
//
// The daemon's ear for `skymount status`, `prefetch` and `cache`: a socket that takes one line of request and gives
// lines of answer. What the lines mean is the business of fs/daemon/control_commands.
//
// It stands apart from the mount: threads of its own, bounded in number, each bounded in what it reads and in how long
// it waits for a client. A client that sends garbage, too much or nothing, or never reads, loses its connection and
// holds up nobody.
#pragma once

#include "cache/base/result.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include <sys/types.h>

namespace skymount::fs {

/// One client, to whoever answers it. Used by one thread.
class ControlPeer {
 public:
  virtual ~ControlPeer() = default;
  /// One line of answer. False when the client is gone or has not read for a while: then it is not worth going on.
  virtual bool send(std::string_view line) = 0;
  /// Waits; false at once when the client goes or the daemon ends.
  virtual bool wait(std::chrono::milliseconds time) = 0;
  /// Requested when send() or wait() has said false.
  virtual std::stop_token gone() const = 0;
};

struct ControlLimits {
  unsigned clients = 16;                           ///< at once; one more is told so and sent away
  std::chrono::milliseconds request{5'000};        ///< for the whole request to come
  std::chrono::milliseconds unread_answer{5'000};  ///< a client that reads nothing for so long is gone
};

class ControlServer {
 public:
  /// Called on a thread of its own for each client. Must return soon after peer.gone() is requested.
  using Handler = std::function<void(std::string_view request, ControlPeer& peer)>;

  /// Listens at `socket`, 0600, in the place of whatever is there: a dead daemon's socket, or that of a mount which was
  /// taken out of the tree. Errors  denied, unavailable: it cannot be made; the message says why.
  static Result<std::unique_ptr<ControlServer>> start(const std::filesystem::path& socket, Handler handler,
                                                      ControlLimits limits = {});
  /// Removes the socket if it is still ours, ends all clients and waits for their threads.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  class Client;
  ControlServer(std::filesystem::path socket, Handler handler, ControlLimits limits);
  Result<void> listen();
  void accept_clients();
  void serve(int fd);
  void reap(bool all);

  const std::filesystem::path path_;
  const Handler handler_;
  const ControlLimits limits_;
  int listening_ = -1;
  int ending_ = -1;  // an eventfd, readable from the moment the server ends
  dev_t device_ = 0;
  ino_t inode_ = 0;
  struct Thread {
    std::atomic<bool> over{false};
    std::thread thread;
  };
  std::list<Thread> clients_;  // touched by the accepting thread, and by the destructor after that has ended
  std::thread accepting_;
};

}  // namespace skymount::fs
