// SPDX-License-Identifier: MIT
//
// Small grey PNGs of images: /previews/<ID>.png and /previews/<ID>.thumbnail.png.
#include "vo/demo/services.h"

#include <zlib.h>

#include <algorithm>

namespace skymount::demo {
namespace {

void put_word(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void put_chunk(std::string& out, const std::string& kind, const std::string& data) {
  put_word(out, static_cast<std::uint32_t>(data.size()));
  const std::string body = kind + data;
  out += body;
  put_word(out, static_cast<std::uint32_t>(
                    crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

/// Eight bits of grey (PNG, sections 5 and 11); every row starts with filter type 0.
std::string grey_png(int width, int height, const std::string& filtered_rows) {
  std::string out = "\x89PNG\r\n\x1a\n";
  std::string head;
  put_word(head, static_cast<std::uint32_t>(width));
  put_word(head, static_cast<std::uint32_t>(height));
  head += {8, 0, 0, 0, 0};
  put_chunk(out, "IHDR", head);
  uLongf size = compressBound(static_cast<uLong>(filtered_rows.size()));
  std::string packed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(filtered_rows.data()),
            static_cast<uLong>(filtered_rows.size()), 9);
  packed.resize(size);
  put_chunk(out, "IDAT", packed);
  put_chunk(out, "IEND", "");
  return out;
}

std::string preview_of(const PlateImage& image, int widest) {
  const ImageSpec& spec = image.spec();
  const int step = std::max(1, (std::max(spec.nx, spec.ny) + widest - 1) / widest);
  const int width = std::max(1, spec.nx / step), height = std::max(1, spec.ny / step);
  std::vector<std::int16_t> row(static_cast<std::size_t>(spec.nx));
  std::string rows;
  for (int y = height - 1; y >= 0; --y) {  // FITS counts from below
    image.row(spec.nz / 2, y * step, 0, row);
    rows.push_back('\0');
    for (int x = 0; x < width; ++x) {
      const auto begin = row.begin() + x * step;
      const int brightest = *std::max_element(begin, std::min(begin + step, row.end()));
      rows.push_back(static_cast<char>(std::clamp((brightest - 1000) / 6, 0, 255)));
    }
  }
  return grey_png(width, height, rows);
}

}  // namespace

Reply preview_answer(const ServicesPtr& services, const Request& request) {
  std::string did = request.path.substr(std::string_view("/previews/").size());
  const bool small = did.ends_with(".thumbnail.png");
  if (!did.ends_with(".png")) return Reply::text(404, "previews end in .png\n");
  did.resize(did.size() - std::string_view(small ? ".thumbnail.png" : ".png").size());
  const auto dataset = services->sky.dataset(did);
  const DataFile* file = dataset ? services->sky.file(dataset->this_path) : nullptr;
  std::shared_ptr<const PlateImage> image = file == nullptr ? nullptr : file->image;
  if (const auto n = bulk_number(did)) image = bulk_file(*n).image;
  if (!image) return Reply::text(404, "there is no image of " + did + "\n");
  Reply reply = Reply::text(200, preview_of(*image, small ? 64 : 256), "image/png");
  reply.ranges = true;
  reply.last_modified = 1'577'836'800;  // 2020-01-01
  return reply;
}

}  // namespace skymount::demo
