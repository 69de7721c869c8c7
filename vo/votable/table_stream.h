// SPDX-License-Identifier: MIT
//
// A table of any length on its way to disk and back: its rows in packed pieces of a megabyte, and at the end what only
// the end knows: how many rows there are, whether the archive says that they are all, and how wide each column is. From
// it each file format is written in one pass and in bounded memory.
#pragma once

#include "cache/base/bytes.h"
#include "vo/votable/table.h"

#include <functional>
#include <string>
#include <vector>

namespace skymount::vo {

/// What the values of one column are like.
struct ColumnFacts {
  bool nulls = false;
  std::int64_t low = 0, high = 0;  ///< of integers; low > high: there are none
  std::uint64_t widest = 0;        ///< bytes of the longest value written as text
  std::uint64_t longest = 0;       ///< numbers of the longest array
  std::uint64_t shortest = ~0ULL;  ///< of the shortest array
};

struct TableFacts {
  std::uint64_t rows = 0;
  std::string truncated;  ///< why rows are missing, in words; empty: they are all here
  std::vector<ColumnFacts> columns;
};

/// Not thread-safe.
class TableStreamWriter {
 public:
  using Out = std::function<Result<void>(ByteView)>;
  explicit TableStreamWriter(Out out) : out_(std::move(out)) {}

  void begin(const TableMeta& meta);
  /// Errors  what `out` returned.
  Result<void> add(const Row& row);
  /// `truncated`: as in TableFacts.
  Result<void> finish(const std::string& truncated);
  std::uint64_t rows() const { return facts_.rows; }

 private:
  Result<void> flush();

  const Out out_;
  Table piece_;
  TableFacts facts_;
};

/// Reads what TableStreamWriter wrote. `read(offset, length)` gives exactly those bytes. Errors  corrupt.
class TableStreamReader {
 public:
  using Read = std::function<Result<Bytes>(std::uint64_t offset, std::uint64_t length)>;
  TableStreamReader(std::uint64_t size, Read read) : size_(size), read_(std::move(read)) {}

  Result<TableFacts> facts();
  /// Calls `take` with each piece, in order; at least one, which may be without rows.
  Result<void> pieces(const std::function<Result<void>(const Table&)>& take);

 private:
  const std::uint64_t size_;
  const Read read_;
};

}  // namespace skymount::vo
