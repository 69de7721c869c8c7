// SPDX-License-Identifier: MIT
#include "vo/query/sphere.h"

#include <algorithm>
#include <tuple>

namespace skymount::vo::sphere {
namespace {

bool before(Vec a, Vec b) {
  return std::tie(a.x, a.y, a.z) < std::tie(b.x, b.y, b.z);
}

// Which side of the great circle a -> b the point is on: +1 left, -1 right. Exactly on it is decided by the order of a
// and b, so that two triangles with a common edge always disagree about it and a point on a diagonal is counted exactly
// once (the centre of a square footprint is such a point).
int side_of(Vec a, Vec b, Vec p) {
  if (before(b, a)) return -side_of(b, a, p);
  return dot(arc_normal(a, b), p) >= 0 ? 1 : -1;
}

// Signed area of a spherical triangle, by its solid angle (Van Oosterom and Strackee 1983).
double signed_area(Vec a, Vec b, Vec c) {
  const double triple = dot(arc_normal(a, b), c);
  return 2 * std::atan2(triple, 1 + dot(a, b) + dot(b, c) + dot(c, a));
}

}  // namespace

SkyPosition position_of(Vec v) {
  double ra = std::atan2(v.y, v.x) / kDegree;
  if (ra < 0) ra += 360;
  if (ra >= 360) ra = 0;
  return {ra, std::atan2(v.z, std::hypot(v.x, v.y)) / kDegree};
}

Vec offset(const SkyPosition& from, double pa, double distance) {
  const double ra = from.ra_deg * kDegree, dec = from.dec_deg * kDegree;
  const Vec north{-std::sin(dec) * std::cos(ra), -std::sin(dec) * std::sin(ra), std::cos(dec)};
  const Vec east{-std::sin(ra), std::cos(ra), 0};
  const Vec towards = std::cos(pa) * north + std::sin(pa) * east;
  return std::cos(distance) * vector_of(from) + std::sin(distance) * towards;
}

double distance_to_arc(Vec p, Vec a, Vec b) {
  const double to_ends = std::min(angle(p, a), angle(p, b));
  const Vec normal = arc_normal(a, b);
  const double length = norm(normal);
  if (length == 0) return to_ends;
  const bool abeam = dot(cross(normal, a), p) > 0 && dot(cross(normal, b), p) < 0;
  if (!abeam) return to_ends;
  return std::min(to_ends, std::asin(std::min(1.0, std::abs(dot(normal, p)) / length)));
}

// The polygon is a fan of triangles from its first vertex. How often the fan covers p, counted with its sign, is one
// number on one side of the outline and another on the other; the total signed area tells which of them is the larger
// side. This needs no hemisphere, no winding and no convexity.
bool inside_polygon(Vec p, const std::vector<Vec>& vertices) {
  if (vertices.size() < 3) return false;
  const Vec apex = vertices.front();
  double area = 0;
  int covered = 0;
  for (std::size_t i = 1; i + 1 < vertices.size(); ++i) {
    const Vec b = vertices[i], c = vertices[i + 1];
    const double triple = dot(arc_normal(apex, b), c);
    if (triple == 0) continue;
    area += signed_area(apex, b, c);
    const int turn = triple > 0 ? 1 : -1;
    if (side_of(apex, b, p) == turn && side_of(b, c, p) == turn && side_of(c, apex, p) == turn) covered += turn;
  }
  return covered != static_cast<int>(std::lround(area / (4 * std::numbers::pi)));
}

}  // namespace skymount::vo::sphere
