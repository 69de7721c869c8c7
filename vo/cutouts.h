// SPDX-License-Identifier: MIT
//
// From a name in cutout/, or from the field in the path, to the one service call that makes the file, and to how it is
// made here (vo/local_cut) where there is none or it fails. Asks nobody. Equal cutouts share one identity however they
// are spelled, so that they are computed and kept once.
#pragma once

#include "vo/archive_options.h"
#include "vo/local_cut.h"

namespace skymount::vo {

/// What the configuration says.
CutDefaults cut_defaults(const ArchiveOptions& options);
/// As Archive::cutout.
Result<Entry> cutout_entry(const DatasetFolder& folder, const Dataset& dataset, std::string_view name,
                           const CutDefaults& defaults);
/// As Archive::field_cutout.
Result<Entry> field_cutout_entry(const DatasetFolder& folder, const Dataset& dataset, const Query& query,
                                 const CutDefaults& defaults);

}  // namespace skymount::vo
