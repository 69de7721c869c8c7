// SPDX-License-Identifier: MIT
//
// The mount explains itself: the texts of `.skymount/`. Written anew at each open, from memory alone.
#pragma once

#include "cache/block_cache.h"
#include "fs/tree/error_journal.h"
#include "fs/tree/mounted_archive.h"

#include <string>
#include <vector>

namespace skymount::fs {

struct MountFacts {
  std::string mountpoint;
  std::string cache_dir;
  std::string configuration;  ///< as in force, secrets blanked
  WallTime mounted_at{};
  bool offline = false;
};

/// JSON: version, since when, archives with their service, cache, open files, errors so far.
std::string status_json(const MountFacts& facts, const std::vector<std::shared_ptr<MountedArchive>>& archives,
                        const cache::BlockCache& blocks, const ErrorJournal& journal, std::size_t open_files);

}  // namespace skymount::fs
