// SPDX-License-Identifier: MIT
#include "fs/cli/cli.h"

int main(int argc, char** argv) {
  return skymount::fs::run_cli(argc, argv);
}
