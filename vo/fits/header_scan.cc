// SPDX-License-Identifier: MIT
#include "vo/fits/header_scan.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace skymount::vo {
namespace {

constexpr std::size_t kCard = 80;
// FITS allows 999 axes; a file that names more is not one.
constexpr std::size_t kMostAxes = 999;

std::optional<std::int64_t> integer_value(std::string_view card) {
  if (card.substr(8, 2) != "= ") return std::nullopt;
  std::string_view text = card.substr(10);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

/// The mandatory keywords as they come by; axes by number.
struct Sizes {
  std::int64_t bitpix = 0, pcount = 0, gcount = 1;
  std::size_t naxis = 0, axes_seen = 0;
  bool groups = false;
  std::array<std::int64_t, kMostAxes> axis{};
  // A second card of the same name holds nothing, as for other programs: these keywords have their places in front.
  bool has_bitpix = false, has_pcount = false, has_gcount = false, has_naxis = false;
  std::array<bool, kMostAxes> has_axis{};

  static void once(std::int64_t& out, bool& has, std::int64_t value) {
    if (!has) out = value;
    has = true;
  }

  bool take(std::string_view card) {
    const std::string_view key = card.substr(0, 8);
    if (key == "GROUPS  ") {
      groups = card.substr(10, 20).find('T') != std::string_view::npos;
      return true;
    }
    const bool wanted = key == "BITPIX  " || key == "PCOUNT  " || key == "GCOUNT  " || key.starts_with("NAXIS");
    if (!wanted) return true;
    const auto value = integer_value(card);
    if (!value) return key.starts_with("NAXIS") && key != "NAXIS   ";  // NAXISnnn of some local convention
    if (key == "BITPIX  ")
      once(bitpix, has_bitpix, *value);
    else if (key == "PCOUNT  ")
      once(pcount, has_pcount, *value);
    else if (key == "GCOUNT  ")
      once(gcount, has_gcount, *value);
    else if (key == "NAXIS   ") {
      if (std::exchange(has_naxis, true)) return true;
      if (*value < 0 || *value > static_cast<std::int64_t>(kMostAxes)) return false;
      naxis = static_cast<std::size_t>(*value);
    } else {
      std::size_t n = 0;
      const auto [end, error] = std::from_chars(key.data() + 5, key.data() + 8, n);
      if (error != std::errc() || n < 1 || n > kMostAxes) return true;
      once(axis[n - 1], has_axis[n - 1], *value);
    }
    return true;
  }

  std::optional<std::uint64_t> data_bytes() const {
    if (naxis == 0) return 0;
    const std::int64_t width = bitpix < 0 ? -bitpix : bitpix;
    if (width != 8 && width != 16 && width != 32 && width != 64) return std::nullopt;
    const bool random_groups = groups && axis[0] == 0;
    std::int64_t product = 1;
    for (std::size_t i = random_groups ? 1 : 0; i < naxis; ++i) {
      if (axis[i] < 0 || __builtin_mul_overflow(product, axis[i], &product)) return std::nullopt;
    }
    std::int64_t total = 0;
    if (pcount < 0 || gcount < 0 || __builtin_add_overflow(product, pcount, &total) ||
        __builtin_mul_overflow(total, gcount, &total) || __builtin_mul_overflow(total, width / 8, &total)) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(total);
  }
};

std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + kFitsBlock - 1) / kFitsBlock * kFitsBlock;
}

}  // namespace

HeaderScan scan_header(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  constexpr std::string_view kPrimary = "SIMPLE  =", kExtension = "XTENSION=";
  const std::string_view start = text.substr(0, kPrimary.size());
  const bool primary = kPrimary.starts_with(start), extension = kExtension.starts_with(start);
  if (!primary && !extension) return {};
  Sizes sizes;
  for (std::size_t at = 0; at + kCard <= text.size(); at += kCard) {
    const std::string_view card = text.substr(at, kCard);
    if (card.starts_with("END     ")) {
      const auto data = sizes.data_bytes();
      if (!data || *data > (std::uint64_t{1} << 62)) return {};
      const std::uint64_t header = padded(at + kCard);
      return {HeaderState::complete, {primary, header, *data, header + padded(*data)}};
    }
    if (!sizes.take(card)) return {};
  }
  return {HeaderState::needs_more, {}};
}

}  // namespace skymount::vo
