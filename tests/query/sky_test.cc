// SPDX-License-Identifier: MIT
//
// Footprints against oracles that work another way: a plane through a gnomonic projection, dense sampling, known
// places.
#include "vo/query/sky.h"

#include "tests/support/random.h"
#include "vo/query/sphere.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace skymount::vo {
namespace {

using sphere::kDegree;
using sphere::Vec;
using test::seeds;

SkyRegion region(std::string_view text, std::string_view xtype = {}) {
  return SkyRegion::parse(text, xtype);
}

class RandomSky {
 public:
  explicit RandomSky(unsigned seed) : random_(seed) {}
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  /// Evenly over the sphere; now and then a place where coordinates misbehave.
  SkyPosition anywhere() {
    switch (random_() % 6) {
      case 0: return {uniform(0, 360), 90 - std::pow(10, uniform(-6, 0))};
      case 1: return {uniform(0, 360), -90 + std::pow(10, uniform(-6, 0))};
      case 2: return {std::fmod(360 + uniform(-1e-3, 1e-3), 360), uniform(-80, 80)};
      default: return {uniform(0, 360), std::asin(uniform(-1, 1)) / kDegree};
    }
  }
  SkyPosition near(const SkyPosition& centre, double most_deg) {
    return sphere::position_of(
        sphere::offset(centre, uniform(0, 2 * std::numbers::pi), most_deg * kDegree * std::sqrt(uniform(0, 1))));
  }
  /// Corners around a centre in order, at any distance up to `size_deg`: star-shaped, mostly not convex.
  SkyPolygon star(const SkyPosition& centre, double size_deg) {
    std::vector<double> angles(3 + random_() % 10);
    for (double& a : angles) a = uniform(0, 2 * std::numbers::pi);
    std::sort(angles.begin(), angles.end());
    SkyPolygon out;
    for (double a : angles) {
      out.vertices.push_back(sphere::position_of(sphere::offset(centre, a, size_deg * kDegree * uniform(0.2, 1))));
    }
    if (random_() % 2 == 0) std::reverse(out.vertices.begin(), out.vertices.end());
    return out;
  }

 private:
  std::mt19937_64 random_;
};

/// Great circles through a hemisphere are straight lines in its gnomonic plane, where even-odd counting is enough.
class GnomonicOracle {
 public:
  GnomonicOracle(const SkyPosition& centre, const SkyPolygon& polygon) : centre_(sphere::vector_of(centre)) {
    const double ra = centre.ra_deg * kDegree;
    east_ = {-std::sin(ra), std::cos(ra), 0};
    north_ = sphere::cross(centre_, east_);
    for (const SkyPosition& v : polygon.vertices) corners_.push_back(project(sphere::vector_of(v)));
  }
  bool contains(const SkyPosition& p) const {
    const Vec v = sphere::vector_of(p);
    if (sphere::dot(v, centre_) <= 0) return false;
    const auto [x, y] = project(v);
    bool inside = false;
    for (std::size_t i = 0, j = corners_.size() - 1; i < corners_.size(); j = i++) {
      const auto& [xi, yi] = corners_[i];
      const auto& [xj, yj] = corners_[j];
      if ((yi > y) != (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi) inside = !inside;
    }
    return inside;
  }

 private:
  std::pair<double, double> project(Vec v) const {
    const double depth = sphere::dot(v, centre_);
    return {sphere::dot(v, east_) / depth, sphere::dot(v, north_) / depth};
  }
  Vec centre_, east_, north_;
  std::vector<std::pair<double, double>> corners_;
};

double distance_to_border(const SkyPosition& p, const SkyPolygon& polygon) {
  double best = 1e9;
  const Vec v = sphere::vector_of(p);
  const std::size_t n = polygon.vertices.size();
  for (std::size_t i = 0; i < n; ++i) {
    const Vec a = sphere::vector_of(polygon.vertices[i]), b = sphere::vector_of(polygon.vertices[(i + 1) % n]);
    constexpr int kSteps = 400;
    for (int k = 0; k <= kSteps; ++k) {  // points along the chord lie, seen from the centre, along the arc
      const double t = static_cast<double>(k) / kSteps;
      const Vec on = (1 - t) * a + t * b;
      best = std::min(best, sphere::angle(v, on) / kDegree);
    }
  }
  return best;
}

TEST(Polygon, ContainsWhatAPlaneSaysItContains) {
  for (unsigned seed : seeds(300)) {
    SCOPED_TRACE(seed);
    RandomSky sky(seed);
    const SkyPosition centre = sky.anywhere();
    const double size = std::pow(10, sky.uniform(-4, 1.88));  // 0.4 arcsec to 76 degrees
    const SkyPolygon polygon = sky.star(centre, size);
    // A star whose corners leave half the circle open does not hold its centre; the plane knows that, too.
    const GnomonicOracle oracle(centre, polygon);
    SkyRegion footprint;
    footprint.shapes.emplace_back(polygon);
    for (int i = 0; i < 60; ++i) {
      const SkyPosition p = i % 3 == 0 ? sky.anywhere() : sky.near(centre, std::min(size * 1.3, 89.0));
      if (distance_to_border(p, polygon) < size * 1e-2) continue;
      ASSERT_EQ(footprint.contains(p), oracle.contains(p)) << p.canonical() << " size " << size;
    }
  }
}

TEST(Polygon, MeetsACircleJustWhenItsBorderIsNearOrItsInsideHoldsTheCentre) {
  for (unsigned seed : seeds(100)) {
    SCOPED_TRACE(seed);
    RandomSky sky(seed);
    const SkyPosition centre = sky.anywhere();
    const double size = std::pow(10, sky.uniform(-3, 1.8));
    const SkyPolygon polygon = sky.star(centre, size);
    SkyRegion footprint;
    footprint.shapes.emplace_back(polygon);
    for (int i = 0; i < 10; ++i) {
      const SkyPosition p = sky.near(centre, std::min(size * 3, 170.0));
      if (footprint.contains(p)) {
        EXPECT_TRUE(footprint.meets({p, 0}));
        continue;
      }
      const double away = distance_to_border(p, polygon);  // sampled: a little too large
      EXPECT_TRUE(footprint.meets({p, away * 1.0001}));
      EXPECT_FALSE(footprint.meets({p, away * 0.97 - size * 0.005}) && away > size * 0.01) << away;
    }
  }
}

TEST(Polygon, AnOctantIsAnOctant) {
  const SkyRegion octant = region("POLYGON ICRS 0 0 90 0 0 90");
  const SkyRegion other_way = region("POLYGON ICRS 0 90 90 0 0 0");
  RandomSky sky(1);
  for (int i = 0; i < 2000; ++i) {
    const SkyPosition p = sky.anywhere();
    const Vec v = sphere::vector_of(p);
    if (std::min({std::abs(v.x), std::abs(v.y), std::abs(v.z)}) < 1e-7) continue;
    EXPECT_EQ(octant.contains(p), v.x > 0 && v.y > 0 && v.z > 0) << p.canonical();
    EXPECT_EQ(other_way.contains(p), octant.contains(p)) << p.canonical();
  }
}

TEST(Polygon, AlmostAHemisphereHoldsItsPole) {
  const SkyRegion cap = region("POLYGON 0 1 60 1 120 1 180 1 240 1 300 1");
  EXPECT_TRUE(cap.contains({12, 90}));
  EXPECT_TRUE(cap.contains({200, 5}));
  EXPECT_FALSE(cap.contains({200, -5}));
  EXPECT_FALSE(cap.contains({0, -90}));
}

TEST(Polygon, ABandThatFitsNoHemisphereIsStillItself) {
  std::string band = "POLYGON";
  for (int ra = 0; ra <= 270; ra += 10) band += " " + std::to_string(ra) + " -5";
  for (int ra = 270; ra >= 0; ra -= 10) band += " " + std::to_string(ra) + " 5";
  const SkyRegion footprint = region(band);
  EXPECT_TRUE(footprint.contains({1, 0}));
  EXPECT_TRUE(footprint.contains({181, 1}));
  EXPECT_TRUE(footprint.contains({269, -4}));
  EXPECT_FALSE(footprint.contains({315, 0}));
  EXPECT_FALSE(footprint.contains({100, 20}));
  EXPECT_FALSE(footprint.contains({100, -89}));
}

TEST(Polygon, TheCentreOfASquareIsInsideThoughADiagonalCrossesIt) {
  for (double dec : {-89.0, -45.0, 0.0, 48.14, 89.0}) {
    for (double ra : {0.0, 156.0, 359.5}) {
      std::string text = "POLYGON";
      for (auto [x, y] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}) {
        text += " " + std::to_string(ra + 0.5 * x) + " " + std::to_string(dec + 0.5 * y);
      }
      EXPECT_TRUE(region(text).contains({ra, dec})) << text;
      EXPECT_FALSE(region(text).contains({ra, dec - 1.5 * (dec > 0 ? 1 : -1)})) << text;
    }
  }
}

TEST(Polygon, ItsCornersAndEdgesBelongToIt) {
  const SkyRegion square = region("POLYGON 10 10 20 10 20 20 10 20");
  EXPECT_TRUE(square.contains({10, 10}));
  EXPECT_TRUE(square.contains({10, 15}));
  EXPECT_TRUE(square.contains({20, 20}));
  EXPECT_FALSE(square.contains({9.9999, 15}));
}

TEST(Polygon, BothLobesOfACrossedOutlineCount) {
  const SkyRegion bow_tie = region("POLYGON 0 0 10 10 10 0 0 10");
  EXPECT_TRUE(bow_tie.contains({1, 5}));
  EXPECT_TRUE(bow_tie.contains({9, 5}));
  EXPECT_FALSE(bow_tie.contains({5, 1}));
}

TEST(Circle, IsMeasuredAlongTheSky) {
  const SkyRegion circle = region("CIRCLE ICRS 359.9 89.9 0.5");
  EXPECT_TRUE(circle.contains({180, 89.8}));
  EXPECT_FALSE(circle.contains({180, 89.5}));
  EXPECT_TRUE(circle.meets({{180, 89.5}, 0.2}));
  EXPECT_TRUE(region("circle 0 0 1").contains({359.5, 0.5}));
}

TEST(Separation, IsAccurateForSmallAndLargeAngles) {
  EXPECT_NEAR(separation_deg({10, 20}, {10, 20 + 1e-7}), 1e-7, 1e-14);
  EXPECT_NEAR(separation_deg({0, 0}, {180, 0}), 180, 1e-12);
  EXPECT_NEAR(separation_deg({0, 0}, {180, 1e-6}), 180 - 1e-6, 1e-12);
  EXPECT_NEAR(separation_deg({0, 60}, {180, 60}), 60, 1e-12);
  EXPECT_EQ(separation_deg({123, -45}, {123, -45}), 0);
}

TEST(BoundingBox, HoldsTheCircleTightly) {
  for (unsigned seed : seeds(300)) {
    SCOPED_TRACE(seed);
    RandomSky sky(seed);
    const SkyCircle circle{sky.anywhere(), std::pow(10, sky.uniform(-5, 1.9))};
    const SkyBox box = bounding_box(circle);
    double west_gap = 360, east_gap = 360;
    for (int i = 0; i < 720; ++i) {
      const SkyPosition p =
          sphere::position_of(sphere::offset(circle.centre, i * kDegree / 2, circle.radius_deg * kDegree));
      EXPECT_GE(p.dec_deg, box.dec_min - 1e-9);
      EXPECT_LE(p.dec_deg, box.dec_max + 1e-9);
      if (box.ra_min == 0 && box.ra_max == 360) continue;
      const auto ahead = [](double from, double to) { return std::fmod(to - from + 720, 360); };
      const double width = ahead(box.ra_min, box.ra_max);
      EXPECT_LE(ahead(box.ra_min - 1e-9, p.ra_deg), width + 2e-9) << p.canonical();
      west_gap = std::min(west_gap, ahead(box.ra_min - 1e-9, p.ra_deg));
      east_gap = std::min(east_gap, ahead(p.ra_deg, box.ra_max + 1e-9));
      if (i == 719) {
        EXPECT_LT(west_gap, width * 0.01 + 2e-9);
        EXPECT_LT(east_gap, width * 0.01 + 2e-9);
      }
    }
  }
}

TEST(BoundingBox, WrapsAndOpensAtThePole) {
  const SkyBox wrap = bounding_box({{0.5, 0}, 1});
  EXPECT_NEAR(wrap.ra_min, 359.5, 1e-9);
  EXPECT_NEAR(wrap.ra_max, 1.5, 1e-9);
  const SkyBox pole = bounding_box({{77, 89.5}, 1});
  EXPECT_EQ(pole.ra_min, 0);
  EXPECT_EQ(pole.ra_max, 360);
  EXPECT_EQ(pole.dec_max, 90);
}

TEST(Angle, ReadsUnits) {
  EXPECT_EQ(parse_angle("0.5").value(), 0.5);
  EXPECT_EQ(parse_angle("3 deg").value(), 3);
  EXPECT_EQ(parse_angle("30arcmin").value(), 0.5);
  EXPECT_EQ(parse_angle("18arcsec").value(), 0.005);
  EXPECT_EQ(parse_angle("5e-1").value(), 0.5);
  EXPECT_EQ(parse_angle("0").value(), 0);
  for (std::string_view text : {"", "deg", "-1", "1 parsec", "1arcmin2", "nan", "inf", "181", "10801arcmin"}) {
    EXPECT_FALSE(parse_angle(text)) << text;
  }
}

}  // namespace
}  // namespace skymount::vo
