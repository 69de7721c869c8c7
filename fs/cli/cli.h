// SPDX-License-Identifier: MIT
//
// The command line as a value. CLI11 is used in cli_parse.cc alone; what the commands do is in cli_run.cc and cli_*.cc.
#pragma once

#include "cache/base/result.h"
#include "fs/config/config.h"

#include <filesystem>
#include <string>
#include <vector>

namespace skymount::fs {

/// Exit codes (contract): 0, 1 it failed, 2 the command line makes no sense.
inline constexpr int kExitOk = 0, kExitFailure = 1, kExitUsage = 2;

struct Command {
  enum class Kind { mount, unmount, demo, archives, check, completion, status, prefetch, cache, login, logout, text };
  Kind kind = Kind::text;

  ConfigRequest config;              ///< mount, archives, check; demo takes only its cache
  std::filesystem::path mountpoint;  ///< as typed; empty: demo chooses one
  std::string source = "skymount";   ///< what the mount table shows
  bool foreground = false, offline = false, read_only = false, allow_other = false;
  bool share_protected = false;     ///< -o share_protected: allow_other although there are credentials
  bool nonempty = false;            ///< -o nonempty: what is in the mountpoint may be hidden
  std::string target;               ///< check: an archive or a file; login, logout: an archive; completion: a shell
  bool fake = false;                ///< mount(8)'s -f: check everything, mount nothing
  bool json = false;                ///< archives, check
  std::vector<std::string> paths;   ///< status: a mountpoint; prefetch, cache: what in a mount, as typed
  std::string action;               ///< cache: stat, verify, clear, pin, unpin
  bool watch = false, pin = false;  ///< status; prefetch
  std::vector<std::string> origin_options;  ///< demo: handed on to skymount-demo
  std::string text;                         ///< help or version, to be printed
};

/// Reads argv in either form: `skymount COMMAND ...`, or `skymount SOURCE MOUNTPOINT [-o OPTS]` as mount(8) and fstab
/// call it (always the latter when argv[0] is called mount.*). Errors  invalid: to be shown with exit code 2; the
/// message names the word that is wrong and the nearest that exists.
Result<Command> parse_command_line(int argc, const char* const* argv);

/// Adds what `-o` says to `command`. A comma separates; "\," is a comma inside a value.
/// Errors  invalid: an unknown option, by name; unsupported: one that a later version will know.
Result<void> apply_mount_options(std::string_view options, Command& command);

/// The whole program. Writes to standard output and error.
int run_cli(int argc, char** argv);

}  // namespace skymount::fs
