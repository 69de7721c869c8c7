// SPDX-License-Identifier: MIT
//
// How a Table keeps a cell: a tag byte, then a number or a length and what it counts, so that a cell can be skipped
// without being decoded. Internal to vo/votable. Integers are zigzag varints; lengths are bytes; reals are
// little-endian.
#pragma once

#include "cache/base/bytes.h"
#include "vo/votable/value.h"

#include <optional>

namespace skymount::vo {

void append_cell(Bytes& out, const Value& value);

/// Reads cells from bytes that may be hostile. After the first malformed one ok() is false and all is null.
class CellReader {
 public:
  explicit CellReader(ByteView bytes) : rest_(bytes) {}
  Value next();
  void skip();
  /// Skips a cell that is to be believed later: lists are looked into, all else is right when its length is.
  void check();
  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::optional<std::uint64_t> varint();
  ByteView take(std::uint64_t count);
  Value decode(std::uint8_t tag);
  ByteView rest_;
  bool ok_ = true;
};

}  // namespace skymount::vo
