// SPDX-License-Identifier: MIT
//
// Times and wavelengths as people type them, against values that anybody can look up.
#include "vo/query/interval.h"

#include "tests/support/random.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

namespace skymount::vo {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMs = 1.0 / 86'400'000;

Interval time_of(std::string_view text) {
  const Result<Interval> out = parse_time(text);
  EXPECT_TRUE(out) << text << ": " << (out ? "" : out.error().what());
  return out.value_or(Interval{});
}
Interval band_of(std::string_view text) {
  const Result<Interval> out = parse_band(text);
  EXPECT_TRUE(out) << text << ": " << (out ? "" : out.error().what());
  return out.value_or(Interval{});
}

TEST(Time, ADateOfLowerPrecisionIsItsWholeSpan) {
  EXPECT_EQ(time_of("1858-11-17").low, 0);
  EXPECT_NEAR(time_of("1858-11-17").high, 1 - kMs, 1e-12);
  EXPECT_EQ(time_of("2000").low, 51544);
  EXPECT_NEAR(time_of("2000").high, 51544 + 366 - kMs, 1e-9);
  EXPECT_NEAR(time_of("2000-02").high - time_of("2000-02").low, 29 - kMs, 1e-9);
  EXPECT_NEAR(time_of("1900-02").high - time_of("1900-02").low, 28 - kMs, 1e-9);
  EXPECT_NEAR(time_of("2000-12").high, 51544 + 366 - kMs, 1e-9);
  EXPECT_NEAR(time_of("2000-01-01T12").high - 51544.5, 1.0 / 24 - kMs, 1e-9);
  EXPECT_NEAR(time_of("2000-01-01T12:00").high - 51544.5, 1.0 / 1440 - kMs, 1e-9);
  EXPECT_EQ(time_of("2000-01-01T12:00:00.5").low, time_of("2000-01-01T12:00:00.5").high);
}

TEST(Time, ReadsRangesOpenEndsAndMjd) {
  EXPECT_EQ(time_of("mjd:36305..36306"), (Interval{36305, 36306}));
  EXPECT_EQ(time_of("mjd:36305"), (Interval{36305, 36305}));
  EXPECT_EQ(time_of("mjd:-5.."), (Interval{-5, kInfinity}));
  EXPECT_EQ(time_of("..mjd:5"), (Interval{-kInfinity, 5}));
  EXPECT_EQ(time_of("2000.."), (Interval{51544, kInfinity}));
  EXPECT_EQ(time_of("1888..1900").low, time_of("1888").low);
  EXPECT_EQ(time_of("1888..1900").high, time_of("1900").high);
  EXPECT_NEAR(time_of("2000-01-01T02:00:00+02:00").low, 51544, 1e-9);
}

TEST(Time, CanonicalTextIsADateWhereADateSaysIt) {
  for (std::string_view text :
       {"1888..1900", "1953-04-18", "1953-04", "2000", "2000..", "..2000", "1953-04-18T20:30",
        "1953-04-18T20:30:15..1953-04-19", "mjd:36305..36306", "mjd:36305.25", "mjd:..36305.25"}) {
    EXPECT_EQ(canonical_time(time_of(text)), text);
  }
}

TEST(Time, EveryDayOfFourDigitYearsGoesThereAndBack) {
  double expected = iso_to_mjd("0001-01-01").value();
  for (double mjd = expected; mjd < 2'973'483; mjd += 97) {
    const std::string date = mjd_to_date(mjd);
    ASSERT_EQ(iso_to_mjd(date), mjd) << date;
    ASSERT_EQ(mjd_to_date(mjd + 0.999999), date);
  }
}

TEST(Time, KnownDates) {
  EXPECT_EQ(mjd_to_date(0), "1858-11-17");
  EXPECT_EQ(mjd_to_date(-0.25), "1858-11-16");
  EXPECT_EQ(mjd_to_date(11490.84375), "1890-05-03");
  EXPECT_EQ(mjd_to_iso(11490.84375), "1890-05-03T20:15:00.000");
  EXPECT_EQ(mjd_to_iso(51544), "2000-01-01T00:00:00.000");
  EXPECT_EQ(mjd_to_iso(51544 - 0.25 * kMs), "2000-01-01T00:00:00.000");
  EXPECT_EQ(mjd_to_unix(40587), 0);
  EXPECT_EQ(mjd_to_unix(40586), -86400);
  EXPECT_EQ(mjd_to_date(std::nan("")), "");
  EXPECT_EQ(mjd_to_date(1e300), "");
  EXPECT_EQ(mjd_to_iso(-kInfinity), "");
}

TEST(Time, ReadsTimestampsOfServicesAsTheyAre) {
  const double noon = 51544.5;
  for (std::string_view text : {"2000-01-01T12:00:00", "2000-01-01T12:00:00Z", "2000-01-01 12:00:00.000",
                                "2000-01-01 14:00:00+02", "2000-01-01T10:30:00-0130", "2000-01-01T12:00"}) {
    ASSERT_TRUE(iso_to_mjd(text)) << text;
    EXPECT_NEAR(*iso_to_mjd(text), noon, 1e-10) << text;
  }
  for (std::string_view text : {"", "2000", "2000-01", "2000-13-01", "2000-02-30", "2000-01-01T25:00", "2000-01-01x",
                                "2000-01-01T12:00:00.", "2000-01-01T12:00:00+99", "20000101", "abc", "2000-1-1"}) {
    EXPECT_FALSE(iso_to_mjd(text)) << text;
  }
}

TEST(Band, UnitsMeetInMetres) {
  EXPECT_EQ(band_of("400nm..700nm"), (Interval{4e-7, 7e-7}));
  EXPECT_EQ(band_of("1.2um"), (Interval{1.2e-6, 1.2e-6}));
  EXPECT_EQ(band_of("5500A"), band_of("550nm"));
  EXPECT_EQ(band_of("21cm"), (Interval{0.21, 0.21}));
  EXPECT_EQ(band_of("1.2\xC2\xB5m"), band_of("1.2um"));
  EXPECT_NEAR(band_of("1420.405751768MHz").low, 0.21106114054160, 1e-13);
  EXPECT_NEAR(band_of("1eV").low, 1.239841984332e-6, 1e-17);
  EXPECT_NEAR(band_of("1THz").low, 2.99792458e-4, 1e-15);
}

TEST(Band, EnergyAndFrequencyReverseTheInterval) {
  const Interval soft = band_of("0.5keV..2keV");
  EXPECT_NEAR(soft.low, 1.239841984332e-9 / 2, 1e-20);
  EXPECT_NEAR(soft.high, 1.239841984332e-9 / 0.5, 1e-20);
  EXPECT_EQ(band_of("0.5keV..").low, -kInfinity);
  EXPECT_EQ(band_of("0.5keV..").high, soft.high);
  EXPECT_EQ(band_of("..2keV"), (Interval{soft.low, kInfinity}));
  EXPECT_EQ(band_of("..700nm"), (Interval{-kInfinity, 7e-7}));
  EXPECT_LT(band_of("84GHz..116GHz").low, band_of("84GHz..116GHz").high);
  EXPECT_EQ(band_of("400nm..2eV").low, 4e-7);
}

TEST(Band, CanonicalTextHoldsNoExponent) {
  EXPECT_EQ(canonical_band(band_of("400nm..700nm")), "0.0000004m..0.0000007m");
  EXPECT_EQ(canonical_band(band_of("21cm..")), "0.21m..");
}

TEST(FixedShortest, ReadsBackToTheSameDouble) {
  EXPECT_EQ(fixed_shortest(-0.0), "0");
  EXPECT_EQ(fixed_shortest(156.01), "156.01");
  EXPECT_EQ(fixed_shortest(1e-7), "0.0000001");
  for (unsigned seed : test::seeds(500)) {
    std::mt19937_64 random(seed);
    const double value =
        std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), static_cast<int>(random() % 2000) - 1060);
    if (!std::isfinite(value)) continue;
    const std::string text = fixed_shortest(value);
    EXPECT_EQ(text.find_first_of("eE"), std::string::npos);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
  }
}

}  // namespace
}  // namespace skymount::vo
