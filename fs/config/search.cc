// SPDX-License-Identifier: MIT
//
// The search order of section 3 of the contract, and the few names in those directories that are no archives.
#include "fs/config/search.h"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace skymount::fs {
namespace {

std::filesystem::path xdg(const Environment& environment, const char* variable, const char* under_home) {
  // The XDG base directory specification: a relative value is to be ignored.
  if (const auto set = environment(variable); set && set->front() == '/')
    return std::filesystem::path(*set) / "skymount";
  if (const auto home = environment("HOME")) return std::filesystem::path(*home) / under_home / "skymount";
  return {};
}

std::vector<std::filesystem::path> toml_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() == ".toml" && path.filename().string().front() != '.') files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::filesystem::path> split_colons(const std::string& text) {
  std::vector<std::filesystem::path> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

std::filesystem::path own_binary() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error);
}

std::filesystem::path shipped_directory(const std::filesystem::path& binary) {
  const std::filesystem::path bin = binary.parent_path();
  // PREFIX/bin, PREFIX/sbin (mount.fuse.skymount), then build/PRESET/ of a source tree.
  for (const std::filesystem::path& candidate :
       {bin / "../share/skymount/mount-configs", bin / "../../mount-configs"}) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(candidate, error);
    if (!error && std::filesystem::is_directory(real, error)) return real;
  }
  return {};
}

std::filesystem::path user_config_directory(const Environment& environment) {
  return xdg(environment, "XDG_CONFIG_HOME", ".config");
}

std::filesystem::path default_cache_directory(const Environment& environment) {
  return xdg(environment, "XDG_CACHE_HOME", ".cache");
}

std::filesystem::path state_directory(const Environment& environment) {
  return xdg(environment, "XDG_STATE_HOME", ".local/state");
}

std::filesystem::path expand_home(const std::string& path, const Environment& environment) {
  if (path.rfind("~/", 0) != 0) return path;
  const auto home = environment("HOME");
  return home ? std::filesystem::path(*home) / path.substr(2) : std::filesystem::path(path);
}

std::vector<ArchiveFiles> find_archive_files(const ConfigRequest& request, const Environment& environment) {
  std::vector<std::filesystem::path> named = request.files;
  if (named.empty())
    if (const auto mirrored = environment("SKYMOUNT_CONFIG")) named = split_colons(*mirrored);
  if (!named.empty()) {
    std::vector<ArchiveFiles> out;
    for (const std::filesystem::path& file : named) out.push_back({{{expand_home(file.string(), environment), true}}});
    return out;
  }

  std::map<std::string, ArchiveFiles> by_name;
  const std::filesystem::path shipped = request.shipped ? *request.shipped : shipped_directory(own_binary());
  for (const std::filesystem::path& file : toml_files(shipped)) {
    // It describes a server on this machine that is only there while somebody runs it; see `skymount demo`.
    if (file.filename() == "demo.toml") continue;
    by_name[file.filename().string()].files.push_back({file, false});
  }
  for (const std::filesystem::path& file : toml_files(user_config_directory(environment))) {
    if (file.filename() == "skymount.toml" || file.filename() == "secrets.toml") continue;
    by_name[file.filename().string()].files.push_back({file, true});
  }
  std::vector<ArchiveFiles> out;
  for (auto& [name, files] : by_name) out.push_back(std::move(files));
  return out;
}

}  // namespace skymount::fs
