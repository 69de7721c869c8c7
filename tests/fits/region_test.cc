// SPDX-License-Identifier: MIT
//
// Where a circle on the sky lies on maps of all the sky: the rectangle of all pixels that are in it, told by the maps'
// own formulas (FITS WCS paper II), pixel by pixel, without wcslib.
#include "vo/fits/worker/region.h"
#include "tests/fits/fits_files.h"
#include "vo/fits/worker/frames_of_sky.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace skymount::vo {
namespace {

constexpr double kDegree = std::numbers::pi / 180;

struct Map {
  const char* projection = "";
  bool galactic = false;
  long nx = 0, ny = 0;
  double scale = 0;      // degrees a pixel; longitudes grow to the left
  double longitude = 0;  // of the middle
};

/// Native longitude and latitude of a place on the map, in degrees; nothing where there is no sky.
std::optional<SkyPoint> native(const std::string& projection, double x, double y) {
  double phi = x, theta = y;
  if (projection == "SFL") {
    phi = x / std::cos(y * kDegree);
  } else if (projection == "MOL") {
    const double s = y * kDegree / std::numbers::sqrt2;
    if (std::abs(s) > 1) return std::nullopt;
    const double gamma = std::asin(s);
    theta = std::asin((2 * gamma + std::sin(2 * gamma)) / std::numbers::pi) / kDegree;
    phi = x * std::numbers::pi / (2 * std::numbers::sqrt2 * std::cos(gamma));
  } else if (projection == "AIT") {
    const double a = x * kDegree / 4, b = y * kDegree / 2;
    const double z2 = 1 - a * a - b * b;
    if (z2 < 0.5) return std::nullopt;
    const double z = std::sqrt(z2);
    phi = 2 * std::atan2(2 * z * a, 2 * z2 - 1) / kDegree;
    theta = std::asin(2 * b * z) / kDegree;
  }
  if (!(std::abs(phi) <= 180) || !(std::abs(theta) <= 90)) return std::nullopt;
  return SkyPoint{phi, theta};
}

/// As vo/local_cut makes it of circle=RA,DEC,RADIUS.
RegionJob circle_job(const Map& map, const SkyPoint& centre, double radius) {
  RegionJob job;
  const auto number = [](double v) { return std::to_string(v); };
  const std::string lon = map.galactic ? "GLON-" : "RA---", lat = map.galactic ? "GLAT-" : "DEC--";
  job.cards = test::image_header(test::kPrimary, 8, {map.nx, map.ny},
                                 {"CTYPE1  = '" + lon + map.projection + "'",
                                  "CTYPE2  = '" + lat + map.projection + "'", "CRVAL1  = " + number(map.longitude),
                                  "CRVAL2  = 0.0", "CRPIX1  = " + number(static_cast<double>(map.nx + 1) / 2),
                                  "CRPIX2  = " + number(static_cast<double>(map.ny + 1) / 2),
                                  "CDELT1  = " + number(-map.scale), "CDELT2  = " + number(map.scale)});
  job.centre = centre;
  job.reach_deg = radius;
  job.outline.push_back(centre);
  for (const double part : {0.25, 0.5, 0.75, 1.0}) {
    for (int i = 0; i < 400; ++i) {
      const double d = radius * part * kDegree, a = 2 * std::numbers::pi * i / 400, dec = centre.dec_deg * kDegree;
      const double north = std::cos(d) * std::sin(dec) + std::sin(d) * std::cos(dec) * std::cos(a);
      const double along = std::cos(d) * std::cos(dec) - std::sin(d) * std::sin(dec) * std::cos(a);
      const double east = std::sin(d) * std::sin(a);
      job.outline.push_back({std::fmod(centre.ra_deg + std::atan2(east, along) / kDegree + 720, 360),
                             std::atan2(north, std::hypot(along, east)) / kDegree});
    }
  }
  return job;
}

struct Box {
  double low[2] = {HUGE_VAL, HUGE_VAL}, high[2] = {-HUGE_VAL, -HUGE_VAL};
  void add(double x, double y) {
    low[0] = std::min(low[0], x), high[0] = std::max(high[0], x);
    low[1] = std::min(low[1], y), high[1] = std::max(high[1], y);
  }
};

/// Of all pixels whose centres are in the circle.
Box pixels_in(const Map& map, const SkyPoint& centre, double radius) {
  const SkyPoint there = *from_icrs(centre, {map.galactic ? "GLON" : "RA", "ICRS", 0});
  Box box;
  for (long y = 1; y <= map.ny; ++y) {
    for (long x = 1; x <= map.nx; ++x) {
      const auto at =
          native(map.projection, -map.scale * (static_cast<double>(x) - static_cast<double>(map.nx + 1) / 2),
                 map.scale * (static_cast<double>(y) - static_cast<double>(map.ny + 1) / 2));
      if (at && std::abs(at->dec_deg - there.dec_deg) <= radius &&
          separation({at->ra_deg + map.longitude, at->dec_deg}, there) <= radius)
        box.add(static_cast<double>(x), static_cast<double>(y));
    }
  }
  return box;
}

struct Case {
  double ra, dec, radius;
};
constexpr Case kCases[] = {{359.5, -89, 10},   {0, 89.5, 2},        {10, 89.9, 0.3},     {180, 0, 40},
                           {180, 0, 2},        {179.9, 45, 10},     {351.36, -8.36, 40}, {65.55, 66.14, 40},
                           {180, 60, 31},      {51.58, -85.72, 40}, {266.4, -29, 1},     {86, 10, 5},
                           {192.86, 27.13, 3}, {86.4, -28.94, 8},   {12.9, -27.1, 20}};

TEST(Region, EveryPixelOfACircleIsTakenAlsoAtThePolesAndTheSeamsOfAllSkyMaps) {
  for (const Map& map : {Map{"CAR", false, 720, 360, 0.5, 0}, Map{"CAR", true, 720, 360, 0.5, 123},
                         Map{"MOL", false, 660, 330, 0.5, 0}, Map{"AIT", false, 660, 330, 0.5, 266},
                         Map{"SFL", false, 720, 360, 0.5, 0}, Map{"MOL", true, 1320, 664, 0.25, 0}}) {
    for (const Case& it : kCases) {
      SCOPED_TRACE(std::string(map.projection) + (map.galactic ? " galactic " : " ") + std::to_string(map.nx) + " at " +
                   std::to_string(it.ra) + "," + std::to_string(it.dec) + "," + std::to_string(it.radius));
      const Box need = pixels_in(map, {it.ra, it.dec}, it.radius);
      const Result<RegionAnswer> answer = find_region(circle_job(map, {it.ra, it.dec}, it.radius));
      ASSERT_TRUE(answer) << answer.error().what();
      ASSERT_EQ(answer->size(), 2U);
      for (std::size_t axis = 0; axis < 2; ++axis) {
        if (need.low[axis] > need.high[axis]) continue;  // between the centres of pixels
        const double length = static_cast<double>(axis == 0 ? map.nx : map.ny);
        const double low = std::max(1.0, (*answer)[axis].low), high = std::min(length, (*answer)[axis].high);
        EXPECT_LE(low, need.low[axis]) << "axis " << axis + 1;
        EXPECT_GE(high, need.high[axis]) << "axis " << axis + 1;
        if (it.radius < 2) continue;  // some pixels, touched but with their centres outside
        EXPECT_GE(low, need.low[axis] - 20) << "too much along axis " << axis + 1;
        EXPECT_LE(high, need.high[axis] + 20) << "too much along axis " << axis + 1;
      }
    }
  }
}

TEST(Region, ACylinderThatIsUnrolledFurtherThanHalfATurnShowsItsSkyThere) {
  const Map map{"CAR", false, 300, 200, 1.2, 123};
  RegionJob job = circle_job(map, {266, -29}, 5);
  const std::size_t at = job.cards.find("CRPIX1  = ");
  job.cards.replace(at, 80, test::card("CRPIX1  = 100.0"));  // the image ends at a longitude of -240 degrees from there
  const Result<RegionAnswer> answer = find_region(job);
  ASSERT_TRUE(answer) << answer.error().what();
  const double middle = 100 + (360 + 123 - 266) / 1.2;
  EXPECT_LT((*answer)[0].low, middle - 4);
  EXPECT_GT((*answer)[0].high, middle + 4);
}

}  // namespace
}  // namespace skymount::vo
