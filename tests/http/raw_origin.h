// SPDX-License-Identifier: MIT
//
// An origin that sends exactly the bytes a test wrote, framing included: for answers that no decent server can make.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

namespace skymount::vo {

/// One connection at a time, closed after its answer. `answer` gets the number of the request (from 1) and its text.
class RawOrigin {
 public:
  using Answer = std::function<std::string(int number, const std::string& request)>;

  explicit RawOrigin(Answer answer) : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no port on 127.0.0.1");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  explicit RawOrigin(std::string always) : RawOrigin([always](int, const std::string&) { return always; }) {}
  ~RawOrigin() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  RawOrigin(const RawOrigin&) = delete;
  RawOrigin& operator=(const RawOrigin&) = delete;

  std::string url(const std::string& path = "/f") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  int requests() const { return requests_; }

 private:
  void serve() {
    for (int peer = 0; (peer = accept(listener_, nullptr, nullptr)) >= 0;) {
      talk(peer);
      shutdown(peer, SHUT_WR);
      char rest[4096];
      while (recv(peer, rest, sizeof rest, 0) > 0) continue;  // a reset would take the answer away from its reader
      close(peer);
    }
  }
  void talk(int peer) {
    std::string request;
    char piece[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = recv(peer, piece, sizeof piece, 0);
      if (got <= 0) return;
      request.append(piece, static_cast<std::size_t>(got));
    }
    const std::string answer = answer_(++requests_, request);
    for (std::size_t at = 0; at < answer.size();) {
      const ssize_t sent = send(peer, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<std::size_t>(sent);
    }
  }

  const Answer answer_;
  const int listener_;
  int port_ = 0;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

}  // namespace skymount::vo
