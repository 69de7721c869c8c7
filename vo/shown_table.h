// SPDX-License-Identifier: MIT
//
// A listing's table as people and programs see it in results.vot, results.csv and dataset.json: the rows as they came,
// but for what gives access. The table itself keeps it, since files are fetched with it.
#pragma once

#include "vo/votable/writer.h"

namespace skymount::vo {

/// For the writers: user names before hosts, signatures and tokens are blanked in texts; in a column whose name says
/// that it holds a credential, every text is. An IVOA identifier (ivo:) gives access to nothing and is left as it is:
/// people ask with it.
Showing showing_of(const Table& table);

}  // namespace skymount::vo
