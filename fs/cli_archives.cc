// SPDX-License-Identifier: MIT
//
// `skymount archives`: what is configured, without asking any of it.
#include "cache/base/log.h"
#include "fs/cli_commands.h"
#include "vo/http/url.h"

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <iostream>

namespace skymount::fs {
namespace {

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string shown_url(const vo::ArchiveOptions& archive) {
  const Result<vo::Url> url = vo::Url::parse(archive.tap.url);
  return url ? url->redacted() : archive.tap.url;
}

void print_json(const std::vector<vo::ArchiveOptions>& archives) {
  std::cout << "[";
  const char* separator = "\n";
  for (const vo::ArchiveOptions& archive : archives) {
    std::cout << separator << "  {\"name\": " << json_text(archive.name) << ", \"title\": " << json_text(archive.title)
              << ", \"tap\": " << json_text(shown_url(archive)) << ", \"file\": " << json_text(archive.config_file)
              << "}";
    separator = ",\n";
  }
  std::cout << "\n]\n";
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
