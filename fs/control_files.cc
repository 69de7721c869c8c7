// SPDX-License-Identifier: MIT
//
// The mount's status as JSON. Whatever an archive or a user has named passes readable() on its way in.
#include "fs/control_files.h"

#include "fs/tree/readable.h"
#include "vo/discovery_service.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace skymount::fs {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

// Five hundred blocked processes are told by their number; the text stays one that a person reads.
constexpr std::size_t kShownCallers = 50;

/// Seconds with milliseconds.
double seconds(std::chrono::nanoseconds time) {
  return static_cast<double>(std::chrono::duration_cast<milliseconds>(time).count()) / 1000;
}

Json cache_status(const StatusSources& from) {
  const cache::BlockCache::Stat stat = from.blocks.stat();
  const cache::BlockCache::Pinned pinned = from.blocks.pinned();
  const std::uint64_t asked = stat.hits + stat.misses;
  return {{"dir", from.facts.cache_dir},
          {"bytes", stat.bytes},
          {"limit_bytes", from.cache_limit},
          {"contents", stat.contents},
          {"pinned_contents", pinned.contents},
          {"pinned_bytes", pinned.bytes},
          {"hits", stat.hits},
          {"misses", stat.misses},
          {"hit_rate", asked == 0 ? Json() : Json(std::round(1000.0 * stat.hits / asked) / 1000)},
          {"fetched_bytes", stat.fetched_bytes},
          {"transfers", stat.running_transfers},
          {"trouble", stat.trouble.empty() ? Json() : Json(readable(stat.trouble))}};
}

Json origins_status(const std::vector<vo::SickOrigin>& sick) {
  Json out = Json::array();
  for (const vo::SickOrigin& origin : sick) {
    out.push_back({{"origin", readable(origin.origin)},
                   {"failures", origin.failures},
                   {"reason", readable(origin.reason)},
                   {"failed_seconds_ago", seconds(origin.since_failure)},
                   {"next_try_seconds", seconds(origin.until_next_try)}});
  }
  return out;
}

/// well: nothing is known against it. failing: its last request found no answer. resting: it is left alone for a while
/// because it did not answer, or asked for that. offline: it is not asked at all.
std::string state_of(const StatusSources& from, const std::vector<vo::SickOrigin>& sick) {
  if (from.facts.offline) return "offline";
  const bool rests = std::any_of(sick.begin(), sick.end(),
                                 [](const vo::SickOrigin& origin) { return origin.until_next_try.count() > 0; });
  if (rests) return "resting";
  return sick.empty() ? "well" : "failing";
}

Json archive_status(const StatusSources& from, const MountedArchive& archive) {
  const std::vector<vo::SickOrigin> sick = archive.archive->http()->sick_origins();
  Json out = {{"name", archive.name()},
              {"title", readable(archive.options().title)},
              {"tap", readable(vo::discovery_url(archive.options()))},
              {"state", state_of(from, sick)},
              {"waiting", archive.lanes.listings.queued() + archive.lanes.data.queued()},
              {"origins", origins_status(sick)},
              {"credential", nullptr},
              {"last_failure", nullptr}};
  if (archive.credential) {
    const vo::CredentialState credential = archive.credential->state();
    out["credential"] = {{"kind", readable(archive.credential->described())},
                         {"state", vo::to_text(credential.kind)},
                         {"words", readable(credential.words)},
                         {"expires", credential.expires ? Json(utc_text(*credential.expires)) : Json()}};
  }
  if (const auto failure = from.journal.latest_below("/" + archive.name() + "/")) {
    out["last_failure"] = {{"at", utc_text(failure->when)}, {"words", failure->words}};
  }
  if (!archive.options().http.map.empty()) {
    out["map"] = Json::array();
    for (const auto& [host, url] : archive.options().http.map)
      out["map"].push_back({{"host", host}, {"url", readable(url)}});
  }
  return out;
}

Json transfers_status(const cache::BlockCache& blocks) {
  Json out = Json::array();
  for (const cache::BlockCache::Running& running : blocks.running()) {
    Json one = {{"archive", running.archive},     {"what", readable(running.cause)},
                {"done_bytes", running.done},     {"wanted_bytes", nullptr},
                {"file_bytes", nullptr},          {"bytes_per_second", std::round(running.bytes_per_second)},
                {"eta_seconds", nullptr},         {"seconds", seconds(running.running_for)},
                {"transfers", running.transfers}, {"queued", running.queued}};
    if (running.size) one["file_bytes"] = *running.size;
    if (running.wanted) {
      one["wanted_bytes"] = *running.wanted;
      const auto rest = static_cast<double>(*running.wanted - std::min(*running.wanted, running.done));
      if (running.bytes_per_second >= 1) one["eta_seconds"] = std::round(10 * rest / running.bytes_per_second) / 10;
    }
    out.push_back(std::move(one));
  }
  return out;
}

Json jobs_status(const StatusSources& from) {
  Json out = Json::array();
  for (const auto& archive : from.archives) {
    for (const vo::RunningJob& job : archive->archive->jobs()) {
      out.push_back({{"archive", archive->name()},
                     {"url", readable(job.url)},
                     {"phase", readable(job.phase)},
                     {"what", readable(job.cause)},
                     {"since", utc_text(job.since)},
                     {"seconds", seconds(from.now - job.since)},
                     {"waited_for", job.waited_for}});
    }
  }
  return out;
}

Json waiting_status(const WaitingList& waiting) {
  Json out = Json::array();
  const auto now = WaitingList::Steady::now();
  for (const WaitingList::Caller& caller : waiting.longest(kShownCallers)) {
    out.push_back(
        {{"what", readable(caller.cause)}, {"seconds", seconds(now - caller.since)}, {"budget_left", nullptr}});
    if (caller.until != WaitingList::Steady::time_point::max())
      out.back()["budget_left"] = seconds(std::max(caller.until - now, WaitingList::Steady::duration(0)));
  }
  return out;
}

Json kernel_status(const Upcalls& upcalls) {
  return {{"lookup", upcalls.lookup.load()},   {"getattr", upcalls.getattr.load()}, {"opendir", upcalls.opendir.load()},
          {"readdir", upcalls.readdir.load()}, {"open", upcalls.open.load()},       {"read", upcalls.read.load()},
          {"xattr", upcalls.xattr.load()},     {"forget", upcalls.forget.load()}};
}

}  // namespace

std::string status_json(const StatusSources& from) {
  Json out;
  out["version"] = SKYMOUNT_VERSION;
  out["pid"] = getpid();
  out["mountpoint"] = from.facts.mountpoint;
  out["mounted_at"] = utc_text(from.facts.mounted_at);
  out["now"] = utc_text(from.now);
  out["offline"] = from.facts.offline;
  out["cache"] = cache_status(from);
  out["open_files"] = from.open_files;
  out["errors"] = from.journal.count();
  out["archives"] = Json::array();
  for (const auto& archive : from.archives) out["archives"].push_back(archive_status(from, *archive));
  out["transfers"] = transfers_status(from.blocks);
  out["jobs"] = jobs_status(from);
  out["waiting"] = waiting_status(from.waiting);
  out["waiting_callers"] = from.waiting.count();
  if (from.upcalls != nullptr) out["kernel_asked"] = kernel_status(*from.upcalls);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace skymount::fs
