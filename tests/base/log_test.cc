// SPDX-License-Identifier: MIT
#include "cache/base/log.h"
#include "cache/base/text.h"

#include <gtest/gtest.h>

namespace skymount {
namespace {

TEST(Printable, ForgesNoLineAndKeepsLetters) {
  EXPECT_EQ(printable("a\nb\x1b[2J\x7f"), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(printable("Ondřejov ☆ \xff\xfe"), "Ondřejov ☆ \\xff\\xfe");
  EXPECT_EQ(printable("\u009b2J"), "\\xc2\\x9b2J") << "a terminal obeys C1 controls as well";
  EXPECT_EQ(printable("\xe2\x98"), "\\xe2\\x98") << "half a character";
}

TEST(Text, FoldsAsciiCaseOnly) {
  EXPECT_TRUE(same_word("RA---TAN", "ra---tan"));
  EXPECT_FALSE(same_word("Ä", "ä"));
  EXPECT_TRUE(starts_with_word("IVO://ivoa.net", "ivo://"));
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
}

TEST(Text, KnowsWellFormedUtf8) {
  EXPECT_TRUE(is_utf8("plain text of more than eight bytes, then ☆"));
  EXPECT_FALSE(is_utf8("\xc0\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "a surrogate";
  EXPECT_FALSE(is_utf8("abcdefgh\xff"));
}

}  // namespace
}  // namespace skymount
