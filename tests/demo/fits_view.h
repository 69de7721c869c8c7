// SPDX-License-Identifier: MIT
//
// A third reading of FITS, for the demo's tests: cards, samples, and the tangent plane by vectors instead of angles. It
// shares no formula with what it checks.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <numbers>
#include <string>
#include <string_view>

namespace skymount::demo::test {

struct FitsView {
  std::map<std::string, std::string> cards;  ///< values as written, strings without quotes and trailing blanks
  std::size_t data = 0;                      ///< offset of the first sample

  explicit FitsView(std::string_view file, std::size_t at = 0) {
    for (bool ended = false; !ended && at + 2880 <= file.size(); at += 2880) {
      for (std::size_t card = 0; card < 2880 && !ended; card += 80) {
        const std::string_view text = file.substr(at + card, 80);
        ended = text.starts_with("END     ");
        if (text.substr(8, 2) == "= ")
          add(std::string(text.substr(0, text.substr(0, 8).find(' '))).substr(0, 8), text.substr(10));
      }
    }
    data = at;
  }

  double real(const std::string& key) const { return std::stod(cards.at(key)); }
  int integer(const std::string& key) const { return std::stoi(cards.at(key)); }

  /// The stored sample, 0-based.
  double sample(std::string_view file, int x, int y, int z = 0) const {
    const int bytes = std::abs(integer("BITPIX")) / 8;
    const std::size_t index =
        (static_cast<std::size_t>(z) * static_cast<std::size_t>(integer("NAXIS2")) + static_cast<std::size_t>(y)) *
            static_cast<std::size_t>(integer("NAXIS1")) +
        static_cast<std::size_t>(x);
    std::uint32_t bits = 0;
    for (int i = 0; i < bytes; ++i) {
      bits = bits << 8 | static_cast<unsigned char>(
                             file.at(data + index * static_cast<std::size_t>(bytes) + static_cast<std::size_t>(i)));
    }
    if (bytes == 2) return static_cast<std::int16_t>(bits);
    float value = 0;
    std::memcpy(&value, &bits, 4);
    return value;
  }

  /// Where a direction is on the image, 1-based: the line of sight cut with the tangent plane, in three dimensions.
  std::array<double, 2> pixel_of(double ra, double dec) const {
    using Vector = std::array<double, 3>;
    const auto direction = [](double lon, double lat) {
      const double d = std::numbers::pi / 180;
      return Vector{std::cos(lat * d) * std::cos(lon * d), std::cos(lat * d) * std::sin(lon * d), std::sin(lat * d)};
    };
    const auto dot = [](const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; };
    const double ra0 = real("CRVAL1"), dec0 = real("CRVAL2");
    const Vector centre = direction(ra0, dec0), east = direction(ra0 + 90, 0), north = direction(ra0, dec0 + 90);
    const Vector star = direction(ra, dec);
    const double scale = 180 / std::numbers::pi / dot(star, centre);
    const double xi = dot(star, east) * scale, eta = dot(star, north) * scale;
    const double a = real("CD1_1"), b = real("CD1_2"), c = real("CD2_1"), d = real("CD2_2"), det = a * d - b * c;
    return {real("CRPIX1") + (d * xi - b * eta) / det, real("CRPIX2") + (a * eta - c * xi) / det};
  }

 private:
  void add(const std::string& key, std::string_view text) {
    std::string value;
    if (text.starts_with('\'')) {
      for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\'' && (i + 1 >= text.size() || text[i + 1] != '\'')) break;
        if (text[i] == '\'') ++i;
        value += text[i];
      }
    } else {
      value = text.substr(0, text.find('/'));
      value.erase(0, value.find_first_not_of(' '));
    }
    value.erase(value.find_last_not_of(' ') + 1);
    cards.insert_or_assign(key, value);
  }
};

}  // namespace skymount::demo::test
