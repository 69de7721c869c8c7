// SPDX-License-Identifier: MIT
//
// The demo archive as a child process: found, started, awaited, and ended with us.
#pragma once

#include "cache/base/result.h"

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace skymount::fs {

/// skymount-demo beside `binary`, else in ../libexec/skymount.
Result<std::filesystem::path> find_demo_program(const std::filesystem::path& binary);

/// Not thread-safe. The child ends when this object or this process does.
class DemoOrigin {
 public:
  /// Starts `program`, which writes its configuration to `config_out`, and waits at most 30 s until it answers.
  /// Errors  unavailable: it cannot be started, or ends, or stays silent; the message says which.
  static Result<DemoOrigin> start(const std::filesystem::path& program, const std::filesystem::path& config_out,
                                  const std::vector<std::string>& options);
  DemoOrigin(DemoOrigin&& other) noexcept;
  DemoOrigin& operator=(DemoOrigin&&) = delete;
  ~DemoOrigin();

  const std::string& url() const { return url_; }
  /// Whether the child still runs.
  bool alive();

 private:
  DemoOrigin(pid_t child, int output) : child_(child), output_(output) {}
  Result<void> await_url();

  pid_t child_;
  int output_;  // kept open: a child that writes a last line must not die of SIGPIPE
  std::string url_;
};

}  // namespace skymount::fs
