// SPDX-License-Identifier: MIT
//
// Files that only come as a whole: computed answers, and servers that ignore ranges. One download, shared by all, read
// while it comes in.
#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

class WholeOnlyTest : public CacheTest {};

TEST_F(WholeOnlyTest, IsDownloadedOnceForAllItsReaders) {
  const auto source = memory_source(pattern(2'000'000), {.between_pieces = 200us, .whole_only = true});
  std::vector<std::thread> readers;
  for (unsigned t = 0; t < 6; ++t) {
    readers.emplace_back([&, t] {
      for (const ByteRange range : random_ranges(2'000'000, t, 10)) EXPECT_TRUE(reads_right(source, range));
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(source->fetches().size(), 1u);
  EXPECT_EQ(source->delivered(), 2'000'000u);
}

TEST_F(WholeOnlyTest, IsReadWhileItComesIn) {
  const auto source = memory_source(pattern(2'000'000), {.whole_only = true});
  source->close_gate(1'000'000);
  EXPECT_TRUE(reads_right(source, {900'000, 50'000}));
  const auto late = read(source, {1'500'000, 1000}, FetchContext::within(50ms, "test"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::timed_out);
  EXPECT_TRUE(reads_right(source, {0, 500'000}));
  source->open_gate();
  EXPECT_TRUE(reads_right(source, {1'500'000, 500'000}));
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(WholeOnlyTest, TheSizeIsLearnedAtItsEnd) {
  const auto source = memory_source(pattern(1'234'567), {.whole_only = true, .size_known = false});
  const auto size = cache().complete(source, patient());
  ASSERT_TRUE(size) << size.error().what();
  EXPECT_EQ(*size, 1'234'567u);
  EXPECT_TRUE(reads_right(source, {1'200'000, 34'567}));
  EXPECT_EQ(cache().cached_bytes(source->id()), 1'234'567u);
  close_cache();
  EXPECT_EQ(cache().complete(source, patient()).value_or(0), 1'234'567u);
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(WholeOnlyTest, AnEmptyAnswerIsComplete) {
  const auto source = memory_source({}, {.whole_only = true, .size_known = false});
  const auto size = cache().complete(source, patient());
  ASSERT_TRUE(size) << size.error().what();
  EXPECT_EQ(*size, 0u);
  EXPECT_EQ(cache().complete(source, patient()).value_or(1), 0u);
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(WholeOnlyTest, GoesOnWhenTheTimeOfWhoeverBeganItIsOverAndTheNextOneJoins) {
  const auto source = memory_source(pattern(500'000), {.whole_only = true, .size_known = false});
  source->close_gate(200'000);
  const auto early = cache().complete(source, FetchContext::within(50ms, "open"));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code(), Code::timed_out);
  std::thread next([&] { EXPECT_EQ(cache().complete(source, patient()).value_or(0), 500'000u); });
  std::this_thread::sleep_for(30ms);
  source->open_gate();
  next.join();
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(WholeOnlyTest, ADownloadThatEndsWhileItIsJoinedIsNotBegunAgain) {
  for (int i = 0; i < 300; ++i) {  // the moment between "not all here" and joining is short; some of these meet it
    const auto source = memory_source(pattern(40'000), {.whole_only = true, .size_known = false});
    cache().begin(source, patient());
    std::vector<std::thread> openers;
    for (int t = 0; t < 3; ++t)
      openers.emplace_back([&] { EXPECT_EQ(cache().complete(source, patient()).value_or(0), 40'000u); });
    for (std::thread& opener : openers) opener.join();
    ASSERT_EQ(source->fetches().size(), 1u) << "an answer that is computed once was asked for again";
  }
}

TEST_F(WholeOnlyTest, BeginOnlyBegins) {
  const auto source = memory_source(pattern(500'000), {.whole_only = true});
  source->close_gate(100'000);
  cache().begin(source, patient());
  cache().begin(source, patient());
  ASSERT_TRUE(source->wait_for_fetches(1));
  source->open_gate();
  EXPECT_TRUE(soon([&] { return cache().read_cached(source->id(), {0, 500'000}).has_value(); }));
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(WholeOnlyTest, AFailureIsToldAndTheNextCallTriesAgain) {
  const auto source = memory_source(pattern(500'000), {.whole_only = true, .fail_at = 300'000, .code = Code::denied});
  const auto failed = cache().complete(source, patient());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::denied);
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  EXPECT_EQ(source->fetches().size(), 1u) << "what had come is good";
  EXPECT_EQ(cache().complete(source, patient()).value_or(0), 500'000u);
}

TEST_F(WholeOnlyTest, ATruncatedDownloadIsNeverTakenForTheFile) {
  const auto source = memory_source(pattern(500'000), {.whole_only = true, .fail_at = 300'000, .silent_end = true});
  const auto failed = cache().complete(source, patient());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::corrupt);
  EXPECT_TRUE(reads_right(source, {0, 500'000}));
}

TEST_F(WholeOnlyTest, AServerThatStopsServingRangesIsReadAsAWhole) {
  const auto source = memory_source(pattern(3'000'000));
  ASSERT_TRUE(reads_right(source, {2'000'000, 1000}));
  source->ignore_ranges_from_now_on();
  EXPECT_TRUE(reads_right(source, {1'000'000, 100'000}));
  EXPECT_TRUE(reads_right(source, {0, 3'000'000}));
  EXPECT_EQ(source->fetches().size(), 2u);
}

TEST_F(WholeOnlyTest, AGranuleThatWasDamagedMeanwhileIsDownloadedAgain) {
  const auto source = memory_source(pattern(800'000), {.whole_only = true});
  ASSERT_EQ(cache().complete(source, patient()).value_or(0), 800'000u);
  close_cache();  // and what it had in memory
  std::filesystem::resize_file(data_file(), 400'000);
  EXPECT_TRUE(reads_right(source, {300'000, 500'000}));
  EXPECT_EQ(source->fetches().size(), 2u);
}

TEST_F(WholeOnlyTest, CompleteOfARangedFileFetchesAllOfItOnce) {
  const auto source = memory_source(pattern(30'000'000));
  ASSERT_TRUE(reads_right(source, {10'000'000, 100'000}));
  EXPECT_EQ(cache().complete(source, patient()).value_or(0), 30'000'000u);
  EXPECT_TRUE(soon([&] { return cache().cached_bytes(source->id()) == 30'000'000u; }));
  EXPECT_EQ(source->delivered(), 30'000'000u);
}

}  // namespace
}  // namespace skymount::cache::test
