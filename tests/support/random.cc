// SPDX-License-Identifier: MIT
#include "tests/support/random.h"

#include <cstdlib>
#include <random>

namespace skymount::test {

std::vector<unsigned> seeds(unsigned count) {
  if (const char* only = std::getenv("SKYMOUNT_SEED")) return {static_cast<unsigned>(std::atoi(only))};
  std::vector<unsigned> all(count);
  for (unsigned i = 0; i < count; ++i) all[i] = i + 1;
  return all;
}

Bytes pattern(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  Bytes out(size);
  for (std::size_t i = 0; i < size;) {
    std::uint64_t word = random();
    for (int k = 0; k < 8 && i < size; ++k, word >>= 8) out[i++] = static_cast<std::byte>(word);
  }
  return out;
}

std::vector<ByteRange> random_ranges(std::uint64_t size, unsigned seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<ByteRange> out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t offset = random() % size;
    out.push_back({offset, 1 + random() % std::min<std::uint64_t>(size - offset, 200'000)});
  }
  return out;
}

}  // namespace skymount::test
