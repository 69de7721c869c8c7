// SPDX-License-Identifier: MIT
#include "cache/base/range_set.h"
#include "tests/support/random.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace skymount {
namespace {

TEST(RangeSet, MergesNeighboursAndNamesTheGaps) {
  RangeSet set;
  set.add({0, 10});
  set.add({20, 10});
  EXPECT_EQ(set.missing_from({5, 30}), (std::vector<ByteRange>{{10, 10}, {30, 5}}));
  set.add({10, 10});
  EXPECT_EQ(set.ranges(), (std::vector<ByteRange>{{0, 30}}));
  set.remove({5, 5});
  EXPECT_FALSE(set.contains({0, 6}));
  EXPECT_EQ(set.total(), 25U);
}

TEST(RangeSet, AgreesWithASetOfBytes) {
  for (unsigned seed : test::seeds(30)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    RangeSet set;
    std::set<std::uint64_t> bytes;
    for (int step = 0; step < 200; ++step) {
      const ByteRange range{random() % 100, random() % 20};
      const bool add = random() % 3 != 0;
      add ? set.add(range) : set.remove(range);
      for (std::uint64_t b = range.offset; b < range.end(); ++b) add ? (void)bytes.insert(b) : (void)bytes.erase(b);
      ASSERT_EQ(set.total(), bytes.size());
      std::uint64_t missing = 0;
      for (ByteRange gap : set.missing_from({0, 130})) missing += gap.length;
      ASSERT_EQ(missing, 130 - bytes.size());
    }
  }
}

}  // namespace
}  // namespace skymount
