// SPDX-License-Identifier: MIT
//
// What is said between us and the worker behind the wall (vo/fits/worker): frames over a socket pair, one job at a
// time. Both sides distrust the other's lengths; what the worker computes is checked again where it is used.
//
//   us -> worker   region | pixels | picture | memory, then bytes for each range of a want
//   worker -> us   want*, then the answer (region | pixels* | picture | memory), then done; or failed instead of either
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/bytes.h"
#include "cache/base/result.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

/// No frame is longer: a header of 36,000 cards, or four megabytes of pixels or file.
inline constexpr std::size_t kLongestFrame = 5 * 1024 * 1024;
/// The most that one want asks for. Small, because a worker has little memory.
inline constexpr std::uint64_t kMostWanted = 4 * 1024 * 1024;

enum class FrameKind : std::uint8_t {
  region = 1,  ///< job: RegionJob; answer: RegionAnswer
  pixels,      ///< job: PixelsJob; answer: raw big-endian samples in file order, in pieces
  want,        ///< ranges of the HDU's bytes, which are sent in this order
  bytes,       ///< of one wanted range
  done,
  failed,   ///< code and words
  picture,  ///< job: PictureJob; answer: a PNG file
  memory,   ///< job: eight bytes, how much a later job will need; answer: one byte, not 0 if only one may at a time
};

struct Frame {
  FrameKind kind = FrameKind::done;
  Bytes payload;
};

/// The sky, ICRS, in degrees.
struct SkyPoint {
  double ra_deg = 0, dec_deg = 0;
};

/// Where is this on the pixels of that header?
struct RegionJob {
  std::string cards;              ///< the header: 80 bytes each, END included
  std::vector<SkyPoint> outline;  ///< points of the region's border and inside; empty: no sky asked for
  SkyPoint centre;                ///< with `reach_deg`, a circle around all of them
  double reach_deg = 0;
  std::optional<std::pair<double, double>> band_m;  ///< wavelengths; either end may be infinite
};

/// The extent of the region along one axis, in FITS pixel coordinates (the first pixel's centre is 1).
struct AxisExtent {
  std::uint32_t axis = 0;  ///< 1-based
  double low = 0, high = 0;
};
using RegionAnswer = std::vector<AxisExtent>;

/// A rectangle of the pixels of a tile-compressed image, 1-based and inclusive, one pair an axis.
struct PixelsJob {
  std::uint64_t unit_bytes = 0;  ///< of the HDU, whose bytes are asked for by offset from its beginning
  std::int32_t bitpix = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> box;
  std::int64_t every = 1;    ///< of the rows along axis 2: the first, and each so manieth after it
  std::uint64_t memory = 0;  ///< that it takes, where that is more than a worker commonly has
};

/// Values to be seen, NaN where there is none; the lowest row first.
struct PictureJob {
  std::uint32_t width = 0, height = 0;
  std::vector<float> values;
};
/// Neither side of a picture is longer, and no PNG file of one has more bytes.
inline constexpr std::uint32_t kLongestSide = 1024;
inline constexpr std::size_t kMostPictureBytes = 2 * 1024 * 1024;

Bytes pack(const RegionJob& job);
Bytes pack(const RegionAnswer& answer);
Bytes pack(const PixelsJob& job);
Bytes pack(const PictureJob& job);
Bytes pack(const Error& error);
Bytes pack(const std::vector<ByteRange>& wanted);
/// Nothing when malformed.
std::optional<RegionJob> unpack_region_job(ByteView bytes);
std::optional<RegionAnswer> unpack_region_answer(ByteView bytes);
std::optional<PixelsJob> unpack_pixels_job(ByteView bytes);
std::optional<PictureJob> unpack_picture_job(ByteView bytes);
/// Codes that a worker may not use become corrupt.
std::optional<Error> unpack_failure(ByteView bytes);
/// Also nothing when they are more than kMostWanted together.
std::optional<std::vector<ByteRange>> unpack_wanted(ByteView bytes);

/// The five bytes before a frame's payload: kind and length.
inline constexpr std::size_t kFrameHead = 5;
std::array<std::byte, kFrameHead> frame_head(FrameKind kind, std::size_t payload);
/// Kind and length; nothing when there is no such kind or it is too long.
std::optional<std::pair<FrameKind, std::size_t>> parse_frame_head(ByteView head);

}  // namespace skymount::vo
