// SPDX-License-Identifier: MIT
//
// Reads /proc/self/mountinfo; blanks in it are written as \040.
#include "fs/cli/mount_table.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace skymount::fs {
namespace {

std::string decode_octal(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(const std::string& text) {
  std::vector<MountEntry> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    // 36 35 98:0 /root /mountpoint rw,noatime [optional fields] - type source options
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash)), after(line.substr(dash + 3));
    std::string id, parent, device, root, mountpoint, type, source;
    if (!(before >> id >> parent >> device >> root >> mountpoint) || !(after >> type >> source)) continue;
    out.push_back({decode_octal(mountpoint), decode_octal(type), decode_octal(source)});
    std::string options;
    const std::size_t user = after >> options ? options.find("user_id=") : std::string::npos;
    if (user != std::string::npos)
      out.back().user = static_cast<unsigned>(std::strtoul(options.c_str() + user + 8, nullptr, 10));
  }
  return out;
}

std::vector<MountEntry> mounts_of_this_machine() {
  std::ifstream in("/proc/self/mountinfo");
  std::ostringstream text;
  text << in.rdbuf();
  return parse_mountinfo(text.str());
}

std::optional<MountEntry> mounted_at(const std::filesystem::path& mountpoint) {
  std::optional<MountEntry> uppermost;
  for (MountEntry& entry : mounts_of_this_machine())
    if (entry.mountpoint == mountpoint) uppermost = std::move(entry);
  return uppermost;
}

std::filesystem::path mountpoint_path(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // "/mnt/sky/"
  const std::filesystem::path parent = std::filesystem::canonical(whole.parent_path(), error);
  if (error) return whole;
  // What the kernel lists is no link, and asking it would wait for its daemon.
  if (mounted_at(parent / whole.filename())) return parent / whole.filename();
  // A symbolic link to a mountpoint is followed; read_symlink asks only the link itself.
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(parent / whole.filename(), error))) {
    const std::filesystem::path real = std::filesystem::canonical(parent / whole.filename(), error);
    if (!error) return real;
  }
  return whole.filename().empty() || whole.filename() == "/" ? parent : parent / whole.filename();
}

}  // namespace skymount::fs
