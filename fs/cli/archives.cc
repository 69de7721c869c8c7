// SPDX-License-Identifier: MIT
//
// `skymount archives`: what is configured, without asking any of it.
#include "cache/base/log.h"
#include "fs/cli/commands.h"
#include "vo/discovery_service.h"
#include "vo/http/url.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

namespace skymount::fs {
namespace {

std::string shown_url(const vo::ArchiveOptions& archive) {
  const Result<vo::Url> url = vo::Url::parse(vo::discovery_url(archive));
  return url ? url->redacted() : vo::discovery_url(archive);
}

/// Where this user's credential for it comes from; empty: there is none.
std::string bound_by(const vo::ArchiveOptions& archive) {
  std::string out;
  for (const vo::SecretBinding& binding : archive.auth.bindings) out += (out.empty() ? "" : ", ") + binding.where;
  std::error_code error;
  if (!archive.auth.token_file.empty() && std::filesystem::exists(archive.auth.token_file, error))
    out += (out.empty() ? "" : ", ") + std::string("login");
  return out;
}

/// "; bearer, from secrets.toml:3"
std::string credential_of(const vo::ArchiveOptions& archive) {
  if (archive.auth.kind == vo::AuthOptions::Kind::none) return "";
  const std::string from = bound_by(archive);
  return "; " + std::string(vo::to_text(archive.auth.kind)) +
         (from.empty() ? ", none of yours: public data only" : ", from " + from);
}

void print_json(const std::vector<vo::ArchiveOptions>& archives) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const vo::ArchiveOptions& archive : archives)
    out.push_back({{"name", archive.name},
                   {"title", archive.title},
                   {"description", archive.description},
                   {"tap", shown_url(archive)},
                   {"auth", vo::to_text(archive.auth.kind)},
                   {"credential", bound_by(archive)},
                   {"files", archive.config_files}});
  std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

/// "a.toml, then b.toml": the later one wins key by key.
std::string files_of(const vo::ArchiveOptions& archive) {
  std::string out;
  for (const std::string& file : archive.config_files) out += (out.empty() ? "" : ", then ") + file;
  return printable(out);
}

/// How many columns of a terminal it takes, as far as UTF-8 tells: bytes that continue a letter take none.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, width_of(text)) + 2, ' ');
}

void print_table(const std::vector<vo::ArchiveOptions>& archives) {
  std::size_t name = 0, title = 0;
  for (const vo::ArchiveOptions& archive : archives) {
    name = std::max(name, width_of(archive.name));
    title = std::max(title, width_of(printable(archive.title)));
  }
  for (const vo::ArchiveOptions& archive : archives)
    std::cout << padded(archive.name, name) << padded(printable(archive.title), title) << printable(shown_url(archive))
              << "  (" << files_of(archive) << credential_of(archive) << ")\n";
}

}  // namespace

int run_archives(const Command& command) {
  const Result<Configuration> config = load_configuration(command.config, process_environment());
  if (!config) return complain(config.error());
  command.json ? print_json(config->archives) : print_table(config->archives);
  return kExitOk;
}

}  // namespace skymount::fs
