// SPDX-License-Identifier: MIT
#include "vo/fits/worker/tiles.h"

#include "vo/fits/worker/window.h"

#include <fitsio.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace skymount::vo {
namespace {

// Samples sent at once; the rows of one band of tiles, or as many as that.
constexpr std::int64_t kPiece = 2 * 1024 * 1024;
constexpr int kMostAxes = 6;  // what cfitsio compresses
// When only some rows are wanted, the tiles of so many are asked for at once: as many round trips less.
constexpr std::int64_t kRowsAhead = 32;

Error reason(int status) {
  char words[FLEN_STATUS] = "";
  fits_get_errstatus(status, words);
  char more[FLEN_ERRMSG] = "";
  const bool told = fits_read_errmsg(more) != 0;
  fits_clear_errmsg();
  const bool memory = status == MEMORY_ALLOCATION;
  return {memory ? Code::unsupported : Code::corrupt,
          std::string("cfitsio cannot unpack the compressed image: ") + words + (told ? std::string("; ") + more : "") +
              (memory ? "; its tiles take more memory than was reckoned with" : "")};
}

/// The compressed HDU, open as an image.
class Picture {
 public:
  Picture(Channel& channel, std::uint64_t unit_bytes) : window_(channel, unit_bytes) {
    fits_open_file(&file_, Window::kName, READONLY, &status_);
    fits_movabs_hdu(file_, 2, nullptr, &status_);
    if (status_ == 0 && fits_is_compressed_image(file_, &status_) == 0) status_ = DATA_DECOMPRESSION_ERR;
  }
  ~Picture() {
    int ignored = 0;
    if (file_ != nullptr) fits_close_file(file_, &ignored);
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  Result<void> ok() const {
    if (status_ == 0) return {};
    return fail(reason(status_));
  }
  fitsfile* file() { return file_; }
  const FITSfile& inside() const { return *file_->Fptr; }
  Window& window() { return window_; }

 private:
  Window window_;
  fitsfile* file_ = nullptr;
  int status_ = 0;
};

int type_of(int bitpix) {
  switch (bitpix) {
    case 8: return TBYTE;
    case 16: return TSHORT;
    case 32: return TINT;
    case 64: return TLONGLONG;
    case -32: return TFLOAT;
    case -64: return TDOUBLE;
    default: return 0;
  }
}

void to_big_endian(Bytes& samples, std::size_t width) {
  for (std::size_t at = 0; at + width <= samples.size(); at += width)
    std::reverse(samples.begin() + static_cast<std::ptrdiff_t>(at),
                 samples.begin() + static_cast<std::ptrdiff_t>(at + width));
}

using Span = std::pair<std::int64_t, std::int64_t>;

/// The rows of the table that hold the tiles of a box.
std::vector<long> tiles_of(const FITSfile& f, const std::vector<Span>& box) {
  std::vector<long> rows = {0};
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < box.size(); ++i) {
    const std::int64_t tile = std::max<long>(f.tilesize[i], 1);
    const std::int64_t first = (box[i].first - 1) / tile, last = (box[i].second - 1) / tile;
    std::vector<long> next;
    for (const long row : rows) {
      for (std::int64_t t = first; t <= last && next.size() < 1'000'000; ++t)
        next.push_back(static_cast<long>(row + t * stride));
    }
    rows = std::move(next);
    stride *= (f.znaxis[i] + tile - 1) / tile;
  }
  return rows;
}

/// Where the packed tiles of boxes lie in the heap, from their descriptors.
void fetch_tiles(Picture& picture, const std::vector<std::vector<Span>>& boxes) {
  const FITSfile& f = picture.inside();
  std::vector<long> rows;
  for (const std::vector<Span>& box : boxes) {
    const std::vector<long> more = tiles_of(f, box);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  const auto start = static_cast<std::uint64_t>(f.datastart), width = static_cast<std::uint64_t>(f.rowlength);
  std::vector<ByteRange> wanted;
  for (const long row : rows) wanted.push_back({start + static_cast<std::uint64_t>(row) * width, width});
  picture.window().fetch_ahead(std::move(wanted));
  wanted.clear();
  const auto heap = start + static_cast<std::uint64_t>(f.heapstart);
  for (const long row : rows) {
    for (const int column : {f.cn_compressed, f.cn_gzip_data, f.cn_uncompressed}) {
      if (column <= 0) continue;
      LONGLONG count = 0, offset = 0;
      int status = 0;
      fits_read_descriptll(picture.file(), column, row + 1, &count, &offset, &status);
      if (status != 0 || count <= 0 || offset < 0) continue;
      // Elements of eight bytes at most; more than there are bytes only costs what the window clips.
      const std::uint64_t element = column == f.cn_compressed ? 2 : column == f.cn_gzip_data ? 1 : 8;
      const auto bytes = static_cast<std::uint64_t>(std::min<LONGLONG>(count, 1LL << 40));
      const bool plio = f.compress_type == PLIO_1;
      wanted.push_back(
          {heap + static_cast<std::uint64_t>(offset), bytes * (column == f.cn_compressed && !plio ? 1 : element)});
      break;
    }
  }
  picture.window().fetch_ahead(std::move(wanted));
}

/// Single rows from that of `band` on: their tiles are fetched together.
std::vector<std::vector<Span>> rows_ahead(const PixelsJob& job, std::vector<Span> band) {
  std::vector<std::vector<Span>> out;
  for (std::int64_t row = 0; row < kRowsAhead; ++row) {
    out.push_back(band);
    if (band.size() < 2 || job.every > job.box[1].second - band[1].first) break;
    band[1].first += job.every;
    band[1].second = band[1].first;
  }
  return out;
}

Result<void> send_band(Channel& channel, Picture& picture, const PixelsJob& job, const std::vector<Span>& band) {
  std::int64_t count = 1;
  std::vector<long> first, last, step(band.size(), 1);
  for (const Span& span : band) {
    first.push_back(static_cast<long>(span.first));
    last.push_back(static_cast<long>(span.second));
    count *= span.second - span.first + 1;
  }
  const auto width = static_cast<std::size_t>(std::abs(job.bitpix) / 8);
  Bytes samples(static_cast<std::size_t>(count) * width);
  float no_float = std::numeric_limits<float>::quiet_NaN();
  double no_double = std::numeric_limits<double>::quiet_NaN();
  void* nothing = job.bitpix == -32 ? static_cast<void*>(&no_float) : job.bitpix == -64 ? &no_double : nullptr;
  int any = 0, status = 0;
  fits_read_subset(picture.file(), type_of(job.bitpix), first.data(), last.data(), step.data(), nothing, samples.data(),
                   &any, &status);
  if (status != 0) return fail(reason(status));
  to_big_endian(samples, width);
  for (std::size_t at = 0; at < samples.size(); at += kMostWanted) {
    const std::size_t length = std::min<std::size_t>(samples.size() - at, kMostWanted);
    channel.send(FrameKind::pixels, ByteView(samples).subspan(at, length));
  }
  return {};
}

}  // namespace

bool prepare_tiles() {
  return fits_init_cfitsio() == 0 && Window::register_driver();
}

Result<void> send_pixels(Channel& channel, const PixelsJob& job) {
  Picture picture(channel, job.unit_bytes);
  if (Result<void> ok = picture.ok(); !ok) return ok;
  const FITSfile& f = picture.inside();
  const auto axes = job.box.size();
  if (type_of(job.bitpix) == 0 || axes > kMostAxes || static_cast<std::size_t>(f.zndim) != axes ||
      f.zbitpix != job.bitpix)
    return fail(Code::corrupt, "the compressed image is not what its header said");
  for (std::size_t i = 0; i < axes; ++i) {
    if (job.box[i].second > f.znaxis[i])
      return fail(Code::corrupt, "the compressed image is smaller than its header said");
  }
  int status = 0;
  fits_set_bscale(picture.file(), 1.0, 0.0, &status);  // samples as they are in the file
  if (status != 0) return fail(reason(status));
  // One plane after another; in a plane one band of tiles after another.
  std::vector<Span> band = job.box;
  for (std::size_t i = 2; i < axes; ++i) band[i].second = band[i].first;
  const std::int64_t row = (job.box[0].second - job.box[0].first + 1) * (std::abs(job.bitpix) / 8);
  for (;;) {
    const std::int64_t bottom = axes > 1 ? job.box[1].first : 1, top = axes > 1 ? job.box[1].second : 1;
    const std::int64_t tile = axes > 1 ? std::max<long>(f.tilesize[1], 1) : 1;
    const std::int64_t tall = std::max<std::int64_t>(kPiece / std::max<std::int64_t>(row, 1), 1);
    for (std::int64_t y = bottom; y <= top;) {
      // To the end of as many whole tiles as fit; of a taller tile as many rows.
      std::int64_t end = y + tall - 1;
      if (tall >= tile) end = end / tile * tile;
      if (end < y) end = y + tall - 1;
      end = job.every > 1 ? y : std::min(end, top);
      if (axes > 1) band[1] = {y, end};
      if (job.every == 1)
        fetch_tiles(picture, {band});
      else if ((y - bottom) / job.every % kRowsAhead == 0)
        fetch_tiles(picture, rows_ahead(job, band));
      if (Result<void> sent = send_band(channel, picture, job, band); !sent) return sent;
      if (job.every > top - y) break;
      y = job.every > 1 ? y + job.every : end + 1;
    }
    std::size_t axis = 2;
    for (; axis < axes; ++axis) {
      if (++band[axis].first <= job.box[axis].second) break;
      band[axis].first = job.box[axis].first;
      band[axis].second = band[axis].first;
    }
    if (axis >= axes) return {};
    band[axis].second = band[axis].first;
  }
}

}  // namespace skymount::vo
