// SPDX-License-Identifier: MIT
//
// user.skymount.*: what a file says of itself. From memory alone; secrets blanked, control bytes as \xNN.
#pragma once

#include "fs/attributes.h"
#include "fs/tree/error_journal.h"

#include <string>
#include <utility>
#include <vector>

namespace skymount::fs {

/// Name (with "user.skymount.") and value, in a fixed order; empty values are left out.
std::vector<std::pair<std::string, std::string>> xattrs_of(const Node& node, const cache::BlockCache& blocks,
                                                           const ErrorJournal& journal);

}  // namespace skymount::fs
