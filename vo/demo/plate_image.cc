// SPDX-License-Identifier: MIT
//
// Background, grain and stars.
#include "vo/demo/plate_image.h"

#include <algorithm>
#include <cmath>

namespace skymount::demo {
namespace {

constexpr double kSigma = 1.6;  // pixels: a star is seen in about 12 pixels, as on a scanned plate
constexpr double kReach = 7.0;  // pixels: beyond 4.3 sigma even the brightest star is less than two counts
constexpr int kBackground = 1000;

std::uint32_t grain(std::uint32_t x, std::uint32_t row_key) {
  std::uint32_t h = (x ^ row_key) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) * 0xc2b2ae35u;
  return (h ^ (h >> 16)) & 63u;
}

}  // namespace

void PlateImage::find_stars() const {
  const Pixel middle{(spec_.nx + 1) / 2.0, (spec_.ny + 1) / 2.0};
  const Sky centre = spec_.wcs.sky_of(middle);
  const double radius = separation(centre, spec_.wcs.sky_of({0, 0})) * 1.02 + 0.01;
  for (const Star& star : stars_around(centre, radius)) {
    const auto at = spec_.wcs.pixel_of(star.sky);
    if (at) spots_.push_back({at->x - 1, at->y - 1, star.peak});
  }
  std::sort(spots_.begin(), spots_.end(), [](const Spot& a, const Spot& b) { return a.y < b.y; });
}

void PlateImage::row(int z, int y, int x0, std::span<std::int16_t> out) const {
  std::call_once(found_, [this] { find_stars(); });
  const std::uint64_t key = mixed(spec_.seed * 1'000'003 + static_cast<std::uint64_t>(z) * 65'537 + y);
  const auto row_key = static_cast<std::uint32_t>(key);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto x = static_cast<std::uint32_t>(x0 + static_cast<int>(i));
    out[i] = static_cast<std::int16_t>(kBackground + grain(x, row_key));
  }
  // A cube's stars are brightest in its middle plane: a line in emission.
  const double phase = spec_.nz > 1 ? (z - (spec_.nz - 1) / 2.0) / (spec_.nz / 6.0) : 0.0;
  const double strength = std::exp(-phase * phase / 2);
  auto spot =
      std::lower_bound(spots_.begin(), spots_.end(), y - kReach, [](const Spot& s, double at) { return s.y < at; });
  for (; spot != spots_.end() && spot->y <= y + kReach; ++spot) {
    const int last = x0 + static_cast<int>(out.size()) - 1;
    const int from = std::max(x0, static_cast<int>(std::ceil(spot->x - kReach)));
    const int to = std::min(last, static_cast<int>(std::floor(spot->x + kReach)));
    for (int x = from; x <= to; ++x) {
      const double d2 = (x - spot->x) * (x - spot->x) + (y - spot->y) * (y - spot->y);
      const int light = static_cast<int>(std::lround(strength * spot->peak * std::exp(-d2 / (2 * kSigma * kSigma))));
      auto& pixel = out[static_cast<std::size_t>(x - x0)];
      pixel = static_cast<std::int16_t>(std::min(32767, pixel + light));
    }
  }
}

int PlateImage::value(int z, int y, int x) const {
  std::int16_t one = 0;
  row(z, y, x, {&one, 1});
  return one;
}

}  // namespace skymount::demo
