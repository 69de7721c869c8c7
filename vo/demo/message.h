// SPDX-License-Identifier: MIT
//
// One HTTP request as a handler sees it, and the answer that it gives. Ranges, conditions and faults are not a
// handler's business: it says what the whole body is, and the responder serves parts of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skymount::demo {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Any bytes of a body on demand: fills `out` with the bytes from `offset` on. Must be safe from many threads.
using ReadAt = std::function<void(std::uint64_t offset, std::span<std::byte> out)>;

struct Request {
  std::string method;  ///< "GET"
  std::string target;  ///< "/tap/sync?QUERY=..." as received
  std::string path;    ///< decoded, without the query
  Fields headers;      ///< names as received
  Fields params;       ///< decoded, of the query and then of a form body, in order; a name may repeat
  std::string body;
  int connection = 0;  ///< which TCP connection, counted from 1
  bool http10 = false;
  bool keep_alive = true;
  /// Does somebody still wait for the answer? For handlers that take their time; empty: unknown.
  std::function<bool()> wanted = {};

  /// The first header of that name (any case), "" when absent.
  std::string header(std::string_view name) const;
  /// The first parameter of that name (any case, as IVOA DALI 1.1 section 2.3 has it).
  std::optional<std::string> param(std::string_view name) const;
  std::vector<std::string> params_named(std::string_view name) const;
};

struct Reply {
  /// Takes the next piece of a body; false when nobody listens any more and the producer should stop.
  using Sink = std::function<bool(std::string_view)>;

  int status = 200;
  std::string content_type = "text/plain";
  Fields headers;
  std::string body;
  ReadAt read;  ///< instead of body: `size` bytes on demand
  std::uint64_t size = 0;
  std::function<void(const Sink&)> stream;    ///< instead of both: a body whose length is not known before it ends
  bool no_length = false;                     ///< send chunked although the length is known
  bool ranges = false;                        ///< offer and honour byte ranges
  std::string etag;                           ///< with quotes; "" none
  std::optional<std::int64_t> last_modified;  ///< seconds since 1970

  static Reply text(int status, std::string body, std::string content_type = "text/plain");
};

bool same_ignoring_case(std::string_view a, std::string_view b);
/// Undoes %XX; with `form`, a plus is a blank as well.
std::string url_decode(std::string_view text, bool form);
/// Everything but unreserved characters becomes %XX.
std::string url_encode(std::string_view text);
Fields parse_form(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
std::string http_date(std::int64_t unix_seconds);
std::optional<std::int64_t> parse_http_date(const std::string& text);

std::string gzip(std::string_view bytes);

}  // namespace skymount::demo
