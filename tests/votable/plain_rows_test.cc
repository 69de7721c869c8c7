// SPDX-License-Identifier: MIT
//
// Rows in the plainest form are read on a path of their own, past the splitter's tokens and RapidXML. Nobody can tell:
// the same row written in another way gives the same cells, and what is wrong is refused in the same words.
#include "tests/votable/documents.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

namespace skymount::vo {
namespace {

using test::document;
using test::first_difference;

const std::string kHead =
    "<RESOURCE type='results'><TABLE><FIELD name='n' datatype='long'/><FIELD name='x' datatype='double'/>"
    "<FIELD name='s' datatype='char' arraysize='*'/><DATA><TABLEDATA>";
const std::string kTail = "</TABLEDATA></DATA></TABLE></RESOURCE>";

std::string table_of(const std::string& rows) {
  return document(kHead + rows + kTail);
}

/// The same rows, none of them plain: an attribute that nobody reads.
std::string with_attributes(std::string text) {
  for (std::size_t at = text.find("<TR>"); at != std::string::npos; at = text.find("<TR>", at + 1)) {
    text.replace(at, 4, "<TR ID='a'>");
  }
  return text;
}

/// Reads `text` in pieces of so many bytes.
Table read_in_pieces(const std::string& text, std::size_t piece) {
  Table table;
  VotableReader reader(
      [&](const TableMeta& meta) {
        table.meta = meta;
        return Result<void>();
      },
      [&](const Row& row) {
        table.append(row);
        return Result<void>();
      });
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const Result<void> fed = reader.feed(as_bytes(std::string_view(text).substr(at, piece)));
    EXPECT_TRUE(fed) << (fed ? "" : fed.error().what());
  }
  const Result<TableMeta> meta = reader.finish();
  EXPECT_TRUE(meta) << (meta ? "" : meta.error().what());
  return table;
}

TEST(PlainRows, AreReadAsTheSameRowsWrittenInAnotherWay) {
  const std::vector<std::string> cells = {"",
                                          "12",
                                          "-1.5",
                                          " 7",
                                          "7 ",
                                          "  ",
                                          "a &lt; b",
                                          "a &#65;",
                                          "x\ry",
                                          "x\r\ny",
                                          "\xff\xfe",
                                          "M 51",
                                          "\xc3\xa9",
                                          "a > b",
                                          "]]>",
                                          "<!-- c -->",
                                          "<![CDATA[</TR>]]>",
                                          std::string("a\0b", 3),
                                          "\n1\n",
                                          "NaN"};
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto any = [&] {
    const std::string& cell = cells[random() % cells.size()];
    if (cell.empty() && random() % 2 == 0) return std::string("<TD/>");
    return "<TD>" + cell + "</TD>" + (random() % 4 == 0 ? "\n " : "");
  };
  std::string rows;
  for (int i = 0; i < 300; ++i) rows += "<TR>" + any() + any() + any() + "</TR>" + (random() % 2 == 0 ? "\n" : "");

  const Table told = test::read(with_attributes(table_of(rows)));
  ASSERT_EQ(told.size(), 300U);
  EXPECT_EQ(first_difference(test::read(table_of(rows)), told), "");
  for (const std::size_t piece : {1U, 7U, 64U, 1000U}) {
    EXPECT_EQ(first_difference(read_in_pieces(table_of(rows), piece), told), "") << "pieces of " << piece;
  }
}

TEST(PlainRows, AreRefusedInTheSameWords) {
  const std::string good = "<TR><TD>1</TD><TD>2</TD><TD>a</TD></TR>";
  for (const std::string bad : {
           "<TR><TD>1</TD></TR>",
           "<TR><TD>1</TD><TD>2</TD><TD>a</TD><TD>b</TD></TR>",
           "<TR><TD>1</TD><TD>2</TD><TD>a</TD></TD></TR>",
           "<TR><TD>1</TD><TD>2<TD>a</TD></TD></TR></TR>",
           "<TR><TD>1</TD><TD>2</TD><TD>a</TR>",
           "<TR><TD>1</TD><TD>2</TD><TD>a</TD>",
       }) {
    SCOPED_TRACE(bad);
    const std::string all = table_of(good + good + bad);
    EXPECT_EQ(test::error_of(all).what(), test::error_of(with_attributes(all)).what());
  }
}

TEST(PlainRows, CostNoTokens) {
  // What is not plain stands out by its time: a guard against the fast path silently no longer being taken.
  std::string rows;
  for (int i = 0; i < 10'000; ++i) rows += "<TR><TD>" + std::to_string(i) + "</TD><TD>1.5</TD><TD>name</TD></TR>\n";
  const std::string plain = table_of(rows), other = with_attributes(plain);
  const auto cpu = [](const std::string& text) {
    const std::clock_t start = std::clock();
    EXPECT_EQ(test::read(text).size(), 10'000U);
    return std::clock() - start;
  };
  const auto least = [&](const std::string& text) { return std::min({cpu(text), cpu(text), cpu(text)}); };
  EXPECT_LT(least(plain), least(other));
}

}  // namespace
}  // namespace skymount::vo
