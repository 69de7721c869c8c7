// SPDX-License-Identifier: MIT
//
// A plain HTTP client for the demo's own tests: one socket, no retries, no cleverness, so that what it reports is what
// was on the wire.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skymount::demo::test {

struct Answer {
  int status = 0;  ///< 0: the connection was closed without an answer
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;       ///< chunks joined
  bool complete = false;  ///< all that Content-Length or the last chunk promised
  std::string header(std::string_view name) const;
};

class Client {
 public:
  explicit Client(int port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// `extra` are whole header lines without line ends.
  Answer send(std::string_view method, std::string_view target, const std::vector<std::string>& extra = {},
              std::string_view body = {});
  Answer get(std::string_view target, const std::vector<std::string>& extra = {}) { return send("GET", target, extra); }
  bool connected() const { return fd_ >= 0; }

 private:
  bool fill();
  bool read_exactly(std::size_t size, std::string& out);
  bool read_line(std::string& line);
  void read_body(std::string_view method, Answer& answer);
  int fd_ = -1;
  std::string buffer_;
};

/// One request on a connection of its own.
Answer get(int port, std::string_view target, const std::vector<std::string>& extra = {});
Answer post_form(int port, std::string_view target, std::string_view form);

}  // namespace skymount::demo::test
