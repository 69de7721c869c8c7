// SPDX-License-Identifier: MIT
#include "vo/fits/worker/frames_of_sky.h"

#include <erfa.h>

#include <cmath>
#include <numbers>

namespace skymount::vo {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kJ2000 = 2451545.0;

/// FITS 4.0 section 8.3: without RADESYS the equinox tells, without both it is ICRS.
std::string system_of(const HeaderFrame& frame) {
  if (!frame.system.empty()) return frame.system;
  if (frame.equinox == 0) return "ICRS";
  return frame.equinox < 1984 ? "FK4" : "FK5";
}

bool is_equatorial(const HeaderFrame& frame) {
  return frame.longitude == "RA";
}

/// FK5 of J2000 to FK5 of another equinox, IAU 1976 precession.
void precess(double equinox, double& lon, double& lat) {
  double date0 = 0, date1 = 0, matrix[3][3], from[3], to[3];
  eraEpj2jd(equinox, &date0, &date1);
  eraPmat76(date0, date1, matrix);
  eraS2c(lon, lat, from);
  eraRxp(matrix, from, to);
  eraC2s(to, &lon, &lat);
}

}  // namespace

Result<void> is_known_frame(const HeaderFrame& frame) {
  const std::string system = system_of(frame);
  if (frame.longitude == "GLON") return {};
  if (frame.longitude == "ELON" && (frame.equinox == 0 || frame.equinox == 2000)) return {};
  if (is_equatorial(frame)) {
    if (system == "ICRS" || system == "FK5") return {};
    if (system == "FK4" && (frame.equinox == 0 || frame.equinox == 1950)) return {};
  }
  return fail(Code::unsupported, "the image's coordinates (" + frame.longitude + ", " + system +
                                     (frame.equinox == 0 ? "" : ", equinox " + std::to_string(frame.equinox)) +
                                     ") cannot be computed from ICRS here; pixels=X0..X1,Y0..Y1 works");
}

Result<SkyPoint> from_icrs(const SkyPoint& point, const HeaderFrame& frame) {
  if (Result<void> known = is_known_frame(frame); !known) return fail(known.error());
  double lon = point.ra_deg * kDegree, lat = point.dec_deg * kDegree;
  const std::string system = system_of(frame);
  if (frame.longitude == "GLON") {
    eraIcrs2g(lon, lat, &lon, &lat);
  } else if (frame.longitude == "ELON") {
    eraEqec06(kJ2000, 0, lon, lat, &lon, &lat);
  } else if (system != "ICRS") {
    double lon5 = 0, lat5 = 0, motion = 0, motion_dec = 0;
    eraHfk5z(lon, lat, kJ2000, 0, &lon5, &lat5, &motion, &motion_dec);
    lon = lon5;
    lat = lat5;
    if (system == "FK4")
      eraFk54z(lon5, lat5, 1950.0, &lon, &lat, &motion, &motion_dec);
    else if (frame.equinox != 0 && frame.equinox != 2000)
      precess(frame.equinox, lon, lat);
  }
  return SkyPoint{eraAnp(lon) / kDegree, lat / kDegree};
}

double separation(const SkyPoint& a, const SkyPoint& b) {
  return eraSeps(a.ra_deg * kDegree, a.dec_deg * kDegree, b.ra_deg * kDegree, b.dec_deg * kDegree) / kDegree;
}

}  // namespace skymount::vo
