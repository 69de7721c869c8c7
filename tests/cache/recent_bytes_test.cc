// SPDX-License-Identifier: MIT
//
// What came last is answered from memory, and those who do not wait are called when their bytes come.
#include "cache/chunk.h"

#include <future>

#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

class RecentBytes : public CacheTest {
 protected:
  using Answer = std::promise<std::optional<SharedBytes>>;

  /// Asks for `range` without waiting; null when it is not on its way.
  std::shared_ptr<Answer> ask(const std::shared_ptr<MemorySource>& source, ByteRange range, std::stop_token stop = {}) {
    FetchContext ctx = patient();
    ctx.stop = std::move(stop);
    auto answer = std::make_shared<Answer>();
    const bool coming = cache().when_here(
        source->id(), range, ctx, [answer](std::optional<SharedBytes> bytes) { answer->set_value(std::move(bytes)); });
    return coming ? answer : nullptr;
  }
  /// A file that is fetched ahead, and has come to byte 100,000.
  std::shared_ptr<MemorySource> fetched_ahead(MemorySource::Behaviour behaviour = MemorySource::Behaviour(),
                                              std::stop_token stop = {}) {
    auto source = memory_source(pattern(600'000), behaviour);
    source->close_gate(100'000);
    FetchContext ctx = patient();
    ctx.priority = Priority::prefetch;
    ctx.stop = std::move(stop);
    cache().prefetch(source, {0, 600'000}, ctx);
    EXPECT_TRUE(source->wait_for_fetches(1));
    EXPECT_TRUE(soon([&] { return source->delivered() >= 90'000; }));
    return source;
  }
};

TEST_F(RecentBytes, WhatCameLastNeedsNoDisk) {
  const auto source = memory_source(pattern(500'000));
  ASSERT_TRUE(reads_right(source, {0, 500'000}));
  settle();
  std::filesystem::resize_file(data_file(), 0);
  for (const ByteRange range : {ByteRange{0, 131'072}, {131'072, 131'072}, {300'000, 100'000}}) {
    const auto bytes = cache().read_cached(source->id(), range);
    ASSERT_TRUE(bytes) << range.offset;
    EXPECT_EQ(copy_of(*bytes), slice(source->bytes(), range));
  }
  EXPECT_EQ(source->delivered(), 500'000u);
}

TEST_F(RecentBytes, WithoutMemoryForItTheDiskIsRead) {
  options_.memory_bytes = 0;
  const auto source = memory_source(pattern(500'000));
  ASSERT_TRUE(reads_right(source, {0, 500'000}));
  settle();
  EXPECT_TRUE(cache().read_cached(source->id(), {0, 131'072}));
  std::filesystem::resize_file(data_file(), 0);
  EXPECT_FALSE(cache().read_cached(source->id(), {0, 131'072}));
}

TEST_F(RecentBytes, TheLastChunksStayAndNoMoreThanTheLimitHolds) {
  ChunkPool pool(1_MiB);
  RecentChunks recent(1_MiB);
  const int content = 0, other = 0;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const ChunkPtr chunk = pool.chunk_at(i * kChunkSize, kChunkSize);
    chunk->filled = chunk->room;
    recent.put(&content, chunk);
  }
  for (std::uint64_t i = 0; i < 10; ++i)
    EXPECT_EQ(recent.find(&content, {i * kChunkSize, 1000}).has_value(), i >= 6) << i;
  EXPECT_FALSE(recent.find(&content, {7 * kChunkSize - 1, 2})) << "of two chunks";
  EXPECT_EQ(recent.within(&content, {7 * kChunkSize - 1, 2}).size(), 2u);
  EXPECT_FALSE(recent.find(&other, {9 * kChunkSize, 1}));
  recent.erase(&content);
  EXPECT_FALSE(recent.find(&content, {9 * kChunkSize, 1}));
}

TEST_F(RecentBytes, WhoDoesNotWaitIsCalledWhenTheBytesCome) {
  const auto source = fetched_ahead();
  const auto answer = ask(source, {131'072, 131'072});
  ASSERT_TRUE(answer);
  auto bytes = answer->get_future();
  EXPECT_EQ(bytes.wait_for(50ms), std::future_status::timeout) << "they are not here yet";
  source->open_gate();
  ASSERT_EQ(bytes.wait_for(5s), std::future_status::ready);
  const auto came = bytes.get();
  ASSERT_TRUE(came);
  EXPECT_EQ(copy_of(*came), slice(source->bytes(), {131'072, 131'072}));
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(RecentBytes, WhatIsNotOnItsWayIsLeftToThoseWhoWait) {
  const auto source = fetched_ahead();
  EXPECT_FALSE(ask(source, {250'000, 20'000})) << "parts of two chunks";
  EXPECT_FALSE(ask(memory_source(pattern(100'000, 2)), {0, 1000})) << "nobody fetches it";
  source->open_gate();
}

TEST_F(RecentBytes, ADownloadThatFailsSendsThemToThoseWhoWait) {
  const auto source = fetched_ahead({.fail_at = 120'000});
  const auto answer = ask(source, {131'072, 1000});
  ASSERT_TRUE(answer);
  source->open_gate();
  auto bytes = answer->get_future();
  ASSERT_EQ(bytes.wait_for(5s), std::future_status::ready);
  EXPECT_FALSE(bytes.get());
  EXPECT_TRUE(reads_right(source, {131'072, 1000}));
}

TEST_F(RecentBytes, WhenTheLastOneLeavesTheDownloadEnds) {
  std::stop_source scan, read;
  const auto source = fetched_ahead({}, scan.get_token());
  const auto answer = ask(source, {131'072, 1000}, read.get_token());
  ASSERT_TRUE(answer);
  scan.request_stop();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(source->stopped(), 0u) << "somebody still waits for it";
  read.request_stop();
  EXPECT_FALSE(answer->get_future().get());
  EXPECT_TRUE(soon([&] { return source->stopped() == 1; }));
}

}  // namespace
}  // namespace skymount::cache::test
