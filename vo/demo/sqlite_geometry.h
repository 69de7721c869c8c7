// SPDX-License-Identifier: MIT
//
// ADQL's geometry as SQLite functions over region texts.
#pragma once

#include "vo/demo/archive.h"

struct sqlite3;

namespace skymount::demo {

/// Defines POINT, CIRCLE, BOX, POLYGON, CONTAINS, INTERSECTS, DISTANCE, COORD1, COORD2 as far as `geometry` has them.
void define_geometry(sqlite3* db, Geometry geometry);

}  // namespace skymount::demo
