// SPDX-License-Identifier: MIT
//
// What the two halves of the imitation of ESO's archive share.
#pragma once

#include "vo/demo/archives/site.h"

#include <string>
#include <vector>

namespace skymount::demo {

/// A row of dbo.raw.
struct EsoRaw {
  const char *dp_id, *origfile;
  std::string programme;
  const char *start, *release;
  bool masters;  ///< there are master calibrations; else raw ones come back, uncertified
};
const std::vector<EsoRaw>& eso_raws();
std::string eso_file_url(const std::string& dp_id);

/// calselector/v1/associations: calibrations of a raw file as a links document that is not marked as one, or, without
/// responseformat, the tree of associations as XML.
Reply eso_associations(const Request& request);

}  // namespace skymount::demo
