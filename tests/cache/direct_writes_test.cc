// SPDX-License-Identifier: MIT
//
// Bytes that go to the disk past the page cache are those that come back, and a slow disk is spared.
#include "cache/direct_writes.h"

#include <cstring>

#include "cache/block_store.h"
#include "cache/chunk.h"
#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

using Steady = DirectWrites::Steady;

TEST(DirectWrites, ADiskThatIsSlowIsSparedForAWhile) {
  DirectWrites writes;
  const auto now = Steady::now();
  EXPECT_TRUE(writes.worth_trying(now));
  for (int i = 0; i < 100; ++i) writes.note(256_KiB, 1ms, now);
  EXPECT_TRUE(writes.worth_trying(now)) << "250 MiB a second is fine";
  writes.note(256_KiB, 30ms, now);
  EXPECT_TRUE(writes.worth_trying(now)) << "one that took long proves nothing";
  for (int i = 0; i < 30; ++i) writes.note(256_KiB, 30ms, now);
  EXPECT_FALSE(writes.worth_trying(now));
  EXPECT_TRUE(writes.worth_trying(now + 31s));
}

TEST(DirectWrites, WhatIsNotOfWholePagesIsLeftToOthers) {
  DirectWrites writes;
  Bytes bytes(100);
  EXPECT_EQ(writes.write(-1, 0, bytes), 0u);
  EXPECT_EQ(writes.write(0, 0, bytes), 0u);
}

class FastContents : public CacheTest {};

TEST_F(FastContents, ReadBackAsTheyCameWithTheirUnevenEnd) {
  auto lmdb = Lmdb::open(dir_.path());
  ASSERT_TRUE(lmdb);
  auto store = BlockStore::open(dir_.path(), *lmdb, 0, 1'000'000'000);
  ASSERT_TRUE(store);
  const Bytes whole = pattern(3 * kChunkSize + 20'001);
  StoredContent content(*store, ContentId{"a", "", "fast", "v1"});
  content.set_size(whole.size());
  ChunkPool pool(0);
  for (std::uint64_t at = 0; at < whole.size(); at += kChunkSize) {
    const ChunkPtr chunk = pool.chunk_at(at, kChunkSize);
    chunk->filled = std::min<std::uint64_t>(kChunkSize, whole.size() - at);
    std::memcpy(chunk->memory.get(), whole.data() + at, chunk->filled);
    content.write(at, chunk->view(chunk->range()), /*fast=*/true);
  }
  Bytes back(whole.size());
  EXPECT_TRUE(content.read({0, whole.size()}, back.data()));
  EXPECT_EQ(back, whole);
  EXPECT_EQ((*store)->bytes(), whole.size());
}

}  // namespace
}  // namespace skymount::cache::test
