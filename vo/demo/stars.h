// SPDX-License-Identifier: MIT
//
// The demo's sky: stars at fixed places, the same in every exposure, computed from a hash of the place instead of being
// kept in a catalogue. A few have names, so that a test can say where one must be seen.
#pragma once

#include "vo/demo/tan.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace skymount::demo {

struct Star {
  Sky sky;
  double peak = 0;  ///< counts above the background in its brightest point
};

/// Stars with chosen positions: the middle of the demo field, RA 0, the pole, the Orion nebula.
const std::vector<Star>& landmark_stars();

/// All stars no farther than `radius` degrees, landmarks first; the others in an order that never changes.
std::vector<Star> stars_around(Sky centre, double radius);

/// A well-mixed 64 bit hash; the demo's only source of randomness.
std::uint64_t mixed(std::uint64_t value);
/// The same for a text, the same on every machine.
std::uint64_t mixed(std::string_view text);

}  // namespace skymount::demo
