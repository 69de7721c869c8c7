// SPDX-License-Identifier: MIT
#include "fs/daemon/control_commands.h"

#include "fs/daemon/control_paths.h"
#include "fs/daemon/control_socket.h"
#include "fs/daemon/prefetch_job.h"
#include "fs/tree/errno_map.h"
#include "fs/tree/readable.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <future>

namespace skymount::fs {
namespace {

using Json = nlohmann::ordered_json;

// Often enough for a bar that moves, seldom enough to cost nothing.
constexpr std::chrono::milliseconds kProgressEvery{250};
constexpr std::chrono::milliseconds kSignEvery{1'000};
constexpr std::size_t kMostPaths = 100'000;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void refuse(ControlPeer& peer, const Error& error) {
  peer.send(text_of({{"event", "end"}, {"ok", false}, {"code", errno_name(error.code())}, {"error", error.what()}}));
}

Result<std::vector<std::string>> paths_of(const Json& request) {
  std::vector<std::string> out;
  const auto paths = request.find("paths");
  if (paths == request.end()) return out;
  if (!paths->is_array() || paths->size() > kMostPaths) return fail(Code::invalid, "paths: a list of paths");
  for (const Json& path : *paths) {
    if (!path.is_string() || !path.get_ref<const std::string&>().starts_with('/'))
      return fail(Code::invalid, "paths: each begins with a slash, at the mount's root");
    out.push_back(path.get<std::string>());
  }
  return out;
}

Json json_of(const PrefetchJob::Outcome& outcome) {
  static constexpr const char* kWords[] = {"fetched", "here", "failed"};
  Json out = {{"event", "file"},
              {"path", outcome.path},
              {"state", kWords[static_cast<int>(outcome.state)]},
              {"bytes", outcome.size},
              {"fetched_bytes", outcome.fetched}};
  if (outcome.error) {
    out["code"] = errno_name(outcome.error->code());
    out["error"] = readable(outcome.error->what());
  }
  return out;
}

Json json_of(const PrefetchJob::Progress& progress) {
  Json out = {{"event", "progress"},
              {"searching", progress.searching},
              {"files", progress.files},
              {"fetched", progress.fetched},
              {"here", progress.here},
              {"failed", progress.failed},
              {"bytes", progress.bytes},
              {"total_bytes", std::max(progress.total_bytes, progress.bytes)},
              {"estimated", progress.estimated},
              {"fetched_bytes", progress.fetched_bytes},
              {"running", Json::array()}};
  for (const PrefetchJob::Progress::File& file : progress.running) {
    out["running"].push_back({{"path", file.path}, {"bytes", file.bytes}, {"size", file.size}, {"exact", file.exact}});
  }
  return out;
}

void answer_prefetch(Filesystem& filesystem, cache::BlockCache& blocks, const Json& request, ControlPeer& peer) {
  Result<std::vector<std::string>> paths = paths_of(request);
  if (!paths) return refuse(peer, paths.error());
  if (paths->empty()) return refuse(peer, Error(Code::invalid, "no path to prefetch"));
  const std::uint64_t usable = filesystem.cache_limit() / 10 * 9;  // the janitor keeps a tenth free
  const std::uint64_t pinned = std::min(usable, blocks.pinned().bytes);
  PrefetchJob job(filesystem.tree(), blocks, usable - pinned, {std::move(*paths), request.value("pin", false)});
  for (;;) {
    const PrefetchJob::Progress now = job.progress();
    for (const PrefetchJob::Outcome& outcome : now.news) {
      if (!peer.send(text_of(json_of(outcome)))) return;
    }
    Json line = json_of(now);
    if (now.over) {
      blocks.flush();
      line["event"] = "end";
      line["ok"] = now.failed == 0;
      peer.send(text_of(line));
      return;
    }
    if (!peer.send(text_of(line)) || !peer.wait(kProgressEvery)) return;
  }
}

/// Runs `work` on another thread and gives signs of life until it ends; false when the client has left.
template <class Work>
bool with_signs(ControlPeer& peer, Work work) {
  std::stop_source stop;
  auto running = std::async(std::launch::async, [&] { work(stop.get_token()); });
  auto next_sign = std::chrono::steady_clock::now() + kSignEvery;
  // Most work is done at once: its end is looked for in short steps that grow.
  for (auto step = std::chrono::milliseconds(2);; step = std::min(2 * step, std::chrono::milliseconds(100))) {
    if (running.wait_for(step) == std::future_status::ready) return true;
    bool there = peer.wait(std::chrono::milliseconds(0));
    if (there && std::chrono::steady_clock::now() >= next_sign) {
      there = peer.send(R"({"event":"alive"})");
      next_sign += kSignEvery;
    }
    if (there) continue;
    stop.request_stop();
    running.wait();
    return false;
  }
}

void answer_cache(Filesystem& filesystem, cache::BlockCache& blocks, const Json& request, ControlPeer& peer) {
  const std::string action = request.value("action", "");
  const Result<std::vector<std::string>> paths = paths_of(request);
  if (!paths) return refuse(peer, paths.error());
  Result<std::string> end = fail(Code::cancelled, "");
  std::vector<std::string> files;
  const bool stayed = with_signs(peer, [&](std::stop_token stop) {
    if (paths->empty()) {
      end = whole_cache_action(blocks, action, filesystem.cache_limit(), std::move(stop));
    } else {
      end = cache_action_of_paths(filesystem.tree(), blocks, action, *paths, files, std::move(stop));
    }
    blocks.flush();
  });
  if (!stayed) return;
  if (!end) return refuse(peer, end.error());
  for (const std::string& file : files) {
    if (!peer.send(file)) return;
  }
  peer.send(*end);
}

}  // namespace

Result<std::unique_ptr<ControlServer>> serve_control(Filesystem& filesystem, cache::BlockCache& blocks,
                                                     const std::filesystem::path& mountpoint) {
  const Result<std::filesystem::path> folder = make_control_folder();
  if (!folder) return fail(folder.error());
  remove_dead_sockets(*folder);
  return ControlServer::start(*folder / control_name(mountpoint),
                              [&filesystem, &blocks](std::string_view request, ControlPeer& peer) {
                                answer_control(filesystem, blocks, request, peer);
                              });
}

void answer_control(Filesystem& filesystem, cache::BlockCache& blocks, std::string_view request, ControlPeer& peer) {
  const Json asked = Json::parse(request, nullptr, /*allow_exceptions=*/false);
  if (!asked.is_object()) return refuse(peer, Error(Code::invalid, "a request is a JSON object on one line"));
  const auto command = asked.find("command");
  const std::string word = command != asked.end() && command->is_string() ? command->get<std::string>() : "";
  try {
    if (word == "status") {
      Json status = Json::parse(filesystem.status());
      peer.send(text_of({{"event", "end"}, {"ok", true}, {"status", std::move(status)}}));
    } else if (word == "prefetch") {
      answer_prefetch(filesystem, blocks, asked, peer);
    } else if (word == "cache") {
      answer_cache(filesystem, blocks, asked, peer);
    } else {
      refuse(peer, Error(Code::invalid, "there is no command '" + word + "': status, prefetch, cache"));
    }
  } catch (const nlohmann::json::exception& e) {  // a value of another type than its key has
    refuse(peer, Error(Code::invalid, std::string("the request is not understood: ") + e.what()));
  }
}

Result<std::string> whole_cache_action(cache::BlockCache& blocks, std::string_view action, std::uint64_t limit,
                                       std::stop_token stop) {
  Json out = {{"event", "end"}, {"ok", true}};
  if (action == "stat") {
    const cache::BlockCache::Stat stat = blocks.stat();
    const cache::BlockCache::Pinned pinned = blocks.pinned();
    out.update({{"bytes", stat.bytes},
                {"contents", stat.contents},
                {"pinned_bytes", pinned.bytes},
                {"pinned_contents", pinned.contents}});
    if (limit != 0) out["limit_bytes"] = limit;
  } else if (action == "verify") {
    const cache::BlockCache::Verified found = blocks.verify(std::move(stop));
    out["ok"] = found.damaged_bytes == 0;
    out.update({{"bytes", found.bytes}, {"contents", found.contents}, {"damaged_bytes", found.damaged_bytes}});
  } else if (action == "clear") {
    const std::uint64_t freed = blocks.clear();
    out.update({{"freed_bytes", freed}, {"bytes", blocks.stat().bytes}, {"pinned_bytes", blocks.pinned().bytes}});
  } else if (action == "unpin") {
    out["unpinned_contents"] = blocks.unpin_all();
  } else {
    return fail(Code::invalid, "'" + std::string(action) + "' of a whole cache: stat, verify, clear, unpin");
  }
  return text_of(out);
}

}  // namespace skymount::fs
