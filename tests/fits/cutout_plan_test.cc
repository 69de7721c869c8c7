// SPDX-License-Identifier: MIT
//
// What is cut out of which image, and the header that the cutout gets, through the real worker behind its wall.
#include "vo/fits/cutout_plan.h"
#include "tests/fits/fits_files.h"
#include "vo/fits/cards.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using test::File;
using test::image_header;
using test::kImageExtension;
using test::kPrimary;
using test::samples;
using test::tan_cards;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class CutoutPlan : public ::testing::Test {
 protected:
  Result<struct CutPlan> plan(File& file, const CutSpec& spec, std::uint64_t most = 1 << 30) {
    return plan_cutout(file.bytes.size(), file.reader(), spec, {"ivo://x/y image.fits", "2026-01-02T03:04:05Z"}, most,
                       workers_, FetchContext::within(std::chrono::seconds(30), "test"));
  }
  Workers workers_{{SKYMOUNT_FITS}};
};

/// A square region around a position, as corners.
CutSpec square(double ra, double dec, double half) {
  CutSpec spec;
  spec.canonical = "box";
  const double wide = half / std::cos(dec * 3.14159265358979 / 180);
  spec.outline = {{ra - wide, dec - half}, {ra + wide, dec - half}, {ra + wide, dec + half}, {ra - wide, dec + half}};
  spec.centre = {ra, dec};
  spec.reach_deg = half * 2;
  return spec;
}

CutSpec pixels(PixelSpan x, PixelSpan y) {
  CutSpec spec;
  spec.canonical = "pixels";
  spec.x = x;
  spec.y = y;
  return spec;
}

std::string value(const struct CutPlan& plan, std::string_view key) {
  const std::vector<Card> cards = cards_of(plan.header);
  const Card* card = find_card(cards, key);
  return card == nullptr ? "(none)" : value_text(*card).value_or("(no value)");
}

TEST_F(CutoutPlan, ASkyRegionBecomesItsPixelsAndTheReferenceMovesAlong) {
  File file(image_header(kPrimary, 16, {1000, 800}, tan_cards(156, 48, 0.001, 1000, 800)) + samples({1000, 800}));
  const auto made = plan(file, square(156, 48, 0.01));
  ASSERT_TRUE(made) << made.error().what();
  // +-10 pixels around 500.5 and 400.5: the borders fall on those of pixels, up to the curvature of the sky.
  EXPECT_NEAR(static_cast<double>(made->box[0].first), 491, 1);
  EXPECT_NEAR(static_cast<double>(made->box[0].second), 510, 1);
  EXPECT_NEAR(static_cast<double>(made->box[1].first), 391, 1);
  EXPECT_NEAR(static_cast<double>(made->box[1].second), 410, 1);
  const double reference = 500.5 - static_cast<double>(made->box[0].first - 1);
  EXPECT_EQ(std::stod(value(*made, "CRPIX1")), reference);
  EXPECT_EQ(value(*made, "NAXIS1"), std::to_string(made->box[0].second - made->box[0].first + 1));
  EXPECT_EQ(value(*made, "CRVAL1"), "156");
  EXPECT_EQ(made->size() % 2880, 0U);
  EXPECT_LE(file.moved, 2 * 28800U) << "no pixel was read";
  EXPECT_THAT(std::string(as_text(made->header)), HasSubstr("/ the middle"));
  EXPECT_THAT(std::string(as_text(made->header)), HasSubstr("ivo://x/y image.fits"));
  EXPECT_THAT(std::string(as_text(made->header)), HasSubstr("2026-01-02T03:04:05Z"));
}

TEST_F(CutoutPlan, RightAscensionZeroIsAPlaceLikeAnyOther) {
  File file(image_header(kPrimary, 16, {1000, 800}, tan_cards(0, 0, 0.001, 1000, 800)) + samples({1000, 800}));
  CutSpec spec = square(0, 0, 0.01);
  for (SkyPoint& p : spec.outline) p.ra_deg = p.ra_deg < 0 ? p.ra_deg + 360 : p.ra_deg;
  const auto made = plan(file, spec);
  ASSERT_TRUE(made) << made.error().what();
  EXPECT_NEAR(static_cast<double>(made->box[0].second - made->box[0].first), 20, 2);
}

TEST_F(CutoutPlan, OutsideOfTheImageThereIsNoData) {
  File file(image_header(kPrimary, 16, {1000, 800}, tan_cards(156, 48, 0.001, 1000, 800)) + samples({1000, 800}));
  for (const CutSpec& spec :
       {square(160, 48, 0.01), square(336, -48, 0.01), pixels({1001, 1010}, {1, 5}), pixels({1, 5}, {-10, 0})}) {
    const auto made = plan(file, spec);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), Code::no_data) << made.error().what();
  }
  const auto partly = plan(file, pixels({990, 1010}, {-3, 5}));
  ASSERT_TRUE(partly);
  EXPECT_THAT(partly->box, ElementsAre(Pair(990, 1000), Pair(1, 5)));
}

TEST_F(CutoutPlan, TheFirstImageWithASkyIsMeantUnlessAnHduIsNamed) {
  File file(
      image_header(kPrimary, 8, {}, {"TELESCOP= 'Bruce'", "OBJECT  = 'primary'", "EXTEND  =                    T"}) +
      image_header(kImageExtension, 16, {50, 40}) + samples({50, 40}) +
      image_header(kImageExtension, 16, {100, 80},
                   [] {
                     auto cards = tan_cards(10, 10, 0.01, 100, 80);
                     cards.insert(cards.end(), {"INHERIT =                    T", "OBJECT  = 'own'", "CHECKSUM= 'abc'",
                                                "DATASUM = '123'", "DATASEC = '[1:2,3:4]'"});
                     return cards;
                   }()) +
      samples({100, 80}));
  const auto sky = plan(file, square(10, 10, 0.1));
  ASSERT_TRUE(sky) << sky.error().what();
  EXPECT_EQ(sky->image.axes, (std::vector<std::int64_t>{100, 80}));
  const std::string text(as_text(sky->header));
  EXPECT_THAT(text, ::testing::StartsWith("SIMPLE  =                    T"));
  EXPECT_EQ(value(*sky, "TELESCOP"), "Bruce") << "inherited";
  EXPECT_EQ(value(*sky, "OBJECT"), "own");
  for (const char* gone : {"XTENSION", "PCOUNT", "INHERIT", "CHECKSUM", "DATASUM", "DATASEC", "EXTEND"})
    EXPECT_EQ(value(*sky, gone), "(none)") << gone;
  EXPECT_THAT(text, HasSubstr("of HDU 2"));
  const auto first = plan(file, pixels({1, 10}, {1, 10}));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->image.axes, (std::vector<std::int64_t>{100, 80})) << "also for pixels";
  CutSpec named = pixels({1, 10}, {1, 10});
  named.hdu = 1;
  EXPECT_EQ(plan(file, named)->image.axes[0], 50);
  named.hdu = 2;
  EXPECT_EQ(plan(file, named)->image.axes[0], 100);
  named.hdu = 0;
  EXPECT_EQ(plan(file, named).error().code(), Code::invalid);
  named.hdu = 7;
  EXPECT_EQ(plan(file, named).error().code(), Code::invalid);
}

TEST_F(CutoutPlan, AnExtensionInheritsNoCoordinatesOfThePrimary) {
  const std::vector<std::string> foreign = {"WCSAXES =                    3",
                                            "CD1_1   = 9.0",
                                            "CD1_2A  = 9.0",
                                            "PC1_1   = 9.0",
                                            "PV2_1   = 9.0",
                                            "CROTA2  = 45.0",
                                            "A_ORDER = 2",
                                            "A_0_2   = 9.0",
                                            "BP_1_1  = 9.0",
                                            "LONPOLE = 9.0",
                                            "RADESYS = 'FK4'",
                                            "EQUINOX = 1950.",
                                            "CRVAL3  = 9.0",
                                            "CTYPE1B = 'LINEAR'",
                                            "LTM1_1  = 2.0",
                                            "LTV2    = 9.0",
                                            "WAT1_001= 'x'",
                                            "PC001002= 9.0",
                                            "AMDX1   = 9.0",
                                            "BLANK   = 7",
                                            "BSCALE  = 9.0",
                                            "GROUPS  = F",
                                            "CDELT1A = 9.0",
                                            "CDELT3  = 9.0",
                                            "WCSNAMEA= 'x'"};
  std::vector<std::string> primary = {"EXPTIME = 33.0", "CDSNAME = 'kept'", "PCOLOR  = 'kept'",
                                      "EXTEND  =                    T"};
  primary.insert(primary.end(), foreign.begin(), foreign.end());
  std::vector<std::string> own = tan_cards(10, 10, 0.01, 100, 80);
  own.emplace_back("INHERIT =                    T");
  File file(image_header(kPrimary, 8, {}, primary) + image_header(kImageExtension, 16, {100, 80}, own) +
            samples({100, 80}));
  const auto made = plan(file, square(10, 10, 0.1));
  ASSERT_TRUE(made) << made.error().what();
  for (const std::string& card : foreign) {
    const std::string key = card.substr(0, std::min(card.find_first_of(" ="), std::size_t{8}));
    EXPECT_EQ(value(*made, key), "(none)") << key;
  }
  EXPECT_EQ(value(*made, "EXPTIME"), "33.0");
  EXPECT_EQ(value(*made, "CDSNAME"), "kept");
  EXPECT_EQ(value(*made, "PCOLOR"), "kept");
}

TEST_F(CutoutPlan, ACubeIsCutByPlanesAndByBand) {
  auto cards = tan_cards(10, 10, 0.01, 30, 20);
  cards.insert(cards.end(),
               {"CTYPE3  = 'FREQ'", "CRVAL3  = 1.0E9", "CRPIX3  = 1", "CDELT3  = 1.0E8", "CUNIT3  = 'Hz'"});
  File file(image_header(kPrimary, 16, {30, 20, 11}, cards) + samples({30, 20, 11}));
  CutSpec spec = square(10, 10, 0.05);
  ASSERT_TRUE(plan(file, spec));
  EXPECT_THAT(plan(file, spec)->box[2], Pair(1, 11)) << "all planes";
  spec.planes = {3, 5};
  EXPECT_THAT(plan(file, spec)->box[2], Pair(3, 5));
  EXPECT_EQ(std::stod(value(*plan(file, spec), "CRPIX3")), -1);
  spec.planes.reset();
  constexpr double kLight = 299792458;
  spec.band_m = {kLight / 1.52e9, kLight / 1.28e9};  // frequencies reverse: planes 4 (1.3e9) to 6 (1.5e9)
  const auto band = plan(file, spec);
  ASSERT_TRUE(band) << band.error().what();
  EXPECT_THAT(band->box[2], Pair(4, 6));
  spec.band_m = {0, kLight / 1.78e9};
  EXPECT_THAT(plan(file, spec)->box[2], Pair(9, 11)) << "an open end";
  spec.band_m = {kLight / 9e9, kLight / 8e9};
  EXPECT_EQ(plan(file, spec).error().code(), Code::no_data);
}

TEST_F(CutoutPlan, WhatCannotBeCutIsSaid) {
  File flat(image_header(kPrimary, 16, {100, 80}) + samples({100, 80}));
  EXPECT_EQ(plan(flat, square(1, 1, 0.1)).error().code(), Code::unsupported) << "no coordinates";
  File table(image_header(kPrimary, 8, {}));
  EXPECT_EQ(plan(table, square(1, 1, 0.1)).error().code(), Code::unsupported) << "no image";
  File odd(image_header(kPrimary, 16, {100, 80}, {"CTYPE1  = 'RA---XYZ'", "CTYPE2  = 'DEC--XYZ'"}) +
           samples({100, 80}));
  EXPECT_EQ(plan(odd, square(1, 1, 0.1)).error().code(), Code::unsupported) << "an unknown projection";
  File large(image_header(kPrimary, 16, {1000, 800}) + samples({1000, 800}));
  EXPECT_EQ(plan(large, pixels({1, 1000}, {1, 800}), 1'000'000).error().code(), Code::too_large);
  File cut(image_header(kPrimary, 16, {1000, 800}) + samples({1000, 100}));
  EXPECT_EQ(plan(cut, pixels({1, 10}, {700, 800})).error().code(), Code::corrupt) << "the file is cut short";
  EXPECT_TRUE(plan(cut, pixels({1, 10}, {1, 90}))) << "but not here";
}

TEST_F(CutoutPlan, CoordinatesThatAreNoNumbersOrHaveNoInverseAreSaid) {
  const auto with = [&](std::size_t at, std::vector<std::string> cards) {
    auto all = tan_cards(10, 10, 0.01, 100, 80);
    if (at < all.size()) all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
    all.insert(all.end(), cards.begin(), cards.end());
    File file(image_header(kPrimary, 16, {100, 80}, all) + samples({100, 80}));
    const auto made = plan(file, square(10, 10, 0.1));
    return made ? Error(Code::exists, "made") : made.error();
  };
  for (const Error& error :
       {with(2, {"CRVAL1  = NaN"}), with(4, {"CRPIX1  = 1E999"}), with(6, {"CDELT1  = -INF"}),
        with(99, {"LONPOLE = NaN"}), with(99, {"CD1_1   = 1.0", "CD1_2   = 1.0", "CD2_1   = 1.0", "CD2_2   = 1.0"}),
        with(99, {"CD1_1   = 1E308", "CD1_2   = 1E308", "CD2_1   = 1E308", "CD2_2   = 1E308"}),
        with(99, {"PC1_1   = 0.5", "PC1_2   = 0.25", "PC2_1   = 1.0", "PC2_2   = 0.5"})}) {
    EXPECT_EQ(error.code(), Code::unsupported) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("coordinates cannot be used"));
  }
  const Error other = with(99, {"CRVAL1A = NaN", "CROTA2  =", "CRVAL3  = NaN"});
  EXPECT_EQ(other.code(), Code::exists) << "not of this sky, but: " << other.what();
}

TEST_F(CutoutPlan, OtherFramesArePlacesOnTheSameSky) {
  // The galactic centre is at RA 266.40499, Dec -28.93617 (ICRS).
  auto galactic = tan_cards(0, 0, 0.001, 200, 200);
  galactic[0] = "CTYPE1  = 'GLON-TAN'";
  galactic[1] = "CTYPE2  = 'GLAT-TAN'";
  File milky(image_header(kPrimary, 16, {200, 200}, galactic) + samples({200, 200}));
  const auto centre = plan(milky, square(266.40499, -28.93617, 0.005));
  ASSERT_TRUE(centre) << centre.error().what();
  EXPECT_NEAR(static_cast<double>(centre->box[0].first + centre->box[0].second) / 2, 100.5, 1.1);
  EXPECT_NEAR(static_cast<double>(centre->box[1].first + centre->box[1].second) / 2, 100.5, 1.1);
  // M31: 00 40 00.1 +40 59 42 in B1950, 00 42 44.3 +41 16 09 in J2000.
  auto old = tan_cards(10.000417, 40.995, 0.001, 200, 200);
  old.insert(old.end(), {"EQUINOX =               1950.0", "RADECSYS= 'FK4     '"});
  File plate(image_header(kPrimary, 16, {200, 200}, old) + samples({200, 200}));
  const auto m31 = plan(plate, square(10.684708, 41.26875, 0.005));
  ASSERT_TRUE(m31) << m31.error().what();
  EXPECT_NEAR(static_cast<double>(m31->box[0].first + m31->box[0].second) / 2, 100.5, 2);
  EXPECT_NEAR(static_cast<double>(m31->box[1].first + m31->box[1].second) / 2, 100.5, 2);
}

TEST_F(CutoutPlan, AlternateCoordinatesAndMissingReferencesMoveToo) {
  File file(
      image_header(kPrimary, 16, {100, 80},
                   {"CTYPE1  = 'LINEAR'", "CRPIX1A =                 50.0", "LTV1    =                -10.0",
                    "CNPIX1  =                 1000", "HIERARCH ESO CRPIX1 = 3 / not ours", "HISTORY CRPIX1  = 3"}) +
      samples({100, 80}));
  const auto made = plan(file, pixels({11, 20}, {21, 30}));
  ASSERT_TRUE(made);
  EXPECT_EQ(value(*made, "CRPIX1A"), "40.0");
  EXPECT_EQ(value(*made, "LTV1"), "-20.0");
  EXPECT_EQ(value(*made, "CNPIX1"), "1010");
  EXPECT_EQ(value(*made, "CRPIX1"), "-10.0");
  EXPECT_THAT(std::string(as_text(made->header)), HasSubstr("HIERARCH ESO CRPIX1 = 3 / not ours"));
  EXPECT_THAT(std::string(as_text(made->header)), HasSubstr("HISTORY CRPIX1  = 3"));
}

TEST_F(CutoutPlan, DetectorCoordinatesWithoutAnOffsetGetOne) {
  File file(image_header(kPrimary, 16, {100, 80}, {"LTM1_1  = 0.5", "LTM2_2  = 0.5", "LTM2_1  = 0.0"}) +
            samples({100, 80}));
  const auto made = plan(file, pixels({1, 20}, {21, 30}));
  ASSERT_TRUE(made);
  EXPECT_EQ(value(*made, "LTV1"), "(none)") << "nothing is cut off there";
  EXPECT_EQ(value(*made, "LTV2"), "-20.0");
  EXPECT_EQ(value(*made, "LTM2_2"), "0.5");
}

TEST_F(CutoutPlan, ASecondCardOfTheSameSizeHoldsNothing) {
  File file(image_header(kPrimary, 16, {100, 80},
                         {"NAXIS1  = 999999", "NAXIS2  = 999999", "BITPIX  = -64", "NAXIS   = 3", "OBJECT  = 'x'"}) +
            samples({100, 80}));
  const auto made = plan(file, pixels({91, 120}, {71, 120}));
  ASSERT_TRUE(made) << made.error().what();
  EXPECT_THAT(made->box, ElementsAre(Pair(91, 100), Pair(71, 80)));
  EXPECT_EQ(made->sample_bytes(), 2U);
  const std::vector<Card> cards = cards_of(made->header);
  for (const char* key : {"NAXIS", "NAXIS1", "NAXIS2", "BITPIX"})
    EXPECT_EQ(std::count_if(cards.begin(), cards.end(), [&](const Card& c) { return keyword(c) == key; }), 1) << key;
}

TEST_F(CutoutPlan, DistortionTablesThatAreLeftBehindAreToldInTheHistory) {
  std::vector<std::string> cards = tan_cards(156, 48, 0.001, 1000, 800);
  for (const char* text : {"CPDIS1  = 'LOOKUP  '", "CPDIS2  = 'LOOKUP  '", "CPERR1  = 0.05", "DP1     = 'EXTVER: 1'",
                           "DP1     = 'NAXES: 2'", "D2IMDIS1= 'LOOKUP  '", "D2IM1   = 'EXTVER: 1'",
                           "D2IMEXT = 'x.fits'", "OBJECT  = 'CPDIS'", "DP1A    = 3", "DPIX    = 4"})
    cards.emplace_back(text);
  File file(image_header(kPrimary, 16, {1000, 800}, cards) + samples({1000, 800}));
  const auto made = plan(file, square(156, 48, 0.01));
  ASSERT_TRUE(made) << made.error().what();
  const std::string text(as_text(made->header));
  for (const char* gone : {"CPDIS1 ", "CPDIS2 ", "CPERR1 ", "EXTVER", "D2IMDIS1", "D2IM1 ", "D2IMEXT "})
    EXPECT_THAT(text, Not(HasSubstr(gone)));
  EXPECT_THAT(text, HasSubstr("tables in other"));
  EXPECT_THAT(text, HasSubstr("positions differ slightly"));
  EXPECT_EQ(value(*made, "OBJECT"), "CPDIS") << "only keywords count";
  EXPECT_EQ(value(*made, "DPIX"), "4");
  EXPECT_NEAR(std::stod(value(*made, "CRPIX1")), 10.5, 1.5) << "the rest of the coordinates moves along";
  File plain(image_header(kPrimary, 16, {1000, 800}, tan_cards(156, 48, 0.001, 1000, 800)) + samples({1000, 800}));
  EXPECT_THAT(std::string(as_text(plan(plain, square(156, 48, 0.01))->header)), Not(HasSubstr("warning")));
}

/// The header of an image compressed in tiles of `side` x `side`, and nothing behind it.
std::string tiled_header(int bitpix, long side, const std::vector<std::string>& more = {}) {
  std::vector<std::string> cards = {"XTENSION= 'BINTABLE'",
                                    "BITPIX  = 8",
                                    "NAXIS   = 2",
                                    "NAXIS1  = 8",
                                    "NAXIS2  = 1",
                                    "PCOUNT  = 0",
                                    "GCOUNT  = 1",
                                    "TFIELDS = 1",
                                    "TTYPE1  = 'COMPRESSED_DATA'",
                                    "TFORM1  = '1PB(1000)'",
                                    "ZIMAGE  = T",
                                    "ZCMPTYPE= 'RICE_1'",
                                    "ZBITPIX = " + std::to_string(bitpix),
                                    "ZNAXIS  = 2",
                                    "ZNAXIS1 = 10000",
                                    "ZNAXIS2 = 10000",
                                    "ZTILE1  = " + std::to_string(side),
                                    "ZTILE2  = " + std::to_string(side)};
  cards.insert(cards.end(), more.begin(), more.end());
  std::string out;
  for (const std::string& text : cards) out += test::card(text);
  return image_header(kPrimary, 8, {}) + test::blocks(out + test::card("END"), ' ') + test::blocks("x", '\0');
}

TEST_F(CutoutPlan, TilesTooLargeForMemoryAreRefusedBeforeAnythingIsPromised) {
  File small(tiled_header(-32, 1000)), large(tiled_header(-32, 3000)), huge(tiled_header(-64, 5000));
  EXPECT_FALSE(plan(small, pixels({1, 10}, {1, 10}))->image.alone);
  const auto alone = plan(large, pixels({1, 10}, {1, 10}));
  ASSERT_TRUE(alone) << alone.error().what();
  EXPECT_TRUE(alone->image.alone) << "over the 64 MiB that each may have, within the 128 MiB for one at a time";
  const auto refused = plan(huge, pixels({1, 10}, {1, 10}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unsupported);
  EXPECT_THAT(refused.error().what(), HasSubstr("MiB of memory"));
  // Tiles that lie side by side are held together.
  EXPECT_EQ(plan(large, pixels({1, 10000}, {1, 10})).error().code(), Code::unsupported);
}

TEST_F(CutoutPlan, ABlockSizeThatCannotBeIsNotTriedOut) {
  for (const char* size : {"0", "-5", "2000000000"}) {
    File file(tiled_header(16, 100, {"ZNAME1  = 'BLOCKSIZE'", std::string("ZVAL1   = ") + size}));
    EXPECT_EQ(plan(file, pixels({1, 10}, {1, 10})).error().code(), Code::corrupt) << size;
  }
  File file(tiled_header(16, 100, {"ZNAME1  = 'BLOCKSIZE'", "ZVAL1   = 32"}));
  EXPECT_TRUE(plan(file, pixels({1, 10}, {1, 10})));
}

TEST_F(CutoutPlan, AnAxisThatIsListedInATableKeepsNobodyFromTheSky) {
  std::vector<std::string> cards = tan_cards(156, 48, 0.001, 100, 80);
  for (const char* text :
       {"CTYPE3  = 'WAVE-TAB'", "CRPIX3  = 1.0", "CRVAL3  = 1.0", "CDELT3  = 1.0", "PS3_0   = 'WCS-TABLE'",
        "PS3_1   = 'COORDS'", "PV3_1   = 1", "CTYPE3A = 'FREQ'", "PS3_0A  = 'kept'", "PS1_0   = 'kept'"})
    cards.emplace_back(text);
  File file(image_header(kPrimary, 16, {100, 80, 3}, cards) + samples({100, 80, 3}));
  const auto made = plan(file, square(156, 48, 0.01));
  ASSERT_TRUE(made) << made.error().what();
  EXPECT_EQ(made->box[2], PixelSpan(1, 3));
  EXPECT_EQ(value(*made, "CTYPE3"), "LINEAR");
  EXPECT_EQ(value(*made, "CTYPE3A"), "FREQ");
  for (const char* gone : {"PS3_0", "PS3_1", "PV3_1"}) EXPECT_EQ(value(*made, gone), "(none)");
  for (const char* kept : {"PS3_0A", "PS1_0"}) EXPECT_EQ(value(*made, kept), "kept");
  EXPECT_THAT(std::string(as_text(made->header)), HasSubstr("CTYPE3 was WAVE-TAB"));
}

}  // namespace
}  // namespace skymount::vo
