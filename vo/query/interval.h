// SPDX-License-Identifier: MIT
//
// Intervals of time and of wavelength as people type them: dates of any precision, MJD, nanometres, keV.
#pragma once

#include "cache/base/result.h"

#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::vo {

/// Closed; an open end is -inf or +inf.
struct Interval {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// "1888..1900", "1953-04-18", "1953-04-18T20:30:00..", "mjd:36305..36306" to MJD (UTC). A date of lower precision is its
/// whole span: "1953" is from 1953-01-01T00 to 1954-01-01T00 (the end excluded by 1 ms).
/// Errors  invalid, with the text.
Result<Interval> parse_time(std::string_view text);
std::string canonical_time(const Interval& mjd);

/// "400nm..700nm", "1.2um", "0.5keV..2keV" to metres in vacuum. Energy and frequency reverse the interval.
Result<Interval> parse_band(std::string_view text);
std::string canonical_band(const Interval& metres);

/// Calendar date of an MJD, proleptic Gregorian, UTC: "1890-05-03"; with time "1890-05-03T20:15:00.000".
std::string mjd_to_date(double mjd);
std::string mjd_to_iso(double mjd);
/// ISO 8601 date, with or without time, blank for T, optional Z or zone.
std::optional<double> iso_to_mjd(std::string_view text);
/// Seconds since 1970; may be negative.
double mjd_to_unix(double mjd);

/// Shortest fixed notation (never an exponent) that reads back to the same double.
std::string fixed_shortest(double value);

}  // namespace skymount::vo
