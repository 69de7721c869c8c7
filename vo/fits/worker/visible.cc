// SPDX-License-Identifier: MIT
#include "vo/fits/worker/visible.h"

#include "vo/fits/worker/frames_of_sky.h"

#include <wcslib/prj.h>
#include <wcslib/wcs.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace skymount::vo {
namespace {

// Points a side of the grid: images of less are looked at pixel by pixel.
constexpr std::int64_t kGrid = 512;
// Some 0.4 s; beyond, whole steps of the grid are taken in unseen.
constexpr std::int64_t kMostPoints = 2'000'000;
// Border pixels a side that show whether the projection finds its way back.
constexpr int kBorderPoints = 33;
// Pixel centres on the very border of the region are inside, up to rounding.
constexpr double kRounding = 1e-9;
// The thin end of a region along a seam touches centres only now and then: so many lines without one are its end, or as
// many as have so many pixels.
constexpr double kMostLines = 64, kLeastLines = 4, kLinesPoints = 200'000;

using Pixel = std::array<double, 2>;

/// Asks pixels in lines where they lie.
class Looker {
 public:
  explicit Looker(const Sight& sight) : sight_(sight) {}

  /// Of points from `from` on, `step` apart along `axis`: hands the positions along it of those inside to `take`.
  template <class Take>
  bool line(std::size_t axis, Pixel from, double last, double step, const Take& take) {
    const auto count = static_cast<std::size_t>(std::max(0.0, std::floor((last - from[axis]) / step + 1e-6) + 1));
    if (count == 0) return false;
    pixels_.resize(2 * count);
    for (std::size_t i = 0; i < count; ++i) {
      pixels_[2 * i + axis] = from[axis] + step * static_cast<double>(i);
      pixels_[2 * i + 1 - axis] = from[1 - axis];
    }
    image_.resize(2 * count);
    world_.resize(2 * count);
    phi_.resize(count);
    theta_.resize(count);
    bad_.assign(count, 0);
    asked_ += static_cast<std::int64_t>(count);
    const int status = wcsp2s(sight_.sky, static_cast<int>(count), 2, pixels_.data(), image_.data(), phi_.data(),
                              theta_.data(), world_.data(), bad_.data());
    if (status != 0 && status != WCSERR_BAD_PIX) return false;
    bool any = false;
    for (std::size_t i = 0; i < count; ++i) {
      if (bad_[i] != 0 || !(std::abs(theta_[i]) <= 90 + kRounding) || !inside(&world_[2 * i])) continue;
      any = true;
      take(pixels_[2 * i + axis]);
    }
    return any;
  }

  bool weary() const { return asked_ > kMostPoints; }

 private:
  bool inside(const double* world) const {
    const SkyPoint point{world[sight_.sky->lng], world[sight_.sky->lat]};
    const double reach = sight_.reach_deg + kRounding;
    if (!(std::abs(point.dec_deg - sight_.centre.dec_deg) <= reach)) return false;
    return separation(point, sight_.centre) <= reach;
  }

  const Sight& sight_;
  std::int64_t asked_ = 0;
  std::vector<double> pixels_, image_, world_, phi_, theta_;
  std::vector<int> bad_;
};

/// Extents in whole pixels of the image.
void clip(const Sight& sight, std::array<Extent, 2>& extents) {
  for (std::size_t axis = 0; axis < 2; ++axis) {
    extents[axis].low = std::clamp(std::floor(extents[axis].low), 1.0, sight.size[axis]);
    extents[axis].high = std::clamp(std::ceil(extents[axis].high), 1.0, sight.size[axis]);
  }
}

/// One side moves outwards for as long as one of the lines around it, up to `step` away, has a pixel inside.
bool grow(Looker& looker, const Sight& sight, std::array<Extent, 2>& box, std::size_t axis, bool up, double step) {
  bool grew = false;
  const double length = box[1 - axis].high - box[1 - axis].low + 1;
  const double near = std::clamp(std::floor(kLinesPoints / length), kLeastLines, kMostLines);
  for (;;) {
    double& edge = up ? box[axis].high : box[axis].low;
    const double end = up ? sight.size[axis] : 1.0;
    double furthest = edge;
    for (double away = 1; away <= std::max(step, near); away += away < near ? 1 : away / 2) {
      const double at = up ? std::min(edge + std::floor(away), end) : std::max(edge - std::floor(away), end);
      if (at == edge) break;
      Pixel from{};
      from[axis] = at;
      from[1 - axis] = box[1 - axis].low;
      const auto take = [&](double) {};
      if (looker.weary() || looker.line(1 - axis, from, box[1 - axis].high, 1, take)) furthest = at;
      if (at == end || looker.weary()) break;
    }
    if (furthest == edge) return grew;
    edge = furthest;
    grew = true;
    if (looker.weary()) return grew;
  }
}

/// Pixels at the image's border that the sky does not lead back to: more than all the sky is on it.
bool leads_elsewhere(const Sight& sight) {
  for (int i = 0; i < 4 * kBorderPoints; ++i) {
    const double part = i % kBorderPoints / (kBorderPoints - 1.0);
    const std::size_t axis = static_cast<std::size_t>(i / kBorderPoints % 2);
    Pixel pixel{}, image{}, world{};
    pixel[axis] = 1 + part * (sight.size[axis] - 1);
    pixel[1 - axis] = i < 2 * kBorderPoints ? 1 : sight.size[1 - axis];
    double phi = 0, theta = 0;
    int bad = 0;
    if (wcsp2s(sight.sky, 1, 2, pixel.data(), image.data(), &phi, &theta, world.data(), &bad) != 0) continue;
    Projected back;
    const SkyPoint seen{world[static_cast<std::size_t>(sight.sky->lng)],
                        world[static_cast<std::size_t>(sight.sky->lat)]};
    if (!project(*sight.sky, seen, back)) return true;
    if (std::hypot(back.pixel[0] - pixel[0], back.pixel[1] - pixel[1]) > 0.5) return true;
  }
  return false;
}

}  // namespace

bool project(wcsprm& sky, const SkyPoint& point, Projected& out) {
  Pixel world{}, image{};
  int bad = 0;
  world[static_cast<std::size_t>(sky.lng)] = point.ra_deg;
  world[static_cast<std::size_t>(sky.lat)] = point.dec_deg;
  const int status = wcss2p(&sky, 1, 2, world.data(), &out.phi, &out.theta, image.data(), out.pixel.data(), &bad);
  return status == 0 && std::isfinite(out.pixel[0]) && std::isfinite(out.pixel[1]);
}

Tears::Tears(const Sight& sight) {
  const int category = sight.sky->cel.prj.category;
  zenithal_ = category == ZENITHAL;
  torn_ = category == QUADCUBE || category == HEALPIX;  // seams all over
  Projected middle;
  if (!project(*sight.sky, sight.centre, middle)) {
    torn_ = true;
  } else {
    // A zenithal projection tears at the antipode of its middle only, the others along a line from pole to pole.
    const double to_pole = zenithal_ ? 90 + middle.theta : 90 - std::abs(middle.theta);
    torn_ = torn_ || to_pole <= sight.reach_deg;
  }
  // Cylinders are unrolled further than once round, in maps whose reference is at their side: there is sky, too.
  if (category == CYLINDRICAL) sight.sky->cel.prj.bounds &= ~4;
  if (!torn_ && !zenithal_) torn_ = leads_elsewhere(sight);
}

void Tears::add(const Projected& point) {
  if (zenithal_) return;
  east_ = east_ || point.phi > 90;
  west_ = west_ || point.phi < -90;
}

void add_all_inside(const Sight& sight, std::array<Extent, 2>& extents) {
  if (!(sight.size[0] >= 1) || !(sight.size[1] >= 1)) return;
  Looker looker(sight);
  Pixel step{};
  for (std::size_t axis = 0; axis < 2; ++axis) step[axis] = std::max(1.0, sight.size[axis] / kGrid);
  std::array<Extent, 2> box = extents;
  // What lies outside of the image altogether is no place to grow from.
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (extents[axis].high < 0.5 || extents[axis].low > sight.size[axis] + 0.5) box = {};
  }
  for (double y = 1; y <= sight.size[1]; y += step[1]) {
    const bool any = looker.line(0, {1, y}, sight.size[0], step[0], [&](double x) { box[0].add(x); });
    if (any) box[1].add(y);
  }
  if (box[0].empty() || box[1].empty()) return;
  clip(sight, box);
  for (bool grew = true; grew && !looker.weary();) {
    grew = false;
    for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
      for (const bool up : {false, true}) grew = grow(looker, sight, box, axis, up, step[axis]) || grew;
    }
  }
  for (std::size_t axis = 0; axis < 2; ++axis) {
    extents[axis].add(box[axis].low);
    extents[axis].add(box[axis].high);
  }
}

}  // namespace skymount::vo
