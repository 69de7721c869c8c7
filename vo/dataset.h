// SPDX-License-Identifier: MIT
//
// A dataset of an answer: what its folder is called and which rows it has.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace skymount::vo {

/// One of the distinct (obs_publisher_did, access_url) of a listing. Points into the listing, which outlives it.
struct Dataset {
  std::string_view name;                ///< folder name, unique in the listing
  std::span<const std::uint32_t> rows;  ///< into Listing::table
  std::string_view publisher_did, access_url, access_format, product_type;
  std::optional<double> t_min_mjd;
  std::optional<std::uint64_t> size_estimate;  ///< bytes
};

}  // namespace skymount::vo
