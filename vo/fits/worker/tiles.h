// SPDX-License-Identifier: MIT
//
// Images that are compressed in tiles, unpacked by cfitsio: any rectangle of their samples. cfitsio sees a file of its
// own, a bare primary HDU and the one compressed HDU, whose bytes are asked for over the channel. Source: FITS 4.0
// section 10.
#pragma once

#include "vo/fits/worker/channel.h"

namespace skymount::vo {

/// What cfitsio needs of the system to get ready; before the sandbox closes.
bool prepare_tiles();

/// Sends the box's samples as `pixels`, big-endian, unscaled, in file order, in pieces of a few MB. Bytes are asked for
/// ahead, a band of tiles at a time. Errors  corrupt, unsupported: with cfitsio's reason.
Result<void> send_pixels(Channel& channel, const PixelsJob& job);

}  // namespace skymount::vo
