// SPDX-License-Identifier: MIT
//
// Regions on the sky as TAP services write them in s_region, and the two questions that ADQL asks about them.
// Polygons are smaller than a hemisphere and inside is the smaller side, whatever the order of the vertices: real
// archives get the winding wrong.
#pragma once

#include "vo/demo/tan.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::demo {

struct Shape {
  enum class Kind { point, circle, polygon } kind = Kind::point;
  std::vector<Sky> at;  ///< the point; the centre; the vertices
  double radius = 0;    ///< degrees
};

/// A union of shapes.
using Footprint = std::vector<Shape>;

/// Reads "Polygon ICRS 1 2 3 4 5 6", "CIRCLE 1 2 0.5", "Position ICRS 1 2", "Box ICRS 1 2 3 4", "Union ICRS ( ... )",
/// in any case, with or without a frame. None: it is something else.
std::optional<Footprint> parse_footprint(std::string_view text);

/// Is all of `inner` inside `outer`?
bool contains(const Footprint& outer, const Footprint& inner);
bool intersects(const Footprint& a, const Footprint& b);

}  // namespace skymount::demo
