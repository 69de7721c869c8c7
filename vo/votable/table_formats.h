// SPDX-License-Identifier: MIT
//
// A table that comes in pieces, written as CSV, TSV, VOTable, or a FITS binary table. What is written depends on the
// rows alone, so that the same answer always makes the same file.
#pragma once

#include "vo/votable/table_stream.h"
#include "vo/votable/writer.h"

#include <memory>

namespace skymount::vo {

/// Not thread-safe. head(), then each piece, then tail().
class TableFormat {
 public:
  virtual ~TableFormat() = default;
  /// `first`: a piece, for its metadata.
  virtual std::string head(const Table& first) = 0;
  /// `showing` may be null.
  virtual std::string piece(const Table& rows, const Showing* showing) = 0;
  virtual std::string tail() = 0;
};

/// "csv", "tsv", "vot" or "fits"; null for anything else.
/// csv   as write_csv. tsv: the same columns without the dates; tabs and line ends in values become blanks.
/// vot   as write_votable; an integer column whose values are beyond its type is declared as one that holds them.
/// fits  FITS 4.0: an empty primary HDU and one BINTABLE. Units in TUNIT, UCDs as comments of TTYPE; null integers by
///       TNULL (the column is widened where its type has no free value), null reals as NaN, null texts as blanks; what
///       is not ASCII becomes '?', arrays of varying length are texts.
std::unique_ptr<TableFormat> table_format(std::string_view name, const TableFacts& facts);

/// The one for FITS; of table_format.
std::unique_ptr<TableFormat> fits_table_format(const TableFacts& facts);

}  // namespace skymount::vo
