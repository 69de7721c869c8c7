// SPDX-License-Identifier: MIT
//
// Which of a dataset's files are FITS, and which of them is its image. Decided from names, types and terms alone.
#pragma once

#include "vo/listing.h"

#include <string>
#include <string_view>

namespace skymount::vo {

/// By type or by extension, compressed or not.
bool is_fits(const Entry& entry);

/// The file whose headers are shown beside it: FITS of the archive, not computed on demand, not another folder.
bool has_header_text(const Entry& entry);

/// Which of a dataset's images is taken when nobody names one.
struct ImageChoice {
  std::string full{};        ///< semantics of the image in full resolution ([best] full); empty: there is none
  bool also_denied = false;  ///< what is not for everybody may be for us
};

/// A dataset's image: the first #this that is FITS and may be an image; null when the dataset is of another type.
const Entry* image_of(const DatasetFolder& folder, const Dataset& dataset);
/// In full resolution: the first of the semantics that `choice` names; null without such a link.
const Entry* full_image_of(const DatasetFolder& folder, const Dataset& dataset, const ImageChoice& choice);
/// The one to cut: in full resolution, else image_of().
const Entry* image_to_cut(const DatasetFolder& folder, const Dataset& dataset, const ImageChoice& choice);

}  // namespace skymount::vo
