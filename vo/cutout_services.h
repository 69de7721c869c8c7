// SPDX-License-Identifier: MIT
//
// The services of a dataset as a person meets them in cutout/: under which name each has a folder of its own when there
// are several, and a name that each is sure to take.
#pragma once

#include "vo/listing.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// A folder name for each service, in their order; empty when there are fewer than two, because then nothing is to be
/// told apart. Unique and safe, and none that could be a cutout's.
std::vector<std::string> service_folders(const DatasetFolder& folder);

/// The folder of a dataset with this one service alone, and without what is cut here. Null: there is none of that name.
std::optional<DatasetFolder> with_service(const DatasetFolder& folder, std::string_view name);

/// A name in cutout/ that a service would be called for, made of its declared choices and ranges:
/// "BAND=6.3e-07..6.6e-07,FLUXCALIB=normalized.fits". Nothing when the declaration does not tell any value.
std::optional<std::string> example_name(const DatasetFolder::CutoutService& service, const Dataset& dataset);

}  // namespace skymount::vo
