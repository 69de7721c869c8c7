// SPDX-License-Identifier: MIT
//
// Asks an archive's TAP service what its routes ask: the rows of a folder, or a table of any length. Whether directly
// or as a job is decided as for every other question (vo/tap_modes), or by the route.
#pragma once

#include "vo/archive_options.h"
#include "vo/count.h"
#include "vo/job_book.h"
#include "vo/listing.h"
#include "vo/protocol/tap.h"
#include "vo/tap_modes.h"

#include <map>
#include <memory>

namespace skymount::vo {

/// Thread-safe.
class RouteService {
 public:
  /// `jobs` is the archive's own book and outlives this. `store` may be null.
  RouteService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
               JobBook& jobs, const Clock& clock);

  /// Null: no route of this name is configured.
  RoutePtr route(std::string_view written) const;

  /// The folder that query.route names. Errors  as Archive::query.
  Result<Listing> listing(const Query& query, const FetchContext& ctx);
  /// What the folder, or the table, that query.route names would bring. Errors  as Archive::count.
  Result<Count> count(const Query& query, const FetchContext& ctx);
  /// Errors  as Archive::table.
  Result<TapService::Answer> table(const RouteCall& call, const TapService::OnMeta& on_meta,
                                   const TapService::OnRow& on_row, const FetchContext& ctx);

 private:
  struct Asked;
  Result<Count> numbers(const Route& route, std::string adql, const FetchContext& ctx);
  Result<Asked> asked(const RouteCall& call) const;
  TapRequest request(const Route& route, std::string adql, std::uint64_t maxrec, TapMode mode) const;
  TapModes& modes(const Route& route) { return *modes_.at(route.mode.empty() ? options_.tap.mode : route.mode); }

  const ArchiveOptions options_;
  const Clock& clock_;
  const TapService tap_;
  JobBook& jobs_;
  std::map<std::string, std::unique_ptr<TapModes>> modes_;  ///< by their word; never changed
};

}  // namespace skymount::vo
