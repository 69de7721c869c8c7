// SPDX-License-Identifier: MIT
//
// A scan is recognised, also when its pieces come out of order and among other readers; chance is not taken for one.
#include "cache/access_pattern.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/support/random.h"

namespace skymount::cache {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t kPiece = 128 * 1024;  // what the kernel's readahead asks for
constexpr std::uint64_t kFile = 1'000'000'000;

class AccessPatternTest : public testing::Test {
 protected:
  AccessPattern::Plan on_read(std::uint64_t offset, std::uint64_t length = kPiece) {
    AccessPattern::Plan plan = pattern_.on_read({offset, length}, now_);
    for (const ByteRange range : plan.ahead) {
      for (const ByteRange fresh : ahead_.missing_from(range)) again_ += range.length - fresh.length;
      ahead_.add(range);
    }
    return plan;
  }
  AccessPattern pattern_{kFile, 8};
  AccessPattern::Time now_{};
  RangeSet ahead_;
  std::uint64_t again_ = 0;  // bytes asked ahead more than once
};

TEST_F(AccessPatternTest, AScanIsFetchedEverFurtherAheadUpToALargeRequestForEachConnection) {
  for (std::uint64_t at = 0; at < 128'000'000; at += kPiece) {
    const auto plan = on_read(at);
    EXPECT_LE(plan.fetch.length, 1'048'576u);
    if (at == 1'048'576) {
      EXPECT_GE(ahead_.ranges().back().end(), 12 * at);
      EXPECT_LE(ahead_.ranges().back().end(), 18 * at);
    }
    for (const ByteRange range : plan.ahead) EXPECT_LE(range.length, 16u << 20);
  }
  ASSERT_EQ(ahead_.ranges().size(), 1u) << "holes in what is fetched ahead";
  EXPECT_NEAR(static_cast<double>(ahead_.ranges().back().end()), 128e6 + 8 * 16 * 1048576.0, 10e6);
  EXPECT_EQ(again_, 0u);
}

TEST_F(AccessPatternTest, RowsOfASectionAreFetchedAheadWithWhatLiesBetweenThem) {
  constexpr std::uint64_t kRow = 32'768, kFirst = 178'000'000;
  std::uint64_t waited = 0;
  for (std::uint64_t row = 0; row < 333; ++row) {
    const std::uint64_t at = kFirst + row * kRow;
    if (!ahead_.contains({at, 8192})) ++waited;
    on_read(at, 8192);
  }
  EXPECT_LE(waited, 8u) << "of 333 rows";
  EXPECT_LE(ahead_.ranges().back().end(), kFirst + 4 * 333 * kRow);
  EXPECT_EQ(again_, 0u);
}

TEST_F(AccessPatternTest, WhereRoundTripsAreShortAScanStaysNearItsReader) {
  for (std::uint64_t at = 0; at < 128'000'000; at += kPiece) {
    for (const ByteRange range : pattern_.on_read({at, kPiece}, now_, 1'500'000).ahead) {
      EXPECT_LE(range.length, 2u << 20);
      EXPECT_LE(range.end(), at + 8 * (2u << 20) + (2u << 20));
      ahead_.add(range);
    }
  }
  EXPECT_EQ(ahead_.ranges().size(), 1u);
}

TEST_F(AccessPatternTest, TheConnectionsEndTheirWorkTogether) {
  std::uint64_t last = 0;
  for (std::uint64_t at = 0; at < kFile; at += kPiece)
    for (const ByteRange range : on_read(at, std::min(kPiece, kFile - at)).ahead) last = range.length;
  EXPECT_LE(last, 2u << 20);
}

TEST_F(AccessPatternTest, WhoReadsNoMoreThanAnOpenBringsHasNotBegunAScan) {
  for (std::uint64_t at = 0; at < 245'760; at += 16'384) EXPECT_TRUE(on_read(at, 16'384).ahead.empty());
  EXPECT_FALSE(on_read(245'760, 16'384).ahead.empty());
}

TEST_F(AccessPatternTest, AScanBeginsOnAllConnectionsAtOnce) {
  on_read(0);
  EXPECT_GE(on_read(kPiece).ahead.size(), 8u);
  EXPECT_LE(ahead_.ranges().back().end(), 9u << 20) << "who stops here has not wasted more";
}

TEST_F(AccessPatternTest, AHeaderThatIsReadBlockByBlockIsNoScan) {
  pattern_.expect_no_scan_before(1'310'720);
  for (std::uint64_t at = 0; at + kPiece <= 1'310'720; at += kPiece) EXPECT_TRUE(on_read(at).ahead.empty());
  on_read(1'310'720);
  EXPECT_FALSE(ahead_.ranges().empty());
}

TEST_F(AccessPatternTest, AScanEndsAtTheEndOfTheFile) {
  for (std::uint64_t at = kFile - 8'000'000; at < kFile; at += kPiece) on_read(at, std::min(kPiece, kFile - at));
  EXPECT_EQ(ahead_.ranges().back().end(), kFile);
}

TEST_F(AccessPatternTest, ReadaheadOutOfOrderIsStillAScan) {
  for (const unsigned seed : test::seeds(10)) {
    SCOPED_TRACE(seed);
    AccessPattern pattern(kFile, 8);
    std::mt19937 random(seed);
    std::vector<std::uint64_t> pieces;
    for (std::uint64_t i = 0; i < 200; ++i) pieces.push_back(i * kPiece);
    for (std::size_t i = 0; i + 3 < pieces.size(); i += 3) std::shuffle(&pieces[i], &pieces[i] + 3, random);
    std::size_t planned = 0;
    for (const std::uint64_t at : pieces) planned += pattern.on_read({at, kPiece}, now_).ahead.size();
    EXPECT_GT(planned, 4u);
  }
}

TEST_F(AccessPatternTest, RandomReadsFetchNothingMore) {
  for (const unsigned seed : test::seeds(10)) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 100; ++i) {
      const auto plan = on_read(random() % (kFile - 65'536), 65'536);
      EXPECT_EQ(plan.fetch.length, 65'536u);
    }
  }
  EXPECT_EQ(ahead_.total(), 0u);
}

TEST_F(AccessPatternTest, TwoScansAtOnceAreToldApart) {
  std::uint64_t near_end = 0, far_end = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    for (const ByteRange range : on_read(i * kPiece).ahead) near_end = range.end();
    for (const ByteRange range : on_read(500'000'000 + i * kPiece).ahead) far_end = range.end();
  }
  EXPECT_GT(near_end, 100 * kPiece + 8'000'000);
  EXPECT_GT(far_end, 500'000'000 + 100 * kPiece + 8'000'000);
  EXPECT_EQ(again_, 0u);
}

TEST_F(AccessPatternTest, AJumpStartsSmallAgainAndEndsTheOldScan) {
  std::uint64_t stream = 0;
  for (std::uint64_t at = 0; at < 30'000'000; at += kPiece) stream = on_read(at).stream;
  now_ += 2s;
  const auto jump = on_read(700'000'000);
  EXPECT_TRUE(jump.fresh);
  EXPECT_EQ(jump.fetch.length, kPiece);
  EXPECT_TRUE(jump.ahead.empty());
  EXPECT_THAT(jump.ended, testing::ElementsAre(stream));
}

TEST_F(AccessPatternTest, ReadsAtEqualDistancesAreFollowed) {
  for (std::uint64_t i = 0; i < 4; ++i) on_read(i * 10'000'000, 4096);
  EXPECT_TRUE(ahead_.contains({40'000'000, 4096}));
  EXPECT_LT(ahead_.total(), 100'000u);
}

TEST_F(AccessPatternTest, TheSameReadTwiceIsNotAScan) {
  for (int i = 0; i < 20; ++i) {
    const auto plan = on_read(0);
    EXPECT_TRUE(plan.ahead.empty());
    EXPECT_TRUE(plan.fresh);
  }
}

}  // namespace
}  // namespace skymount::cache
