// SPDX-License-Identifier: MIT
//
// The gnomonic projection in closed form, written for the demo alone: what the demo claims about a pixel must not come
// from the code (or the library) that is tested against it.
#pragma once

#include <array>
#include <optional>

namespace skymount::demo {

/// A direction, ICRS, degrees.
struct Sky {
  double ra = 0, dec = 0;
};

/// A place on an image; the centre of the first pixel is (1, 1).
struct Pixel {
  double x = 0, y = 0;
};

/// Degrees between two directions.
double separation(Sky a, Sky b);
/// The direction `distance` degrees from `from`, `angle` degrees from north through east.
Sky offset(Sky from, double distance, double angle);
/// RA in [0, 360).
double wrapped_ra(double ra);

/// A linear tangent-plane WCS: CTYPE RA---TAN, DEC--TAN (FITS 4.0 section 8; Calabretta and Greisen 2002,
/// section 5.1.3).
struct Tan {
  Sky crval;
  Pixel crpix;
  std::array<double, 4> cd{};  ///< CD1_1 CD1_2 CD2_1 CD2_2, degrees per pixel

  /// North up, east left, `scale` degrees a pixel, turned by `rotation` degrees, tangent in the middle of the image.
  static Tan centred(Sky centre, int nx, int ny, double scale, double rotation = 0);
  /// None: on the far side of the sky.
  std::optional<Pixel> pixel_of(Sky sky) const;
  Sky sky_of(Pixel pixel) const;
};

}  // namespace skymount::demo
