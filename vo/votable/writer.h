// SPDX-License-Identifier: MIT
//
// Writes a Table as VOTable 1.4 TABLEDATA, or as CSV.
#pragma once

#include "vo/votable/table.h"

#include <string>

namespace skymount::vo {

/// Reads back (read_votable) to an equal table. Infos, params and service descriptors included.
std::string write_votable(const Table& table);
/// RFC 4180 with a header line and \n line ends. Extra columns <col>_iso stand last: for every column that holds an MJD
/// (t_min, t_max, unit d with a time UCD, xtype mjd), the UTC date and time in ISO 8601.
std::string write_csv(const Table& table);

}  // namespace skymount::vo
