// SPDX-License-Identifier: MIT
//
// The rows of one answer as they come: kept, filtered here, cut at the limit; and at the end, in words, what is missing
// and why. A listing is never shorter than the archive's answer without a Shortfall that says so.
#pragma once

#include "vo/count.h"
#include "vo/listing.h"
#include "vo/protocol/tap.h"
#include "vo/row_filter.h"
#include "vo/table_room.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

/// Collects the rows of one answer and knows when there were more. Not thread-safe.
class RowIntake {
 public:
  /// `most_bytes`: what the table may weigh (vo/table_room).
  RowIntake(const Query& query, PositionForm form, const AdqlOptions& adql, std::uint64_t maxrec,
            std::uint64_t most_bytes);

  /// One more than wanted shows whether there are more. Status OVERFLOW alone does not: some services say it when the
  /// row count equals MAXREC.
  std::uint64_t maxrec() const { return most_ + 1; }

  void begin(const TableMeta& meta);
  /// May wait for its turn when the table has grown large.
  TapService::Next take(const Row& row, const FetchContext& ctx);
  void finish(TapService::Answer answer);

  std::uint64_t seen() const { return seen_ < most_ ? seen_ : most_; }
  std::uint64_t shown() const { return table_.size(); }
  std::uint64_t most() const { return most_; }
  bool over_limit() const { return limited_ || (more_there_ && limit_ && most_ == *limit_); }
  bool over_maxrec() const { return more_there_ && !(limit_ && most_ == *limit_); }
  bool stopped_early() const { return stopped_early_; }
  const std::string& fault() const { return fault_; }
  /// As TapService::Answer.
  const std::string& asked_without() const { return asked_without_; }
  const RowFilter& filter() const { return filter_; }
  const TableRoom& room() const { return room_; }
  /// Why rows were left out for their bytes; ok when none was.
  TableRoom::Verdict fullness() const { return fullness_; }
  std::uint64_t shortened_rows() const { return shortened_rows_; }
  const TableMeta& meta() const { return table_.meta; }
  std::vector<std::shared_ptr<void>> take_turns() { return room_.take_turns(); }
  Table take_table() { return std::move(table_); }

 private:
  RowFilter filter_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t most_, seen_ = 0;
  bool more_there_ = false, limited_ = false, stopped_early_ = false;
  std::string fault_;  // the archive's words behind rows that it sent
  std::string asked_without_;
  Table table_;
  TableRoom room_;
  std::vector<std::size_t> identities_;  // columns that datasets copy
  TableRoom::Verdict fullness_ = TableRoom::Verdict::ok;
  std::uint64_t shortened_rows_ = 0;
};

/// What the answer lacks; `shown` rows are in the listing.
std::vector<Shortfall> shortfalls_of(const RowIntake& intake, const Query& query, PositionForm form,
                                     const AdqlOptions& adql, std::uint64_t shown);

/// Completes a number that the archive counted: whether it is at most that, and what it is worth in words.
void describe(Count& count, const Query& query, PositionForm form, const AdqlOptions& adql);

}  // namespace skymount::vo
