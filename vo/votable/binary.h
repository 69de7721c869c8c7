// SPDX-License-Identifier: MIT
//
// Rows of BINARY and BINARY2, decoded as their bytes arrive. Internal to vo/votable.
// Source: VOTable 1.5, sections 5.3 and 5.4: cells in column order, big-endian, no padding; a variable cell begins with
// its count; a BINARY2 row begins with null flags, and the values of null cells are there all the same.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/result.h"
#include "vo/votable/cell_rules.h"

#include <functional>
#include <string>
#include <vector>

namespace skymount::vo {

class BinaryRows {
 public:
  using OnRow = std::function<Result<void>(const Row&)>;
  /// `row_bytes` bounds one row. `null_flags`: BINARY2.
  BinaryRows(const std::vector<Field>& fields, bool null_flags, std::uint64_t row_bytes);

  /// Errors  unsupported: a column whose datatype nobody knows, so that its bytes cannot be counted; corrupt;
  /// too_large; or
  ///         what `on_row` returned.
  Result<void> feed(std::string_view bytes, const OnRow& on_row);
  /// Errors  corrupt: the stream ends in the middle of a row.
  Result<void> finish();

 private:
  struct Cursor;
  enum class Step { done, more };
  Result<Step> read_row(Cursor& cursor);
  Result<Step> read_cell(std::size_t column, Cursor& cursor);
  Result<Step> cell_extent(std::size_t column, Cursor& cursor, std::uint64_t& elements, std::uint64_t& bytes);
  void decode(const CellRules& rules, std::string_view bytes, std::uint64_t elements, Value& out) const;

  std::vector<CellRules> rules_;
  std::vector<std::string> names_;
  const bool null_flags_;
  const std::uint64_t row_bytes_;
  std::string buffer_;
  std::size_t at_ = 0;      // where the current row begins
  std::size_t needed_ = 1;  // bytes of it without which another try is useless
  std::uint64_t rows_ = 0;
  Row row_;
};

}  // namespace skymount::vo
