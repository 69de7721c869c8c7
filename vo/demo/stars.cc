// SPDX-License-Identifier: MIT
//
// Cells of a quarter of a degree, four stars in each.
#include "vo/demo/stars.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace skymount::demo {
namespace {

constexpr double kCell = 0.25;
constexpr int kBands = 720;
constexpr unsigned kStarsPerCell = 4;

double unit(std::uint64_t hash) {
  return static_cast<double>(hash >> 11) * 0x1p-53;
}

Star star_in(int band, int cell, int cells, unsigned index) {
  const std::uint64_t seed = (static_cast<std::uint64_t>(band) * 4096 + static_cast<std::uint64_t>(cell)) * 16 + index;
  const double ra = (cell + unit(mixed(seed * 3 + 1))) * 360.0 / cells;
  const double dec = -90 + (band + unit(mixed(seed * 3 + 2))) * kCell;
  // Number over brightness falls like a power law, as it does in the sky; no star may outshine the landmarks.
  const double peak = std::min(9000.0, 150.0 * std::pow(std::max(unit(mixed(seed * 3 + 3)), 1e-3), -0.7));
  return {{ra, dec}, peak};
}

}  // namespace

std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

std::uint64_t mixed(std::string_view text) {
  std::uint64_t hash = text.size();
  for (const unsigned char c : text) hash = mixed(hash ^ c);
  return hash;
}

const std::vector<Star>& landmark_stars() {
  static const std::vector<Star> stars = {
      {{156.01, 48.14}, 15000}, {{156.31, 48.34}, 12000}, {{155.61, 47.84}, 12000}, {{0.0, 12.5}, 15000},
      {{359.9, 12.6}, 12000},   {{0.1, 12.4}, 12000},     {{45.0, 89.9}, 15000},    {{225.0, 89.9}, 12000},
      {{83.82, -5.39}, 15000},  {{49.95, 41.51}, 15000},  {{10.68, 41.27}, 15000},
  };
  return stars;
}

std::vector<Star> stars_around(Sky centre, double radius) {
  std::vector<Star> found;
  const auto take = [&](const Star& star) {
    if (separation(star.sky, centre) <= radius) found.push_back(star);
  };
  for (const Star& star : landmark_stars()) take(star);
  const int low = std::max(0, static_cast<int>(std::floor((centre.dec - radius + 90) / kCell)));
  const int high = std::min(kBands - 1, static_cast<int>(std::floor((centre.dec + radius + 90) / kCell)));
  for (int band = low; band <= high; ++band) {
    const double widest = std::min(std::abs(-90 + band * kCell), std::abs(-90 + (band + 1) * kCell));
    const int cells = std::max(1, static_cast<int>(1440 * std::cos(widest * std::numbers::pi / 180)));
    for (int cell = 0; cell < cells; ++cell) {
      // Cells that cannot reach the circle are skipped without making their stars; half a degree is more than a
      // diagonal.
      const Sky middle{(cell + 0.5) * 360.0 / cells, -90 + (band + 0.5) * kCell};
      if (cells > 3 && separation(middle, centre) > radius + 0.5) continue;
      for (unsigned index = 0; index < kStarsPerCell; ++index) take(star_in(band, cell, cells, index));
    }
  }
  return found;
}

}  // namespace skymount::demo
