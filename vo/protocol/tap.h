// SPDX-License-Identifier: MIT
//
// One table access service: a query goes out as a form, its answer streams through the VOTable reader row by row, and
// whatever went wrong comes back as the archive's own words under the right Code.
// Source: IVOA TAP 1.0 and 1.1; DALI 1.1 for parameters and QUERY_STATUS.
#pragma once

#include "cache/base/fetch_context.h"
#include "vo/http/client.h"
#include "vo/protocol/uws.h"
#include "vo/votable/table.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

/// How a query is run: answered while the caller waits, or as a job (IVOA UWS) whose result is fetched when it has
/// ended.
enum class TapMode { sync, async };

/// Keeps account of jobs while they live: one that was left, by a caller whose time was up or by a process that died,
/// is joined by whoever asks the same again. Thread-safe.
class TapJobKeeper {
 public:
  virtual ~TapJobKeeper() = default;
  /// False: too late, no more jobs are made or joined.
  virtual bool open() const = 0;
  /// A job for this question (TapService::question_of) that may still be had, and for which nobody waits.
  virtual std::optional<Url> known(const std::string& question) = 0;
  /// From now on `cause` waits for it. False: too late, it must be removed.
  virtual bool attended(const std::string& question, const Url& job, const std::string& cause) = 0;
  virtual void phase(const std::string& question, const Url& job, const std::string& phase) = 0;
  /// Nobody waits for it any more; it goes on at the archive.
  virtual void left(const std::string& question, const Url& job) = 0;
  /// It is no more, or could not be removed: then what is left of it ends at the archive's own destruction time.
  virtual void ended(const std::string& question, const Url& job, bool removed) = 0;
};

struct TapRequest {
  std::string query;
  std::string language = "ADQL";
  std::uint64_t maxrec = 0;  ///< always sent: server defaults are as low as 2,000 rows
  TapMode mode = TapMode::sync;
  std::chrono::seconds execution_duration{0};  ///< asked for a job; 0: the service's own
  TapJobKeeper* jobs = nullptr;                ///< of the asynchronous mode; null: jobs are not remembered
};

/// Thread-safe; immutable.
class TapService {
 public:
  /// `base` with or without a trailing slash.
  TapService(std::shared_ptr<HttpClient> http, std::string base, UwsPace pace = {});

  enum class Next { more, enough };
  /// Called once before the first row, or for a table without rows at its end.
  using OnMeta = std::function<Result<void>(const TableMeta&)>;
  /// `enough` ends the transfer; that is no error.
  using OnRow = std::function<Result<Next>(const Row&)>;

  struct Answer {
    TableMeta meta;                   ///< with the last QUERY_STATUS, unless cut short
    bool cut_short = false;           ///< on_row had enough
    std::optional<Error> fault = {};  ///< QUERY_STATUS=ERROR behind rows: those are good, others are missing
    std::string asked_without = {};   ///< why no login was shown that belongs to it: others may get more; empty: it was
  };
  /// Errors  invalid: the service refuses the query, with its words; timed_out, denied, unavailable: as it says or as
  /// HTTP
  ///         says; corrupt: the answer is truncated or no VOTable; what a callback returned. Of a job also unsupported:
  ///         the service has none.
  /// A job is removed at the archive in the end, also when ctx is stopped (within two seconds then). Only when
  /// ctx.deadline passes or the archive stops answering, it goes on for who asks next.
  Result<Answer> stream(const TapRequest& request, const OnMeta& on_meta, const OnRow& on_row,
                        const FetchContext& ctx) const;
  /// The whole answer in memory.
  Result<Table> query(const TapRequest& request, const FetchContext& ctx) const;

  const std::string& base() const { return base_; }
  /// What makes two requests the same question, of the same asker.
  std::string question_of(const TapRequest& request) const;

 private:
  struct Job;
  Result<Answer> stream_directly(const TapRequest& request, const OnMeta& on_meta, const OnRow& on_row,
                                 const FetchContext& ctx) const;
  Result<Answer> stream_job(const TapRequest& request, const OnMeta& on_meta, const OnRow& on_row,
                            const FetchContext& ctx) const;
  Result<Job> begin_job(const UwsService& uws, const TapRequest& request, bool may_join, const FetchContext& ctx) const;
  Result<Answer> collect(const UwsService& uws, Job& job, const TapRequest& request, const OnMeta& on_meta,
                         const OnRow& on_row, const FetchContext& ctx) const;
  void settle(const UwsService& uws, const Job& job, const TapRequest& request) const;

  std::shared_ptr<HttpClient> http_;
  std::string base_;  // without trailing slash
  UwsPace pace_;
};

}  // namespace skymount::vo
