// SPDX-License-Identifier: MIT
//
// What is mounted and how: the archives' TOML files and the user's global one, found, merged, checked and turned into
// values. Nobody above this file knows TOML. A mistake comes back as one sentence with file, line and key, and with the
// nearest key that exists; what a later version will understand is refused as such, never ignored.
#pragma once

#include "cache/base/result.h"
#include "vo/archive_options.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymount::fs {

/// Looks up one environment variable; nullopt when it is unset or empty. Tests bring their own.
using Environment = std::function<std::optional<std::string>(const char* name)>;
Environment process_environment();

/// Indexers and thumbnailers that are refused the data of files unless [crawlers] deny names others. A `*` in a name
/// stands for anything.
std::vector<std::string> known_crawlers();

/// ~/.config/skymount/skymount.toml.
struct GlobalOptions {
  std::filesystem::path cache_dir;             ///< --cache, SKYMOUNT_CACHE, [cache] dir, $XDG_CACHE_HOME/skymount
  std::uint64_t cache_bytes = 50'000'000'000;  ///< [cache] size: on disk
  std::uint64_t memory_bytes = 256ULL << 20;   ///< [cache] memory
  vo::Lifetimes ttl;                           ///< [ttl]; an archive's own [ttl] wins key by key
  std::string tls_ca, proxy;                   ///< [tls] ca, [proxy] url; empty: the system's
  std::vector<std::string> crawlers_deny = known_crawlers();  ///< [crawlers] deny: who is refused the data of files
  vo::ResolverOptions resolver;                               ///< [sesame] url: who knows where target=M31 is
};

struct Configuration {
  GlobalOptions global;
  std::vector<vo::ArchiveOptions>
      archives;                      ///< sorted by name, names are unique; http options, ttl and map are filled in
  std::vector<std::string> notices;  ///< what the user should know though nothing is wrong
};

struct ConfigRequest {
  std::vector<std::filesystem::path> files;              ///< --config: only these, and they are the user's own
  std::vector<std::string> only;                         ///< --archive: of those found, only these
  std::optional<std::filesystem::path> cache;            ///< --cache
  std::vector<std::pair<std::string, std::string>> map;  ///< --map HOST=URL
  std::optional<std::filesystem::path> shipped;          ///< the shipped mount-configs/; default: shipped_directory()
};

/// Reads skymount.toml and the archives: those of request.files (else of SKYMOUNT_CONFIG, separated by colons); without
/// either the shipped files, each merged key by key with the user's file of the same name, and the user's further
/// files. Errors  invalid: a mistake in a file, with file, line and key; not_found: a file or an archive that was asked
/// for does not
///         exist (with the nearest name); unsupported: a key this version cannot honour; denied: a secret, or
///         allow_private outside the user's own files.
Result<Configuration> load_configuration(const ConfigRequest& request, const Environment& environment);

/// skymount.toml and the place of the cache alone, for commands that work without any archive.
/// Errors  as load_configuration, but none about archives.
Result<GlobalOptions> load_global(const ConfigRequest& request, const Environment& environment);

/// One file by itself. `users_own`: it may open private addresses.
Result<vo::ArchiveOptions> load_archive(const std::filesystem::path& file, bool users_own);

/// share/skymount/mount-configs beside the installed binary, or mount-configs/ of the source tree that the binary was
/// built in; empty when there is neither. `binary` is an absolute path.
std::filesystem::path shipped_directory(const std::filesystem::path& binary);
/// Where this program is (/proc/self/exe).
std::filesystem::path own_binary();

/// The configuration in force as TOML, for .skymount/config.toml. Userinfo and tokens in URLs are blanked.
std::string effective_config_text(const Configuration& configuration);

}  // namespace skymount::fs
