// SPDX-License-Identifier: MIT
//
// `skymount prefetch`: the mount does the work and tells how far it is; here it is shown. When this program ends, by
// Ctrl-C for one, the mount sees the connection go and stops.
#include "cache/base/log.h"
#include "fs/cli/commands.h"
#include "fs/cli/control_client.h"
#include "fs/cli/human.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <deque>
#include <iostream>
#include <map>

namespace skymount::fs {
namespace {

using Json = nlohmann::ordered_json;
using Steady = std::chrono::steady_clock;

// The mount gives a sign four times a second; one that is silent for so long is as good as gone.
constexpr std::chrono::milliseconds kSilence{15'000};
// Speed is that of the last seconds: long enough not to jump, short enough to tell of a stall.
constexpr std::chrono::seconds kSpeedOver{5};
constexpr std::chrono::seconds kPlainLineEvery{5};

std::string text(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? printable(it->get<std::string>()) : "";
}

std::uint64_t number(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

class Speed {
 public:
  /// Bytes per second, given how many there are by now.
  double at(Steady::time_point now, std::uint64_t bytes) {
    samples_.emplace_back(now, bytes);
    while (samples_.size() > 2 && now - samples_.front().first > kSpeedOver) samples_.pop_front();
    const std::chrono::duration<double> time = now - samples_.front().first;
    const std::uint64_t came = bytes - std::min(bytes, samples_.front().second);
    return time.count() > 0 ? static_cast<double>(came) / time.count() : 0;
  }

 private:
  std::deque<std::pair<Steady::time_point, std::uint64_t>> samples_;
};

/// What is shown while it runs: bars that are redrawn on a terminal, a line now and then without one.
class Display {
 public:
  explicit Display(std::string mountpoint) : mountpoint_(std::move(mountpoint)), width_(terminal_width()) {}
  ~Display() { clear(); }

  void file(const Json& event) {
    const std::string state = text(event, "state");
    if (width_ > 0 && state != "failed") return;  // the bars tell
    clear();
    const std::string path = mountpoint_ + text(event, "path");
    if (state == "failed") {
      std::cerr << "skymount: " << path << ": " << text(event, "code") << ": " << text(event, "error") << "\n";
    } else {
      std::cout << path << ": " << human_bytes(number(event, "bytes")) << (state == "here" ? ", was here already" : "")
                << std::endl;
    }
  }

  void progress(const Json& event) {
    const auto now = Steady::now();
    const double speed = total_speed_.at(now, number(event, "fetched_bytes"));
    if (width_ == 0) {
      if (now < next_line_) return;
      next_line_ = now + kPlainLineEvery;
      if (number(event, "bytes") > 0) std::cout << total_line(event, speed) << std::endl;
      return;
    }
    clear();
    std::map<std::string, Speed> speeds;
    for (const Json& running : event.value("running", Json::array())) {
      const std::string path = text(running, "path");
      Speed& own = speeds[path] = std::move(file_speeds_[path]);
      draw(file_line(path, running, own.at(now, number(running, "bytes"))));
    }
    file_speeds_ = std::move(speeds);
    draw(total_line(event, speed));
    std::cout.flush();
  }

  void clear() {
    if (drawn_ > 0) std::cout << "\033[" << drawn_ << "A\033[J" << std::flush;
    drawn_ = 0;
  }

 private:
  void draw(const std::string& line) {
    std::cout << line.substr(0, width_ - 1) << "\n";
    ++drawn_;
  }

  static std::string rest(std::uint64_t done, std::uint64_t total, double speed) {
    if (speed < 1) return human_bytes(static_cast<std::uint64_t>(speed)) + "/s";
    return human_bytes(static_cast<std::uint64_t>(speed)) + "/s " +
           human_seconds(static_cast<double>(total - std::min(done, total)) / speed) + " left";
  }

  std::string file_line(const std::string& path, const Json& file, double speed) const {
    const std::uint64_t done = number(file, "bytes"), size = number(file, "size");
    const bool exact = file.value("exact", false);
    const std::string numbers = " " + bar(done, exact ? size : 0, 12) + " " + human_bytes(done) + " of " +
                                (exact ? human_bytes(size) : "?") + " " + rest(done, exact ? size : done, speed);
    const std::size_t room = width_ > numbers.size() + 12 ? width_ - numbers.size() - 2 : 10;
    return shortened(path, room) + numbers;
  }

  static std::string total_line(const Json& event, double speed) {
    const std::uint64_t done = number(event, "bytes"), total = number(event, "total_bytes");
    const std::uint64_t over = number(event, "fetched") + number(event, "here");
    const bool guess = event.value("estimated", false) || event.value("searching", false);
    std::string out = "total " + bar(done, total, 20) + " " + std::to_string(over) + " of " +
                      std::to_string(number(event, "files")) + (event.value("searching", false) ? "+" : "") +
                      " files, " + human_bytes(done) + " of " + (guess ? "about " : "") + human_bytes(total) + " " +
                      rest(done, total, speed);
    if (number(event, "failed") > 0) out += ", " + std::to_string(number(event, "failed")) + " failed";
    return out;
  }

  const std::string mountpoint_;
  const unsigned width_;
  unsigned drawn_ = 0;
  Speed total_speed_;
  std::map<std::string, Speed> file_speeds_;
  Steady::time_point next_line_ = Steady::now() + kPlainLineEvery;
};

void print_end(const Json& end, const Command& command) {
  std::cout << number(end, "files") << (number(end, "files") == 1 ? " file: " : " files: ") << number(end, "fetched")
            << " fetched (" << human_bytes(number(end, "fetched_bytes")) << "), " << number(end, "here")
            << " here already, " << number(end, "failed") << " failed" << (command.pin ? "; pinned" : "") << "\n";
}

/// One mount's part. Returns whether all of it is here now.
Result<bool> prefetch_in(const MountEntry& mount, const std::vector<std::string>& paths, const Command& command) {
  Result<ControlClient> client = ControlClient::to_mount(mount);
  if (!client) return fail(client.error().during(mount.mountpoint.string()));
  const Json request = {{"command", "prefetch"}, {"paths", paths}, {"pin", command.pin}};
  if (Result<void> asked = client->ask(request.dump(-1, ' ', false, Json::error_handler_t::replace)); !asked)
    return fail(asked.error().during(mount.mountpoint.string()));
  Display display(mount.mountpoint == "/" ? "" : mount.mountpoint.string());
  for (;;) {
    const Result<std::string> line = client->next(kSilence);
    if (!line)
      return fail(
          line.error().during(mount.mountpoint.string() + ": what came is kept; the same command goes on from there"));
    const Json event = Json::parse(*line, nullptr, false);
    if (!event.is_object()) return fail(Code::corrupt, "the mount's answer makes no sense");
    const std::string kind = text(event, "event");
    if (command.json) {
      std::cout << *line << std::endl;
    } else if (kind == "file") {
      display.file(event);
    } else if (kind == "progress") {
      display.progress(event);
    }
    if (kind != "end") continue;
    display.clear();
    if (event.contains("error")) return fail(Code::invalid, text(event, "error"));
    if (!command.json) print_end(event, command);
    return event.value("ok", false);
  }
}

}  // namespace

int run_prefetch(const Command& command) {
  std::vector<std::pair<MountEntry, std::vector<std::string>>> parts;
  for (const std::string& path : command.paths) {
    Result<PlaceInMount> place = place_in_mount(path);
    if (!place) return complain(place.error());
    auto part = std::find_if(parts.begin(), parts.end(),
                             [&](const auto& p) { return p.first.mountpoint == place->mount.mountpoint; });
    if (part == parts.end()) part = parts.insert(part, {place->mount, {}});
    part->second.push_back(place->inside);
  }
  bool all = true;
  for (const auto& [mount, paths] : parts) {
    const Result<bool> done = prefetch_in(mount, paths, command);
    if (!done) complain(done.error());
    all = all && done && *done;
  }
  return all ? kExitOk : kExitFailure;
}

}  // namespace skymount::fs
