// SPDX-License-Identifier: MIT
//
// What the disk is asked for ahead of its readers.
#include "cache/disk_walks.h"

#include <gmock/gmock.h>

#include "cache/base/bytes.h"

namespace skymount::cache::test {
namespace {

constexpr std::uint64_t kRead = 128_KiB;

TEST(DiskWalks, ASingleReadAsksForAsMuchAsItHasReadAndAWalkForMoreAndMore) {
  DiskWalks walks;
  std::uint64_t asked_to = 0;
  for (std::uint64_t at = 0; at < 64_MiB; at += kRead) {
    const ByteRange ahead = walks.on_read({at, kRead});
    if (ahead.empty()) continue;
    EXPECT_GE(ahead.offset, asked_to) << "nothing is asked for twice";
    asked_to = ahead.end();
    EXPECT_LE(asked_to, at + kRead + 4_MiB);
    if (at >= 8_MiB) {
      EXPECT_GE(ahead.length, 2_MiB) << "few large requests";
    }
  }
  EXPECT_GE(asked_to, 64_MiB);
}

TEST(DiskWalks, ReadersOfEqualPiecesGetTheRestOfThePiece) {
  DiskWalks walks;
  for (std::uint64_t at = 0; at < 3 * 100_MiB; at += 100_MiB) {
    walks.on_read({at, kRead});
    walks.on_read({at + kRead, kRead});
  }
  EXPECT_EQ(walks.on_read({500_MiB, kRead}), (ByteRange{500_MiB + kRead, kRead}));
  EXPECT_TRUE(walks.on_read({500_MiB + kRead, kRead}).empty()) << "and no more than that";
}

TEST(DiskWalks, SeveralReadersOfOneFileAreToldApart) {
  DiskWalks walks;
  std::uint64_t first = 0, second = 0;
  for (std::uint64_t at = 0; at < 4_MiB; at += kRead) {
    first = std::max(first, walks.on_read({at, kRead}).end());
    second = std::max(second, walks.on_read({1_GiB + at, kRead}).end());
  }
  EXPECT_GE(first, 4_MiB + 1_MiB);
  EXPECT_GE(second, 1_GiB + 4_MiB + 1_MiB);
}

}  // namespace
}  // namespace skymount::cache::test
