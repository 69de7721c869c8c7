// SPDX-License-Identifier: MIT
#include "fs/control_files.h"

#include "fs/tree/readable.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

namespace skymount::fs {

std::string status_json(const MountFacts& facts, const std::vector<std::shared_ptr<MountedArchive>>& archives,
                        const cache::BlockCache& blocks, const ErrorJournal& journal, std::size_t open_files) {
  nlohmann::ordered_json out;
  out["version"] = SKYMOUNT_VERSION;
  out["pid"] = getpid();
  out["mountpoint"] = facts.mountpoint;
  out["mounted_at"] = utc_text(facts.mounted_at);
  const cache::BlockCache::Stat stat = blocks.stat();
  out["cache"] = {{"dir", facts.cache_dir},
                  {"bytes", stat.bytes},
                  {"contents", stat.contents},
                  {"hits", stat.hits},
                  {"misses", stat.misses},
                  {"fetched_bytes", stat.fetched_bytes},
                  {"transfers", stat.running_transfers}};
  out["open_files"] = open_files;
  out["errors"] = journal.count();
  out["archives"] = nlohmann::ordered_json::array();
  for (const auto& archive : archives) {
    out["archives"].push_back({{"name", archive->name()},
                               {"title", archive->options().title},
                               {"tap", readable(archive->options().tap.url)},
                               {"waiting", archive->lanes.listings.queued() + archive->lanes.data.queued()}});
  }
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace skymount::fs
