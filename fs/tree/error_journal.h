// SPDX-License-Identifier: MIT
//
// The last failures in words, for `.skymount/errors.log` and the xattr user.skymount.error. Bounded: a broken archive
// and a busy script cannot fill memory.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/error.h"
#include "cache/base/synchronized.h"

#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace skymount::fs {

/// Thread-safe.
class ErrorJournal {
 public:
  explicit ErrorJournal(const Clock& clock) : clock_(clock) {}

  /// `operation`: "open", "ls", "lookup", ...; `path` within the mount. The same failure again within the last lines
  /// only counts up.
  void record(std::string_view operation, std::string_view path, const Error& error);
  /// One line a failure, oldest first, control bytes as \xNN.
  std::string text() const;
  std::size_t count() const;

  struct Failure {
    WallTime when;
    std::string words;
  };
  /// The latest failure of a path that begins with `prefix`, among the lines that are kept.
  std::optional<Failure> latest_below(std::string_view prefix) const;

  /// The last failure of one file, kept until it succeeds.
  void remember_for(std::uint64_t ino, const Error& error);
  void forget_for(std::uint64_t ino);
  std::string last_for(std::uint64_t ino) const;

 private:
  struct Line {
    WallTime when;
    std::string words;
    std::string path;
    unsigned times = 1;
  };
  struct State {
    std::deque<Line> lines;
    std::size_t total = 0;
    std::unordered_map<std::uint64_t, std::string> last;
  };
  const Clock& clock_;
  Synchronized<State> state_;
};

/// "2026-01-31T12:00:00Z"
std::string utc_text(WallTime when);

}  // namespace skymount::fs
