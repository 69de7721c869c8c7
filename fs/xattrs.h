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

/// Names (with "user.skymount.") and values.
using Xattrs = std::vector<std::pair<std::string, std::string>>;

/// In a fixed order, each name once; what is not known or empty is left out.
Xattrs xattrs_of(const Node& node, const cache::BlockCache& blocks, const ErrorJournal& journal);

}  // namespace skymount::fs
