// SPDX-License-Identifier: MIT
#include "fs/daemon/control_paths.h"

#include "fs/attributes.h"
#include "fs/daemon/tree_walk.h"
#include "fs/tree/errno_map.h"
#include "fs/tree/readable.h"
#include "vo/derived_files.h"

#include <nlohmann/json.hpp>

#include <array>

namespace skymount::fs {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What is added up over all files.
struct Sum {
  std::uint64_t files = 0, here = 0, failed = 0, bytes = 0, pinned = 0, damaged = 0, freed = 0, kept_back = 0;
};

using Kept = cache::BlockCache::Kept;

/// One file; returns its JSON without the path, adds to the sum.
Json act(cache::BlockCache& blocks, const cache::ContentId& id, const Kept& kept, std::string_view action, Sum& sum,
         const std::stop_token& stop) {
  Json out = {{"bytes", kept.bytes}, {"size", nullptr}, {"pinned", kept.pinned}};
  if (kept.size) out["size"] = *kept.size;
  sum.bytes += kept.bytes;
  sum.here += kept.bytes > 0 ? 1 : 0;
  if (action == "verify") {
    const cache::BlockCache::Verified found = blocks.verify(id, stop);
    out["damaged_bytes"] = found.damaged_bytes;
    sum.damaged += found.damaged_bytes;
  } else if (action == "clear") {
    const bool gone = kept.bytes > 0 && blocks.clear(id);
    out["freed_bytes"] = gone ? kept.bytes : 0;
    (gone ? sum.freed : sum.kept_back) += kept.bytes;
  } else if (action == "pin" && (!kept.size || kept.bytes < *kept.size || kept.bytes == 0)) {
    out["code"] = errno_name(Code::not_found);
    out["error"] = "it is not here as a whole; `skymount prefetch --pin` brings and pins it";
    ++sum.failed;
  } else if (action == "pin" || action == "unpin") {
    if (kept.pinned != (action == "pin")) blocks.pin(id, action == "pin");
    out["pinned"] = action == "pin";
  }
  sum.pinned += out["pinned"] == true ? 1 : 0;
  return out;
}

/// What was made of a file leaves with it; returns the bytes that are freed.
std::uint64_t clear_what_was_made_of(cache::BlockCache& blocks, const Place& place) {
  std::uint64_t freed = 0;
  const vo::Sources& sources = place.archive->sources;
  for (const vo::Entry& made : vo::made_of(*place.entry)) {
    const std::string version = sources.known(made).version;
    if (version.empty()) continue;
    const cache::ContentId id = sources.content_id(made, version);
    const std::uint64_t bytes = blocks.kept(id).value_or(Kept{}).bytes;
    if (bytes > 0 && blocks.clear(id)) freed += bytes;
  }
  return freed;
}

}  // namespace

Result<std::string> cache_action_of_paths(const Namespace& tree, cache::BlockCache& blocks, std::string_view action,
                                          const std::vector<std::string>& paths, std::vector<std::string>& files,
                                          std::stop_token stop) {
  constexpr std::array<std::string_view, 5> kActions = {"stat", "verify", "clear", "pin", "unpin"};
  if (std::find(kActions.begin(), kActions.end(), action) == kActions.end())
    return fail(Code::invalid, "'" + std::string(action) + "': stat, verify, clear, pin, unpin");
  Sum sum;
  const auto file = [&](const Place& place) {
    const std::string version = known_size(place).version;
    const cache::ContentId id = place.archive->sources.content_id(*place.entry, version);
    const Kept kept = (version.empty() ? std::nullopt : blocks.kept(id)).value_or(Kept{});
    ++sum.files;
    Json line = {{"event", "file"}, {"path", place.path}};
    line.update(act(blocks, id, kept, action, sum, stop));
    if (const std::uint64_t freed = action == "clear" ? clear_what_was_made_of(blocks, place) : 0; freed > 0) {
      line["freed_bytes"] = line["freed_bytes"].get<std::uint64_t>() + freed;
      sum.freed += freed;
    }
    files.push_back(text_of(line));
  };
  const auto failure = [&](const std::string& path, const Error& error) {
    ++sum.failed;
    files.push_back(text_of(
        {{"event", "file"}, {"path", path}, {"code", errno_name(error.code())}, {"error", readable(error.what())}}));
  };
  TreeWalk walk(tree, {file, failure}, stop);
  for (const std::string& path : paths) walk.walk(path);
  Json out = {{"event", "end"},      {"ok", sum.failed == 0 && sum.damaged == 0},
              {"files", sum.files},  {"files_here", sum.here},
              {"bytes", sum.bytes},  {"pinned", sum.pinned},
              {"failed", sum.failed}};
  if (action == "verify") out["damaged_bytes"] = sum.damaged;
  if (action == "clear") out.update({{"freed_bytes", sum.freed}, {"kept_bytes", sum.kept_back}});
  return text_of(out);
}

}  // namespace skymount::fs
