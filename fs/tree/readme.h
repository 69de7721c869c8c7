// SPDX-License-Identifier: MIT
//
// The README.txt of each kind of folder: what this is and examples to paste that work in this very folder.
#pragma once

#include "fs/tree/node.h"

#include <string>
#include <vector>

namespace skymount::fs {

std::string root_readme(const std::vector<std::shared_ptr<MountedArchive>>& archives);
std::string archive_readme(const vo::ArchiveOptions& options);
/// `listing` may be null: then the text says nothing of counts.
std::string query_readme(const vo::Query& query, const vo::Listing* listing);
/// The parameters that the dataset's cutout services declare.
std::string cutout_readme(const vo::DatasetFolder& folder);

}  // namespace skymount::fs
