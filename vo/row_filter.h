// SPDX-License-Identifier: MIT
//
// What the archive could not decide is decided here, row by row: wildcards, in which `_` and `%` mean themselves, and
// footprints where a service only knows centres.
#pragma once

#include "vo/query/adql.h"
#include "vo/votable/table.h"

namespace skymount::vo {

/// For one answer; not thread-safe.
class RowFilter {
 public:
  RowFilter(const Query& query, PositionForm form, const AdqlOptions& options);

  /// False when every row of the answer is kept; the archive may then apply the limit itself.
  bool active() const { return footprints_ || !patterns_.empty(); }
  /// Before the first row. A column that the answer lacks decides nothing: its rows are kept.
  void bind(const TableMeta& meta);
  bool keep(const Row& row);

  std::uint64_t outside() const { return outside_; }  ///< rows dropped because their footprint misses the position
  std::uint64_t without_footprint() const { return without_footprint_; }  ///< kept for their centre alone
  bool footprints() const { return footprints_; }
  /// Rows dropped because a text differs from what was asked for, also without case: not what the archive was asked.
  std::uint64_t strangers() const { return strangers_; }

 private:
  bool texts_match(const Row& row) const;
  bool is_stranger(const Row& row) const;
  bool covers_position(const Row& row);

  using Column = std::optional<std::size_t>;
  struct Pattern {
    TextKey key;
    bool negated;
    std::vector<std::string> column_names;
    std::vector<std::size_t> columns;
  };
  const Query query_;
  void bind(std::vector<Pattern>& patterns, const TableMeta& meta);
  std::vector<Pattern> patterns_;
  std::vector<Pattern> equalities_;  // decided by the archive, and looked at again
  bool footprints_ = false;
  SkyCircle asked_;            // radius 0: a point
  double centres_within_ = 0;  // how far the centre of a row without footprint may lie
  Column region_, ra_, dec_, fov_;
  std::string region_xtype_;
  std::uint64_t outside_ = 0, without_footprint_ = 0, strangers_ = 0;
};

}  // namespace skymount::vo
