// SPDX-License-Identifier: MIT
//
// FITS files put together by hand from cards and pixel functions: any byte of one on demand. cfitsio writes what is
// small (fits_maker.h); here nothing stands between the bytes and the standard (FITS 4.0, sections 3 and 4).
#pragma once

#include "vo/demo/message.h"
#include "vo/demo/plate_image.h"

#include <memory>
#include <string>
#include <vector>

namespace skymount::demo {

/// Bytes one after the other: constant ones and computed ones.
class Layout {
 public:
  void add(std::string bytes);
  void add(std::uint64_t size, ReadAt read);
  std::uint64_t size() const { return size_; }
  /// `out` must lie inside.
  void read(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  struct Part {
    std::uint64_t begin = 0, size = 0;
    ReadAt read;
  };
  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
};

using LayoutPtr = std::shared_ptr<const Layout>;

std::string quoted(std::string_view text);  ///< a FITS string value: 'it''s    '
std::string real_value(double value);       ///< the shortest text that reads back to the same double

std::string card_text(const Card& card);  ///< its 80 characters
/// Structure, WCS and own cards of an image, in header order.
std::vector<Card> image_cards(const ImageSpec& spec);
/// Cards, END and blanks up to a multiple of 2880.
std::string header_block(const std::vector<Card>& cards);

/// A file whose primary HDU is the image.
LayoutPtr image_file(std::shared_ptr<const PlateImage> image);
/// An empty primary HDU and then an IMAGE extension for each.
LayoutPtr multi_extension_file(const std::vector<std::shared_ptr<const PlateImage>>& images);
LayoutPtr constant_file(std::string bytes);

/// The bytes of row `y` of plane `z`, columns x0 to x0 + nx - 1, as they stand in the file.
void encode_row(const PlateImage& image, int z, int y, int x0, int nx, std::byte* out);
int sample_bytes(Sample sample);

}  // namespace skymount::demo
