// SPDX-License-Identifier: MIT
//
// One answer of a table access service as its bytes come, from /sync or as a job's result: a VOTable goes to the reader
// row by row, anything else is kept to explain the failure. HTTP 200 proves nothing: error documents come with it.
#pragma once

#include "vo/protocol/dali.h"
#include "vo/protocol/tap.h"
#include "vo/votable/reader.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymount::vo {

/// Not thread-safe; refers to the callbacks.
class TapAnswerIntake {
 public:
  TapAnswerIntake(const TapService::OnMeta& on_meta, const TapService::OnRow& on_row);

  Result<void> header(const HttpResponse& response);
  Result<void> body(ByteView piece);
  /// Errors  the archive's, whether as a document, as text or as an HTTP status; corrupt: truncated or no VOTable.
  Result<TapService::Answer> finish();
  /// A callback wanted no more rows: that ended the transfer.
  bool enough() const { return enough_; }

 private:
  Result<TapService::Answer> ended();
  Result<void> keep(ByteView piece);
  Result<void> decide();
  Result<void> decide_with(ByteView rest);
  Result<void> take_row(const TapService::OnRow& on_row, const Row& row);

  HttpResponse response_;
  std::string kept_;
  bool reading_ = false, enough_ = false, rows_given_ = false;
  std::optional<TableMeta> meta_;
  VotableReader reader_;
};

/// What a query consists of, for /sync and for /async.
std::vector<std::pair<std::string, std::string>> tap_parameters(const TapRequest& request);

}  // namespace skymount::vo
