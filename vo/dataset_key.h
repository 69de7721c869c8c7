// SPDX-License-Identifier: MIT
//
// What a dataset's links are remembered by, whatever query it was found by.
#pragma once

#include "vo/listing.h"

#include <string>

namespace skymount::vo {

inline std::string key_of(const Dataset& dataset) {
  std::string key(dataset.publisher_did);
  key.append("\n").append(dataset.access_url);
  return key.size() > 1 ? key : std::string("\n\n").append(dataset.name);
}

}  // namespace skymount::vo
