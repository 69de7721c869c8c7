// SPDX-License-Identifier: MIT
//
// A dataset that no row of the table has, but whose id the archive's links service knows: id=... then shows one folder
// made of the links alone. Source: docs/SEMANTICS.md, key `id` (contract).
#pragma once

#include "vo/dataset_folders.h"

namespace skymount::vo {

/// `listing` has no rows. When its query names one id and [datalink] url is configured, the service is asked: once, its
/// answer is kept in `folders`. Without an answer that lists something the listing stays as it is.
/// Errors  unavailable, timed_out, denied, cancelled: whether the id exists is not known, so an empty folder would lie.
Result<Listing> with_links_only(Listing listing, Archive& archive, DatasetFolders& folders, const FetchContext& ctx);

}  // namespace skymount::vo
