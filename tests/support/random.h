// SPDX-License-Identifier: MIT
//
// Randomness whose seed is known: `for (unsigned seed : seeds(50)) { SCOPED_TRACE(seed); ... }`. SKYMOUNT_SEED=n runs only n.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/bytes.h"

#include <vector>

namespace skymount::test {

std::vector<unsigned> seeds(unsigned count);
/// `size` bytes that depend on every position and on the seed; never all alike.
Bytes pattern(std::size_t size, unsigned seed = 1);
std::vector<ByteRange> random_ranges(std::uint64_t size, unsigned seed, std::size_t count = 40);

}  // namespace skymount::test
