// SPDX-License-Identifier: MIT
//
// Small words about text that every file of this room (and vo/file_names) needs: numbers read strictly, ASCII case,
// UTF-8, percent-encoding. Nothing here depends on the locale: a decimal comma in the environment must not change a
// query.
#pragma once

#include "cache/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::vo {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// C0 and DEL.
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// ASCII only; bytes of other alphabets stay.
std::string lower(std::string_view text);
bool same_word(std::string_view a, std::string_view b);  ///< ASCII case ignored
std::string_view trim(std::string_view text);            ///< blanks, tabs and line ends on both sides

/// A finite decimal number that fills the text: sign, fraction and exponent allowed; no hex, no "inf", no blanks.
std::optional<double> parse_number(std::string_view text);
/// A decimal integer that fills the text.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// The double nearest to `value` written with so many decimals: takes back the last-bit noise of unit conversions, so
/// that 1.8arcsec and 0.0005 are one number.
double round_to_decimals(double value, int decimals);
/// The same by significant digits, for values of any magnitude.
double round_to_significant(double value, int digits);

/// Length in bytes of the well-formed UTF-8 sequence `text` begins with (Unicode 15, table 3-7); 0 when it is
/// malformed.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);

/// The value of two hex digits, nothing when they are not.
std::optional<char> hex_byte(std::string_view two);
/// "%XX", upper case.
std::string percent_byte(char byte);

}  // namespace skymount::vo
