// SPDX-License-Identifier: MIT
//
// Keeps answers from beyond a file's end behind the answer that holds the end.
//
// A kernel that still believes in too large an estimate reads ahead past the true end. Each short answer sets the size
// it believes in, but only the first one counts (later ones are older than the attribute version it has raised): when
// an empty answer from far beyond the end comes first, the size is set there, and the reader gets zeros up to it.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/synchronized.h"
#include "fs/deadlines.h"

#include <functional>
#include <memory>
#include <vector>

namespace skymount::fs {

/// One per open file. Thread-safe. Answers are called without a lock.
class EofOrder : public std::enable_shared_from_this<EofOrder> {
 public:
  explicit EofOrder(std::uint64_t size) : size_(size) {}

  bool spans_end(ByteRange range) const { return range.offset < size_ && range.end() > size_; }
  /// At the very end an empty answer says the right size.
  bool is_beyond(ByteRange range) const { return range.offset > size_; }

  /// A read that spans the end has come; its answer is with the kernel.
  void begin();
  void end();
  /// Calls `answer` once the end has been told, or when no read that could tell it comes.
  void after_end(std::function<void()> answer, Deadlines& deadlines);

 private:
  void flush(bool told);
  struct State {
    bool told = false;
    unsigned under_way = 0;
    std::vector<std::function<void()>> waiting;
  };
  const std::uint64_t size_;
  Synchronized<State> state_;
};

}  // namespace skymount::fs
