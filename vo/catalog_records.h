// SPDX-License-Identifier: MIT
//
// How answers lie in LMDB between mounts. A listing is kept as its rows and made again by listing_builder; a dataset
// folder is kept as it is. Records are ours but the disk is not trusted: whatever does not read back completely counts
// as absent.
#pragma once

#include "cache/base/bytes.h"
#include "vo/listing.h"
#include "vo/listing_builder.h"

#include <optional>

namespace skymount::vo {

Bytes pack(const Listing& listing);
/// Without the query, which is the key.
std::optional<ListingParts> unpack_listing(ByteView bytes);

Bytes pack(const DatasetFolder& folder);
std::optional<DatasetFolder> unpack_folder(ByteView bytes);

}  // namespace skymount::vo
