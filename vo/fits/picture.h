// SPDX-License-Identifier: MIT
//
// A look at a FITS image: a small PNG of it, made of every so manieth row, so that a look at a plate of a gigabyte
// costs some megabytes and neither its pixels nor its rows need to fit anywhere. Stretched and encoded behind the wall.
#pragma once

#include "vo/fits/header_walk.h"
#include "vo/fits/wall/workers.h"

namespace skymount::vo {

/// The longer side of a picture has at most so many pixels.
inline constexpr std::int64_t kPictureSide = 400;
/// No picture reads more of the image than this, headers aside; of one in tall tiles twice as much. Images whose rows, or tiles, are so long that not even
/// a coarse picture comes of it have none.
inline constexpr std::uint64_t kMostForPicture = 32ULL << 20;

/// Starts to fetch what will be read soon; may do nothing.
using FetchSoon = std::function<void(ByteRange)>;

/// PNG, grey, north where the image has its top. Of the HDU of which a cutout would be made; of a cube the plane in the
/// middle. Errors  unsupported: no image of two axes; too_large: beyond kMostForPicture; as plan_cutout().
Result<Bytes> picture_of(std::uint64_t size, const ReadRange& read, const FetchSoon& soon, Workers& workers,
                         const FetchContext& ctx);

}  // namespace skymount::vo
