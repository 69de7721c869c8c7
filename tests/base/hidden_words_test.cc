// SPDX-License-Identifier: MIT
//
// A secret in use is in no text for people, wherever in it an archive has put it.
#include "cache/base/hidden_words.h"
#include "cache/base/log.h"

#include <gtest/gtest.h>

namespace skymount {
namespace {

TEST(HiddenWords, AreBlankedWhereverTheyStandInCapitalsOrNot) {
  EXPECT_EQ(without_hidden_words("before hw-Geheim-1 is known"), "before hw-Geheim-1 is known");
  hide_word("hw-Geheim-1");
  hide_word("hw-Geheim-1");
  EXPECT_EQ(without_hidden_words("hw-Geheim-1"), "***");
  EXPECT_EQ(without_hidden_words("xhw-geheim-1yHW-GEHEIM-1hw-Geheim-1"), "x***y******");
  EXPECT_EQ(without_hidden_words("hw-Geheim-2, hw-hw-Geheim"), "hw-Geheim-2, hw-hw-Geheim");
  EXPECT_EQ(without_hidden_words("hw-hw-Geheim-1\n"), "hw-***\n");
  EXPECT_EQ(printable("said hw-Geheim-1\n"), "said ***\\x0a");
}

TEST(HiddenWords, TheLongestOfThoseThatBeginAlikeIsTaken) {
  hide_word("lo-ngest");
  hide_word("lo-ngest.of.all");
  hide_word("lo-ngest.of");
  EXPECT_EQ(without_hidden_words("a lo-ngest.of.all b lo-ngest.of.x lo-ngestlo-ngest"), "a *** b ***.x ******");
}

TEST(HiddenWords, ShortOnesAreLeftSinceOtherWordsHoldThem) {
  hide_word("fits");
  hide_word("");
  EXPECT_EQ(without_hidden_words("image.fits"), "image.fits");
}

}  // namespace
}  // namespace skymount
