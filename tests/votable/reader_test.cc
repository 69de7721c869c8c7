// SPDX-License-Identifier: MIT
//
// What a VOTable document says is what the reader says: structure, statuses, selection of the result.
#include "tests/votable/documents.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using ::testing::HasSubstr;

using test::document;
using test::error_of;
using test::one_column;
using test::read;

TEST(VotableReader, ReadsTheLinksAnswerOfTheStandard) {
  const Table t = read(document(
      "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/>"
      "<TABLE><FIELD name=\"ID\" datatype=\"char\" arraysize=\"*\"/><FIELD name=\"content_length\" datatype=\"long\">"
      "<VALUES null=\"-1\"/></FIELD><DATA><TABLEDATA>\n"
      "<TR><TD>ivo://x/d1</TD><TD>1037645824</TD></TR>\n<TR><TD>ivo://x/d&amp;2&#x263A;</TD><TD>-1</TD></TR>"
      "<TR><TD/><TD/></TR></TABLEDATA></DATA></TABLE></RESOURCE>"));
  ASSERT_EQ(t.size(), 3u);
  EXPECT_EQ(t.meta.status.kind, QueryStatus::Kind::ok);
  EXPECT_EQ(t.text(0, "id"), "ivo://x/d1");
  EXPECT_EQ(t.cell(0, "content_length"), Value(std::int64_t{1037645824}));
  EXPECT_EQ(t.text(1, "ID"), "ivo://x/d&2\u263A");
  EXPECT_TRUE(is_null(t.cell(1, "content_length")));
  EXPECT_TRUE(is_null(t.cell(2, "ID")));
  EXPECT_EQ(t.meta.row_count, 3u);
}

TEST(VotableReader, AnOverflowAfterTheTableWins) {
  const Table t = read(document(
      "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/>"
      "<TABLE><FIELD name=\"a\" datatype=\"int\"/><DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE>"
      "<INFO name=\"query_status\" value=\"overflow\">limit reached</INFO></RESOURCE>"));
  EXPECT_EQ(t.meta.status.kind, QueryStatus::Kind::overflow);
  EXPECT_EQ(t.meta.status.message, "limit reached");
  EXPECT_EQ(t.size(), 1u);
}

}  // namespace
}  // namespace skymount::vo
