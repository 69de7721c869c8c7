// SPDX-License-Identifier: MIT
#include "vo/fits/wall/protocol.h"

#include "cache/base/record.h"

#include <bit>
#include <cmath>

namespace skymount::vo {
namespace {

// Bounds on counts, so that a length of a few bytes cannot ask for memory.
constexpr std::uint32_t kMostPoints = 20'000;
constexpr std::uint32_t kMostAxes = 999;
constexpr std::uint32_t kMostRanges = 100'000;

}  // namespace

Bytes pack(const RegionJob& job) {
  RecordWriter out;
  out.text(job.cards);
  out.u32(static_cast<std::uint32_t>(job.outline.size()));
  for (const SkyPoint& point : job.outline) {
    out.f64(point.ra_deg);
    out.f64(point.dec_deg);
  }
  out.f64(job.centre.ra_deg);
  out.f64(job.centre.dec_deg);
  out.f64(job.reach_deg);
  out.u8(job.band_m ? 1 : 0);
  if (job.band_m) {
    out.f64(job.band_m->first);
    out.f64(job.band_m->second);
  }
  return std::move(out).take();
}

std::optional<RegionJob> unpack_region_job(ByteView bytes) {
  RecordReader in(bytes);
  RegionJob job;
  job.cards = in.text();
  const std::uint32_t points = in.u32();
  if (!in.ok() || points > kMostPoints || job.cards.size() % 80 != 0) return std::nullopt;
  for (std::uint32_t i = 0; i < points; ++i) {
    const double ra = in.f64();
    job.outline.push_back({ra, in.f64()});
  }
  job.centre.ra_deg = in.f64();
  job.centre.dec_deg = in.f64();
  job.reach_deg = in.f64();
  if (in.u8() != 0) {
    const double low = in.f64();
    job.band_m.emplace(low, in.f64());
  }
  if (!in.complete()) return std::nullopt;
  return job;
}

Bytes pack(const RegionAnswer& answer) {
  RecordWriter out;
  out.u32(static_cast<std::uint32_t>(answer.size()));
  for (const AxisExtent& extent : answer) {
    out.u32(extent.axis);
    out.f64(extent.low);
    out.f64(extent.high);
  }
  return std::move(out).take();
}

std::optional<RegionAnswer> unpack_region_answer(ByteView bytes) {
  RecordReader in(bytes);
  const std::uint32_t count = in.u32();
  if (!in.ok() || count > 3) return std::nullopt;
  RegionAnswer answer;
  for (std::uint32_t i = 0; i < count; ++i) {
    AxisExtent extent;
    extent.axis = in.u32();
    extent.low = in.f64();
    extent.high = in.f64();
    if (extent.axis < 1 || extent.axis > kMostAxes || std::isnan(extent.low) || std::isnan(extent.high))
      return std::nullopt;
    answer.push_back(extent);
  }
  if (!in.complete()) return std::nullopt;
  return answer;
}

Bytes pack(const PixelsJob& job) {
  RecordWriter out;
  out.u64(job.unit_bytes);
  out.i64(job.bitpix);
  out.i64(job.every);
  out.u64(job.memory);
  out.u32(static_cast<std::uint32_t>(job.box.size()));
  for (const auto& [first, last] : job.box) {
    out.i64(first);
    out.i64(last);
  }
  return std::move(out).take();
}

std::optional<PixelsJob> unpack_pixels_job(ByteView bytes) {
  RecordReader in(bytes);
  PixelsJob job;
  job.unit_bytes = in.u64();
  job.bitpix = static_cast<std::int32_t>(in.i64());
  job.every = in.i64();
  job.memory = in.u64();
  const std::uint32_t axes = in.u32();
  if (!in.ok() || axes < 1 || axes > 9 || job.unit_bytes > (std::uint64_t{1} << 62) || job.every < 1 ||
      job.every > (std::int64_t{1} << 58))
    return std::nullopt;
  for (std::uint32_t i = 0; i < axes; ++i) {
    const std::int64_t first = in.i64();
    const std::int64_t last = in.i64();
    if (first < 1 || last < first) return std::nullopt;
    job.box.emplace_back(first, last);
  }
  if (!in.complete()) return std::nullopt;
  return job;
}

Bytes pack(const PictureJob& job) {
  RecordWriter out;
  out.u32(job.width);
  out.u32(job.height);
  for (const float value : job.values) out.u32(std::bit_cast<std::uint32_t>(value));
  return std::move(out).take();
}

std::optional<PictureJob> unpack_picture_job(ByteView bytes) {
  RecordReader in(bytes);
  PictureJob job;
  job.width = in.u32();
  job.height = in.u32();
  const auto side = [](std::uint32_t n) { return n >= 1 && n <= kLongestSide; };
  if (!in.ok() || !side(job.width) || !side(job.height)) return std::nullopt;
  const std::size_t count = std::size_t{job.width} * job.height;
  if (bytes.size() != 8 + count * 4) return std::nullopt;
  job.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) job.values.push_back(std::bit_cast<float>(in.u32()));
  if (!in.complete()) return std::nullopt;
  return job;
}

Bytes pack(const Error& error) {
  RecordWriter out;
  out.u32(static_cast<std::uint32_t>(error.code()));
  out.text(std::string_view(error.what()).substr(0, 1000));
  return std::move(out).take();
}

std::optional<Error> unpack_failure(ByteView bytes) {
  RecordReader in(bytes);
  const auto code = static_cast<Code>(in.u32());
  const std::string words(in.text());
  if (!in.complete() || words.size() > 1000) return std::nullopt;
  const bool allowed = code == Code::no_data || code == Code::unsupported || code == Code::too_large;
  return Error(allowed ? code : Code::corrupt, words);
}

Bytes pack(const std::vector<ByteRange>& wanted) {
  RecordWriter out;
  out.u32(static_cast<std::uint32_t>(wanted.size()));
  for (const ByteRange& range : wanted) {
    out.u64(range.offset);
    out.u64(range.length);
  }
  return std::move(out).take();
}

std::optional<std::vector<ByteRange>> unpack_wanted(ByteView bytes) {
  RecordReader in(bytes);
  const std::uint32_t count = in.u32();
  if (!in.ok() || count > kMostRanges) return std::nullopt;
  std::vector<ByteRange> wanted;
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t offset = in.u64();
    const ByteRange range{offset, in.u64()};
    if (range.length == 0 || range.length > kMostWanted || range.offset > (std::uint64_t{1} << 62)) return std::nullopt;
    total += range.length;
    wanted.push_back(range);
  }
  if (!in.complete() || total > kMostWanted) return std::nullopt;
  return wanted;
}

std::array<std::byte, kFrameHead> frame_head(FrameKind kind, std::size_t payload) {
  std::array<std::byte, kFrameHead> out{};
  out[0] = static_cast<std::byte>(kind);
  for (std::size_t i = 0; i < 4; ++i) out[i + 1] = static_cast<std::byte>(payload >> (8 * i) & 0xff);
  return out;
}

std::optional<std::pair<FrameKind, std::size_t>> parse_frame_head(ByteView head) {
  if (head.size() != kFrameHead) return std::nullopt;
  const auto kind = std::to_integer<unsigned>(head[0]);
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= std::to_integer<std::size_t>(head[i + 1]) << (8 * i);
  if (kind < static_cast<unsigned>(FrameKind::region) || kind > static_cast<unsigned>(FrameKind::memory) ||
      length > kLongestFrame)
    return std::nullopt;
  return std::pair(static_cast<FrameKind>(kind), length);
}

}  // namespace skymount::vo
