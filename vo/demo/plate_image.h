// SPDX-License-Identifier: MIT
//
// An exposure as a function from pixel to value, so that a file of 200 MB costs no memory and any byte of it can be
// made when it is asked for.
#pragma once

#include "vo/demo/stars.h"
#include "vo/demo/tan.h"

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace skymount::demo {

/// One FITS card: a keyword, its value as it stands in the header (strings with their quotes), a comment.
struct Card {
  std::string key, value, comment;
};

enum class Sample {
  int16,    ///< BITPIX 16
  uint16,   ///< BITPIX 16, BZERO 32768
  float32,  ///< BITPIX -32
};

struct ImageSpec {
  int nx = 0, ny = 0, nz = 1;  ///< nz > 1: a cube whose third axis is wavelength
  Tan wcs;
  std::uint64_t seed = 0;
  Sample sample = Sample::int16;
  double wave0 = 0, wave_step = 0;  ///< metres at plane 1, and per plane
  std::vector<Card> cards;          ///< what the header says beyond structure and WCS
};

/// Thread-safe. The stars of the field are found at the first row.
class PlateImage {
 public:
  explicit PlateImage(ImageSpec spec) : spec_(std::move(spec)) {}
  PlateImage(const PlateImage&) = delete;
  PlateImage& operator=(const PlateImage&) = delete;

  const ImageSpec& spec() const { return spec_; }
  /// Values of row `y` of plane `z` from column `x0` on, all 0-based. Counts, 0 to 32767, whatever the sample type.
  void row(int z, int y, int x0, std::span<std::int16_t> out) const;
  int value(int z, int y, int x) const;

 private:
  struct Spot {
    double x, y, peak;  // 0-based
  };
  void find_stars() const;

  ImageSpec spec_;
  mutable std::once_flag found_;
  mutable std::vector<Spot> spots_;  // by y
};

}  // namespace skymount::demo
