// SPDX-License-Identifier: MIT
//
// What unpacking a compressed image's tiles takes of memory: known from the header, so that an image whose tiles are
// too large is refused when it is opened and not when it is read.
#pragma once

#include "cache/base/fetch_context.h"
#include "cache/base/result.h"
#include "vo/fits/cards.h"
#include "vo/fits/wall/workers.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace skymount::vo {

/// Bytes that a worker needs for these tiles, from above: what cfitsio 4 holds of one tile while it unpacks it, and one
/// unpacked tile for each that `box` touches along axis 1. `table` are the cards of the compressed HDU.
/// Errors  corrupt: tiles of no size, or a compression with impossible parameters (RICE's BLOCKSIZE).
Result<std::uint64_t> tile_memory(const std::vector<Card>& table, std::uint64_t unit_bytes,
                                  const std::vector<std::pair<std::int64_t, std::int64_t>>& box);

/// Asks a worker whether it may have as much: true when it may, but only one at a time. Errors  unsupported: it may
/// not, with the numbers; as Workers::run.
Result<bool> ask_memory(std::uint64_t bytes, Workers& workers, const FetchContext& ctx);

/// The turn of a job that takes more memory than two may have at a time. Held until it is destroyed; waits for it in
/// its constructor, not longer than the caller does.
class LargeTurn {
 public:
  LargeTurn(bool needed, const FetchContext& ctx);
  ~LargeTurn();
  LargeTurn(const LargeTurn&) = delete;
  LargeTurn& operator=(const LargeTurn&) = delete;
  /// Errors  timed_out, cancelled: others had it for all the time.
  Result<void> ok() const { return outcome_; }

 private:
  bool held_ = false;
  Result<void> outcome_;
};

}  // namespace skymount::vo
