// SPDX-License-Identifier: MIT
//
// From a name in cutout/, or from the field in the path, to the one service call that makes the file, and to how it is
// made here (vo/local_cut) where there is none or it fails. Asks nobody. Equal cutouts share one identity however they
// are spelled, so that they are computed and kept once.
#pragma once

#include "vo/listing.h"

namespace skymount::vo {

/// As Archive::cutout.
Result<Entry> cutout_entry(const DatasetFolder& folder, const Dataset& dataset, std::string_view name,
                           double default_radius_deg);
/// As Archive::field_cutout.
Result<Entry> field_cutout_entry(const DatasetFolder& folder, const Dataset& dataset, const Query& query,
                                 double default_radius_deg);

}  // namespace skymount::vo
