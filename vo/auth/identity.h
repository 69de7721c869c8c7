// SPDX-License-Identifier: MIT
//
// Who an archive's credential says that we are, as a hash. What an archive showed to somebody is kept under it, so that
// it is not served to somebody else, nor when the credential is gone. A renewed token is the same person.
#pragma once

#include "vo/auth/auth_options.h"

#include <ctime>
#include <mutex>
#include <string>

namespace skymount::vo {

/// Of a token: the subject and issuer that a JSON Web Token names (RFC 7519 section 4.1), else a hash of the token
/// itself, which then is a person of its own.
std::string owner_of(std::string_view token);

/// Thread-safe. One per archive; all origins together, since a binding that comes or goes may change any answer.
class Identity {
 public:
  /// `options` outlives this.
  explicit Identity(const AuthOptions& options) : options_(options) {}

  /// Empty: there is nothing to show. Looks at the token file's date, and reads what changed; never waits for a
  /// command.
  std::string now();
  /// A secret may have become readable, or another one.
  void changed();

 private:
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = -1, seconds = 0, nanoseconds = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  Stamp login() const;
  std::string read() const;

  const AuthOptions& options_;
  std::mutex mutex_;
  bool known_ = false;
  Stamp login_;
  std::string value_;
};

}  // namespace skymount::vo
