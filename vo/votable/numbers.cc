// SPDX-License-Identifier: MIT
#include "vo/votable/numbers.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace skymount::vo {
namespace {

std::optional<std::int64_t> parse_hexadecimal(std::string_view digits, bool negative) {
  std::uint64_t bits = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, ec] = std::from_chars(digits.data(), end, bits, 16);
  if (ec != std::errc{} || stop != end || digits.empty()) return std::nullopt;
  const auto value = static_cast<std::int64_t>(bits);
  if (!negative) return value;
  if (value < 0) return std::nullopt;
  return -value;
}

}  // namespace

std::optional<std::int64_t> read_integer(std::string_view text) {
  text = trim(text);
  std::string_view digits = text;
  const bool plus = !digits.empty() && digits.front() == '+';
  const bool minus = !digits.empty() && digits.front() == '-';
  if (plus || minus) digits.remove_prefix(1);
  if (digits.size() > 2 && digits[0] == '0' && lower(digits[1]) == 'x') {
    return parse_hexadecimal(digits.substr(2), minus);
  }
  if (plus) {
    if (digits.empty() || digits.front() == '-') return std::nullopt;
    text = digits;
  }
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, value);
  if (ec == std::errc{} && stop == end) return value;
  // 2^53: above it a fraction in the text could vanish in the double, and the integer would be a guess.
  constexpr double kExact = 9007199254740992.0;
  const std::optional<double> real = parse_real(text);
  if (!real || !(std::abs(*real) <= kExact) || *real != std::trunc(*real)) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

std::optional<double> parse_real(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, value);
  if (stop != end || text.empty()) return std::nullopt;
  if (ec == std::errc::result_out_of_range) {
    // from_chars does not say which way. A negative exponent means that the number is too small, hence zero.
    const std::size_t exponent = text.find_first_of("eE");
    const bool tiny = exponent == std::string_view::npos ? text.find_first_of("123456789") > text.find('.')
                                                         : text.substr(exponent + 1).starts_with('-');
    const double magnitude = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return text.front() == '-' ? -magnitude : magnitude;
  }
  if (ec != std::errc{}) return std::nullopt;
  return value;
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Inf" : "Inf";
    return;
  }
  // Between these a person writes digits: 100000000, 0.00001. The buffer holds the longest of either form.
  const double size = std::abs(value);
  const bool plain = value == 0 || (size >= 1e-5 && size < 1e16);
  char text[64];
  const auto [stop, ec] = plain ? std::to_chars(text, text + sizeof text, value, std::chars_format::fixed)
                                : std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  out.append(text, ec == std::errc{} ? static_cast<std::size_t>(stop - text) : 0);
}

void append_number(std::string& out, std::int64_t value) {
  char text[24];
  const auto [stop, ec] = std::to_chars(text, text + sizeof text, value);
  out.append(text, ec == std::errc{} ? static_cast<std::size_t>(stop - text) : 0);
}

}  // namespace skymount::vo
