// SPDX-License-Identifier: MIT
//
// What went wrong, as an ordinary value: a Code for the machine and a sentence for the person. Each floor puts its half
// of the story in front with during(); only fs/errno_map turns a Code into an errno, and only there is it logged.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace skymount {

/// The kinds of failure that callers tell apart. Adding one makes the compiler ask fs/errno_map where it belongs.
enum class Code {
  not_found,      ///< no such thing, and the origin said so
  invalid,        ///< the request itself is wrong: a value, a key, a configuration
  denied,         ///< the origin refuses this caller (401, 403, an authorization fault, an embargo)
  unavailable,    ///< the origin cannot be reached or refuses to work just now; a later try may succeed
  timed_out,      ///< a budget ended; the work may go on behind
  stale,          ///< the origin no longer holds the version that was opened
  corrupt,        ///< the answer came, and is not what was promised (truncated, HTML for FITS, broken checksum)
  unsupported,    ///< understood, but nothing here or at the origin can do it
  cancelled,      ///< the caller went away
  no_data,        ///< the question was fine and the answer is empty (a cutout outside the image)
  too_large,      ///< over a configured or built-in limit; nothing was fetched
  name_too_long,  ///< a path component over 255 bytes
  read_only,      ///< the tree cannot be written
  is_directory,   ///< a file operation on a folder
  not_directory,  ///< a folder operation on a file
  no_space,       ///< the disk or a quota is full
  over_quota,     ///< the bytes that the configuration allows for an hour were fetched; later it goes on
  exists,         ///< what was to be made is there already
  not_empty,      ///< a folder that was to be removed holds what must be removed before
  would_wait,     ///< memory cannot tell and the caller did not want to wait; never leaves fs
};

class Error {
 public:
  Error(Code code, std::string what) : code_(code), what_(std::move(what)) {}
  Code code() const { return code_; }
  const std::string& what() const { return what_; }
  /// Puts the caller's half of the story in front: "listing gavo: TAP query: HTTP 503 (3 tries in 4.2 s)".
  Error during(std::string_view doing) && { return {code_, std::string(doing) + ": " + what_}; }
  Error during(std::string_view doing) const& { return {code_, std::string(doing) + ": " + what_}; }

 private:
  Code code_;
  std::string what_;
};

}  // namespace skymount
