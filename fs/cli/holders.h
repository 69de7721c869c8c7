// SPDX-License-Identifier: MIT
//
// Who uses a mount: the processes with something open below it, as fuser(1) finds them, but by names alone, so that a
// dead or silent mount is not asked.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace skymount::fs {

struct Holder {
  pid_t pid = 0;
  std::string program;  ///< its command name, made safe
  std::string what;     ///< "working directory", "program", "mapped i00811.fits", "open README.txt": the first found
};

/// Processes that this user may look at (root: all), by pid. `proc` is for tests.
std::vector<Holder> holders_of(const std::filesystem::path& mountpoint, const std::filesystem::path& proc = "/proc");

/// "1234 ds9 (open i00811.fits), 99 bash (working directory)", at most ten and the number of the rest.
std::string words_of_holders(const std::vector<Holder>& holders);

}  // namespace skymount::fs
