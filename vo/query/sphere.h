// SPDX-License-Identifier: MIT
//
// Unit vectors: the geometry of sky.cc without the edges of RA and Dec, where poles and the wrap at 0 are ordinary
// places. Angles are radians here.
#pragma once

#include "vo/query/sky.h"

#include <cmath>
#include <numbers>

namespace skymount::vo::sphere {

inline constexpr double kDegree = std::numbers::pi / 180;

struct Vec {
  double x = 0, y = 0, z = 0;
  friend Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vec operator*(double k, Vec a) { return {k * a.x, k * a.y, k * a.z}; }
};

inline double dot(Vec a, Vec b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline Vec cross(Vec a, Vec b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double norm(Vec a) {
  return std::sqrt(dot(a, a));
}
/// Accurate for tiny and for nearly opposite directions, unlike acos of the dot product.
inline double angle(Vec a, Vec b) {
  return std::atan2(norm(cross(a, b)), dot(a, b));
}

inline Vec vector_of(const SkyPosition& p) {
  const double ra = p.ra_deg * kDegree, dec = p.dec_deg * kDegree;
  return {std::cos(dec) * std::cos(ra), std::cos(dec) * std::sin(ra), std::sin(dec)};
}
SkyPosition position_of(Vec v);
/// The direction at `distance` from `from`, towards position angle `pa` (north through east).
Vec offset(const SkyPosition& from, double pa, double distance);

/// A normal of the great circle through a and b, pointing to the left of the way from a to b; not of unit length. The
/// sum and difference keep the digits that a plain cross product of near neighbours loses.
inline Vec arc_normal(Vec a, Vec b) {
  return 0.5 * cross(a - b, a + b);
}

/// From p to the nearest point of the shorter arc between a and b.
double distance_to_arc(Vec p, Vec a, Vec b);

/// Whether p is within the polygon's smaller side; points on its border may go either way.
bool inside_polygon(Vec p, const std::vector<Vec>& vertices);

}  // namespace skymount::vo::sphere
