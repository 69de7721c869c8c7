// SPDX-License-Identifier: MIT
//
// `skymount cache`: looks at what is kept, proves it, frees it, keeps it over eviction. Of files in a mount the mount's
// daemon tells; of a whole cache directory too when one runs on it (it knows what is in use), else it is opened here.
#include "cache/base/log.h"
#include "cache/lmdb.h"
#include "fs/cli/commands.h"
#include "fs/cli/control_client.h"
#include "fs/cli/human.h"
#include "fs/daemon/control_commands.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace skymount::fs {
namespace {

using Json = nlohmann::ordered_json;

// The mount gives a sign each second while it works.
constexpr std::chrono::milliseconds kSilence{15'000};

std::uint64_t number(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

std::string text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? printable(it->get<std::string>()) : "";
}

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string files(std::uint64_t n) {
  return std::to_string(n) + (n == 1 ? " file" : " files");
}

void print_file(const Json& file, const std::string& mountpoint) {
  const std::string path = mountpoint + text(file, "path");
  if (file.contains("error")) {
    std::cerr << "skymount: " << path << ": " << text(file, "error") << "\n";
    return;
  }
  std::cout << human_bytes(number(file, "bytes"));
  if (file.value("size", Json()).is_number()) std::cout << " of " << human_bytes(number(file, "size"));
  if (file.value("pinned", false)) std::cout << ", pinned";
  if (number(file, "damaged_bytes") > 0) std::cout << ", " << human_bytes(number(file, "damaged_bytes")) << " damaged";
  if (number(file, "freed_bytes") > 0) std::cout << ", freed";
  std::cout << "  " << path << "\n";
}

std::string end_words(const Json& end, const std::string& action) {
  if (action == "verify") {
    const std::uint64_t damaged = number(end, "damaged_bytes");
    const std::string read = human_bytes(number(end, "bytes")) + " of " +
                             files(number(end, end.contains("files_here") ? "files_here" : "contents")) + " read: ";
    if (damaged == 0) return read + "all as they came";
    return read + human_bytes(damaged) + " were damaged and are forgotten; they are fetched again when they are read";
  }
  if (action == "clear" && end.contains("files"))
    return human_bytes(number(end, "freed_bytes")) + " freed, " + human_bytes(number(end, "kept_bytes")) +
           " stay (pinned or in use)";
  if (action == "clear")
    return human_bytes(number(end, "freed_bytes")) + " freed, " + human_bytes(number(end, "bytes")) + " stay (" +
           human_bytes(number(end, "pinned_bytes")) + " pinned, the rest in use)";
  if (end.contains("unpinned_contents")) return files(number(end, "unpinned_contents")) + " unpinned";
  if (end.contains("files"))
    return files(number(end, "files")) + ": " + human_bytes(number(end, "bytes")) + " here in " +
           files(number(end, "files_here")) + ", " + std::to_string(number(end, "pinned")) + " pinned";
  std::string out = human_bytes(number(end, "bytes"));
  if (end.contains("limit_bytes")) out += " of " + human_bytes(number(end, "limit_bytes"));
  return out + " in " + files(number(end, "contents")) + "; " + std::to_string(number(end, "pinned_contents")) +
         " pinned (" + human_bytes(number(end, "pinned_bytes")) + ")";
}

/// Prints what came; returns whether it is well.
bool show(const Json& end, const std::vector<Json>& parts, const Command& command, const std::string& mountpoint) {
  if (command.json) {
    Json out = end;
    out.erase("event");
    if (!command.paths.empty()) {
      out["list"] = Json::array();
      for (Json part : parts) {
        part.erase("event");
        if (part.contains("path")) part["path"] = mountpoint + part["path"].get<std::string>();
        out["list"].push_back(std::move(part));
      }
    }
    std::cout << out.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    for (const Json& part : parts) print_file(part, mountpoint);
    std::cout << end_words(end, command.action) << "\n";
  }
  return end.value("ok", false);
}

/// Asks a daemon; `parts` are its file events.
Result<Json> ask(Result<ControlClient> client, const Json& request, std::vector<Json>& parts) {
  if (!client) return fail(client.error());
  if (Result<void> asked = client->ask(dumped(request)); !asked) return fail(asked.error());
  for (;;) {
    const Result<std::string> line = client->next(kSilence);
    if (!line) return fail(line.error());
    Json event = Json::parse(*line, nullptr, false);
    if (!event.is_object()) return fail(Code::corrupt, "the mount's answer makes no sense");
    if (text(event, "event") == "file")
      parts.push_back(std::move(event));
    else if (text(event, "event") != "end")
      continue;
    else if (event.contains("error"))
      return fail(Code::invalid, text(event, "error"));
    else
      return event;
  }
}

int act_on_paths(const Command& command) {
  bool all = true;
  std::vector<std::pair<MountEntry, std::vector<std::string>>> mounts;
  for (const std::string& path : command.paths) {
    Result<PlaceInMount> place = place_in_mount(path);
    if (!place) return complain(place.error());
    auto at = std::find_if(mounts.begin(), mounts.end(),
                           [&](const auto& m) { return m.first.mountpoint == place->mount.mountpoint; });
    if (at == mounts.end()) at = mounts.insert(at, {place->mount, {}});
    at->second.push_back(place->inside);
  }
  for (const auto& [mount, paths] : mounts) {
    std::vector<Json> parts;
    Json request = {{"command", "cache"}, {"action", command.action}, {"paths", paths}};
    // Questions are not listed, so a walk from the root would find nothing: the mountpoint stands for the whole cache.
    if (paths.size() == 1 && paths.front() == "/") request.erase("paths");
    const Result<Json> end = ask(ControlClient::to_mount(mount), request, parts);
    if (!end) complain(end.error().during(mount.mountpoint.string()));
    all = all && end && show(*end, parts, command, mount.mountpoint.string());
  }
  return all ? kExitOk : kExitFailure;
}

Result<std::filesystem::path> cache_directory(const Command& command) {
  const Result<GlobalOptions> global = load_global(command.config, process_environment());
  if (!global) return fail(global.error());
  return global->cache_dir;
}

/// The socket of a daemon that works on this cache.
std::optional<std::filesystem::path> daemon_on(const std::filesystem::path& directory) {
  for (const std::filesystem::path& socket : live_sockets()) {
    std::vector<Json> none;
    const Result<Json> status = ask(ControlClient::to_socket(socket), {{"command", "status"}}, none);
    if (!status || !status->contains("status")) continue;
    std::error_code bad;
    const std::string theirs = text((*status)["status"].value("cache", Json::object()), "dir");
    if (std::filesystem::equivalent(theirs, directory, bad)) return socket;
  }
  return std::nullopt;
}

Result<Json> act_here(const std::filesystem::path& directory, const std::string& action) {
  Result<std::shared_ptr<cache::Lmdb>> index = cache::Lmdb::open(directory);
  if (!index) return fail(index.error().during("cache " + directory.string()));
  cache::BlockCacheOptions options;
  options.dir = directory;
  options.max_bytes = 1ULL << 60;  // nothing is evicted by looking
  Result<std::unique_ptr<cache::BlockCache>> blocks = cache::BlockCache::open(options, *index);
  if (!blocks) return fail(blocks.error().during("cache " + directory.string()));
  const Result<std::string> end = whole_cache_action(**blocks, action, 0, {});
  if (!end) return fail(end.error());
  return Json::parse(*end);
}

}  // namespace

int run_cache(const Command& command) {
  if (!command.paths.empty()) return act_on_paths(command);
  const Result<std::filesystem::path> directory = cache_directory(command);
  if (!directory) return complain(directory.error());
  std::error_code bad;
  if (!std::filesystem::exists(*directory / "index", bad))
    return complain(Error(Code::not_found, directory->string() + ": there is no cache of skymount (yet)"));
  std::vector<Json> parts;
  Result<Json> end = fail(Code::not_found, "");
  if (const auto socket = daemon_on(*directory)) {
    end = ask(ControlClient::to_socket(*socket), {{"command", "cache"}, {"action", command.action}}, parts);
  } else {
    end = act_here(*directory, command.action);
  }
  if (!end) return complain(end.error());
  Json whole = std::move(*end);
  whole["dir"] = directory->string();
  if (!command.json) std::cout << printable(directory->string()) << ": ";
  return show(whole, parts, command, "") ? kExitOk : kExitFailure;
}

}  // namespace skymount::fs
