// SPDX-License-Identifier: MIT
//
// Numbers to a PNG, so that faint things are seen beside bright ones.
#pragma once

#include "vo/fits/wall/protocol.h"

namespace skymount::vo {

/// Grey, 8 bits; the first row is the lowest, as in FITS. What has no value is black.
/// Brightness is asinh between the sky and the brightest; of a negative, where it is the dark that stands out, the
/// other way round. Errors  too_large: memory.
Result<Bytes> png_of(const PictureJob& job);

}  // namespace skymount::vo
