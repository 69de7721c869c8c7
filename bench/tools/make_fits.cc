// SPDX-License-Identifier: MIT
//
// Writes the files that the benches read: FITS images of a given size whose pixels depend on file and place, so that a
// byte in the wrong place or from the wrong file changes the checksum. Prints the XXH3 of what was written.
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kBlock = 2880;  // FITS 4.0, section 3.1
constexpr std::size_t kRow = 1440;    // bytes of an image row, so that two rows fill a block

std::string card(std::string text) {
  text.resize(80, ' ');
  return text;
}

/// A header of exactly `blocks` blocks, filled up with comments, END in the last one.
std::string header(std::size_t blocks, std::uint64_t rows) {
  char axis[81];
  std::snprintf(axis, sizeof axis, "NAXIS2  = %20llu", static_cast<unsigned long long>(rows));
  std::string out = card("SIMPLE  =                    T") + card("BITPIX  =                    8") +
                    card("NAXIS   =                    2") + card("NAXIS1  =                 1440") + card(axis);
  while (out.size() < (blocks - 1) * kBlock) out += card("COMMENT a card of a long header, as pipelines write them");
  out += card("END");
  out.resize(blocks * kBlock, ' ');
  return out;
}

/// splitmix64: good bytes at several GB/s.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: make_fits FILE BYTES SEED [HEADER_BLOCKS]   (BYTES is rounded to whole blocks)\n");
    return 2;
  }
  const std::uint64_t seed = std::strtoull(argv[3], nullptr, 10);
  const std::size_t header_blocks = argc == 5 ? std::strtoull(argv[4], nullptr, 10) : 2;
  const std::uint64_t blocks = std::strtoull(argv[2], nullptr, 10) / kBlock;
  if (header_blocks == 0 || blocks <= header_blocks) {
    std::fprintf(stderr, "make_fits: the header does not fit into the file\n");
    return 2;
  }
  std::FILE* out = std::fopen(argv[1], "wbe");
  if (out == nullptr) {
    std::perror(argv[1]);
    return 1;
  }
  XXH3_state_t* sum = XXH3_createState();
  XXH3_64bits_reset(sum);
  const std::uint64_t data = (blocks - header_blocks) * kBlock;
  std::string piece = header(header_blocks, data / kRow);
  bool good = std::fwrite(piece.data(), 1, piece.size(), out) == piece.size();
  XXH3_64bits_update(sum, piece.data(), piece.size());
  std::vector<std::uint64_t> words(kBlock * 32);
  for (std::uint64_t at = 0; at < data && good;) {
    const std::uint64_t base = mixed(seed) + at;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = mixed(base + i * 8);
    const std::size_t n = std::min<std::uint64_t>(words.size() * 8, data - at);
    good = std::fwrite(words.data(), 1, n, out) == n;
    XXH3_64bits_update(sum, words.data(), n);
    at += n;
  }
  good = std::fclose(out) == 0 && good;
  if (!good) {
    std::perror(argv[1]);
    return 1;
  }
  std::printf("%016llx\n", static_cast<unsigned long long>(XXH3_64bits_digest(sum)));
  XXH3_freeState(sum);
  return 0;
}
