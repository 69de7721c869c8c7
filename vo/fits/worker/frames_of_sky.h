// SPDX-License-Identifier: MIT
//
// Positions in the frame that a FITS header is written in: archives still hold plates in B1950 and maps in galactic
// coordinates, people ask in ICRS.
#pragma once

#include "cache/base/result.h"
#include "vo/fits/wall/protocol.h"

#include <string>
#include <string_view>
#include <utility>

namespace skymount::vo {

/// How the header says what its longitudes and latitudes are.
struct HeaderFrame {
  std::string longitude;  ///< "RA", "GLON", "ELON": the beginning of CTYPE
  std::string system;     ///< RADESYS; may be empty
  double equinox = 0;     ///< years; 0: not said
};

/// From ICRS, degrees in and out. Errors  unsupported: a frame that is not known here.
Result<SkyPoint> from_icrs(const SkyPoint& point, const HeaderFrame& frame);
/// Whether from_icrs() will work, once for all points.
Result<void> is_known_frame(const HeaderFrame& frame);
/// Degrees between two directions of one frame.
double separation(const SkyPoint& a, const SkyPoint& b);

}  // namespace skymount::vo
