// SPDX-License-Identifier: MIT
//
// Which of a dataset's files are FITS, and which of them is its image. Decided from names, types and terms alone.
#pragma once

#include "vo/listing.h"

#include <string_view>

namespace skymount::vo {

/// By type or by extension, compressed or not.
bool is_fits(const Entry& entry);

/// The file whose headers are shown beside it: FITS of the archive, not computed on demand, not another folder.
bool has_header_text(const Entry& entry);

/// A dataset's image: the first #this that is FITS and may be an image; null when the dataset is of another type.
const Entry* image_of(const DatasetFolder& folder, const Dataset& dataset);

}  // namespace skymount::vo
