// SPDX-License-Identifier: MIT
#include "vo/query/words.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace skymount::vo {
namespace {

constexpr int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// Through text, because only the decimal conversion is correctly rounded; value * 1e12 / 1e12 is not.
template <std::size_t N>
double read_back(const char (&buffer)[N], int length, double otherwise) {
  if (length <= 0 || static_cast<std::size_t>(length) >= N) return otherwise;
  double out = otherwise;
  std::from_chars(buffer, buffer + length, out);
  return out;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

double round_to_decimals(double value, int decimals) {
  char buffer[400];  // 1e308 has 309 digits before the point
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, std::min(decimals, 60));
  const double out = error == std::errc{} ? read_back(buffer, static_cast<int>(end - buffer), value) : value;
  return out == 0 ? 0 : out;  // no negative zero
}

double round_to_significant(double value, int digits) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific,
                                          std::clamp(digits, 1, 17) - 1);
  return error == std::errc{} ? read_back(buffer, static_cast<int>(end - buffer), value) : value;
}

std::optional<char> hex_byte(std::string_view two) {
  if (two.size() != 2 || hex_digit(two[0]) < 0 || hex_digit(two[1]) < 0) return std::nullopt;
  return static_cast<char>(hex_digit(two[0]) * 16 + hex_digit(two[1]));
}

std::string percent_byte(char byte) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto b = static_cast<unsigned char>(byte);
  return {'%', digits[b >> 4], digits[b & 15]};
}

}  // namespace skymount::vo
