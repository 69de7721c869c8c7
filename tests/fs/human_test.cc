// SPDX-License-Identifier: MIT
//
// Numbers read as people say them.
#include "fs/cli/human.h"

#include <gtest/gtest.h>

#include <cmath>

namespace skymount::fs {
namespace {

TEST(Human, Bytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1500), "1.5 kB");
  EXPECT_EQ(human_bytes(999'960), "1.0 MB");
  EXPECT_EQ(human_bytes(50'000'000'000), "50.0 GB");
  EXPECT_EQ(human_bytes(UINT64_MAX), "18.4 EB");
}

TEST(Human, Seconds) {
  EXPECT_EQ(human_seconds(0.42), "0.4 s");
  EXPECT_EQ(human_seconds(59.4), "59 s");
  EXPECT_EQ(human_seconds(200), "3 min 20 s");
  EXPECT_EQ(human_seconds(7500), "2 h 5 min");
  EXPECT_EQ(human_seconds(NAN), "?");
  EXPECT_EQ(human_seconds(1e300), "?");
}

TEST(Human, Bar) {
  EXPECT_EQ(bar(0, 0, 4), "[    ]");
  EXPECT_EQ(bar(1, 2, 4), "[=>  ]");
  EXPECT_EQ(bar(9, 2, 4), "[====]");
}

TEST(Human, LongNamesKeepTheirEndsAndNoCharacterIsCut) {
  EXPECT_EQ(shortened("short", 10), "short");
  EXPECT_EQ(shortened("/gavo/pos=156.01,48.14/i00811.fits", 20), "/gavo.../i00811.fits");
  for (std::size_t width = 5; width < 20; ++width) {
    const std::string cut = shortened("ääääääääääääääää", width);
    EXPECT_LE(cut.size(), width);
    EXPECT_EQ(cut.find("..."), cut.find('.'));
    EXPECT_EQ((cut.size() - 3) % 2, 0U) << cut;
  }
}

}  // namespace
}  // namespace skymount::fs
