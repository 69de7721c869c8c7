// SPDX-License-Identifier: MIT
//
// One configured archive, the network side: query -> listing, dataset -> folder, entry -> open content. Everything here
// blocks; vo/catalog remembers, and fs decides on which thread to wait.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/fetch_context.h"
#include "cache/meta_store.h"
#include "vo/archive_options.h"
#include "vo/count.h"
#include "vo/job_book.h"
#include "vo/listing.h"
#include "vo/protocol/tap.h"

#include <memory>
#include <optional>

namespace skymount::vo {

class LinksService;

/// Thread-safe.
class Archive {
 public:
  /// `store` may be null (nothing is remembered about the service).
  Archive(ArchiveOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
          const Clock& clock);
  ~Archive();

  const ArchiveOptions& options() const;
  const std::shared_ptr<HttpClient>& http() const;

  /// One TAP request once table and positional form are known. QUERY_STATUS=ERROR about the query is invalid with the
  /// archive's words; overflow is a shortfall of the listing, not an error.
  Result<Listing> query(const Query& query, const FetchContext& ctx);

  /// How many rows query() would find without a limit, and their size as the archive estimates it.
  Result<Count> count(const Query& query, const FetchContext& ctx);

  /// The whole answer of a route's question, row by row, however long it is.
  /// Errors  as query(); what a callback returned.
  Result<TapService::Answer> table(const RouteCall& call, const TapService::OnMeta& on_meta,
                                   const TapService::OnRow& on_row, const FetchContext& ctx);
  /// The configured route of this name; null: there is none.
  RoutePtr route(std::string_view written) const;

  /// The links of a dataset: at most one DataLink request; none when access_url is the file itself.
  Result<DatasetFolder> folder(const Listing& listing, const Dataset& dataset, const FetchContext& ctx);
  /// The same when the row alone tells it; nothing when the archive would be asked.
  std::optional<DatasetFolder> folder_of_row(const Listing& listing, const Dataset& dataset) const;

  /// Jobs that run at the archive for query() and count(), for people to see.
  std::vector<RunningJob> jobs() const;
  /// Deletes them within `budget`, those of processes that died before, too; no more are made afterwards.
  void end_jobs(std::chrono::milliseconds budget);

  /// The ways to ask for links that vo/dataset_folders chooses among. Lives as long as this.
  LinksService& links() const;

  /// The entry for cutout/NAME or cutout.fits: which service, which parameters, or what is cut here. Asks nobody.
  /// Errors  invalid: bad syntax, a parameter the service does not declare (the message lists what it declares);
  ///         unsupported: no cutout service, and no FITS image.
  Result<Entry> cutout(const DatasetFolder& folder, const Dataset& dataset, std::string_view name) const;
  /// cutout.fits for the field in the path; not_found when the query holds no position, no service takes one,
  /// and there is no FITS image either.
  Result<Entry> field_cutout(const DatasetFolder& folder, const Dataset& dataset, const Query& query) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymount::vo
