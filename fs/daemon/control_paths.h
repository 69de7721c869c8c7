// SPDX-License-Identifier: MIT
//
// `skymount cache ACTION PATH...`: what the cache holds of these files. No file is opened or fetched; finding them
// costs what `ls -R` costs, which is nothing where they were listed before.
#pragma once

#include "cache/block_cache.h"
#include "fs/tree/namespace.h"

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::fs {

/// Does `action` (stat, verify, clear, pin, unpin) to each file at and below `paths`. Adds a JSON object for each to
/// `files` and returns that of the end event, which is not ok when a file could not be found, was damaged, or is not
/// here as a whole and so cannot be pinned. Errors  invalid: no such action.
Result<std::string> cache_action_of_paths(const Namespace& tree, cache::BlockCache& blocks, std::string_view action,
                                          const std::vector<std::string>& paths, std::vector<std::string>& files,
                                          std::stop_token stop);

}  // namespace skymount::fs
