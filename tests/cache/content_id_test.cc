// SPDX-License-Identifier: MIT
//
// Content ids name files in the cache for ever: they must not change between builds, and no two may meet.
#include "cache/content_id.h"

#include <gtest/gtest.h>

namespace skymount::cache {
namespace {

TEST(ContentId, IsTheSameInEveryBuild) {
  const ContentId id{"gavo", "", "ivo://x/y#this", "\"etag\""};
  EXPECT_EQ(id.hex(), "a57da4bc0926ec912ad4c89d617d53ad");
  EXPECT_EQ(hash_hex("skymount"), "4ff6b5d3db32816c");
  EXPECT_EQ(id.hex().size(), 32u);
}

TEST(ContentId, DiffersWhereAnyPartDiffersEvenIfTheTextRunsTogether) {
  const ContentId a{"ab", "c", "d", "e"};
  for (const ContentId& b : {ContentId{"a", "bc", "d", "e"}, ContentId{"ab", "", "cd", "e"},
                             ContentId{"ab", "c", "", "de"}, ContentId{"ab", "c", "de", ""}}) {
    EXPECT_NE(a.hex(), b.hex());
    EXPECT_NE(a.hash64(), b.hash64());
  }
}

}  // namespace
}  // namespace skymount::cache
