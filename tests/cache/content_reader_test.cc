// SPDX-License-Identifier: MIT
//
// An open file: exact at its end, quick when it is scanned, thrifty when it is not.
#include "cache/content_reader.h"

#include <random>

#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

class ContentReaderTest : public CacheTest {
 protected:
  std::unique_ptr<ContentReader> open(const std::shared_ptr<MemorySource>& source,
                                      std::shared_ptr<const LayoutHint> hint = nullptr) {
    return std::make_unique<ContentReader>(source, source->bytes().size(), cache(), std::move(hint));
  }
  /// As the mount does it: what is here at once, else wait.
  static Bytes read(ContentReader& reader, ByteRange range) {
    if (const auto bytes = reader.try_read(range)) return copy_of(*bytes);
    const auto bytes = reader.read(range, patient());
    EXPECT_TRUE(bytes) << bytes.error().what();
    return bytes ? copy_of(*bytes) : Bytes();
  }
  static Bytes read_all(ContentReader& reader, std::uint64_t piece) {
    Bytes all;
    while (all.size() < reader.size()) {
      const Bytes part = read(reader, {all.size(), piece});
      EXPECT_EQ(part.size(), std::min<std::uint64_t>(piece, reader.size() - all.size()));
      if (part.empty()) break;
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }
};

TEST_F(ContentReaderTest, EndsExactlyAtTheEndOfTheFile) {
  for (const std::size_t size : {1u, 16'383u, 16'384u, 16'385u, 100'000u}) {
    const auto source = memory_source(pattern(size));
    const auto reader = open(source);
    EXPECT_TRUE(read(*reader, {0, 1'000'000}) == source->bytes());
    EXPECT_EQ(read(*reader, {size - 1, 10}).size(), 1u);
    EXPECT_EQ(read(*reader, {size, 10}).size(), 0u);
    EXPECT_EQ(read(*reader, {size + 1000, ~0ULL - size - 1000}).size(), 0u);
  }
}

TEST_F(ContentReaderTest, AScanIsRightWhateverTheOrderOfItsPieces) {
  for (const unsigned seed : seeds(5)) {
    SCOPED_TRACE(seed);
    const auto source = memory_source(pattern(9'000'000 + seed, seed), {.piece = 60'000, .between_pieces = 20us});
    const auto reader = open(source);
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t at = t * 131'072; at < reader->size(); at += 3 * 131'072) {
          const ByteRange range{at, std::min<std::uint64_t>(131'072, reader->size() - at)};
          EXPECT_TRUE(read(*reader, range) == slice(source->bytes(), range));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(source->delivered(), source->bytes().size() + 100'000) << "bytes were fetched twice";
  }
}

TEST_F(ContentReaderTest, ASizeThatIsALieIsNotCountedThrough) {
  const auto source = memory_source(pattern(100'000));
  const std::uint64_t claimed = 1ULL << 62;
  cache().put(source->id(), 0, slice(source->bytes(), {0, 65'536}), claimed);
  EXPECT_FALSE(cache().has_all(source->id(), claimed));  // piece by piece this takes a day
}

TEST_F(ContentReaderTest, AScanHidesTheDistanceOfTheArchive) {
  // 20 MB at 20 ms a request: piece by piece this takes 3 s.
  const auto source = memory_source(pattern(20'000'000), {.piece = 65'536, .first_byte = 20ms});
  const auto reader = open(source);
  EXPECT_TRUE(read_all(*reader, 131'072) == source->bytes());
  EXPECT_LE(source->fetches().size(), 30u);
  EXPECT_LE(source->delivered(), 20'000'000u);
}

TEST_F(ContentReaderTest, RandomReadsMoveLittleMoreThanTheyAsk) {
  const auto source = memory_source(pattern(60'000'000));
  const auto reader = open(source);
  std::mt19937_64 random(7);
  for (int i = 0; i < 50; ++i) {
    const ByteRange range{random() % 59'900'000, 65'536};
    EXPECT_TRUE(read(*reader, range) == slice(source->bytes(), range));
  }
  EXPECT_LE(source->delivered(), 50u * (65'536 + 2 * 16'384));
}

TEST_F(ContentReaderTest, TheFirstReadUsesWhatTheOpenBrought) {
  const auto source = memory_source(pattern(5'000'000));
  cache().put(source->id(), 0, slice(source->bytes(), {0, 262'144}), 5'000'000);
  const auto reader = open(source);
  ASSERT_TRUE(reader->try_read({0, 131'072}));
  EXPECT_EQ(source->fetches().size(), 0u);
}

TEST_F(ContentReaderTest, TryReadNeverWaitsForTheArchive) {
  const auto source = memory_source(pattern(5'000'000));
  source->close_gate(0);
  const auto reader = open(source);
  const auto begun = std::chrono::steady_clock::now();
  for (std::uint64_t at = 0; at < 2'000'000; at += 131'072) EXPECT_FALSE(reader->try_read({at, 131'072}));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
}

TEST_F(ContentReaderTest, ClosingAFileStopsWhatWasFetchedAhead) {
  const auto source = memory_source(pattern(50'000'000), {.piece = 65'536});
  auto reader = open(source);
  source->close_gate(3'000'000);
  for (std::uint64_t at = 0; at < 1'500'000; at += 131'072) read(*reader, {at, 131'072});
  EXPECT_TRUE(soon([&] { return source->running() > 0; }));
  reader = nullptr;
  EXPECT_TRUE(soon([&] { return source->running() == 0; }));
  EXPECT_GT(source->stopped(), 0u);
}

TEST_F(ContentReaderTest, AFileThatOnlyComesWholeIsDownloadedOnce) {
  const auto source = memory_source(pattern(3'000'000), {.between_pieces = 50us, .whole_only = true});
  EXPECT_TRUE(read_all(*open(source), 131'072) == source->bytes());
  EXPECT_EQ(source->fetches().size(), 1u);
}

class SecondHeader final : public LayoutHint {
 public:
  std::vector<ByteRange> likely_next(std::uint64_t offset, ByteView bytes, std::uint64_t size) const override {
    if (offset != 5'000'000 || bytes.empty()) return {};
    return {{10'000'000, 5760}, {size - 10, 1'000'000}, {size + 5, 10}};
  }
};

TEST_F(ContentReaderTest, WhatTheLayoutMakesLikelyIsFetchedBeforeItIsAskedFor) {
  const auto source = memory_source(pattern(20'000'000));
  const auto reader = open(source, std::make_shared<SecondHeader>());
  read(*reader, {5'000'000, 2880});
  EXPECT_TRUE(soon([&] { return cache().read_cached(source->id(), {10'000'000, 5760}).has_value(); }));
  EXPECT_TRUE(soon([&] { return cache().read_cached(source->id(), {19'999'990, 10}).has_value(); }));
  EXPECT_LE(source->delivered(), 5u * 16'384);
}

class EagerLayout final : public LayoutHint {
 public:
  std::vector<ByteRange> likely_next(std::uint64_t, ByteView, std::uint64_t) const override {
    return {{300'000, 5760}};
  }
};

TEST_F(ContentReaderTest, WhoReadsOnlyTheFirstBytesIsFetchedNoMore) {
  const auto source = memory_source(pattern(20'000'000));
  const auto reader = open(source, std::make_shared<EagerLayout>());
  read(*reader, {0, 2880});
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(source->fetches().size(), 1u);
}

}  // namespace
}  // namespace skymount::cache::test
