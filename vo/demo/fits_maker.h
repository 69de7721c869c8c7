// SPDX-License-Identifier: MIT
//
// Small FITS files made by cfitsio in memory: cutouts, spectra, tile-compressed images. What comes out was written by
// another hand than fits_file.h, which is what makes the one a check of the other.
#pragma once

#include "vo/demo/plate_image.h"

#include <string>

namespace skymount::demo {

/// Pixels, 0-based, both ends inclusive; within the image.
struct PixelBox {
  int x0 = 0, x1 = 0, y0 = 0, y1 = 0, z0 = 0, z1 = 0;
};

/// That part of the image with all its cards, CRPIX moved along. Throws std::runtime_error with cfitsio's words.
std::string cutout_file(const PlateImage& image, const PixelBox& box);

/// The whole image, tile-compressed with RICE (tiled image convention), behind an empty primary HDU.
std::string compressed_file(const PlateImage& image);

struct SpectrumSpec {
  std::string title;
  int points = 0;
  double first_angstrom = 0, step_angstrom = 0;
  std::uint64_t seed = 0;
};
/// A table `spectral` (Angstrom), `flux` in the first extension, as DaCHS writes them.
std::string spectrum_file(const SpectrumSpec& spec);
/// The flux of one point, without the noise of any file format.
double spectrum_flux(const SpectrumSpec& spec, int point);

}  // namespace skymount::demo
