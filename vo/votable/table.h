// SPDX-License-Identifier: MIT
//
// A table in memory: metadata and rows, the rows packed so that 65,000 ObsCore rows stay in some tens of megabytes.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/result.h"
#include "vo/votable/fields.h"

#include <memory>

namespace skymount::vo {

/// Immutable once built; then safe from many threads. Rows decode on access.
class Table {
 public:
  TableMeta meta;

  void append(const Row& row);
  std::size_t size() const { return offsets_.size(); }
  /// What the rows take in memory.
  std::uint64_t bytes() const { return rows().size() + offsets_.size() * sizeof(std::uint64_t); }
  Row row(std::size_t i) const;
  /// One cell without decoding the whole row's arrays; null when the column is absent.
  Value cell(std::size_t i, std::optional<std::size_t> column) const;
  Value cell(std::size_t i, std::string_view name) const { return cell(i, meta.column(name)); }
  /// The cell as text, "" when null or absent.
  std::string text(std::size_t i, std::string_view name) const;

  /// For LMDB: everything, in our own versioned layout. unpack() refuses anything malformed with corrupt, for which it
  /// walks through every cell.
  Bytes pack() const;
  static Result<Table> unpack(ByteView bytes);
  /// The same of bytes that a checksum has vouched for: the table lies in them, nothing is copied, and no cell is
  /// looked at before somebody wants it (it is read within its row's bounds all the same).
  static Result<Table> adopt(const SharedBytes& bytes);

 private:
  /// Where `packed` has its rows. `table` gets meta and offsets.
  static Result<ByteView> unpack_head(ByteView packed, Table& table);
  ByteView rows() const { return adopted_.size() > 0 ? adopted_.view() : ByteView(rows_); }

  Bytes rows_;
  SharedBytes adopted_;  ///< instead of rows_
  std::vector<std::uint64_t> offsets_;
};

}  // namespace skymount::vo
