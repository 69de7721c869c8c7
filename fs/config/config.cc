// SPDX-License-Identifier: MIT
//
// From the files that were found to a Configuration: the global file, then each archive, then what the command line
// adds.
#include "fs/config/config.h"

#include "fs/config/archive_settings.h"
#include "fs/config/reports.h"
#include "fs/config/routes.h"
#include "fs/config/schema.h"
#include "fs/config/search.h"
#include "fs/config/secrets.h"
#include "fs/config/values.h"
#include "vo/http/url.h"
#include "vo/query/grammar.h"

#include <algorithm>

namespace skymount::fs {
namespace {

// A quarter of the memory is for what is fetched ahead, half for what the disk does not take: with less than this there
// is no room for one request of 16 MiB on its way from the archive to the disk.
constexpr std::uint64_t kLeastMemory = 32'000'000;

Result<vo::ArchiveOptions> load_merged(const ArchiveFiles& archive, const vo::Lifetimes& ttl,
                                       const std::filesystem::path& users_folder = {}) {
  Settings merged;
  std::vector<RepeatedSection> repeated;
  for (const ArchiveFiles::File& file : archive.files) {
    Result<Document> document = read_document(file.path, file.users_own);
    if (!document) return fail(document.error());
    if (Result<void> known = check_keys(*document, FileKind::archive); !known) return fail(known.error());
    overlay(merged, *document);
    repeated.insert(repeated.end(), document->repeated.begin(), document->repeated.end());
  }
  Result<std::vector<vo::RoutePtr>> routes = read_routes(repeated, users_folder);
  if (!routes) return fail(routes.error());
  Result<std::vector<vo::LinkReport>> reports = read_reports(repeated);
  if (!reports) return fail(reports.error());
  Result<vo::ArchiveOptions> out = archive_from(merged, archive.files.back().path.string(), ttl);
  if (out) out->routes = std::move(*routes);
  if (out) out->reports = std::move(*reports);
  if (out)
    for (const ArchiveFiles::File& file : archive.files) out->config_files.push_back(file.path.string());
  return out;
}

/// A name that no program can have would refuse nobody, silently.
void check_crawlers(SettingReader& read, const std::vector<std::string>& deny) {
  const Setting* setting = read.find("crawlers.deny");
  if (setting == nullptr) return;
  for (const std::string& name : deny) {
    if (name.empty() || name == "*" || name.find('/') != std::string::npos)
      return read.mistake(
          *setting, Code::invalid,
          "lists \"" + name + "\"; a name is that of a program, without folders; '*' in it stands for anything");
  }
}

Result<void> read_global(const std::filesystem::path& file, const Environment& environment, GlobalOptions& out) {
  std::error_code error;
  if (file.empty() || !std::filesystem::exists(file, error)) return {};
  Result<Document> document = read_document(file, true);
  if (!document) return fail(document.error());
  if (Result<void> known = check_keys(*document, FileKind::global); !known) return known;
  Settings settings;
  overlay(settings, *document);
  SettingReader read(settings);
  std::string dir;
  read.text("cache.dir", dir);
  if (!dir.empty()) out.cache_dir = expand_home(dir, environment);
  if (const Setting* setting = read.find("cache.dir"); setting != nullptr && !out.cache_dir.is_absolute())
    read.mistake(*setting, Code::invalid, "must be an absolute path or begin with ~/");
  read.size("cache.size", out.cache_bytes);
  read.size("cache.memory", out.memory_bytes);
  if (const Setting* setting = read.find("cache.memory"); setting != nullptr && out.memory_bytes < kLeastMemory)
    read.mistake(*setting, Code::invalid,
                 "is too little: a single request of a scan is 16 MiB; write at least \"32 MB\"");
  read_lifetimes(read, out.ttl);
  read.texts("crawlers.deny", out.crawlers_deny);
  check_crawlers(read, out.crawlers_deny);
  read.urls("sesame.url", out.resolver.urls);
  read.url("proxy.url", out.proxy);
  read.text("tls.ca", out.tls_ca);
  if (!out.tls_ca.empty()) out.tls_ca = expand_home(out.tls_ca, environment).string();
  if (const Setting* setting = read.find("tls.ca"); setting != nullptr && !std::filesystem::exists(out.tls_ca, error))
    read.mistake(*setting, Code::invalid, "names a file that does not exist: " + out.tls_ca);
  return read.result();
}

Result<void> choose_cache(const ConfigRequest& request, const Environment& environment, GlobalOptions& out) {
  if (request.cache) {
    out.cache_dir = expand_home(request.cache->string(), environment);  // "-o cache=~/c": no shell has looked at it
  } else if (const auto mirrored = environment("SKYMOUNT_CACHE")) {
    out.cache_dir = expand_home(*mirrored, environment);
  } else if (out.cache_dir.empty()) {
    out.cache_dir = default_cache_directory(environment);
  }
  if (out.cache_dir.empty())
    return fail(Code::invalid,
                "there is no place for the cache, because HOME is not set; give one with --cache DIR or -o cache=DIR");
  std::error_code error;
  out.cache_dir = std::filesystem::absolute(out.cache_dir, error).lexically_normal();
  return {};
}

Result<void> check_map(const ConfigRequest& request) {
  for (const auto& [host, url] : request.map) {
    if (host.empty() || host.find('/') != std::string::npos)
      return fail(Code::invalid,
                  "--map " + host + "=" + url + ": the left side is a host, or host:port, without http://");
    if (Result<vo::Url> parsed = vo::Url::parse(url); !parsed)
      return fail(parsed.error().during("--map " + host + "=" + url));
  }
  return {};
}

Result<void> refuse_same_names(const std::vector<vo::ArchiveOptions>& sorted) {
  const auto twin =
      std::adjacent_find(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twin == sorted.end()) return {};
  return fail(Code::invalid, std::next(twin)->config_file + ": the name \"" + twin->name + "\" is already taken by " +
                                 twin->config_file + "; each archive needs a name of its own");
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The archives that were asked for. A broken file of another archive is no reason not to mount these.
Result<std::vector<vo::ArchiveOptions>> chosen_archives(const ConfigRequest& request, const Environment& environment,
                                                        const vo::Lifetimes& ttl) {
  std::vector<vo::ArchiveOptions> found;
  std::optional<Error> first_failure;
  for (const ArchiveFiles& files : find_archive_files(request, environment)) {
    Result<vo::ArchiveOptions> archive = load_merged(files, ttl, user_config_directory(environment));
    if (archive) {
      found.push_back(std::move(*archive));
    } else if (request.only.empty() || contains(request.only, files.files.back().path.stem().string())) {
      return fail(archive.error());
    } else if (!first_failure) {
      first_failure = archive.error();
    }
  }
  for (const std::string& wanted : request.only) {
    std::vector<std::string_view> names;
    for (const vo::ArchiveOptions& archive : found) names.push_back(archive.name);
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    if (first_failure) return fail(*first_failure);
    const std::string near(vo::nearest(wanted, names));
    return fail(Code::not_found, "no archive is named \"" + wanted + "\"" +
                                     (near.empty() ? "; `skymount archives` lists what is configured"
                                                   : " - did you mean \"" + near + "\"?"));
  }
  if (!request.only.empty())
    found.erase(
        std::remove_if(found.begin(), found.end(),
                       [&](const vo::ArchiveOptions& archive) { return !contains(request.only, archive.name); }),
        found.end());
  return found;
}

/// A secret that nobody uses is a misspelt name, or an archive that has no need of it.
void note_unused(const SecretBindings& secrets, Configuration& out) {
  for (const auto& [name, bindings] : secrets) {
    if (bindings.empty()) continue;
    std::vector<std::string_view> names;
    const vo::ArchiveOptions* archive = nullptr;
    for (const vo::ArchiveOptions& candidate : out.archives) {
      names.push_back(candidate.name);
      if (candidate.name == name) archive = &candidate;
    }
    if (archive == nullptr) {
      const std::string near(vo::nearest(name, names));
      if (!near.empty())
        out.notices.push_back(bindings.front().where + ": no archive is named \"" + name + "\" - did you mean \"" +
                              near + "\"?");
    } else if (archive->auth.kind == vo::AuthOptions::Kind::none) {
      out.notices.push_back(bindings.front().where + ": " + name + " is asked without it, because " +
                            archive->config_file + " has no [auth] kind");
    }
  }
}

}  // namespace

Result<vo::ArchiveOptions> load_archive(const std::filesystem::path& file, bool users_own) {
  return load_merged({{{file, users_own}}}, {});
}

Result<GlobalOptions> load_global(const ConfigRequest& request, const Environment& environment) {
  GlobalOptions out;
  const std::filesystem::path own = user_config_directory(environment);
  if (!own.empty())
    if (Result<void> read = read_global(own / "skymount.toml", environment, out); !read) return fail(read.error());
  if (Result<void> chosen = choose_cache(request, environment, out); !chosen) return fail(chosen.error());
  return out;
}

Result<Configuration> load_configuration(const ConfigRequest& request, const Environment& environment) {
  Configuration out;
  Result<GlobalOptions> global = load_global(request, environment);
  if (!global) return fail(global.error());
  out.global = std::move(*global);
  if (Result<void> checked = check_map(request); !checked) return fail(checked.error());

  Result<std::vector<vo::ArchiveOptions>> archives = chosen_archives(request, environment, out.global.ttl);
  if (!archives) return fail(archives.error());
  out.archives = std::move(*archives);
  std::stable_sort(out.archives.begin(), out.archives.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  if (Result<void> distinct = refuse_same_names(out.archives); !distinct) return fail(distinct.error());
  if (out.archives.empty())
    return fail(Code::not_found,
                "no archive is configured; put a TOML file into ~/.config/skymount/ or name one with "
                "--config FILE");
  for (vo::ArchiveOptions& archive : out.archives) {
    archive.resolver = out.global.resolver;
    archive.http.ca_file = out.global.tls_ca;
    archive.http.proxy = out.global.proxy;
    archive.http.map = request.map;
  }
  Result<SecretBindings> secrets = read_secrets(user_config_directory(environment), environment);
  if (!secrets) return fail(secrets.error());
  for (vo::ArchiveOptions& archive : out.archives)
    if (Result<void> bound = bind_secrets(*secrets, state_directory(environment), archive); !bound)
      return fail(bound.error());
  note_unused(*secrets, out);
  return out;
}

}  // namespace skymount::fs
