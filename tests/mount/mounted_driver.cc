// SPDX-License-Identifier: MIT
//
// The tree through the kernel: the real program mounts, POSIX calls ask.
#include "tests/mount/driver.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace skymount::test {

Mount::Mount(const MountSetup& setup) : mountpoint_(setup.folder / "mnt") {
  std::filesystem::create_directories(mountpoint_);
  std::string command = std::string(SKYMOUNT_BINARY) + " mount --cache '" + (setup.folder / "cache").string() + "'";
  for (const Archive& archive : setup.archives) command += " --config '" + write_config(setup, archive).string() + "'";
  for (const auto& [host, url] : setup.map) command += " --map '" + host + "=" + url + "'";
  command += " " + setup.options + " '" + mountpoint_.string() + "'";
  const Ran mounted = run(command, 20);
  if (mounted.exit_code != 0) throw std::runtime_error("mount failed: " + mounted.output);
  mounted_ = true;
}

void Mount::unmount() {
  if (!mounted_) return;
  mounted_ = false;
  const Ran gone = run(std::string(SKYMOUNT_BINARY) + " unmount '" + mountpoint_.string() + "'", 20);
  if (gone.exit_code != 0) throw std::runtime_error("unmount failed: " + gone.output);
  // The daemon holds the cache until it ends; a remount shall find it free.
  run("for i in $(seq 100); do pgrep -f 'mount --cache .*" + mountpoint_.string() +
          "$' >/dev/null || exit 0; sleep 0.05; done",
      10);
}

Mount::~Mount() {
  if (mounted_) run("umount -l '" + mountpoint_.string() + "' || fusermount3 -uz '" + mountpoint_.string() + "'", 20);
}

namespace {

class MountedDriver final : public Driver {
 public:
  explicit MountedDriver(MountSetup setup) : setup_(std::move(setup)) { mount_ = std::make_unique<Mount>(setup_); }

  Listed list(const std::string& path) override {
    DIR* dir = opendir(at(path).c_str());
    if (dir == nullptr) return {errno, {}};
    Listed out;
    errno = 0;
    while (const dirent* entry = readdir(dir)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") out.names.push_back(name);
    }
    out.error = errno;
    closedir(dir);
    std::sort(out.names.begin(), out.names.end());
    return out;
  }

  Text read(const std::string& path, std::uint64_t offset, std::uint64_t length) override {
    const int fd = open(at(path).c_str(), O_RDONLY);
    if (fd < 0) return {errno, ""};
    // The kernel would read 128 KiB ahead of a small read; the tests that count bytes want what was asked.
    if (length != UINT64_MAX) posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    Text out;
    std::vector<char> buffer(256 * 1024);
    while (length > 0) {
      const ssize_t n =
          pread(fd, buffer.data(), std::min<std::uint64_t>(buffer.size(), length), static_cast<off_t>(offset));
      if (n < 0) out.error = errno;
      if (n <= 0) break;
      out.text.append(buffer.data(), static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
      if (length != UINT64_MAX) length -= static_cast<std::uint64_t>(n);
    }
    close(fd);
    return out;
  }

  Stat stat(const std::string& path) override {
    struct stat info {};
    if (::lstat(at(path).c_str(), &info) != 0) return {errno, false, 0, 0, 0, 0, false};
    return {0,
            S_ISDIR(info.st_mode),
            static_cast<std::uint64_t>(info.st_size),
            static_cast<std::uint64_t>(info.st_blocks),
            info.st_ino,
            info.st_mtime,
            S_ISLNK(info.st_mode)};
  }

  Text readlink(const std::string& path) override {
    std::array<char, 4096> buffer{};
    const ssize_t n = ::readlink(at(path).c_str(), buffer.data(), buffer.size());
    if (n < 0) return {errno, ""};
    return {0, std::string(buffer.data(), static_cast<std::size_t>(n))};
  }

  int mkdir(const std::string& path) override { return ::mkdir(at(path).c_str(), 0755) == 0 ? 0 : errno; }
  int rmdir(const std::string& path) override { return ::rmdir(at(path).c_str()) == 0 ? 0 : errno; }

  Text xattr(const std::string& path, const std::string& name) override {
    std::array<char, 65536> buffer{};
    const ssize_t n = getxattr(at(path).c_str(), name.c_str(), buffer.data(), buffer.size());
    if (n < 0) return {errno, ""};
    return {0, std::string(buffer.data(), static_cast<std::size_t>(n))};
  }

  void remount() override {
    mount_->unmount();
    mount_ = std::make_unique<Mount>(setup_);
  }

 private:
  std::string at(const std::string& path) const { return mount_->path().string() + path; }
  MountSetup setup_;
  std::unique_ptr<Mount> mount_;
};

}  // namespace

std::unique_ptr<Driver> mounted_driver(const MountSetup& setup) {
  return std::make_unique<MountedDriver>(setup);
}

}  // namespace skymount::test
