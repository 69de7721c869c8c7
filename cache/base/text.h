// SPDX-License-Identifier: MIT
//
// Small words about text that every floor needs: ASCII case, blanks, UTF-8. Nothing here depends on the locale.
#pragma once

#include <string>
#include <string_view>

namespace skymount {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// Blank, tab, line end.
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
/// C0 and DEL.
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// ASCII only; bytes of other alphabets stay.
std::string lower(std::string_view text);
bool same_word(std::string_view a, std::string_view b);               ///< ASCII case ignored
bool starts_with_word(std::string_view text, std::string_view word);  ///< ASCII case ignored
std::string_view trim(std::string_view text);                         ///< without blanks on both sides

/// Length in bytes of the well-formed UTF-8 sequence `text` begins with (Unicode 15, table 3-7); 0 when it is
/// malformed.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace skymount
