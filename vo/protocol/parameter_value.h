// SPDX-License-Identifier: MIT
//
// One parameter that a service declares (a PARAM of inputParams, VOTable 1.4 section 4.9): from what a person typed to
// what the service is sent, held against the declared type, range and choices; and what can be said of it to a person.
// A bad value is told here, in words, before the service is asked.
#pragma once

#include "cache/base/result.h"
#include "vo/votable/fields.h"

#include <optional>
#include <string>
#include <string_view>

namespace skymount::vo {

/// "0.00000065", "+Inf": a number as services read it.
std::string number_text(double value);
/// Two of them, a blank between.
std::string pair_text(double low, double high);

/// The value as it is sent: a choice in the service's spelling; numbers between single blanks, canonical, so that equal
/// values are equal calls. Intervals are typed "a..b", arrays with commas; of BAND and TIME also as in a path
/// ("400nm..700nm"). Text goes as it is.
/// Errors  invalid: not among the choices (they are listed), no number where one is needed, a fraction where whole
///         numbers are, another count, outside of the declared range (it is told, with its unit).
Result<std::string> parameter_value(const Field& field, std::string_view value);

/// The declared bounds of a number, or of both ends of an interval, lower first. Nothing when there are none, when they
/// make no sense, and of longitudes, which wrap.
struct ParameterRange {
  double low = 0, high = 0;
};
std::optional<ParameterRange> range_of(const Field& field);

/// What may be set, for people: "one of normalized, relative", "6.2e-07 to 6.7e-07 m, as LOW..HIGH", "a whole number".
std::string limits_text(const Field& field);

/// A value that parameter_value() takes, as typed; nothing when none can be told from the declaration.
std::optional<std::string> example_value(const Field& field);

}  // namespace skymount::vo
