// SPDX-License-Identifier: MIT
//
// Who may use a connection to which origin. curl has limits of its own, but its waiting line is one for all origins,
// and a dead origin at its head would hold up the others; it also cannot keep two of our threads within one total.
//
// The rule: at most `connections` TCP connections to an origin, one of which data never takes. Metadata to an origin
// without HTTP/2 may use a second one while data leaves room, and closes it afterwards.
#pragma once

#include "vo/http/message.h"

#include <map>
#include <mutex>

namespace skymount::vo {

/// Thread-safe.
class Admission {
 public:
  explicit Admission(unsigned connections) : connections_(connections) {}

  struct Seat {
    bool granted = false;
    bool one_off = false;  ///< its connection is closed after use
  };
  Seat enter(const std::string& origin, Traffic traffic);
  void leave(const std::string& origin, Traffic traffic);

  /// The origin multiplexes metadata requests on one connection.
  void speaks_http2(const std::string& origin);
  /// Idle connections count too: they are open at the origin.
  void data_socket_opened(int socket, const std::string& origin);
  void data_socket_closed(int socket);

 private:
  struct Origin {
    unsigned metadata = 0, data = 0, data_sockets = 0;
    bool http2 = false;
  };
  const unsigned connections_;
  std::mutex mutex_;
  std::map<std::string, Origin> origins_;
  std::map<int, std::string> sockets_;
};

}  // namespace skymount::vo
