// SPDX-License-Identifier: MIT
//
// Writes a Table as VOTable 1.4 TABLEDATA, or as CSV.
#pragma once

#include "vo/votable/table.h"

#include <functional>
#include <string>

namespace skymount::vo {

/// How a table is written where not all of it may be seen.
struct Showing {
  TableMeta meta;                 ///< in the place of the table's; the same columns
  std::function<void(Row&)> row;  ///< called with each row before it is written
};

/// Reads back (read_votable) to an equal table. Infos, params and service descriptors included. `showing` may be null:
/// the table as it is.
std::string write_votable(const Table& table, const Showing* showing = nullptr);
/// RFC 4180 with a header line and \n line ends. Extra columns <col>_iso stand last: for every column that holds an MJD
/// for certain (t_min and t_max; xtype mjd; unit d, a UCD of time and a name or utype with "mjd"), the UTC date and
/// time in ISO 8601.
std::string write_csv(const Table& table, const Showing* showing = nullptr);

}  // namespace skymount::vo
