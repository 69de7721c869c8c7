// SPDX-License-Identifier: MIT
//
// What the block cache promises about bytes: always the right ones, never one of them fetched twice.
#include "cache/block_cache.h"

#include <fstream>
#include <random>

#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

class BlockCacheTest : public CacheTest {};

TEST_F(BlockCacheTest, AnyWayOfReadingAFileYieldsTheSameBytes) {
  for (const unsigned seed : seeds(50)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::size_t size = 1 + random() % 777'777;
    const auto source = memory_source(pattern(size, seed), {.piece = 1 + random() % 40'000});
    for (const ByteRange range : random_ranges(size, seed, 15)) {
      const ByteRange hint{range.offset,
                           std::min<std::uint64_t>(size - range.offset, range.length + random() % 300'000)};
      if (random() % 4 == 0) cache().put(source->id(), range.offset, slice(source->bytes(), range), size);
      if (random() % 4 == 0) cache().prefetch(source, hint, patient());
      const auto bytes = cache().read(source, range, hint, patient());
      ASSERT_TRUE(bytes) << bytes.error().what();
      ASSERT_TRUE(copy_of(*bytes) == slice(source->bytes(), range));
      const auto again = cache().read_cached(source->id(), range);
      if (again) {
        ASSERT_TRUE(copy_of(*again) == slice(source->bytes(), range));
      }
    }
    EXPECT_LE(source->delivered(), size) << "a byte was fetched twice";
  }
}

TEST_F(BlockCacheTest, ManyReadersOfManyFilesAtOnceGetTheirOwnBytes) {
  for (const unsigned seed : seeds(3)) {
    SCOPED_TRACE(seed);
    std::vector<std::shared_ptr<MemorySource>> sources;
    for (unsigned i = 0; i < 4; ++i) {
      sources.push_back(
          memory_source(pattern(900'000 + i, seed * 10 + i), {.between_pieces = 100us, .whole_only = i == 3}));
    }
    std::vector<std::thread> readers;
    for (unsigned t = 0; t < 8; ++t) {
      readers.emplace_back([&, t] {
        std::mt19937 random(seed * 100 + t);
        for (const ByteRange range : random_ranges(900'000, seed * 100 + t, 25)) {
          EXPECT_TRUE(reads_right(sources[random() % 4], range));
        }
      });
    }
    for (std::thread& reader : readers) reader.join();
    for (const auto& source : sources) EXPECT_LE(source->delivered(), source->bytes().size());
  }
}

TEST_F(BlockCacheTest, ARandomReadMovesTheGranulesItTouchesAndNoMore) {
  const auto source = memory_source(pattern(10'000'000));
  ASSERT_TRUE(reads_right(source, {5'000'001, 65'536}));
  EXPECT_LE(source->delivered(), 65'536u + 2 * 16'384u);
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(BlockCacheTest, AReadFetchesWhatTheHintAllowsInOneGo) {
  const auto source = memory_source(pattern(1'000'000));
  ASSERT_TRUE(cache().read(source, {100'000, 10}, {100'000, 400'000}, patient()));
  ASSERT_TRUE(reads_right(source, {300'000, 200'000}));
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(BlockCacheTest, SurvivesAReopen) {
  const auto source = memory_source(pattern(1'234'567));
  ASSERT_TRUE(reads_right(source, {0, 1'234'567}));
  const std::uint64_t fetched = source->delivered();
  close_cache();
  EXPECT_EQ(cache().stat().bytes, 1'234'567u);
  EXPECT_EQ(cache().cached_bytes(source->id()), 1'234'567u);
  const auto bytes = cache().read_cached(source->id(), {0, 1'234'567});
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(copy_of(*bytes) == source->bytes());
  ASSERT_TRUE(reads_right(source, {1'200'000, 34'567}));
  EXPECT_EQ(source->delivered(), fetched);
}

TEST_F(BlockCacheTest, AFlippedByteOnDiskIsFetchedAgainAndOnlyItsGranule) {
  const auto source = memory_source(pattern(500'000));
  ASSERT_TRUE(reads_right(source, {0, 500'000}));
  close_cache();  // and what it had in memory
  const std::uint64_t before = source->delivered();
  {
    std::fstream file(data_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(123'456);
    file.put(static_cast<char>(~std::to_integer<int>(source->bytes()[123'456])));
  }
  EXPECT_FALSE(cache().read_cached(source->id(), {120'000, 10'000}));
  EXPECT_TRUE(reads_right(source, {0, 500'000}));
  EXPECT_EQ(source->delivered() - before, 16'384u);
  EXPECT_TRUE(cache().read_cached(source->id(), {0, 500'000}));
}

TEST_F(BlockCacheTest, AFileThatVanishedFromTheCacheIsFetchedAgain) {
  const auto source = memory_source(pattern(100'000));
  ASSERT_TRUE(reads_right(source, {0, 100'000}));
  close_cache();
  std::filesystem::resize_file(data_file(), 50'000);
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  close_cache();
  std::filesystem::remove_all(dir_.path() / "blocks");
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
}

TEST_F(BlockCacheTest, KeepsBytesThatCameByTheWayAlsoWhenTheyEndInsideAGranule) {
  const auto source = memory_source(pattern(100'000));
  cache().put(source->id(), 0, slice(source->bytes(), {0, 20'001}), 100'000);
  EXPECT_TRUE(reads_right(source, {0, 20'001}));
  EXPECT_EQ(source->fetches().size(), 0u);
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  EXPECT_EQ(source->delivered(), 100'000u - 20'001u);
  EXPECT_TRUE(cache().read_cached(source->id(), {0, 100'000})) << "the two halves of a granule did not become one";
}

TEST_F(BlockCacheTest, AnotherSizeUnderTheSameVersionIsNeverMixedWithTheOldBytes) {
  const auto before = memory_source(pattern(100'000, 1));
  ASSERT_TRUE(reads_right(before, {0, 100'000}));
  const auto after = std::make_shared<MemorySource>(pattern(120'000, 2), before->id());
  EXPECT_TRUE(reads_right(after, {0, 120'000}));
}

TEST_F(BlockCacheTest, RefusesToReadBehindTheEnd) {
  const auto source = memory_source(pattern(100));
  EXPECT_EQ(read(source, {50, 51}).error().code(), Code::invalid);
  EXPECT_EQ(read(source, {100, 0})->size(), 0u);
}

}  // namespace
}  // namespace skymount::cache::test
