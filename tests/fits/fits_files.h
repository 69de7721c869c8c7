// SPDX-License-Identifier: MIT
//
// FITS files made by hand, so that a test knows every byte of them.
#pragma once

#include "vo/fits/header_walk.h"

#include <string>
#include <vector>

namespace skymount::test {

inline std::string card(std::string text) {
  text.resize(80, ' ');
  return text;
}

inline std::string blocks(std::string text, char fill) {
  text.resize((text.size() + vo::kFitsBlock - 1) / vo::kFitsBlock * vo::kFitsBlock, fill);
  return text;
}

inline const std::string kPrimary = "SIMPLE  =                    T";
inline const std::string kImageExtension = "XTENSION= 'IMAGE   '";

/// "KEY     =                value".
inline std::string number_card(std::string key, const std::string& value) {
  key.resize(8, ' ');
  return card(key + "= " + std::string(value.size() < 20 ? 20 - value.size() : 0, ' ') + value);
}

/// A header with these axes and further cards.
inline std::string image_header(const std::string& first, int bitpix, const std::vector<long>& axes,
                                const std::vector<std::string>& more = {}) {
  std::string out =
      card(first) + number_card("BITPIX", std::to_string(bitpix)) + number_card("NAXIS", std::to_string(axes.size()));
  for (std::size_t i = 0; i < axes.size(); ++i)
    out += number_card("NAXIS" + std::to_string(i + 1), std::to_string(axes[i]));
  if (first != kPrimary) out += number_card("PCOUNT", "0") + number_card("GCOUNT", "1");
  for (const std::string& text : more) out += card(text);
  return blocks(out + card("END"), ' ');
}

/// 16-bit samples that tell their place: 7 * index, as far as it fits.
inline std::string samples(const std::vector<long>& axes) {
  long count = 1;
  for (const long n : axes) count *= n;
  std::string out;
  for (long i = 0; i < count; ++i) {
    out += static_cast<char>(i * 7 >> 8 & 0xff);
    out += static_cast<char>(i * 7 & 0xff);
  }
  return blocks(out, '\0');
}

/// TAN at RA, Dec with `scale` degrees a pixel, north up, the reference in the middle.
inline std::vector<std::string> tan_cards(double ra, double dec, double scale, long nx, long ny) {
  const auto number = [](double v) {
    char text[40];
    std::snprintf(text, sizeof text, "%.12g", v);
    return std::string(text);
  };
  return {"CTYPE1  = 'RA---TAN'",
          "CTYPE2  = 'DEC--TAN'",
          "CRVAL1  = " + number(ra),
          "CRVAL2  = " + number(dec),
          "CRPIX1  = " + number(static_cast<double>(nx + 1) / 2) + " / the middle",
          "CRPIX2  = " + number(static_cast<double>(ny + 1) / 2),
          "CDELT1  = " + number(-scale),
          "CDELT2  = " + number(scale),
          "CUNIT1  = 'deg'",
          "CUNIT2  = 'deg'"};
}

/// A file that counts what is read of it.
struct File {
  explicit File(const std::string& text) : bytes(to_bytes(text)), held(nullptr, bytes) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  Result<SharedBytes> read(ByteRange range) {
    ++reads;
    moved += range.length;
    return held.part(range.offset, range.length);
  }
  vo::ReadRange reader() {
    return [this](ByteRange range) { return read(range); };
  }
  Bytes bytes;
  SharedBytes held;
  int reads = 0;
  std::uint64_t moved = 0;
};

}  // namespace skymount::test
