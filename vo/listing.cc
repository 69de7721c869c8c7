// SPDX-License-Identifier: MIT
#include "vo/listing.h"

namespace skymount::vo {

const Dataset* Listing::find(std::string_view name) const {
  const auto it = by_name.find(std::string(name));
  return it == by_name.end() || it->second >= datasets.size() ? nullptr : &datasets[it->second];
}

}  // namespace skymount::vo
