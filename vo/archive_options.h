// SPDX-License-Identifier: MIT
//
// An archive's configuration as a value (one TOML file, see mount-configs/). fs/config reads it; nothing here knows
// TOML.
#pragma once

#include "vo/auth/auth_options.h"
#include "vo/http/client.h"
#include "vo/link_report.h"
#include "vo/route/route.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

struct Limits {
  unsigned connections = 4;
  double requests_per_second = 0;
  std::chrono::milliseconds connect{10'000}, first_byte{60'000}, stall{30'000}, listing{60'000}, read{60'000},
      open{300'000};
  std::uint64_t bytes_per_hour = 0;  ///< 0: no limit
};

/// Times to live.
struct Lifetimes {
  std::chrono::milliseconds listings{std::chrono::hours(24)}, links{std::chrono::hours(24)},
      negative{std::chrono::minutes(10)};
};

/// Who turns names of objects into positions (target=M31): Sesame at CDS and its mirror, asked in this order.
struct ResolverOptions {
  std::vector<std::string> urls{"https://cds.unistra.fr/cgi-bin/nph-sesame",
                                "https://vizier.cfa.harvard.edu/viz-bin/nph-sesame"};
};

struct ArchiveOptions {
  std::string name;  ///< the folder's name
  std::string title, description;
  std::string config_file;                ///< for messages
  std::vector<std::string> config_files;  ///< all that were merged, the lowest first; config_file is the last

  struct Tap {
    std::string url, language = "ADQL", mode = "auto";
    std::uint64_t maxrec = 20'000;
    std::chrono::seconds execution_duration{0};
  } tap;
  std::string ssa_url, sia_url;  ///< discovery where there is no TAP service
  unsigned sia_version = 2;
  struct Obscore {
    std::string table, where, order_by, form = "auto";
    double search_radius_deg = 3;
    std::vector<std::string> id_columns;
  } obscore;
  struct Datalink {
    std::string url;
    unsigned batch = 0;
  } datalink;
  struct Naming {
    std::string dataset = "{t_min:date}_{obs_collection:slug}_{obs_id:tail}";
  } naming;
  struct Cutout {
    double radius_deg = 0.25;
    std::uint64_t max_bytes = 2ULL << 30;
  } cutout;
  struct Best {
    std::string full;  ///< semantics of links to images in full resolution: "#coderived"
  } best;
  AuthOptions auth;
  std::vector<RoutePtr> routes;  ///< checked against each other
  std::vector<LinkReport> reports;
  Limits limits;
  Lifetimes ttl;
  ResolverOptions resolver;  ///< the same for all archives ([sesame] of skymount.toml)
  bool offline = false;      ///< --offline: the client asks nobody, so old answers are not called failures
  std::uint64_t memory_bytes = 256ULL << 20;  ///< [cache] memory: what remembered answers take their share of
  HttpOptions http;                           ///< connections and times are copied from `limits` by fs/config
};

}  // namespace skymount::vo
