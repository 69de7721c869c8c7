// SPDX-License-Identifier: MIT
//
// `skymount status`: what each mount of this user does, as its daemon tells. A mount that does not answer within two
// seconds is said to, all of them asked at once.
#include "cache/base/log.h"
#include "fs/cli/commands.h"
#include "fs/cli/control_client.h"
#include "fs/cli/human.h"

#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <iostream>
#include <thread>

namespace skymount::fs {
namespace {

using Json = nlohmann::ordered_json;

Json failed(const std::string& mountpoint, const Error& error) {
  return {{"mountpoint", mountpoint}, {"answers", false}, {"error", error.what()}};
}

Result<Json> ask(Result<ControlClient> client) {
  if (!client) return fail(client.error());
  if (Result<void> asked = client->ask(R"({"command":"status"})"); !asked) return fail(asked.error());
  const Result<std::string> line = client->next();
  if (!line) return fail(line.error());
  const Json answer = Json::parse(*line, nullptr, false);
  if (!answer.is_object() || !answer.value("ok", false) || !answer.contains("status"))
    return fail(Code::corrupt, answer.is_object() ? answer.value("error", "no status") : "the answer makes no sense");
  Json out = {{"mountpoint", answer["status"].value("mountpoint", "")}, {"answers", true}};
  out.update(answer["status"]);
  return out;
}

/// One object a mount: of `only`, or of all that there are.
Json gather(const std::vector<MountEntry>& mounts, bool orphans_too) {
  std::vector<std::future<Json>> asked;
  for (const MountEntry& mount : mounts) {
    asked.push_back(std::async(std::launch::async, [mount] {
      Result<Json> status = ask(ControlClient::to_mount(mount));
      return status ? std::move(*status) : failed(mount.mountpoint.string(), status.error());
    }));
  }
  Json out = Json::array();
  std::vector<std::int64_t> pids;
  for (std::future<Json>& one : asked) {
    out.push_back(one.get());
    pids.push_back(out.back().value("pid", std::int64_t{-1}));
  }
  if (!orphans_too) return out;
  for (const std::filesystem::path& socket : live_sockets()) {
    Result<Json> status = ask(ControlClient::to_socket(socket));
    if (!status || std::find(pids.begin(), pids.end(), status->value("pid", std::int64_t{-2})) != pids.end()) continue;
    (*status)["detached"] = true;
    out.push_back(std::move(*status));
  }
  return out;
}

std::string text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? printable(it->get<std::string>()) : "";
}

std::uint64_t number(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? static_cast<std::uint64_t>(std::max(0.0, it->get<double>())) : 0;
}

std::string counted(std::uint64_t n, const std::string& thing) {
  return std::to_string(n) + " " + thing + (n == 1 ? "" : "s");
}

void print_cache(const Json& mount) {
  const Json cache = mount.value("cache", Json::object());
  std::cout << "  cache      " << human_bytes(number(cache, "bytes")) << " of "
            << human_bytes(number(cache, "limit_bytes")) << " in " << counted(number(cache, "contents"), "file")
            << " at " << text(cache, "dir");
  if (number(cache, "pinned_contents") > 0)
    std::cout << "; " << number(cache, "pinned_contents") << " pinned (" << human_bytes(number(cache, "pinned_bytes"))
              << ")";
  const auto rate = cache.find("hit_rate");
  if (rate != cache.end() && rate->is_number())
    std::cout << "; " << static_cast<int>(100 * rate->get<double>()) << " % of reads were here";
  std::cout << "\n  open       " << counted(number(mount, "open_files"), "file") << "; "
            << counted(number(mount, "errors"), "error") << " so far";
  if (number(mount, "errors") > 0) std::cout << ", see " << text(mount, "mountpoint") << "/.skymount/errors.log";
  std::cout << "\n";
}

void print_archive(const Json& archive) {
  std::cout << "  " << text(archive, "name") << ": " << text(archive, "state") << ", " << text(archive, "tap") << "\n";
  for (const Json& origin : archive.value("origins", Json::array())) {
    std::cout << "    " << text(origin, "origin");
    if (number(origin, "failures") > 0) std::cout << " did not answer " << counted(number(origin, "failures"), "time");
    std::cout << ": " << text(origin, "reason");
    if (number(origin, "next_try_seconds") > 0)
      std::cout << "; next try in " << human_seconds(origin["next_try_seconds"].get<double>());
    std::cout << "\n";
  }
  if (const Json credential = archive.value("credential", Json()); credential.is_object()) {
    std::cout << "    credential " << text(credential, "kind") << ": " << text(credential, "state");
    if (const std::string words = text(credential, "words"); !words.empty()) std::cout << ", " << words;
    if (const std::string expires = text(credential, "expires"); !expires.empty())
      std::cout << " (until " << expires << ")";
    std::cout << "\n";
  }
  if (const Json last = archive.value("last_failure", Json()); last.is_object())
    std::cout << "    last failure " << text(last, "at") << ": " << text(last, "words") << "\n";
  for (const Json& map : archive.value("map", Json::array()))
    std::cout << "    " << text(map, "host") << " is mapped to " << text(map, "url") << "\n";
}

void print_transfer(const Json& transfer) {
  std::cout << "    " << text(transfer, "what") << ": " << human_bytes(number(transfer, "done_bytes"));
  if (transfer.value("wanted_bytes", Json()).is_number())
    std::cout << " of " << human_bytes(number(transfer, "wanted_bytes"));
  std::cout << ", " << human_bytes(number(transfer, "bytes_per_second")) << "/s";
  if (const Json eta = transfer.value("eta_seconds", Json()); eta.is_number())
    std::cout << ", " << human_seconds(eta.get<double>()) << " left";
  std::cout << "\n";
}

void print_job(const Json& job) {
  std::cout << "    " << text(job, "what") << ": " << (text(job, "phase").empty() ? "made" : text(job, "phase"))
            << " for " << human_seconds(job.value("seconds", 0.0)) << ", " << text(job, "url")
            << (job.value("waited_for", true) ? "" : "; nobody waits, who asks again joins it") << "\n";
}

void print_mount(const Json& mount) {
  std::cout << text(mount, "mountpoint");
  if (!mount.value("answers", false)) {
    std::cout << ": does not answer: " << text(mount, "error") << "\n";
    return;
  }
  std::cout << " (since " << text(mount, "mounted_at") << ", process " << number(mount, "pid") << ", skymount "
            << text(mount, "version") << (mount.value("offline", false) ? ", offline" : "")
            << (mount.value("detached", false) ? ", not in this tree any more" : "") << ")\n";
  print_cache(mount);
  for (const Json& archive : mount.value("archives", Json::array())) print_archive(archive);
  const Json transfers = mount.value("transfers", Json::array());
  if (!transfers.empty()) std::cout << "  transfers\n";
  for (const Json& transfer : transfers) print_transfer(transfer);
  const Json jobs = mount.value("jobs", Json::array());
  if (!jobs.empty()) std::cout << "  jobs at archives\n";
  for (const Json& job : jobs) print_job(job);
  const Json waiting = mount.value("waiting", Json::array());
  if (!waiting.empty()) std::cout << "  " << counted(number(mount, "waiting_callers"), "caller") << " waiting\n";
  for (const Json& caller : waiting) {
    std::cout << "    " << text(caller, "what") << ": for " << human_seconds(caller.value("seconds", 0.0));
    if (const Json left = caller.value("budget_left", Json()); left.is_number())
      std::cout << ", at most " << human_seconds(left.get<double>()) << " more";
    std::cout << "\n";
  }
}

/// A mount on one line, for --watch without a terminal.
void print_line(const Json& mount) {
  if (!mount.value("answers", false)) return print_mount(mount);
  double speed = 0;
  for (const Json& transfer : mount.value("transfers", Json::array())) speed += transfer.value("bytes_per_second", 0.0);
  const Json cache = mount.value("cache", Json::object());
  std::cout << text(mount, "now") << " " << text(mount, "mountpoint") << ": "
            << counted(mount.value("transfers", Json::array()).size(), "transfer") << ", "
            << human_bytes(static_cast<std::uint64_t>(speed)) << "/s, " << number(mount, "waiting_callers")
            << " waiting, " << counted(number(mount, "open_files"), "open file") << ", cache "
            << human_bytes(number(cache, "bytes")) << "\n";
}

void print(const Json& mounts, const Command& command, bool line) {
  if (command.json) {
    std::cout << Json{{"mounts", mounts}}.dump(command.watch ? -1 : 2, ' ', false, Json::error_handler_t::replace)
              << "\n";
  } else if (mounts.empty()) {
    std::cout << "nothing is mounted by this user; `skymount mount --help` says how\n";
  }
  if (!command.json)
    for (const Json& mount : mounts) line ? print_line(mount) : print_mount(mount);
  std::cout.flush();
}

/// Root's are all; what others have mounted answers them alone.
std::vector<MountEntry> mounts_of_this_user() {
  std::vector<MountEntry> out = skymounts();
  const unsigned me = geteuid();
  if (me != 0) std::erase_if(out, [&](const MountEntry& mount) { return mount.user && *mount.user != me; });
  return out;
}

}  // namespace

int run_status(const Command& command) {
  std::vector<MountEntry> only;
  if (!command.paths.empty()) {
    const Result<PlaceInMount> place = place_in_mount(command.paths.front());
    if (!place) return complain(place.error());
    only.push_back(place->mount);
  }
  const bool redraw = command.watch && !command.json && terminal_width() > 0;
  for (;;) {
    const Json mounts = only.empty() ? gather(mounts_of_this_user(), true) : gather(only, false);
    if (redraw) std::cout << "\033[H\033[J";  // home, clear to the end
    print(mounts, command, command.watch && !redraw);
    if (!std::cout) return kExitFailure;
    if (!command.watch) {
      const bool all =
          std::all_of(mounts.begin(), mounts.end(), [](const Json& m) { return m.value("answers", false); });
      return all ? kExitOk : kExitFailure;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace skymount::fs
