// SPDX-License-Identifier: MIT
//
// One table access service: a query goes out as a form, its answer streams through the VOTable reader row by row, and
// whatever went wrong comes back as the archive's own words under the right Code.
// Source: IVOA TAP 1.0 and 1.1; DALI 1.1 for parameters and QUERY_STATUS.
#pragma once

#include "cache/base/fetch_context.h"
#include "vo/http/client.h"
#include "vo/votable/table.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

/// How a query is run. Asynchronous jobs (IVOA UWS) take their place beside sync here.
enum class TapMode { sync };

struct TapRequest {
  std::string query;
  std::string language = "ADQL";
  std::uint64_t maxrec = 0;  ///< always sent: server defaults are as low as 2,000 rows
  TapMode mode = TapMode::sync;
};

/// Thread-safe; immutable.
class TapService {
 public:
  /// `base` with or without a trailing slash.
  TapService(std::shared_ptr<HttpClient> http, std::string base);

  enum class Next { more, enough };
  /// Called once before the first row, or for a table without rows at its end.
  using OnMeta = std::function<Result<void>(const TableMeta&)>;
  /// `enough` ends the transfer; that is no error.
  using OnRow = std::function<Result<Next>(const Row&)>;

  struct Answer {
    TableMeta meta;                   ///< with the last QUERY_STATUS, unless cut short
    bool cut_short = false;           ///< on_row had enough
    std::optional<Error> fault = {};  ///< QUERY_STATUS=ERROR behind rows: those are good, others are missing
  };
  /// Errors  invalid: the service refuses the query, with its words; timed_out, denied, unavailable: as it says or as
  /// HTTP
  ///         says; corrupt: the answer is truncated or no VOTable; what a callback returned.
  Result<Answer> stream(const TapRequest& request, const OnMeta& on_meta, const OnRow& on_row,
                        const FetchContext& ctx) const;
  /// The whole answer in memory.
  Result<Table> query(const TapRequest& request, const FetchContext& ctx) const;

  const std::string& base() const { return base_; }

 private:
  std::shared_ptr<HttpClient> http_;
  std::string base_;  // without trailing slash
};

}  // namespace skymount::vo
