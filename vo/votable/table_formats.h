// SPDX-License-Identifier: MIT
//
// A table that comes in pieces, written as CSV, TSV, VOTable, or a FITS binary table. What is written depends on the
// rows alone, so that the same answer always makes the same file.
#pragma once

#include "vo/votable/table_stream.h"
#include "vo/votable/writer.h"

#include <memory>

namespace skymount::vo {

/// Not thread-safe. measure() with each piece if measures(); head(); piece() with each; more() with each if has_more();
/// tail().
class TableFormat {
 public:
  using Out = std::function<Result<void>(ByteView)>;

  virtual ~TableFormat() = default;
  virtual bool measures() const { return false; }
  virtual void measure(const Table& /*rows*/, const Showing* /*showing*/) {}
  /// `first`: for its metadata; as it is shown.
  virtual std::string head(const Table& first) = 0;
  /// Hands its bytes to `out`, at most a few MiB at once unless one row is longer. `showing` may be null.
  /// Errors  what `out` returned.
  virtual Result<void> piece(const Table& rows, const Showing* showing, const Out& out) = 0;
  virtual bool has_more() const { return false; }
  /// As piece(): what stands behind all rows.
  virtual Result<void> more(const Table& /*rows*/, const Showing* /*showing*/, const Out& /*out*/) { return {}; }
  virtual std::string tail() = 0;
};

/// "csv", "tsv", "vot" or "fits"; null for anything else.
/// csv   as write_csv. tsv: the same columns without the dates; tabs and line ends in values become blanks.
/// vot   as write_votable; an integer column whose values are beyond its type is declared as one that holds them.
/// fits  FITS 4.0: an empty primary HDU and one BINTABLE. Units in TUNIT, UCDs as comments of TTYPE; null integers by
///       TNULL (the column is widened where its type has no free value), null reals as NaN, null texts as blanks; what
///       is not ASCII becomes '?', arrays of varying length are texts. A column with a few long cells among short
///       ones has cells of varying length (P or Q), so that the file stays about as long as what is in it.
std::unique_ptr<TableFormat> table_format(std::string_view name, const TableFacts& facts);

/// The whole file, in memory bounded by a few MiB and the longest row. `showing` may be empty: the rows as they are.
/// Errors  unsupported: no such format; as `rows`; what `out` returned, at once.
Result<void> write_table(std::string_view name, TableStreamReader& rows, const TableFacts& facts,
                         const std::function<Showing(const Table&)>& showing, const TableFormat::Out& out);

/// The one for FITS; of table_format.
std::unique_ptr<TableFormat> fits_table_format(const TableFacts& facts);

}  // namespace skymount::vo
