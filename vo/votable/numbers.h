// SPDX-License-Identifier: MIT
//
// Numbers and words as VOTable writes them. Internal to vo/votable. Nothing here depends on the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::vo {

inline bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}
bool same_word(std::string_view a, std::string_view b);  ///< ASCII case ignored

/// Decimal with an optional sign, "0x" hexadecimal, or a decimal fraction that is whole ("12.0"). Blanks around it are
/// fine.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// What IEEE allows, NaN and Inf in any case included. Blanks around it are fine.
std::optional<double> parse_real(std::string_view text);

/// The shortest text that reads back to the same number; no exponent where people would not write one; Inf, -Inf, NaN.
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);

}  // namespace skymount::vo
