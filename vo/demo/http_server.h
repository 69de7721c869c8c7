// SPDX-License-Identifier: MIT
//
// A small HTTP/1.1 server over sockets, for 127.0.0.1 only. It is our own because a test's origin must be able to break
// every rule that a well-kept HTTP library enforces: lie about lengths, stop in mid-body, never answer.
// One thread a connection, keep-alive; what is answered is the business of the callback.
#pragma once

#include "vo/demo/message.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace skymount::demo {

/// One accepted TCP connection. Used by its own thread; only kill() may come from another.
class Connection {
 public:
  Connection(int fd, int number) : fd_(fd), number_(number) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  enum class Read { request, closed, refused };
  /// Waits for the next request. `refused`: it was malformed or too large and has been answered; close.
  Read read_request(Request& request);

  /// All of `bytes`, at no more than `bytes_per_second` over the life of the connection (0: as fast as it goes).
  bool send(std::string_view bytes, std::uint64_t bytes_per_second = 0);
  /// False when the server went down meanwhile.
  bool pause(std::chrono::nanoseconds duration);
  /// Returns when the peer closes or the server goes down.
  void wait_for_hangup();
  /// False once the peer has closed or the server went down.
  bool peer_listens() const;
  void kill();
  bool alive() const { return !dead_; }
  int number() const { return number_; }
  int fd() const { return fd_; }

 private:
  bool fill();
  bool read_head(std::string& head, Read& outcome);
  bool read_body(Request& request, Read& outcome);
  bool send_now(std::string_view bytes);

  const int fd_;
  const int number_;
  std::string buffer_;  ///< received, not yet consumed
  std::chrono::steady_clock::time_point next_send_{};
  std::atomic<bool> dead_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
};

class HttpServer {
 public:
  /// Answers one request; false closes the connection. Called on the connection's thread.
  using Serve = std::function<bool(Connection&, const Request&)>;

  /// Listens at once. `port` 0 takes a free one. Throws std::runtime_error when the port cannot be had.
  HttpServer(int port, Serve serve);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const { return port_; }
  int accepted() const { return accepted_; }
  /// Closes the listening socket and every connection; returns without waiting for handlers that are at work.
  void stop();
  /// Listens again, on the same port.
  void start();

 private:
  void listen_on(int port);
  void accept_loop(int listener);
  void run(const std::shared_ptr<Connection>& connection);

  const Serve serve_;
  int port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::mutex control_;  ///< start and stop, one at a time; before mutex_
  std::mutex mutex_;    ///< connections_, threads_
  std::condition_variable idle_;
  std::list<std::shared_ptr<Connection>> connections_;
  int listener_ = -1;
  int stop_event_ = -1;
  std::thread acceptor_;
};

}  // namespace skymount::demo
