// SPDX-License-Identifier: MIT
//
// A real HTTP/1.1 server on 127.0.0.1 whose content, faults and memory of requests belong to the test that made it.
// Every test's origin, and what the demo archive is mounted on.
#pragma once

#include "vo/demo/faults.h"
#include "vo/demo/message.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::demo {

/// A file with ranges and validators.
struct OriginFile {
  std::string content_type = "application/octet-stream";
  std::string etag;                           ///< with quotes; "" none
  std::optional<std::int64_t> last_modified;  ///< seconds since 1970
  std::string content_disposition;            ///< the whole header value; "" none
  std::uint64_t size = 0;
  ReadAt read;
};

struct RequestRecord {
  std::string method;
  std::string target;  ///< path and query as received
  std::string range;   ///< "bytes=0-99", "" when none was asked
  std::string body;
  Fields headers;
  int status = 0;  ///< 0: not answered (yet)
  std::uint64_t body_bytes_sent = 0;
  int connection = 0;  ///< which TCP connection, counted from 1
};

/// Thread-safe. Destruction closes all connections and waits for their threads.
class Origin {
 public:
  using Handler = std::function<Reply(const Request&)>;

  /// Serves at once. `port` 0 takes a free one. Throws std::runtime_error when the port cannot be had.
  explicit Origin(int port = 0);
  ~Origin();
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;

  /// "http://127.0.0.1:PORT" and `path`, which starts with a slash.
  std::string url(std::string_view path) const;
  int port() const;

  /// Content at exactly `path` (decoded form). A second put replaces the first; answers under way keep the old version.
  void put(std::string path, OriginFile file);
  void put(std::string path, std::string bytes, std::string content_type = "application/octet-stream",
           std::string etag = "", std::optional<std::int64_t> last_modified = {});
  void remove(std::string_view path);
  /// Answers for every path under the prefix that is not put(). The longest prefix wins.
  void handle(std::string path_prefix, Handler handler);

  /// Prefix of the target, or of the decoded path. The longest prefix wins; a second call replaces the first and starts
  /// its counts anew.
  void misbehave(std::string path_prefix, Faults faults);
  /// Forgets all faults.
  void behave();

  /// Closes the port and all connections; come_up() listens on the same port again.
  void go_down();
  void come_up();

  /// In order of arrival, those still under way included.
  std::vector<RequestRecord> requests() const;
  void clear_requests();
  /// Requests since clear_requests() whose target starts with the prefix.
  std::size_t count(std::string_view path_prefix) const;
  /// Of all requests since clear_requests().
  std::uint64_t body_bytes_sent() const;
  /// TCP connections accepted so far.
  int connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymount::demo
