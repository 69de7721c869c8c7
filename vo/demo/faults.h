// SPDX-License-Identifier: MIT
//
// What an origin does wrong, as data: a test names the misbehaviour instead of writing a server that misbehaves.
// Everything here was met at a real archive or at a proxy in front of one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace skymount::demo {

/// The faults of one URL prefix. All default to behaving, except that HEAD is refused, as many archives do.
struct Faults {
  std::chrono::milliseconds latency{0};  ///< before the first byte of each answer
  std::uint64_t bytes_per_second = 0;    ///< per connection; 0: unlimited

  int status = 0;  ///< answer this instead of the content; 0: do not
  std::string status_body = {};
  std::string status_content_type = "text/plain";
  std::optional<int> retry_after_s = {};  ///< sent with `status`
  int status_times = 0;                   ///< only the first n requests get `status`; 0: every one

  std::optional<std::uint64_t> truncate_after = {};  ///< close the connection after so many body bytes
  int truncate_times = 0;                            ///< only the first n answers are truncated; 0: every one

  bool ignore_range = false;            ///< 200 and the whole file whatever range was asked
  bool wrong_content_range = false;     ///< the bytes asked for, under a Content-Range that is one byte off
  bool first_bytes_regardless = false;  ///< 206 with the first bytes of the file, and a Content-Range that says so
  bool ignore_conditions = false;       ///< If-Match, If-Range, If-None-Match and the dates are not looked at
  bool no_length = false;               ///< chunked, no ranges
  bool no_validators = false;           ///< neither ETag nor Last-Modified
  bool html_instead = false;            ///< 200 and a login page
  bool weak_etag = false;
  bool refuse_head = true;       ///< 405 to HEAD
  bool hang_on_head = false;     ///< HEAD is never answered
  bool silent = false;           ///< accepts the request, never answers
  bool gzip_encoding = false;    ///< Content-Encoding: gzip whatever was accepted, compressed length, no ranges
  bool drop_connection = false;  ///< closes without an answer

  std::optional<std::uint64_t> lie_content_length = {};  ///< the Content-Length header; the body stays as it is
  std::string redirect_to = {};                          ///< Location of a redirect; a path or a URL
  int redirect_status = 302;
};

}  // namespace skymount::demo
