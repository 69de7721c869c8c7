// SPDX-License-Identifier: MIT
//
// One way of using the tree, twice: directly through Filesystem, and through the kernel. The suite in tree_test.cc runs
// on both, so that what holds without FUSE is shown to hold with it.
#pragma once

#include "vo/demo/origin.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace skymount::test {

/// Result of a call: errno (0: fine) and what it gave.
struct Listed {
  int error = 0;
  std::vector<std::string> names;  ///< sorted, without . and ..
};
struct Text {
  int error = 0;
  std::string text;
};
struct Stat {
  int error = 0;
  bool folder = false;
  std::uint64_t size = 0, blocks = 0, ino = 0;
  std::int64_t mtime = 0;
  bool symlink = false;
};

class Driver {
 public:
  virtual ~Driver() = default;
  virtual Listed list(const std::string& path) = 0;
  virtual Text read(const std::string& path, std::uint64_t offset = 0, std::uint64_t length = UINT64_MAX) = 0;
  virtual Stat stat(const std::string& path) = 0;
  virtual Text readlink(const std::string& path) = 0;
  /// 0 or errno.
  virtual int mkdir(const std::string& path) = 0;
  virtual int rmdir(const std::string& path) = 0;
  virtual Text xattr(const std::string& path, const std::string& name) = 0;
  /// Unmounts and mounts again with the same cache.
  virtual void remount() = 0;
};

struct Archive {
  std::string name;
  std::string tap_url;
  std::string extra{};   ///< more lines of TOML
  std::string tap = {};  ///< more lines of [tap]
};

/// Archives and a cache of their own in a temporary folder.
struct MountSetup {
  std::filesystem::path folder;  ///< exists; holds cache, configurations, mountpoint
  std::vector<Archive> archives;
  std::vector<std::pair<std::string, std::string>> map = {};  ///< --map HOST=URL
  std::string options = {};                                   ///< further words of the command line: "--offline"
};

std::unique_ptr<Driver> direct_driver(const MountSetup& setup);
std::unique_ptr<Driver> mounted_driver(const MountSetup& setup);

/// A mount by the real program, for what only a mount can show. Unmounted by the destructor, by force if need be.
class Mount {
 public:
  explicit Mount(const MountSetup& setup);
  ~Mount();
  const std::filesystem::path& path() const { return mountpoint_; }
  void unmount();

 private:
  std::filesystem::path mountpoint_;
  bool mounted_ = false;
};

/// Writes an archive's configuration and returns its path.
std::filesystem::path write_config(const MountSetup& setup, const Archive& archive);

struct Ran {
  int exit_code = -1;
  std::string output;  ///< both standard output and error
  double seconds = 0;
};
/// Runs a shell command with a time limit; after it, exit code 124.
Ran run(const std::string& command, int seconds = 60);

}  // namespace skymount::test
