// SPDX-License-Identifier: MIT
//
// How large the table of a listing may grow while it comes, and how many large ones may be growing at once: an archive
// decides how long its cells are, and memory is one for all archives.
#pragma once

#include "cache/base/fetch_context.h"
#include "vo/votable/table.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace skymount::vo {

/// What a row weighs in a listing: packed, written as VOTable, and as a dataset, whichever is most.
std::uint64_t weight_of(const Row& row, const std::vector<std::size_t>& identity_columns);

/// The part of [cache] memory that one listing's table may take: listings in use share a quarter of it.
inline constexpr std::uint64_t kTableShare = 4;

/// A text longer than this is shortened, an array left out. No column of ObsCore holds as much but for footprints of
/// thousands of corners.
inline constexpr std::size_t kLongestCell = 64 * 1024;
/// The row with its long cells made short; nothing when there is none. Identities and URLs are left out rather than
/// cut: a piece of one names something else.
std::optional<Row> shortened(const Row& row, const std::vector<std::size_t>& identity_columns);

/// The room of one table. Not thread-safe; what it takes is shared by the process and given back by its end.
class TableRoom {
 public:
  enum class Verdict { ok, full, crowded };

  explicit TableRoom(std::uint64_t most_bytes) : most_(most_bytes) {}

  /// Room for so many bytes more. A table that grows beyond some megabytes waits for its turn, at most for a part of
  /// the time that the caller has. full: it would be larger than may be; crowded: too many others are growing.
  Verdict grow(std::uint64_t bytes, const FetchContext& ctx);
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t most() const { return most_; }
  /// Its turns, to be kept as long as copies are being made of the table.
  std::vector<std::shared_ptr<void>> take_turns() { return std::move(turns_); }

 private:
  const std::uint64_t most_;
  std::uint64_t bytes_ = 0;
  std::vector<std::shared_ptr<void>> turns_;
};

}  // namespace skymount::vo
