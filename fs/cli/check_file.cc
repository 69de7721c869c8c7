// SPDX-License-Identifier: MIT
#include "fs/cli/check_file.h"

#include "fs/cli/mountpoint.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace skymount::fs {
namespace {

using vo::CheckStep;
using vo::Verdict;
using Steady = std::chrono::steady_clock;

// What says whether a file can be read at all; more would be a download.
constexpr std::size_t kFirstBytes = 4096;

std::string attribute(const std::filesystem::path& path, const char* name) {
  char value[8192];
  const ssize_t size = lgetxattr(path.c_str(), name, value, sizeof value);
  return size > 0 ? std::string(value, static_cast<std::size_t>(size)) : std::string();
}

CheckStep step(const char* name, Verdict verdict, std::string words, std::string advice = {}) {
  return {name, verdict, std::move(words), std::move(advice), {}, 0};
}

std::string journal_of(const MountEntry& mounted) {
  return "the reason is in words in " + (mounted.mountpoint / ".skymount/errors.log").string();
}

CheckStep file_step(const std::filesystem::path& path, const MountEntry& mounted, struct stat& info) {
  if (stat(path.c_str(), &info) != 0) return step("file", Verdict::bad, std::strerror(errno), journal_of(mounted));
  if (S_ISDIR(info.st_mode)) return step("file", Verdict::ok, "a folder");
  const std::string kind = attribute(path, "user.skymount.size");
  return step("file", Verdict::ok,
              std::to_string(info.st_size) + " bytes" + (kind == "estimate" ? ", an estimate until it is opened" : ""));
}

CheckStep origin_step(const std::filesystem::path& path) {
  const std::string url = attribute(path, "user.skymount.url"), error = attribute(path, "user.skymount.error");
  if (!error.empty())
    return step("origin", Verdict::warn, "the last attempt failed: " + error, "reading it below tries again");
  if (url.empty()) return step("origin", Verdict::skipped, "made by skymount itself");
  const std::string cached = attribute(path, "user.skymount.cached");
  return step("origin", Verdict::ok, url + (cached.empty() ? "" : "; " + cached + " bytes are here"));
}

CheckStep read_step(const std::filesystem::path& path, const MountEntry& mounted, bool folder) {
  const Steady::time_point begin = Steady::now();
  std::string words;
  int error = 0;
  if (folder) {
    DIR* const opened = opendir(path.c_str());
    std::size_t entries = 0;
    errno = 0;
    while (opened != nullptr && readdir(opened) != nullptr) ++entries;
    error = errno;
    if (opened != nullptr) closedir(opened);
    words = std::to_string(entries > 2 ? entries - 2 : 0) + " entries";  // without . and ..
  } else {
    const int opened = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    char bytes[kFirstBytes];
    const ssize_t got = opened < 0 ? -1 : read(opened, bytes, sizeof bytes);
    error = got < 0 ? errno : 0;
    struct stat info {};
    if (opened >= 0 && fstat(opened, &info) == 0)
      words = std::to_string(info.st_size) + " bytes, the first can be read";
    if (opened >= 0) close(opened);
  }
  CheckStep out = step("read", Verdict::ok, words);
  out.took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
  if (error == 0) return out;
  const std::string said = attribute(path, "user.skymount.error");
  out.verdict = Verdict::bad;
  out.words = std::strerror(error) + (said.empty() ? std::string() : ": " + said);
  out.advice = journal_of(mounted);
  return out;
}

}  // namespace

std::optional<MountEntry> mount_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
  std::optional<MountEntry> nearest;
  for (MountEntry& entry : mounts_of_this_machine()) {
    const auto [end, ignored] =
        std::mismatch(entry.mountpoint.begin(), entry.mountpoint.end(), whole.begin(), whole.end());
    const bool below = end == entry.mountpoint.end();
    // Later entries of one length lie on top of earlier ones.
    if (below && (!nearest || entry.mountpoint.native().size() >= nearest->mountpoint.native().size()))
      nearest = std::move(entry);
  }
  if (!nearest || nearest->type != kMountType) return std::nullopt;
  return nearest;
}

std::vector<CheckStep> check_file(const std::filesystem::path& path, const MountEntry& mounted) {
  std::vector<CheckStep> out;
  const MountHealth health = health_of(mounted.mountpoint);
  if (health != MountHealth::alive) {
    const std::string at = mounted.mountpoint.string();
    out.push_back(step("mount", Verdict::bad,
                       at + (health == MountHealth::dead ? ": its process is gone" : ": does not answer"),
                       "skymount unmount " + at + ", then mount it again"));
    for (const char* name : {"file", "origin", "read"})
      out.push_back(step(name, Verdict::skipped, "the mount does not answer"));
    return out;
  }
  out.push_back(step("mount", Verdict::ok, mounted.mountpoint.string() + " answers"));
  struct stat info {};
  out.push_back(file_step(path, mounted, info));
  if (out.back().verdict == Verdict::bad) {
    for (const char* name : {"origin", "read"}) out.push_back(step(name, Verdict::skipped, "there is no such file"));
    return out;
  }
  out.push_back(origin_step(path));
  out.push_back(read_step(path, mounted, S_ISDIR(info.st_mode)));
  return out;
}

}  // namespace skymount::fs
