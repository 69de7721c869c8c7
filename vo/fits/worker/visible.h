// SPDX-License-Identifier: MIT
//
// What a region's border does not tell where a projection tears the sky apart: at its poles, at the seam of a map of
// all the sky, at the horizon, between the faces of a cube. There the image's own pixels are asked where they lie.
#pragma once

#include "vo/fits/wall/protocol.h"

#include <array>
#include <cmath>

struct wcsprm;

namespace skymount::vo {

/// Along one pixel axis.
struct Extent {
  double low = HUGE_VAL, high = -HUGE_VAL;
  void add(double value) {
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
  bool empty() const { return low > high; }
};

/// Where a point fell, in FITS pixel coordinates and in degrees of the projection's own sphere.
struct Projected {
  std::array<double, 2> pixel{};
  double phi = 0, theta = 0;
};

/// An image of two axes of the sky, and a circle on it in its own frame.
struct Sight {
  wcsprm* sky = nullptr;
  std::array<double, 2> size{};  ///< pixels along each axis
  SkyPoint centre;
  double reach_deg = 0;
};

/// Pixel positions of a point on the sky; false where it cannot be projected.
bool project(wcsprm& sky, const SkyPoint& point, Projected& out);

/// Watches the points of an outline: whether the extent of their pixels is that of all within.
class Tears {
 public:
  explicit Tears(const Sight& sight);
  void add(const Projected& point);
  void add_unseen() { torn_ = true; }
  /// True when pixels of the region may lie outside of its outline's extent.
  bool found() const { return torn_ || (east_ && west_); }

 private:
  bool zenithal_ = false, torn_ = false, east_ = false, west_ = false;
};

/// Extends the extents to all pixels whose centres lie in the circle: by a grid over the image (all its pixels when
/// they are few), then outwards until no line of pixels around has one inside. Costs some 10^6 projections at most;
/// what that does not settle is taken in.
void add_all_inside(const Sight& sight, std::array<Extent, 2>& extents);

}  // namespace skymount::vo
