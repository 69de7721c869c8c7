// SPDX-License-Identifier: MIT
#include "vo/fits/picture.h"

#include "vo/fits/tile_memory.h"

#include "vo/fits/cards.h"
#include "vo/fits/cutout_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace skymount::vo {
namespace {

// An image of no more bytes is read as a whole: it costs no more round trips than its rows would, and looks better.
constexpr std::uint64_t kReadWhole = 16_MiB;
// Tall tiles bring more than the rows that were asked for; then a picture of a quarter of the rows is tried, once.
constexpr int kCoarser = 1;
constexpr std::int64_t kQuarter = 4;
constexpr std::uint64_t kPiece = 4_MiB;
// Rows that are asked for ahead of the one that is looked at.
constexpr std::int64_t kRowsAhead = 32;

/// Samples as numbers; what has no value is NaN. BZERO and the size of BSCALE do not change how a picture looks.
class Samples {
 public:
  Samples(const std::vector<Card>& cards, std::int32_t bitpix) : bitpix_(bitpix) {
    const Card* blank = find_card(cards, "BLANK");
    if (blank != nullptr && bitpix > 0) blank_ = integer_value(*blank);
    const Card* scale = find_card(cards, "BSCALE");
    if (scale != nullptr && real_value(*scale).value_or(1) < 0) sign_ = -1;
  }

  double at(ByteView row, std::size_t index) const {
    const std::size_t width = static_cast<std::size_t>(std::abs(bitpix_)) / 8;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < width; ++i) bits = bits << 8 | std::to_integer<std::uint64_t>(row[index * width + i]);
    return sign_ * value(bits);
  }

 private:
  double value(std::uint64_t bits) const {
    if (bitpix_ == -32) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (bitpix_ == -64) return std::bit_cast<double>(bits);
    std::int64_t whole = 0;
    switch (bitpix_) {
      case 8: whole = static_cast<std::int64_t>(bits); break;  // unsigned, FITS 4.0 section 5.2.1
      case 16: whole = static_cast<std::int16_t>(bits); break;
      case 32: whole = static_cast<std::int32_t>(bits); break;
      default: whole = static_cast<std::int64_t>(bits);
    }
    return blank_ && whole == *blank_ ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(whole);
  }

  const std::int32_t bitpix_;
  std::optional<std::int64_t> blank_;
  double sign_ = 1;
};

/// How an image becomes a picture: blocks of step x step pixels, of which every row is looked at, or the first.
struct Sampling {
  std::int64_t nx = 0, ny = 0, step = 1;
  std::uint64_t row_bytes = 0, plane = 0;  ///< plane: where the first row begins, in bytes behind the image's beginning
  bool every_row = false;

  std::int64_t width() const { return (nx + step - 1) / step; }
  std::int64_t height() const { return (ny + step - 1) / step; }
  void coarsen(std::int64_t times) {
    step *= times;
    every_row = false;
  }
};

/// Means of what fell into each pixel.
class Canvas {
 public:
  explicit Canvas(const Sampling& sampling)
      : sampling_(sampling),
        sums_(static_cast<std::size_t>(sampling.width() * sampling.height())),
        counts_(sums_.size()) {}

  void add_row(std::int64_t y, ByteView row, const Samples& samples) {
    const auto base = static_cast<std::size_t>(y / sampling_.step * sampling_.width());
    for (std::int64_t x = 0; x < sampling_.nx; ++x) {
      const double value = samples.at(row, static_cast<std::size_t>(x));
      if (!std::isfinite(value)) continue;
      const std::size_t at = base + static_cast<std::size_t>(x / sampling_.step);
      sums_[at] += value;
      ++counts_[at];
    }
  }

  PictureJob job() const {
    PictureJob out;
    out.width = static_cast<std::uint32_t>(sampling_.width());
    out.height = static_cast<std::uint32_t>(sampling_.height());
    for (std::size_t i = 0; i < sums_.size(); ++i)
      out.values.push_back(counts_[i] == 0 ? std::numeric_limits<float>::quiet_NaN() : shown(sums_[i] / counts_[i]));
    return out;
  }

 private:
  static float shown(double value) {
    constexpr double most = std::numeric_limits<float>::max();
    return static_cast<float>(std::clamp(value, -most, most));
  }

  const Sampling sampling_;
  std::vector<double> sums_;
  std::vector<std::uint32_t> counts_;
};

Result<Sampling> sampling_of(const CutPlan& plan) {
  const std::vector<std::int64_t>& axes = plan.image.axes;
  if (axes.size() < 2) return fail(Code::unsupported, "an image of one axis has no picture");
  Sampling out;
  out.nx = axes[0];
  out.ny = axes[1];
  out.row_bytes = static_cast<std::uint64_t>(axes[0]) * plan.sample_bytes();
  std::uint64_t stride = out.row_bytes * static_cast<std::uint64_t>(axes[1]);
  out.every_row = stride <= kReadWhole;
  for (std::size_t i = 2; i < axes.size(); ++i) {
    out.plane += stride * static_cast<std::uint64_t>((axes[i] - 1) / 2);
    stride *= static_cast<std::uint64_t>(axes[i]);
  }
  out.step = (std::max(out.nx, out.ny) + kPictureSide - 1) / kPictureSide;
  if (out.row_bytes > kMostForPicture) return fail(Code::too_large, "its rows are too long for a picture");
  while (!out.every_row && static_cast<std::uint64_t>(out.height()) * out.row_bytes > kMostForPicture) out.coarsen(2);
  return out;
}

Result<void> read_plain(Canvas& canvas, const Sampling& sampling, const CutPlan& plan, const Samples& samples,
                        const ReadRange& read, const FetchSoon& soon) {
  const std::uint64_t begin = plan.image.data_offset + sampling.plane;
  const auto row_at = [&](std::int64_t y) {
    return ByteRange{begin + static_cast<std::uint64_t>(y) * sampling.row_bytes, sampling.row_bytes};
  };
  if (sampling.every_row) {
    const auto rows = static_cast<std::int64_t>(std::max<std::uint64_t>(kPiece / sampling.row_bytes, 1));
    for (std::int64_t y = 0; y < sampling.ny; y += rows) {
      const std::int64_t count = std::min(rows, sampling.ny - y);
      const Result<SharedBytes> bytes =
          read({row_at(y).offset, static_cast<std::uint64_t>(count) * sampling.row_bytes});
      if (!bytes) return fail(bytes.error());
      for (std::int64_t i = 0; i < count; ++i)
        canvas.add_row(y + i,
                       bytes->view().subspan(static_cast<std::size_t>(i) * sampling.row_bytes, sampling.row_bytes),
                       samples);
    }
    return {};
  }
  for (std::int64_t row = 0; row < sampling.height(); ++row) {
    if (row % kRowsAhead == 0) {
      for (std::int64_t next = row; next < std::min(row + kRowsAhead, sampling.height()); ++next)
        soon(row_at(next * sampling.step));
    }
    const Result<SharedBytes> bytes = read(row_at(row * sampling.step));
    if (!bytes) return fail(bytes.error());
    canvas.add_row(row * sampling.step, bytes->view(), samples);
  }
  return {};
}

/// The rows of a compressed image, unpacked behind the wall. What comes is checked to be the rows that were asked for.
Result<void> read_tiled(Canvas& canvas, const Sampling& sampling, const CutPlan& plan, const Samples& samples,
                        const ReadRange& read, const FetchSoon& soon, Workers& workers, const FetchContext& ctx) {
  PixelsJob job{plan.image.unit_bytes, plan.image.bitpix, plan.box};
  job.every = sampling.every_row ? 1 : sampling.step;
  job.memory = plan.image.tile_memory;
  for (std::size_t i = 2; i < job.box.size(); ++i) job.box[i].first = job.box[i].second = (job.box[i].second + 1) / 2;
  const std::int64_t rows = (sampling.ny + job.every - 1) / job.every;
  std::int64_t row = 0;
  std::uint64_t moved = 0;
  Bytes held;
  const auto take = [&](FrameKind kind, ByteView payload) -> Result<void> {
    held.insert(held.end(), payload.begin(), payload.end());
    const std::size_t whole = held.size() / sampling.row_bytes;
    if (kind != FrameKind::pixels || row + static_cast<std::int64_t>(whole) > rows)
      return fail(Code::corrupt, "more pixels came out of the compressed image than are in it");
    for (std::size_t i = 0; i < whole; ++i, ++row)
      canvas.add_row(row * job.every, ByteView(held).subspan(i * sampling.row_bytes, sampling.row_bytes), samples);
    held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(whole * sampling.row_bytes));
    return {};
  };
  const auto serve = [&](ByteRange range) -> Result<SharedBytes> {
    if (range.end() > plan.image.unit_bytes)
      return fail(Code::corrupt, "bytes beyond the compressed image were asked for");
    moved += range.length;
    if (moved > kMostForPicture) return fail(Code::too_large, "its tiles are too large for a picture");
    return read({plan.image.unit_offset + range.offset, range.length});
  };
  const auto ahead = [&](ByteRange range) {
    if (range.end() <= plan.image.unit_bytes && moved + range.length <= kMostForPicture)
      soon({plan.image.unit_offset + range.offset, range.length});
  };
  const LargeTurn turn(plan.image.alone, ctx);
  if (!turn.ok()) return turn.ok();
  if (Result<void> ran = workers.run(FrameKind::pixels, pack(job), serve, take, ctx, ahead); !ran) return ran;
  if (row == rows && held.empty()) return {};
  return fail(Code::corrupt, "fewer pixels came out of the compressed image than are in it");
}

Result<Bytes> encode(const Canvas& canvas, Workers& workers, const FetchContext& ctx) {
  Bytes png;
  const auto take = [&](FrameKind kind, ByteView payload) -> Result<void> {
    if (kind != FrameKind::picture || png.size() + payload.size() > kMostPictureBytes)
      return fail(Code::corrupt, "what should be a picture is none");
    png.insert(png.end(), payload.begin(), payload.end());
    return {};
  };
  const auto nothing = [](ByteRange) -> Result<SharedBytes> { return fail(Code::corrupt, "a picture needs no more"); };
  if (Result<void> ran = workers.run(FrameKind::picture, pack(canvas.job()), nothing, take, ctx); !ran)
    return fail(ran.error());
  if (!as_text(png).starts_with("\x89PNG")) return fail(Code::corrupt, "what should be a picture is none");
  return png;
}

}  // namespace

Result<Bytes> picture_of(std::uint64_t size, const ReadRange& read, const FetchSoon& soon, Workers& workers,
                         const FetchContext& ctx) {
  const Result<CutPlan> plan = plan_cutout(size, read, {}, {}, std::numeric_limits<std::uint64_t>::max(), workers, ctx);
  if (!plan) return fail(plan.error());
  Result<Sampling> sampling = sampling_of(*plan);
  if (!sampling) return fail(sampling.error());
  const Samples samples(cards_of(plan->header), plan->image.bitpix);
  for (int tries = 0;; ++tries) {
    Canvas canvas(*sampling);
    const Result<void> filled = plan->image.tiled
                                    ? read_tiled(canvas, *sampling, *plan, samples, read, soon, workers, ctx)
                                    : read_plain(canvas, *sampling, *plan, samples, read, soon);
    if (filled) return encode(canvas, workers, ctx);
    if (filled.error().code() != Code::too_large || tries == kCoarser) return fail(filled.error());
    sampling->coarsen(kQuarter);
  }
}

}  // namespace skymount::vo
