// SPDX-License-Identifier: MIT
//
// The mount explains itself: the texts of `.skymount/`. Written anew at each open, from memory alone.
#pragma once

#include "cache/block_cache.h"
#include "fs/crawlers.h"
#include "fs/tree/error_journal.h"
#include "fs/tree/mounted_archive.h"
#include "fs/upcalls.h"
#include "fs/waiting_list.h"

#include <string>
#include <vector>

namespace skymount::fs {

struct MountFacts {
  std::string mountpoint;
  std::string cache_dir;
  std::string configuration;  ///< as in force, secrets blanked
  WallTime mounted_at{};
  WallTime configured_at{};  ///< when the configuration was last changed: the date of what no answer dates
  bool offline = false;
  bool read_only = false;  ///< -o ro: nothing is saved
  CrawlerPolicy crawlers;
};

/// Where a status is gathered from.
struct StatusSources {
  const MountFacts& facts;
  const std::vector<std::shared_ptr<MountedArchive>>& archives;
  const cache::BlockCache& blocks;
  const ErrorJournal& journal;
  const WaitingList& waiting;
  std::uint64_t cache_limit = 0;  ///< bytes
  std::size_t open_files = 0;
  WallTime now{};
  const Upcalls* upcalls = nullptr;
};

/// JSON; its keys are documented in `skymount status --help` and do not change. Secrets are blanked. Reads the cache's
/// index, asks nobody.
std::string status_json(const StatusSources& from);

}  // namespace skymount::fs
