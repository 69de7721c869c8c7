// SPDX-License-Identifier: MIT
//
// `skymount archives`: what is configured, without asking any of it.
#include "cache/base/log.h"
#include "fs/cli/commands.h"
#include "vo/http/url.h"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

namespace skymount::fs {
namespace {

std::string shown_url(const vo::ArchiveOptions& archive) {
  const Result<vo::Url> url = vo::Url::parse(archive.tap.url);
  return url ? url->redacted() : archive.tap.url;
}

void print_json(const std::vector<vo::ArchiveOptions>& archives) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const vo::ArchiveOptions& archive : archives)
    out.push_back(
        {{"name", archive.name}, {"title", archive.title}, {"tap", shown_url(archive)}, {"file", archive.config_file}});
  std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

void print_table(const std::vector<vo::ArchiveOptions>& archives) {
  std::size_t name = 0, title = 0;
  for (const vo::ArchiveOptions& archive : archives) {
    name = std::max(name, archive.name.size());
    title = std::max(title, archive.title.size());
  }
  for (const vo::ArchiveOptions& archive : archives)
    std::cout << std::left << std::setw(static_cast<int>(name) + 2) << archive.name
              << std::setw(static_cast<int>(title) + 2) << printable(archive.title) << printable(shown_url(archive))
              << "  (" << archive.config_file << ")\n";
}

}  // namespace

int run_archives(const Command& command) {
  const Result<Configuration> config = load_configuration(command.config, process_environment());
  if (!config) return complain(config.error());
  command.json ? print_json(config->archives) : print_table(config->archives);
  return kExitOk;
}

}  // namespace skymount::fs
