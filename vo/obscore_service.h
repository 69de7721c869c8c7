// SPDX-License-Identifier: MIT
//
// An archive's ObsCore table: where it is, which positional form it understands, and the rows of a query. What was
// found out about a service is remembered, so that a listing costs one request.
//
// The positional ladder: intersects, contains, centre, box. Only an error in which the archive names the geometry steps
// down; a timeout or a refusal never does, because a worse question would then hide a better answer.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"
#include "vo/archive_options.h"
#include "vo/count.h"
#include "vo/job_book.h"
#include "vo/listing.h"
#include "vo/protocol/tap.h"
#include "vo/query/adql.h"
#include "vo/tap_modes.h"

#include <functional>
#include <memory>

namespace skymount::vo {

struct ObscoreAnswer {
  Table table;
  std::string adql;  ///< of the form that worked
  std::vector<Shortfall> shortfalls;
  std::vector<std::shared_ptr<void>> turns = {};  ///< of vo/table_room, while copies are made of the table
};

/// Whether an archive's error message is about geometry: a function, a region, the footprint column. `adql` is taken
/// out of the message first, since many archives quote the query.
bool names_geometry(std::string_view message, std::string_view adql);

/// Thread-safe.
class ObscoreService {
 public:
  /// `store` may be null.
  ObscoreService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http,
                 std::shared_ptr<cache::MetaStore> store, const Clock& clock);

  Result<ObscoreAnswer> rows(const Query& query, const FetchContext& ctx);

  /// How many rows() would find without a limit, in one request once the service is known. A service that refuses SUM
  /// is asked for the number alone, from then on.
  Result<Count> count(const Query& query, const FetchContext& ctx);

  /// The jobs that run for questions of the above.
  JobBook& jobs() { return jobs_; }

 private:
  struct Habits {
    std::string table;
    std::optional<PositionForm> form;
    WallTime table_at{}, form_at{};
    bool no_sums = false;
  };

  Result<std::string> table(const FetchContext& ctx);
  /// An answer, and what it lacks because the archive failed behind its rows.
  struct Attempt {
    ObscoreAnswer answer;
    std::optional<Error> fault;
  };
  Result<ObscoreAnswer> ask(const Query& query, PositionForm form, const std::string& table, const FetchContext& ctx);
  Result<Attempt> ask_in(TapMode mode, const Query& query, PositionForm form, const AdqlOptions& adql,
                         const FetchContext& ctx);
  TapRequest request(std::string adql, std::uint64_t maxrec, TapMode mode);
  Result<Count> ask_count(const Query& query, PositionForm form, const std::string& table, const FetchContext& ctx);
  Result<Count> ask_numbers(const Query& query, PositionForm form, const AdqlOptions& adql, bool sizes,
                            const FetchContext& ctx);
  template <class T>
  Result<T> down_the_ladder(const Query& query, const FetchContext& ctx,
                            const std::function<Result<T>(PositionForm, const std::string& table)>& ask);
  void learn_form(PositionForm form);
  PositionForm first_form() const;
  AdqlOptions adql_options(const std::string& table) const;
  /// 7: a service changes less often than its rows, and an error that names the table or the geometry asks again
  /// anyway.
  bool fresh(WallTime at) const { return clock_.now() - at < 7 * options_.ttl.listings; }
  void remember(std::string_view what, std::string_view value);
  std::optional<cache::MetaStore::Record> remembered(std::string_view what) const;

  const ArchiveOptions options_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  const TapService tap_;
  JobBook jobs_;
  TapModes modes_;
  Synchronized<Habits> habits_;
};

}  // namespace skymount::vo
