// SPDX-License-Identifier: MIT
//
// What a dataset's folder shows: from a links answer, or from the row alone when access_url is the file itself. Names,
// sub-folders, identities, what is forbidden beforehand, and the services that cut out.
#pragma once

#include "vo/listing.h"
#include "vo/protocol/datalink.h"

namespace skymount::vo {

/// The row's access_url as the one file (#this). No entry and a fault when there is none.
DatasetFolder folder_of_file(const Listing& listing, const Dataset& dataset, WallTime now);

/// `base` is where the document came from. `document` as received; secrets are blanked here.
DatasetFolder folder_of_links(const Listing& listing, const Dataset& dataset, const LinksAnswer& answer,
                              std::string_view document, const Url& base, WallTime now);

/// Why the row's data cannot be had yet, in words; empty when they can or nothing is said.
std::string embargo_of(const Listing& listing, const Dataset& dataset, WallTime now);

}  // namespace skymount::vo
