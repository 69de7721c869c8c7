// SPDX-License-Identifier: MIT
//
// How answers lie in LMDB between mounts. A listing is kept as its rows and its datasets, both so that they can be used
// where they lie: who lists tens of thousands of entries waits for no table to be decoded. Records are ours but the
// disk is not trusted: what its checksum, or reading it completely, does not confirm counts as absent.
#pragma once

#include "cache/base/bytes.h"
#include "vo/listing.h"
#include "vo/listing_builder.h"

#include <optional>

namespace skymount::vo {

Bytes pack(const Listing& listing);
/// Without the query, which is the key. Points into the record, and keeps it.
std::optional<ListingParts> unpack_listing(const SharedBytes& record);

Bytes pack(const DatasetFolder& folder);
std::optional<DatasetFolder> unpack_folder(ByteView bytes);

}  // namespace skymount::vo
