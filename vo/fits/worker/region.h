// SPDX-License-Identifier: MIT
//
// Where on an image a region of the sky lies, and which of its planes a range of wavelengths are: FITS WCS, by wcslib.
#pragma once

#include "cache/base/result.h"
#include "vo/fits/wall/protocol.h"

namespace skymount::vo {

/// The extents of what the job asks for: two axes for the sky, one for the band. The sky's are those of the rectangle
/// around the region; they may lie outside of the image.
/// Errors  no_data: the region cannot be seen on this projection; unsupported: no such coordinates in the header, or
/// coordinates that are not known here.
Result<RegionAnswer> find_region(const RegionJob& job);

}  // namespace skymount::vo
