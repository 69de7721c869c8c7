// SPDX-License-Identifier: MIT
//
// Small words about text that every file of this room (and vo/file_names) needs: numbers read strictly,
// percent-encoding. Nothing here depends on the locale: a decimal comma in the environment must not change a
// query.
#pragma once

#include "cache/base/result.h"
#include "cache/base/text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::vo {

/// A finite decimal number that fills the text: sign, fraction and exponent allowed; no hex, no "inf", no blanks.
std::optional<double> parse_number(std::string_view text);
/// A decimal integer that fills the text.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// The double nearest to `value` written with so many decimals: takes back the last-bit noise of unit conversions, so
/// that 1.8arcsec and 0.0005 are one number.
double round_to_decimals(double value, int decimals);
/// The same by significant digits, for values of any magnitude.
double round_to_significant(double value, int digits);

/// The value of two hex digits, nothing when they are not.
std::optional<char> hex_byte(std::string_view two);
/// "%XX", upper case.
std::string percent_byte(char byte);

}  // namespace skymount::vo
