// SPDX-License-Identifier: MIT
//
// Everything a mount needs to know, decided before anything is touched: what the command line and the configuration
// say.
#pragma once

#include "fs/config/config.h"

#include <filesystem>
#include <string>
#include <vector>

namespace skymount::fs {

struct MountRequest {
  Configuration config;
  std::filesystem::path mountpoint;       ///< absolute; exists and is a directory
  bool foreground = false;                ///< serve in this process; otherwise return once the mount answers
  bool read_only = false;                 ///< -o ro
  bool allow_other = false;               ///< -o allow_other
  bool offline = false;                   ///< never ask the network
  std::filesystem::path fits_program;     ///< skymount-fits; empty: where it was installed, or built
  int ends_with = -1;                     ///< the mount ends when the other end of this pipe is closed; -1: by itself
  std::vector<std::string> fuse_options;  ///< for the kernel, beside those above: nosuid, nodev, noexec, fsname=...
};

}  // namespace skymount::fs
