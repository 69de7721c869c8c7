// SPDX-License-Identifier: MIT
//
// s_region in every form that archives were seen to write, and what must not be mistaken for a footprint.
#include "tests/support/random.h"
#include "vo/query/sky.h"
#include "vo/query/sphere.h"

#include <gtest/gtest.h>

#include <random>

namespace skymount::vo {
namespace {

SkyRegion region(std::string_view text, std::string_view xtype = {}) {
  return SkyRegion::parse(text, xtype);
}

TEST(Region, ReadsTheFormsOfRealArchives) {
  // Each holds 10.5,20.5 and not 12,20.5.
  const std::pair<std::string_view, std::string_view> forms[] = {
      {"POLYGON J2000 10 20 11 20 11 21 10 21 10 20", "adql:REGION"},
      {"POLYGON ICRS 10 20 11 20 11 21 10 21", ""},
      {"Polygon ICRS 10.0 20.0 11.0 20.0 11.0 21.0 10.0 21.0", "adql:REGION"},
      {"polygon 10 20 10 21 11 21 11 20", "shape"},
      {"POLYGON ICRS BARYCENTER SPHERICAL2 10 20 11 20 11 21 10 21", ""},
      {"POLYGON UNKNOWNFRAME 10 20 11 20 11 21 10 21", ""},
      {"Polygon FK5 TOPOCENTER 10 20 11 20 11 21 10 21 unit deg", ""},
      {"POLYGON((10 20, 11 20, 11 21, 10 21))", ""},
      {"Polygon ICRS (10,20,11,20,11,21,10,21)", ""},
      {"  polygon\t-350 20\n-349 20 -349 21 370 21 ", ""},
      {"10 20 11 20 11 21 10 21", "polygon"},
      {"10 20 11 20 11 21 10 21", ""},
      {"10,20,11,20,11,21,10,21", ""},
      {"(10 20 11 20 11 21 10 21)", "adql:REGION"},
      {"Circle ICRS 10.5 20.5 0.3", "adql:REGION"},
      {"circle 10.5 20.5 3e-1", "shape"},
      {"10.5 20.5 0.3", "circle"},
      {"10.5 20.5 0.3", ""},
      {"range 10 11 20 21", "shape"},
      {"10 11 20 21", "range"},
      {"10 11 20 21", ""},
      {"BOX ICRS 10.5 20.5 1 1", ""},
      {"ELLIPSE ICRS 10.5 20.5 0.5 0.2 30", ""},
      {"Position ICRS 10.5 20.5", ""},
      {"10.5 20.5", "point"},
      {"Union ICRS ( Polygon 10 20 11 20 11 21 Polygon 10 20 11 21 10 21 )", "adql:REGION"},
      {"union (polygon 10 20 11 20 11 21, polygon 10 20 11 21 10 21)", ""},
      {"UNION ICRS (CIRCLE 200 0 1 UNION (CIRCLE 10.5 20.5 0.1))", ""},
      {"POLYGON ICRS 10 20 11 20 11 21 10 21 POLYGON ICRS 30 20 31 20 31 21 30 21", ""},
  };
  for (const auto& [text, xtype] : forms) {
    EXPECT_TRUE(region(text, xtype).contains({10.5, 20.5})) << text;
    EXPECT_FALSE(region(text, xtype).contains({12, 20.5})) << text;
  }
}

TEST(Region, WhatIsNotUnderstoodInFullIsUnknown) {
  for (std::string_view text : {"",
                                "   ",
                                "NaN NaN NaN",
                                "POLYGON ICRS NaN NaN NaN NaN NaN NaN",
                                "POLYGON 10 20 11 20",
                                "POLYGON 10 20 11 20 11",
                                "POLYGON 1 1 1 1 1 1",
                                "CIRCLE 1 2",
                                "CIRCLE 1 2 -3",
                                "CIRCLE 1 95 3",
                                "CIRCLE 1 2 3 4",
                                "NOT (CIRCLE 1 2 3)",
                                "INTERSECTION (CIRCLE 1 2 3 CIRCLE 1 2 4)",
                                "POLYGON FK4 10 20 11 20 11 21",
                                "CIRCLE ECLIPTIC 1 2 3",
                                "CIRCLE ICRS UNIT rad 1 2 3",
                                "POLYGON ICRS CARTESIAN2 1 2 3 4 5 6",
                                "4/1-3 5/7",
                                "UNION (CIRCLE 1 2 3",
                                "UNION (CIRCLE 1 2 3 BLOB 4)",
                                "CIRCLE 1 2 3 BLOB",
                                "((((",
                                "range 11 10 21 20",
                                "range 10 11 20 99",
                                "1",
                                "1 2 3 4 5",
                                "1 2 3 4 5 6 7",
                                "hello",
                                "null",
                                "[0.1, 0.2]",
                                "CIRCLE inf 2 3",
                                "BOX 1 2 -1 1"}) {
    EXPECT_TRUE(region(text).empty()) << text;
  }
  EXPECT_TRUE(region("1 2 3", "polygon").empty());
  EXPECT_TRUE(region("1 2 3 4", "circle").empty());
}

TEST(Region, GalacticIsConverted) {
  const SkyRegion centre = region("CIRCLE GALACTIC 0 0 0.001");
  EXPECT_TRUE(centre.contains({266.404996, -28.936172}));  // Sgr A's neighbourhood, the origin of the system
  EXPECT_FALSE(centre.contains({0, 0}));
  EXPECT_TRUE(region("CIRCLE GALACTIC 123 90 0.0001").contains({192.859481, 27.128251}));
  EXPECT_TRUE(region("UNION GALACTIC (CIRCLE 0 0 0.001)").contains({266.404996, -28.936172}));
}

TEST(Region, ARangeFollowsItsParallels) {
  for (unsigned seed : test::seeds(50)) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto uniform = [&](double low, double high) {
      return std::uniform_real_distribution<double>(low, high)(random);
    };
    const double west = uniform(0, 360), width = uniform(0.01, 359), low = uniform(-90, 85), high = uniform(low, 90);
    const double east = std::fmod(west + width, 360);
    const SkyRegion range = region("RANGE " + std::to_string(west) + " " + std::to_string(east) + " " +
                                   std::to_string(low) + " " + std::to_string(high));
    ASSERT_FALSE(range.empty());
    for (int i = 0; i < 50; ++i) {
      const SkyPosition p{uniform(0, 360), uniform(-90, 90)};
      const double along = std::fmod(p.ra_deg - west + 360, 360);
      const double margin =
          std::min({std::abs(p.dec_deg - low), std::abs(p.dec_deg - high), std::abs(along - width), along});
      if (margin < 0.01) continue;
      EXPECT_EQ(range.contains(p), along < width && p.dec_deg > low && p.dec_deg < high) << p.canonical();
    }
  }
}

TEST(Region, ARangeRoundTheSkyIsARing) {
  const SkyRegion ring = region("range 0 360 10 20");
  EXPECT_TRUE(ring.contains({0, 15}));
  EXPECT_TRUE(ring.contains({179, 15}));
  EXPECT_FALSE(ring.contains({179, 25}));
  EXPECT_FALSE(ring.contains({179, 90}));
  EXPECT_TRUE(region("range 0 360 80 90").contains({77, 90}));
}

TEST(Region, SurvivesAnythingQuickly) {
  static constexpr std::string_view kWords[] = {"POLYGON", "circle", "UNION", "(",   ")",       "ICRS", "GALACTIC",
                                                "unit",    "deg",    "range", "box", "ellipse", "1",    "-2.5",
                                                "90",      "360",    "1e308", "NaN", ",",       "x"};
  for (unsigned seed : test::seeds(500)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::string text;
    for (unsigned n = random() % 60; n > 0; --n) text += std::string(kWords[random() % std::size(kWords)]) + " ";
    const SkyRegion any = region(text);
    (void)any.contains({10, 20});
    (void)any.meets({{10, 20}, 5});
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "UNION(";
  EXPECT_TRUE(region(deep).empty());
  EXPECT_TRUE(region(std::string(2'000'000, '1')).empty());
}

}  // namespace
}  // namespace skymount::vo
