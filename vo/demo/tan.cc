// SPDX-License-Identifier: MIT
//
// Spherical trigonometry of the tangent plane.
#include "vo/demo/tan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace skymount::demo {
namespace {

constexpr double kDeg = std::numbers::pi / 180;

}  // namespace

double wrapped_ra(double ra) {
  ra = std::fmod(ra, 360.0);
  return ra < 0 ? ra + 360.0 : ra;
}

double separation(Sky a, Sky b) {
  // Haversine: exact for small angles, where the cosine formula loses all digits.
  const double s_dec = std::sin((b.dec - a.dec) * kDeg / 2), s_ra = std::sin((b.ra - a.ra) * kDeg / 2);
  const double h = s_dec * s_dec + std::cos(a.dec * kDeg) * std::cos(b.dec * kDeg) * s_ra * s_ra;
  return 2 * std::asin(std::min(1.0, std::sqrt(h))) / kDeg;
}

Sky offset(Sky from, double distance, double angle) {
  const double d = distance * kDeg, t = angle * kDeg, dec = from.dec * kDeg;
  const double sin_dec = std::sin(dec) * std::cos(d) + std::cos(dec) * std::sin(d) * std::cos(t);
  const double y = std::sin(t) * std::sin(d) * std::cos(dec);
  const double x = std::cos(d) - std::sin(dec) * sin_dec;
  return {wrapped_ra(from.ra + std::atan2(y, x) / kDeg), std::asin(std::clamp(sin_dec, -1.0, 1.0)) / kDeg};
}

Tan Tan::centred(Sky centre, int nx, int ny, double scale, double rotation) {
  const double c = std::cos(rotation * kDeg) * scale, s = std::sin(rotation * kDeg) * scale;
  return {centre, {(nx + 1) / 2.0, (ny + 1) / 2.0}, {-c, s, s, c}};
}

std::optional<Pixel> Tan::pixel_of(Sky sky) const {
  const double dec = sky.dec * kDeg, dec0 = crval.dec * kDeg, dra = (sky.ra - crval.ra) * kDeg;
  const double depth = std::sin(dec) * std::sin(dec0) + std::cos(dec) * std::cos(dec0) * std::cos(dra);
  if (depth < 1e-6) return std::nullopt;
  const double xi = std::cos(dec) * std::sin(dra) / depth / kDeg;
  const double eta = (std::sin(dec) * std::cos(dec0) - std::cos(dec) * std::sin(dec0) * std::cos(dra)) / depth / kDeg;
  const double det = cd[0] * cd[3] - cd[1] * cd[2];
  return Pixel{crpix.x + (cd[3] * xi - cd[1] * eta) / det, crpix.y + (cd[0] * eta - cd[2] * xi) / det};
}

Sky Tan::sky_of(Pixel pixel) const {
  const double dx = pixel.x - crpix.x, dy = pixel.y - crpix.y;
  const double xi = (cd[0] * dx + cd[1] * dy) * kDeg, eta = (cd[2] * dx + cd[3] * dy) * kDeg;
  const double dec0 = crval.dec * kDeg;
  const double down = std::cos(dec0) - eta * std::sin(dec0);
  const double ra = crval.ra + std::atan2(xi, down) / kDeg;
  const double dec = std::atan2(std::sin(dec0) + eta * std::cos(dec0), std::hypot(xi, down)) / kDeg;
  return {wrapped_ra(ra), dec};
}

}  // namespace skymount::demo
