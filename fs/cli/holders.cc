// SPDX-License-Identifier: MIT
//
// /proc/PID/{cwd,root,exe,fd,maps} (proc(5)). Only links and names are read; nothing below the mount is touched.
#include "fs/cli/holders.h"

#include "cache/base/log.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

namespace skymount::fs {
namespace {

constexpr std::size_t kMostNamed = 10;  // a screen's worth; the rest is counted

class Search {
 public:
  explicit Search(const std::filesystem::path& mountpoint) : at_(mountpoint.string()), below_(at_ + "/") {}

  std::optional<std::string> use_by(const std::filesystem::path& process) const {
    std::string path;
    if (inside(process / "cwd", path)) return "working directory";
    if (inside(process / "root", path)) return "root directory";
    if (inside(process / "exe", path)) return "program";
    std::error_code error;
    for (std::filesystem::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error))
      if (inside(fd->path(), path)) return "open " + shown(path);
    std::ifstream maps(process / "maps");
    for (std::string line; std::getline(maps, line);) {
      const std::size_t slash = line.find('/');
      if (slash != std::string::npos && is_inside(line.substr(slash))) return "mapped " + shown(line.substr(slash));
    }
    return std::nullopt;
  }

 private:
  bool is_inside(const std::string& path) const { return path == at_ || path.starts_with(below_); }
  bool inside(const std::filesystem::path& link, std::string& path) const {
    std::error_code error;
    path = std::filesystem::read_symlink(link, error).string();
    return !error && is_inside(path);
  }
  std::string shown(const std::string& path) const {
    return path.size() > below_.size() ? printable(path.substr(below_.size())) : std::string("the mount's root");
  }

  const std::string at_, below_;
};

std::string command_of(const std::filesystem::path& process) {
  std::ifstream in(process / "comm");
  std::string name;
  std::getline(in, name);
  return printable(name);
}

}  // namespace

std::vector<Holder> holders_of(const std::filesystem::path& mountpoint, const std::filesystem::path& proc) {
  const Search search(mountpoint);
  std::vector<Holder> out;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(proc, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [rest, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || rest != name.data() + name.size()) continue;
    if (auto use = search.use_by(entry->path())) out.push_back({pid, command_of(entry->path()), std::move(*use)});
  }
  std::sort(out.begin(), out.end(), [](const Holder& a, const Holder& b) { return a.pid < b.pid; });
  return out;
}

std::string words_of_holders(const std::vector<Holder>& holders) {
  std::string out;
  for (std::size_t i = 0; i < std::min(holders.size(), kMostNamed); ++i)
    out +=
        (i == 0 ? "" : ", ") + std::to_string(holders[i].pid) + " " + holders[i].program + " (" + holders[i].what + ")";
  if (holders.size() > kMostNamed) out += " and " + std::to_string(holders.size() - kMostNamed) + " more";
  return out;
}

}  // namespace skymount::fs
