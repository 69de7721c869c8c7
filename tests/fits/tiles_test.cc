// SPDX-License-Identifier: MIT
//
// Pixels out of images compressed in tiles, through the real worker: which bytes are asked for, and how often.
#include "tests/fits/fits_files.h"
#include "vo/fits/wall/workers.h"

#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

constexpr long kTall = 4000, kPacked = 4096;

std::string big_endian(std::uint32_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

/// One HDU, a tile a row, RICE by hand: row y has y everywhere (a first sample, then blocks without a difference), and
/// each tile is filled up to 4 KiB, as one of noise would be.
std::string tall_image() {
  std::string header;
  for (const char* text : {"XTENSION= 'BINTABLE'",
                           "BITPIX  = 8",
                           "NAXIS   = 2",
                           "NAXIS1  = 8",
                           "NAXIS2  = 4000",
                           "PCOUNT  = 16384000",
                           "GCOUNT  = 1",
                           "TFIELDS = 1",
                           "TTYPE1  = 'COMPRESSED_DATA'",
                           "TFORM1  = '1PB(4096)'",
                           "ZIMAGE  = T",
                           "ZCMPTYPE= 'RICE_1'",
                           "ZBITPIX = 16",
                           "ZNAXIS  = 2",
                           "ZNAXIS1 = 300",
                           "ZNAXIS2 = 4000",
                           "ZTILE1  = 300",
                           "ZTILE2  = 1",
                           "ZNAME1  = 'BLOCKSIZE'",
                           "ZVAL1   = 32",
                           "ZNAME2  = 'BYTEPIX'",
                           "ZVAL2   = 2",
                           "END"})
    header += test::card(text);
  std::string table, heap;
  for (long y = 0; y < kTall; ++y) {
    table += big_endian(kPacked, 4) + big_endian(static_cast<std::uint32_t>(y * kPacked), 4);
    std::string tile = big_endian(static_cast<std::uint32_t>(y), 2);
    tile.resize(kPacked, '\0');
    heap += tile;
  }
  return test::blocks(header, ' ') + test::blocks(table + heap, '\0');
}

TEST(Tiles, AStripAcrossThousandsOfTilesAsksInFewLargeRanges) {
  test::File file(tall_image());
  Workers workers({SKYMOUNT_FITS});
  const PixelsJob job{file.bytes.size(), 16, {{1, 10}, {1, kTall}}};
  Bytes came;
  const auto take = [&](FrameKind, ByteView payload) -> Result<void> {
    came.insert(came.end(), payload.begin(), payload.end());
    return {};
  };
  const Result<void> ran = workers.run(FrameKind::pixels, pack(job), file.reader(), take,
                                       FetchContext::within(std::chrono::seconds(30), "test"));
  ASSERT_TRUE(ran) << ran.error().what();
  ASSERT_EQ(came.size(), 10U * kTall * 2);
  for (long y = 0; y < kTall; ++y) {
    const auto at = static_cast<std::size_t>(y) * 20 + 18;
    ASSERT_EQ(std::to_integer<long>(came[at]) << 8 | std::to_integer<long>(came[at + 1]), y);
  }
  EXPECT_LE(file.reads, 12) << "16 MB of tiles, four at a time";
  EXPECT_LE(file.moved, file.bytes.size() * 11 / 10) << "nothing twice";
}

}  // namespace
}  // namespace skymount::vo
