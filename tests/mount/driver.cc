// SPDX-License-Identifier: MIT
#include "tests/mount/driver.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include <sys/wait.h>

namespace skymount::test {

std::filesystem::path write_config(const MountSetup& setup, const Archive& archive) {
  const std::filesystem::path file = setup.folder / (archive.name + ".toml");
  std::ofstream out(file);
  out << "name = \"" << archive.name << "\"\ntitle = \"Test archive " << archive.name << "\"\n"
      << "[tap]\nurl = \"" << archive.tap_url << "\"\n" << archive.tap << "[network]\nallow_private = true\n"
      << archive.extra;
  return file;
}

Ran run(const std::string& command, int seconds) {
  const auto start = std::chrono::steady_clock::now();
  // bash -c in a group of its own under timeout(1), so that a hanging command cannot hang the test.
  std::string quoted;
  for (const char c : command) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  const std::string whole = "timeout -k 2 " + std::to_string(seconds) + " bash -c '" + quoted + "' 2>&1 < /dev/null";
  Ran out;
  FILE* pipe = popen(whole.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::array<char, 4096> buffer{};
  std::size_t n = 0;
  while ((n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) out.output.append(buffer.data(), n);
  const int status = pclose(pipe);
  out.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

}  // namespace skymount::test
