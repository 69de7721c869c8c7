// SPDX-License-Identifier: MIT
//
// A cutout that is made on this machine, as its name asks for it: of which file, and what of it. Asks nobody.
#pragma once

#include "vo/fits/cutout_plan.h"
#include "vo/fits_entries.h"
#include "vo/listing.h"
#include "vo/protocol/cutout_name.h"

#include <memory>

namespace skymount::vo {

/// What a name leaves open, as the archive's configuration has it.
struct CutDefaults {
  double radius_deg = 0.25;
  ImageChoice image{};
};

/// Also what is made of a file in another way: see vo/derived_files.
struct LocalCut {
  Entry of;                         ///< the file that is cut
  CutSpec spec;                     ///< canonical: equal cutouts share one identity
  std::string source;               ///< for the cutout's HISTORY: DID, else the file's address without secrets
  std::vector<std::string> wholes;  ///< identities of the dataset's images: what a service may send instead of a part
  enum class Made { cutout, unpacked, headers, picture } made = Made::cutout;  ///< else spec means nothing
};

/// From a name in cutout/. circle, box, polygon, pos, range, pixels=X0..X1,Y0..Y1, planes=A..B, band, hdu=N, from=NAME.
/// Errors  invalid: a term that only a service could know, a bad value, no file of that name; unsupported: nothing here
///         that can be cut.
Result<std::shared_ptr<const LocalCut>> local_cut(const DatasetFolder& folder, const Dataset& dataset,
                                                  const CutoutName& name, const CutDefaults& defaults);
/// The circle around the position of a query. Errors  unsupported: the dataset is no image or cube, or has no FITS
/// file.
Result<std::shared_ptr<const LocalCut>> local_field_cut(const DatasetFolder& folder, const Dataset& dataset,
                                                        const SkyCircle& field, const CutDefaults& defaults);

/// Identity of a cutout that no service makes.
std::string identity_of(const LocalCut& cut);
/// Whether anything of the dataset can be cut here.
bool can_be_cut_here(const DatasetFolder& folder, const Dataset& dataset, const CutDefaults& defaults);

}  // namespace skymount::vo
