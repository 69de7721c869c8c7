// SPDX-License-Identifier: MIT
//
// Completions for bash, zsh and fish, written from the same description that the command line is read by, so that a new
// option needs no second place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skymount::fs {

struct KnownOption {
  std::vector<std::string> names;  ///< "--foreground", "-f"
  std::string words;
  std::string value;  ///< "DIR", "FILE", "NAME"...; empty: a flag
  bool repeatable = false;
};

struct KnownCommand {
  std::string name, words;
  std::vector<KnownOption> options;
  /// What stands without a dash: "MOUNTPOINT", "ARCHIVE|FILE", "PATH", "COMMAND"; empty: nothing.
  std::string positional;
  std::vector<std::string> choices;  ///< its values, when they are few
};

/// What there is, in the order of the help. Defined beside the parser.
std::vector<KnownCommand> known_commands();

/// The script for "bash", "zsh" or "fish"; empty for another shell.
std::string completion_script(std::string_view shell);

}  // namespace skymount::fs
