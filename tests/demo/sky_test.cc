// SPDX-License-Identifier: MIT
//
// The oracle is honest: stars are where the headers say, files have the size that FITS wants, and nothing changes
// between two starts.
#include "vo/demo/archive.h"
#include "vo/demo/footprint.h"
#include "vo/demo/sky_model.h"

#include "tests/demo/fits_view.h"
#include "tests/support/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace skymount::demo {
namespace {

using test::FitsView;

const SkyModel& sky() {
  static const SkyModel model;
  return model;
}

std::string bytes_of(const SkyModel& model, const std::string& path) {
  const DataFile* file = model.file(path);
  if (file == nullptr) return {};
  std::string bytes(file->layout->size(), '\0');
  file->layout->read(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

/// The brightest pixel near a place, 1-based.
std::array<int, 2> peak_near(const FitsView& fits, std::string_view file, std::array<double, 2> at) {
  std::array<int, 2> best{};
  double most = -1e9;
  for (int y = static_cast<int>(at[1]) - 4; y <= static_cast<int>(at[1]) + 5; ++y) {
    for (int x = static_cast<int>(at[0]) - 4; x <= static_cast<int>(at[0]) + 5; ++x) {
      if (x < 1 || y < 1 || x > fits.integer("NAXIS1") || y > fits.integer("NAXIS2")) continue;
      const double value = fits.sample(file, x - 1, y - 1);
      if (value > most) most = value, best = {x, y};
    }
  }
  return best;
}

TEST(SkyModel, StarsAreWhereTheHeaderSays) {
  int checked = 0;
  for (const char* path :
       {"/files/DEMO_PLATES/i00811.fits", "/files/DEMO_PLATES/ir02219.fits", "/files/DEMO_PLATES/bi01577_full.fits",
        "/files/DEMO_ZERO/z00001.fits", "/files/DEMO_ZERO/z00002.fits", "/files/DEMO_POLE/p00001.fits",
        "/files/DEMO_POLE/p00002.fits", "/files/DEMO_SURVEY/E0672.fits", "/files/DEMO_SURVEY/E0673.fits",
        "/files/DEMO_SURVEY/O0672.fits"}) {
    SCOPED_TRACE(path);
    const std::string file = bytes_of(sky(), path);
    const FitsView fits(file);
    const Sky centre = sky().file(path)->image->spec().wcs.crval;
    for (const Star& star : landmark_stars()) {
      if (separation(star.sky, centre) > 10) continue;
      const auto at = fits.pixel_of(star.sky.ra, star.sky.dec);
      if (at[0] < 3 || at[1] < 3 || at[0] > fits.integer("NAXIS1") - 2 || at[1] > fits.integer("NAXIS2") - 2) continue;
      const auto peak = peak_near(fits, file, at);
      EXPECT_NEAR(peak[0], at[0], 0.75) << star.sky.ra << " " << star.sky.dec;
      EXPECT_NEAR(peak[1], at[1], 0.75) << star.sky.ra << " " << star.sky.dec;
      ++checked;
    }
  }
  EXPECT_GE(checked, 15);
}

TEST(SkyModel, ProjectionAgreesWithVectorsAndWithItsOwnInverse) {
  for (unsigned seed : skymount::test::seeds(200)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> ra(0, 360), dec(-90, 90), near(0, 20), angle(0, 360);
    const Sky centre{ra(random), dec(random)};
    const Tan wcs = Tan::centred(centre, 1000, 800, 0.01, angle(random));
    ImageSpec spec;
    spec.nx = 1000;
    spec.ny = 800;
    spec.wcs = wcs;
    const std::string header = header_block(image_cards(spec));
    const Sky there = offset(centre, near(random), angle(random));
    const auto pixel = wcs.pixel_of(there);
    ASSERT_TRUE(pixel);
    const auto expected = FitsView(header).pixel_of(there.ra, there.dec);
    EXPECT_NEAR(pixel->x, expected[0], 1e-6);
    EXPECT_NEAR(pixel->y, expected[1], 1e-6);
    EXPECT_LT(separation(wcs.sky_of(*pixel), there), 1e-9);
  }
}

TEST(SkyModel, EveryFitsFileIsMadeOfBlocksAndTheBigOneIsOf200MB) {
  for (const auto& [path, file] : sky().files()) {
    if (path.ends_with(".fits") || path.ends_with(".fz")) {
      EXPECT_EQ(file.layout->size() % 2880, 0u) << path;
    }
  }
  const std::uint64_t pixels = 10'000ull * 10'486 * 2;
  const std::uint64_t size = sky().file("/files/DEMO_BIG/big0001.fits")->layout->size();
  EXPECT_EQ(size, 2880u + (pixels + 2879) / 2880 * 2880);
  EXPECT_GT(size, 200'000'000u);
}

TEST(SkyModel, AnyRangeOfAFileIsThatPartOfTheWhole) {
  for (const char* path : {"/files/DEMO_SURVEY/O0672.fits", "/files/DEMO_SURVEY/M0001.fits",
                           "/files/DEMO_CUBE/cube01.fits", "/files/DEMO_SURVEY/E0674.fits.gz"}) {
    const std::string whole = bytes_of(sky(), path);
    for (unsigned seed : skymount::test::seeds(5)) {
      SCOPED_TRACE(std::string(path) + " " + std::to_string(seed));
      for (const auto& range : skymount::test::random_ranges(whole.size(), seed)) {
        std::string part(range.length, '\0');
        sky().file(path)->layout->read(range.offset, std::as_writable_bytes(std::span(part)));
        ASSERT_EQ(part, whole.substr(range.offset, range.length));
      }
    }
  }
}

TEST(SkyModel, TheBigPlateIsAFunctionOfThePlace) {
  const DataFile& big = *sky().file("/files/DEMO_BIG/big0001.fits");
  std::string row(20'000, '\0');
  const int y = 5'243;  // the tangent point lies here, and the Orion star on it
  big.layout->read(2880 + 20'000ull * y, std::as_writable_bytes(std::span(row)));
  for (int x = 4'900; x < 5'100; ++x) {
    const auto at = static_cast<std::size_t>(2 * x);
    const int stored = static_cast<unsigned char>(row[at]) << 8 | static_cast<unsigned char>(row[at + 1]);
    ASSERT_EQ(stored, big.image->value(0, y, x));
  }
  EXPECT_GT(big.image->value(0, 5'242, 4'999), 10'000);
}

TEST(SkyModel, TwoStartsAreTheSameAndAReprocessingIsNot) {
  const SkyModel again(1), later(2);
  ASSERT_EQ(again.datasets().size(), sky().datasets().size());
  for (const auto& [path, file] : sky().files()) {
    if (file.layout->size() > 1'000'000) continue;
    EXPECT_EQ(bytes_of(again, path), bytes_of(sky(), path)) << path;
  }
  EXPECT_NE(bytes_of(later, "/files/DEMO_PLATES/i00811.fits"), bytes_of(sky(), "/files/DEMO_PLATES/i00811.fits"));
}

TEST(SkyModel, HoldsWhatTheDemoNeeds) {
  std::set<std::string> collections;
  int at_the_field = 0;
  const Footprint field = *parse_footprint("Position ICRS 156.01 48.14");
  double first = 1e9, last = 0;
  for (const Dataset& d : sky().datasets()) {
    collections.insert(d.collection);
    const auto footprint = d.s_region ? parse_footprint(*d.s_region) : std::nullopt;
    if (footprint && contains(*footprint, field)) ++at_the_field;
    if (d.collection != "DEMO_PLATES" || !d.t_min) continue;
    first = std::min(first, *d.t_min);
    last = std::max(last, *d.t_min);
  }
  EXPECT_EQ(at_the_field, 24);
  EXPECT_EQ(iso_date(first).substr(0, 4), "1888");
  EXPECT_EQ(iso_date(last).substr(0, 4), "1963");
  EXPECT_THAT(collections, ::testing::IsSupersetOf({"DEMO_BIG", "DEMO_CUBE", "DEMO_ODD", "DEMO_POLE", "DEMO_ZERO"}));
}

TEST(SkyModel, DatesGoBothWays) {
  EXPECT_EQ(mjd_of(1858, 11, 17), 0);
  EXPECT_EQ(mjd_of(2000, 1, 1), 51'544);
  for (double mjd = mjd_of(1880, 1, 1); mjd < mjd_of(1970, 1, 1); mjd += 97) {
    const std::string iso = iso_date(mjd);
    EXPECT_EQ(mjd_of(std::stoi(iso), std::stoi(iso.substr(5)), std::stoi(iso.substr(8))), mjd);
  }
}

TEST(Footprint, PolygonsHoldTheirInsideAtZeroAndAtThePole) {
  const auto at = [](const char* text) { return *parse_footprint(text); };
  const Footprint zero = at("Polygon ICRS 359 10 1 10 1 12 359 12");
  EXPECT_TRUE(contains(zero, at("Position 0 11")));
  EXPECT_TRUE(contains(zero, at("Position 359.5 11")));
  EXPECT_FALSE(contains(zero, at("Position 180 11")));
  const Footprint reversed = at("POLYGON J2000 359 12 1 12 1 10 359 10 359 12");
  EXPECT_TRUE(contains(reversed, at("Position 0.5 10.5"))) << "winding does not matter";
  const Footprint pole = at("polygon 0 88 90 88 180 88 270 88");
  EXPECT_TRUE(contains(pole, at("Position 123 89.9")));
  EXPECT_FALSE(contains(pole, at("Position 123 87")));
  EXPECT_TRUE(intersects(zero, at("Circle ICRS 2 11 1.1")));
  EXPECT_FALSE(intersects(zero, at("Circle ICRS 2 11 0.9")));
  EXPECT_TRUE(contains(zero, at("Circle 0 11 0.9")));
  EXPECT_FALSE(contains(zero, at("Circle 0 11 1.5")));
  EXPECT_TRUE(contains(at("Union ICRS (Circle 10 0 1 Circle 20 0 1)"), at("Position 20.5 0")));
  EXPECT_FALSE(parse_footprint("not a region"));
  EXPECT_FALSE(parse_footprint("Polygon ICRS 1 2 3 4"));
  EXPECT_FALSE(parse_footprint("Circle ICRS 1 NaN 1"));
}

}  // namespace
}  // namespace skymount::demo
