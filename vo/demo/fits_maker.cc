// SPDX-License-Identifier: MIT
//
// The only place in the demo that includes fitsio.h.
#include "vo/demo/fits_maker.h"

#include "vo/demo/fits_file.h"

#include <fitsio.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>

namespace skymount::demo {
namespace {

void check(int status, const char* doing) {
  if (status == 0) return;
  char text[FLEN_STATUS] = "";
  fits_get_errstatus(status, text);
  throw std::runtime_error(std::string("cfitsio, ") + doing + ": " + text);
}

/// cfitsio reads parts of a memory file that it has not written yet (the descriptors of compressed tiles) and believes
/// them. On disk they would be zero; realloc() hands out whatever was there. One file at a time, so one size is enough.
std::size_t zeroed_size = 0;

void* zeroing_realloc(void* old, std::size_t size) {
  auto* grown = static_cast<char*>(std::realloc(old, size));
  if (grown == nullptr) return nullptr;
  if (size > zeroed_size) std::memset(grown + zeroed_size, 0, size - zeroed_size);
  zeroed_size = size;
  return grown;
}

/// Lets `write` fill a file in memory and returns its bytes.
std::string made_in_memory(const std::function<void(fitsfile*)>& write) {
  // cfitsio keeps global tables of open files; one file at a time needs no promise about how it was built.
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  zeroed_size = 0;
  void* buffer = nullptr;
  std::size_t size = 0;
  fitsfile* file = nullptr;
  int status = 0;
  check(fits_create_memfile(&file, &buffer, &size, 64 * 2880, &zeroing_realloc, &status), "creating a file in memory");
  try {
    write(file);
  } catch (...) {
    status = 0;
    fits_close_file(file, &status);
    std::free(buffer);
    throw;
  }
  LONGLONG head = 0, data = 0, end = 0;
  fits_flush_file(file, &status);
  fits_get_hduaddrll(file, &head, &data, &end, &status);
  fits_close_file(file, &status);
  std::string bytes(static_cast<const char*>(buffer), status == 0 ? static_cast<std::size_t>(end) : 0);
  std::free(buffer);
  check(status, "closing the file");
  return bytes;
}

bool is_structure(const std::string& key) {
  return key == "SIMPLE" || key == "BITPIX" || key == "EXTEND" || key.starts_with("NAXIS");
}

void write_image(fitsfile* file, const PlateImage& image, const PixelBox& box) {
  ImageSpec spec = image.spec();
  spec.nx = box.x1 - box.x0 + 1;
  spec.ny = box.y1 - box.y0 + 1;
  spec.nz = box.z1 - box.z0 + 1;
  spec.wcs.crpix.x -= box.x0;
  spec.wcs.crpix.y -= box.y0;
  spec.wave0 += spec.wave_step * box.z0;
  const bool cube = image.spec().nz > 1;
  LONGLONG axes[3] = {spec.nx, spec.ny, spec.nz};
  int status = 0;
  const int bitpix = spec.sample == Sample::float32 ? FLOAT_IMG : SHORT_IMG;
  check(fits_create_imgll(file, bitpix, cube ? 3 : 2, axes, &status), "creating an image");
  if (cube && spec.nz == 1) spec.nz = 2;  // one plane of a cube is still a cube: keep the cards of its third axis
  for (const Card& card : image_cards(spec)) {
    if (is_structure(card.key)) continue;
    check(fits_write_record(file, card_text(card).c_str(), &status), "writing a card");
  }
  check(fits_set_hdustruc(file, &status), "reading the header back");
  fits_set_bscale(file, 1, 0, &status);  // samples are written as they are stored
  std::vector<std::int16_t> counts(static_cast<std::size_t>(spec.nx));
  std::vector<float> reals(counts.size());
  for (int z = box.z0; z <= box.z1; ++z) {
    for (int y = box.y0; y <= box.y1; ++y) {
      image.row(z, y, box.x0, counts);
      LONGLONG first[3] = {1, y - box.y0 + 1, z - box.z0 + 1};
      const auto n = static_cast<LONGLONG>(counts.size());
      if (spec.sample == Sample::float32) {
        for (std::size_t i = 0; i < counts.size(); ++i) reals[i] = static_cast<float>(counts[i]) / 8;
        fits_write_pixll(file, TFLOAT, first, n, reals.data(), &status);
      } else {
        if (spec.sample == Sample::uint16) {
          for (auto& count : counts) count = static_cast<std::int16_t>(count - 32768);
        }
        fits_write_pixll(file, TSHORT, first, n, counts.data(), &status);
      }
      check(status, "writing pixels");
    }
  }
}

}  // namespace

std::string cutout_file(const PlateImage& image, const PixelBox& box) {
  return made_in_memory([&](fitsfile* file) { write_image(file, image, box); });
}

std::string compressed_file(const PlateImage& image) {
  return made_in_memory([&](fitsfile* file) {
    int status = 0;
    check(fits_set_compression_type(file, RICE_1, &status), "asking for RICE");
    const ImageSpec& spec = image.spec();
    write_image(file, image, {0, spec.nx - 1, 0, spec.ny - 1, 0, spec.nz - 1});
  });
}

double spectrum_flux(const SpectrumSpec& spec, int point) {
  const double wave = spec.first_angstrom + spec.step_angstrom * point;
  const double line = (wave - 6562.8) / 4.0;  // H alpha in absorption
  const double noise = static_cast<double>(mixed(spec.seed * 100'003 + static_cast<std::uint64_t>(point)) % 1000) / 1e5;
  return 1.0 - 0.6 * std::exp(-line * line / 2) + noise;
}

std::string spectrum_file(const SpectrumSpec& spec) {
  return made_in_memory([&](fitsfile* file) {
    int status = 0;
    std::string names[] = {"spectral", "flux"}, forms[] = {"1D", "1E"}, units[] = {"Angstrom", ""};
    char* name[] = {names[0].data(), names[1].data()};
    char* form[] = {forms[0].data(), forms[1].data()};
    char* unit[] = {units[0].data(), units[1].data()};
    std::string extension = "SPECTRUM", title = spec.title;
    check(fits_create_tbl(file, BINARY_TBL, spec.points, 2, name, form, unit, extension.data(), &status), "a table");
    fits_write_key_str(file, "OBJECT", title.c_str(), "", &status);
    for (int point = 0; point < spec.points; ++point) {
      double wave = spec.first_angstrom + spec.step_angstrom * point;
      auto flux = static_cast<float>(spectrum_flux(spec, point));
      fits_write_col_dbl(file, 1, point + 1, 1, 1, &wave, &status);
      fits_write_col_flt(file, 2, point + 1, 1, 1, &flux, &status);
    }
    check(status, "writing the spectrum");
  });
}

}  // namespace skymount::demo
