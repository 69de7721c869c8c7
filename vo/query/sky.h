// SPDX-License-Identifier: MIT
//
// Directions and footprints on the sky, in degrees ICRS: parsing what people type and what archives write into s_region, and
// asking whether a footprint contains a point or meets a circle.
#pragma once

#include "cache/base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skymount::vo {

/// A direction on the sky, ICRS.
/// Units   degrees: ra in [0, 360), dec in [-90, +90].
struct SkyPosition {
  double ra_deg = 0;
  double dec_deg = 0;

  /// Reads "156.01,48.14", "10:24:02.7,+48:08:51", "10h24m02.7s,+48d08m51s". RA wraps: -10 is 350. A declination past a
  /// pole does not wrap, because in practice it is a swapped pair.
  /// Errors  invalid: not two finite numbers, or |dec| > 90. The message shows the text and the likely intent.
  static Result<SkyPosition> parse(std::string_view text);
  /// The shortest text that reads back to the same doubles: equal positions share one cache key.
  std::string canonical() const;
  friend bool operator==(const SkyPosition&, const SkyPosition&) = default;
};

/// Great-circle distance in degrees; accurate for small and for large angles.
double separation_deg(const SkyPosition& a, const SkyPosition& b);

/// Reads "0.5", "0.5deg", "0.5 deg", "30arcmin", "20arcsec" into degrees.
/// Errors  invalid: not a number, unknown unit, negative, over 180.
Result<double> parse_angle(std::string_view text);

struct SkyCircle {
  SkyPosition centre;
  double radius_deg = 0;
  friend bool operator==(const SkyCircle&, const SkyCircle&) = default;
};
/// Vertices joined by great circles, implicitly closed. Winding is not trusted: the smaller side is meant.
struct SkyPolygon {
  std::vector<SkyPosition> vertices;
  friend bool operator==(const SkyPolygon&, const SkyPolygon&) = default;
};

/// A footprint: a union of simple shapes. Empty means unknown.
struct SkyRegion {
  std::vector<std::variant<SkyCircle, SkyPolygon>> shapes;

  /// STC-S and DALI text, or numbers only with an xtype ("circle", "polygon", "point", ""); see protocol notes section 8.
  /// GALACTIC is converted. Anything not understood, NaN or NOT/INTERSECTION gives an empty region.
  static SkyRegion parse(std::string_view text, std::string_view xtype = {});
  bool empty() const { return shapes.empty(); }
  bool contains(const SkyPosition& point) const;
  /// Whether any part of the region lies within `circle`.
  bool meets(const SkyCircle& circle) const;
};

/// The bounding box of a circle for archives without geometry functions. RA may wrap: then ra_min > ra_max; over a pole
/// it is the full [0, 360].
struct SkyBox {
  double ra_min, ra_max, dec_min, dec_max;
};
SkyBox bounding_box(const SkyCircle& circle);

}  // namespace skymount::vo
