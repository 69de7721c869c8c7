// SPDX-License-Identifier: MIT
#include "vo/fits/worker/picture.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace skymount::vo {
namespace {

// One part in so many at the two ends is no limit for the rest: dead pixels, cosmic rays, the middles of stars.
constexpr double kRare = 0.005, kRareAmongBright = 0.002;
// How far the noise of the sky spreads (one sigma) is told by the sixth of all values that lie beyond it.
constexpr double kOneSigma = 0.16;
// The sky is shown from two sigma on, so that it is dark; what is less than twenty above it is not yet white, so that
// an image of little but noise does not look like a blizzard.
constexpr double kSkyShown = 2, kLeastRange = 20;
// Where asinh turns from a line into a logarithm, as a part of the whole range.
constexpr double kKnee = 0.1;

struct Limits {
  double low = 0, high = 0;
  bool negative = false;  ///< it is the dark that stands out
};

/// From the side of the sky: `rank` of 0 is its far end, of 1 the end of what stands out.
template <class At>
std::pair<double, double> sky_and_end(const At& at, double sign) {
  const double middle = at(0.5), sigma = sign * (middle - at(kOneSigma));
  const double sky = sign * std::max(sign * at(kRare), sign * middle - kSkyShown * sigma);
  const double end =
      sign * std::max(sign * at(1 - kRareAmongBright), std::min(sign * at(1), sign * middle + kLeastRange * sigma));
  return {sky, end};
}

Limits limits_of(std::vector<float> values) {
  const auto nan = [](float v) { return std::isnan(v); };
  values.erase(std::remove_if(values.begin(), values.end(), nan), values.end());
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double rank) {
    return static_cast<double>(values[static_cast<std::size_t>(rank * static_cast<double>(values.size() - 1))]);
  };
  const auto from_above = [&](double rank) { return at(1 - rank); };
  Limits out;
  // Clearly: most images lean a little.
  out.negative = at(0.5) - at(kRare) > 2 * (at(1 - kRare) - at(0.5));
  if (out.negative)
    std::tie(out.high, out.low) = sky_and_end(from_above, -1);
  else
    std::tie(out.low, out.high) = sky_and_end(at, 1);
  return out;
}

/// 0 to 1 to 0 to 1: steep where the sky is.
double stretched(double part) {
  return std::asinh(part / kKnee) / std::asinh(1 / kKnee);
}

png_byte grey_of(float value, const Limits& limits) {
  if (std::isnan(value)) return 0;
  const double range = limits.high - limits.low;
  if (!(range > 0)) return 128;  // all are alike
  const double part = std::clamp((static_cast<double>(value) - limits.low) / range, 0.0, 1.0);
  const double bright = limits.negative ? 1 - stretched(1 - part) : stretched(part);
  return static_cast<png_byte>(std::lround(bright * 255));
}

}  // namespace

Result<Bytes> png_of(const PictureJob& job) {
  const Limits limits = limits_of(job.values);
  std::vector<png_byte> grey(job.values.size());
  for (std::size_t y = 0; y < job.height; ++y) {
    for (std::size_t x = 0; x < job.width; ++x)
      grey[(job.height - 1 - y) * job.width + x] = grey_of(job.values[y * job.width + x], limits);
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = job.width;
  image.height = job.height;
  image.format = PNG_FORMAT_GRAY;
  // Grey of noise does not pack: at most as many bytes as pixels, and some for the frame around them.
  Bytes out(grey.size() + grey.size() / 100 + 10'000);
  png_alloc_size_t size = out.size();
  if (png_image_write_to_memory(&image, out.data(), &size, 0, grey.data(), 0, nullptr) == 0)
    return fail(Code::too_large, std::string("libpng cannot write the picture: ") + image.message);
  out.resize(size);
  return out;
}

}  // namespace skymount::vo
