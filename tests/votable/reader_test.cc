// SPDX-License-Identifier: MIT
//
// What a VOTable document says is what the reader says: structure, statuses, selection of the result.
#include "vo/votable/reader.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using ::testing::HasSubstr;

/// A document around one RESOURCE's content.
std::string document(const std::string& body) {
  return "<?xml version=\"1.0\"?>\n<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">" + body +
         "</VOTABLE>\n";
}

std::string one_column(const std::string& field, const std::string& cells) {
  return document("<RESOURCE type=\"results\"><TABLE><FIELD name=\"a\" " + field + "<DATA><TABLEDATA>" + cells +
                  "</TABLEDATA></DATA></TABLE></RESOURCE>");
}

Table read(const std::string& text) {
  Result<Table> table = read_votable(as_bytes(text));
  EXPECT_TRUE(table) << (table ? "" : table.error().what());
  return table ? *table : Table();
}

Error error_of(const std::string& text) {
  const Result<Table> table = read_votable(as_bytes(text));
  EXPECT_FALSE(table);
  return table ? Error(Code::invalid, "") : table.error();
}

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
