// SPDX-License-Identifier: MIT
//
// What cannot be fetched again stays while it is held: on a disk over its limit, and in memory beside a scan.
#include "cache/granule.h"
#include "cache/memory_shelf.h"
#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

class HoldTest : public CacheTest {};

TEST_F(HoldTest, AHeldContentIsNotEvicted) {
  options_.max_bytes = 1'000'000;
  const auto held = memory_source(pattern(900'000), {.whole_only = true});
  const auto hold = cache().hold(held->id());
  ASSERT_EQ(cache().complete(held, patient()).value_or(0), 900'000u);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(cache().complete(memory_source(pattern(600'000)), patient()).value_or(0), 600'000u);
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_TRUE(cache().has_all(held->id(), 900'000));
  EXPECT_TRUE(cache().read_cached(held->id(), {0, 900'000}));
  EXPECT_EQ(held->fetches().size(), 1u);
}

TEST_F(HoldTest, WhatIsLetGoMayBeEvicted) {
  options_.max_bytes = 1'000'000;
  const auto source = memory_source(pattern(900'000));
  auto hold = cache().hold(source->id());
  ASSERT_EQ(cache().complete(source, patient()).value_or(0), 900'000u);
  hold.reset();
  std::this_thread::sleep_for(5ms);  // times of use are kept in milliseconds
  ASSERT_EQ(cache().complete(memory_source(pattern(600'000)), patient()).value_or(0), 600'000u);
  // Looked at from outside: asking for the content itself would be a use, and save it.
  EXPECT_TRUE(soon([&] { return cache().cached_bytes(source->id()) < 900'000; }));
  EXPECT_LE(cache().stat().bytes, 1'000'000u);
  EXPECT_FALSE(cache().has_all(source->id(), 900'000));
}

TEST_F(HoldTest, AHoldMayOutliveTheCache) {
  const auto hold = cache().hold(memory_source(pattern(1))->id());
  close_cache();
}

TEST(MemoryShelf, WhatIsHeldLeavesLast) {
  MemoryShelf shelf(10 * kGranuleSize);
  const Bytes granule(kGranuleSize);
  shelf.hold("held");
  for (std::uint64_t i = 0; i < 5; ++i) shelf.put("held", i * kGranuleSize, granule);
  for (std::uint64_t i = 0; i < 50; ++i) shelf.put("scan", i * kGranuleSize, granule);
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_TRUE(shelf.get("held", i * kGranuleSize)) << i;
  EXPECT_TRUE(shelf.get("scan", 49 * kGranuleSize));
  shelf.release("held");
  for (std::uint64_t i = 50; i < 60; ++i) shelf.put("scan", i * kGranuleSize, granule);
  EXPECT_FALSE(shelf.get("held", 0));
}

TEST(MemoryShelf, StaysBelowItsLimitWhenAllIsHeld) {
  MemoryShelf shelf(3 * kGranuleSize);
  shelf.hold("held");
  for (std::uint64_t i = 0; i < 5; ++i) shelf.put("held", i * kGranuleSize, Bytes(kGranuleSize));
  EXPECT_FALSE(shelf.get("held", kGranuleSize));
  EXPECT_TRUE(shelf.get("held", 4 * kGranuleSize));
}

}  // namespace
}  // namespace skymount::cache::test
