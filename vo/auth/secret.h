// SPDX-License-Identifier: MIT
//
// A secret that is named, not written down: an environment variable, a file that only its owner reads, or what a
// command prints. It is read when it is first needed and held in memory; where it comes from may be shown, it itself
// never is.
#pragma once

#include "cache/base/result.h"
#include "cache/base/synchronized.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

/// Refuses a file that others may read or write, or that is somebody else's.
/// Errors  denied: with the fix (chmod 600 FILE); not_found.
Result<void> check_private(const std::filesystem::path& file);

/// Thread-safe.
class Secret {
 public:
  enum class Kind { environment, file, command };
  /// `words`: the variable, the file, or the command and its arguments.
  Secret(Kind kind, std::vector<std::string> words) : kind_(kind), words_(std::move(words)) {}

  Kind kind() const { return kind_; }
  /// The value without line ends behind it. May wait for a command, at most half a minute.
  /// Errors  denied: unset, empty, not private, or the command failed; the message never holds the value.
  Result<std::string> read() const;
  /// read() without waiting for a command: nothing where it would, or fails.
  std::optional<std::string> at_hand() const;
  /// Read anew by the next read(): the value was not accepted and may have been changed.
  void forget() const;
  /// "the environment variable X".
  std::string described() const;

 private:
  Result<std::string> read_now() const;

  const Kind kind_;
  const std::vector<std::string> words_;
  mutable Synchronized<std::optional<std::string>> value_;
};
using SecretPtr = std::shared_ptr<const Secret>;

/// The beginning of what a command prints: at most 64 KiB, within `budget`; its input is empty, its errors go nowhere.
/// Errors  denied: it cannot be started, fails, or takes longer.
Result<std::string> output_of(const std::vector<std::string>& command, std::chrono::milliseconds budget);

}  // namespace skymount::vo
