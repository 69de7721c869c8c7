// SPDX-License-Identifier: MIT
//
// The commands that talk to running mounts, as the parser knows them.
#pragma once

#include "fs/cli/cli.h"

namespace CLI {
class App;
}

namespace skymount::fs {

/// status, prefetch and cache: their options and help. What is read goes into `command`.
void add_control_commands(CLI::App& app, Command& command);

}  // namespace skymount::fs
