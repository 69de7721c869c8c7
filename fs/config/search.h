// SPDX-License-Identifier: MIT
//
// Where configuration files are looked for, given an environment. Nothing here opens one.
#pragma once

#include "fs/config/config.h"

namespace skymount::fs {

/// $XDG_CONFIG_HOME/skymount, else ~/.config/skymount; empty without a home.
std::filesystem::path user_config_directory(const Environment& environment);
/// $XDG_CACHE_HOME/skymount, else ~/.cache/skymount; empty without a home.
std::filesystem::path default_cache_directory(const Environment& environment);
/// $XDG_STATE_HOME/skymount, else ~/.local/state/skymount; empty without a home.
std::filesystem::path state_directory(const Environment& environment);
/// A leading "~/" replaced by HOME.
std::filesystem::path expand_home(const std::string& path, const Environment& environment);

/// The files that describe one archive, lowest first; the later ones win key by key.
struct ArchiveFiles {
  struct File {
    std::filesystem::path path;
    bool users_own = false;
  };
  std::vector<File> files;
};

/// By request.files, SKYMOUNT_CONFIG, or the shipped and the user's directories, in the order of file names.
std::vector<ArchiveFiles> find_archive_files(const ConfigRequest& request, const Environment& environment);

}  // namespace skymount::fs
