// SPDX-License-Identifier: MIT
//
// How many rows a query has and how large its data are, as COUNT.txt tells it: from the listing when that is complete,
// else from one COUNT/SUM query. The number is of rows, which is what archives count; datasets may be fewer.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/clock.h"

#include <cstdint>
#include <optional>
#include <string>

namespace skymount::vo {

/// A query's `limit` does not count: the number is what there would be without it.
struct Count {
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> bytes;  ///< sum of access_estsize; nothing when the archive cannot or does not say
  bool at_most = false;                ///< the archive counts rows that a listing takes out again here
  WallTime asked_at{};
  std::string adql;    ///< what was asked; empty when nobody was: the listing itself was counted
  std::string words;   ///< what the numbers are worth, lines for people; may be empty
  bool stale = false;  ///< past its time to live; see Listing::stale
};

/// For LMDB. What does not read back completely counts as absent.
Bytes pack(const Count& count);
std::optional<Count> unpack_count(ByteView bytes);

}  // namespace skymount::vo
