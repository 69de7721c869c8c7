// SPDX-License-Identifier: MIT
//
// Documents that mean harm or are not what they should be: refused in words, within bounds, never a crash.
#include "tests/support/random.h"
#include "tests/votable/documents.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using test::base64;
using test::document;
using test::error_of;
using test::one_column;
using ::testing::HasSubstr;

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string binary(const std::string& field, const std::string& bytes,
                   const std::string& stream = "encoding='base64'") {
  return document("<RESOURCE><TABLE><FIELD name='a' " + field + "/><DATA><BINARY><STREAM " + stream + ">" +
                  base64(bytes) + "</STREAM></BINARY></DATA></TABLE></RESOURCE>");
}

Error limited(const std::string& text, const VotableLimits& limits) {
  const Result<Table> table = read_votable(as_bytes(text), limits);
  EXPECT_FALSE(table);
  return table ? Error(Code::invalid, "it was read") : table.error();
}

TEST(HostileVotable, APageOfHtmlIsNamed) {
  for (const char* page : {"<!DOCTYPE html>\n<HTML lang=en><head><meta charset=utf-8><TITLE>Please\n log in</TITLE>",
                           "<html><head><title>Please  log in</title></head><body>", "\n<html><title>Please  log in"}) {
    const Error error = error_of(page);
    EXPECT_EQ(error.code(), Code::corrupt);
    EXPECT_THAT(error.what(), HasSubstr("HTML"));
    EXPECT_THAT(error.what(), HasSubstr("Please  log in"));
  }
}

TEST(HostileVotable, WhatIsNotAVotableIsShown) {
  EXPECT_THAT(error_of("{\"error\": \"no\"}").what(), HasSubstr("{\"error\": \"no\"}"));
  EXPECT_THAT(error_of("UsageError: bad POS\n").what(), HasSubstr("UsageError: bad POS"));
  EXPECT_THAT(error_of("<?xml version='1.0'?><uws:job xmlns:uws='x'/>").what(), HasSubstr("uws:job"));
  EXPECT_THAT(error_of("SIMPLE  =                    T").what(), HasSubstr("SIMPLE"));
  EXPECT_THAT(error_of("").what(), HasSubstr("empty"));
  EXPECT_THAT(error_of("   \n").what(), HasSubstr("empty"));
}

TEST(HostileVotable, RowsThatAreNotUnderstoodAreNoEmptyAnswer) {
  const std::string column = "<RESOURCE type='results'><TABLE><FIELD name='a' datatype='int'/>";
  const std::string end = "</TABLE></RESOURCE>";
  const std::string row = "<TR><TD>1</TD></TR>";
  for (const std::string& data :
       {"<DATA>" + row + "</DATA>", "<DATA><PARQUET>" + row + "</PARQUET></DATA>",
        "<DATA><BINARY>" + row + "</BINARY></DATA>", std::string("<DATA><BINARY></BINARY></DATA>"),
        std::string("<DATA><TABLEDATA><tr><td>1</td></tr></TABLEDATA></DATA>"),
        std::string("<DATA><TABLEDATA><TD>1</TD></TABLEDATA></DATA>"),
        "<DATA><TABLEDATA><ROWS>" + row + "</ROWS></TABLEDATA></DATA>"}) {
    SCOPED_TRACE(data);
    EXPECT_THAT(error_of(document(column + data + end)).what(), HasSubstr("rows"));
  }
  const std::string late = "<RESOURCE type='results'><TABLE><DATA><TABLEDATA>" + row +
                           "</TABLEDATA></DATA><FIELD name='a' datatype='int'/>" + end;
  EXPECT_THAT(error_of(document(late)).what(), HasSubstr("without columns"));
  // What lies between rows that are read is said.
  const Table table =
      test::read(document(column + "<DATA><TABLEDATA>" + row + "<tr/>" + row + "</TABLEDATA></DATA>" + end));
  EXPECT_EQ(table.size(), 2u);
  ASSERT_EQ(table.meta.oddities.size(), 1u);
  EXPECT_THAT(table.meta.oddities[0], HasSubstr("<tr>"));
  // And these are empty answers.
  for (const char* data :
       {"<DATA><TABLEDATA/></DATA>", "<DATA><TABLEDATA></TABLEDATA></DATA>", "<DATA/>", "",
        "<DATA><BINARY><STREAM encoding='base64'></STREAM></BINARY><INFO name='x' value='y'/></DATA>",
        "<DATA><BINARY2/></DATA>"}) {
    SCOPED_TRACE(data);
    EXPECT_EQ(test::read(document(column + data + end)).size(), 0u);
  }
}

TEST(HostileVotable, AnAnswerThatGoesOnWithoutRowsIsEnded) {
  const std::string begun = "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA><TABLEDATA>";
  for (const std::string& endless : {std::string(1'000'000, ' '), "<!--" + std::string(1'000'000, 'x') + "-->"}) {
    VotableReader reader([](const TableMeta&) { return Result<void>(); }, [](const Row&) { return Result<void>(); },
                         {});
    ASSERT_TRUE(reader.feed(as_bytes(begun)));
    Result<void> fed;
    int times = 0;
    while (fed && ++times < 1000) fed = reader.feed(as_bytes(endless));
    ASSERT_FALSE(fed) << "a gigabyte was read";
    EXPECT_EQ(fed.error().code(), Code::too_large);
  }
}

TEST(HostileVotable, DepthIsBoundedBeforeAnyTreeIsBuilt) {
  const std::string deep = repeated("<RESOURCE>", 1'000'000);
  const Error error = error_of("<VOTABLE>" + deep);
  EXPECT_EQ(error.code(), Code::too_large);
  EXPECT_THAT(error.what(), HasSubstr("deeper than 64"));
  EXPECT_EQ(error_of(one_column("datatype='int'/>", "<TR><TD>" + repeated("<a>", 1000))).code(), Code::too_large);
}

TEST(HostileVotable, EntitiesAreNeverExpanded) {
  const std::string laughs =
      "<?xml version='1.0'?><!DOCTYPE VOTABLE [<!ENTITY a \"aaaaaaaa>\"><!-- don't ]> --><!ENTITY b \"&a;&a;&a;\">]>"
      "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='char' arraysize='*'/><DATA><TABLEDATA><TR><TD>&b;</TD></TR>"
      "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
  EXPECT_EQ(test::read(laughs).text(0, "a"), "&b;");
}

TEST(HostileVotable, LimitsHold) {
  const std::string table =
      one_column("datatype='char' arraysize='*'/>", "<TR><TD>" + std::string(5000, 'x') + "</TD></TR>");
  EXPECT_EQ(limited(table, {.document_bytes = 1000}).code(), Code::too_large);
  EXPECT_EQ(limited(table, {.metadata_bytes = 100}).code(), Code::too_large);
  EXPECT_EQ(limited(table, {.row_bytes = 1000}).code(), Code::too_large);
  EXPECT_EQ(limited(table, {.depth = 3}).code(), Code::too_large);
  EXPECT_EQ(limited(one_column("datatype='int'/><FIELD name='b'/>", "<TR><TD/><TD/></TR>"), {.fields = 1}).code(),
            Code::too_large);
  EXPECT_EQ(limited(test::gzip(std::string(10'000'000, ' ')), {.document_bytes = 1'000'000}).code(), Code::too_large);
}

TEST(HostileVotable, ManySmallElementsCannotFillTheMemory) {
  EXPECT_EQ(error_of("<VOTABLE>" + repeated("<a/>", 2'000'000)).code(), Code::too_large);
  EXPECT_EQ(error_of("<VOTABLE><a " + repeated("a='' ", 700'000) + "/>").code(), Code::too_large);
  EXPECT_EQ(error_of(one_column("datatype='int'/>", "<TR>" + repeated("<TD/>", 1000))).code(), Code::corrupt);
  EXPECT_EQ(error_of(one_column("datatype='int'/>", "<TR><TD " + repeated("a='' ", 100'000) + ">")).code(),
            Code::corrupt);
}

TEST(HostileVotable, BrokenXmlIsCorrupt) {
  for (const char* body : {"<RESOURCE></TABLE>", "<RESOURCE", "<>", "< a>", "<a b=c/>", "<a b='<c>' d/>",
                           "<RESOURCE></RESOURCE", "<a <b>>", "</VOTABLE><VOTABLE>",
                           "</VOTABLE>Stack trace:", "<!BAD x>", "<![CDATA[ open", "<!-- open", "<?open", "<a/b>"}) {
    EXPECT_EQ(error_of("<VOTABLE>" + std::string(body) + "</VOTABLE>").code(), Code::corrupt) << body;
  }
}

TEST(HostileVotable, RowsThatDoNotFitTheirColumnsAreRefused) {
  EXPECT_THAT(error_of(one_column("datatype='int'/>", "<TR><TD>1</TD></TR><TR><TD>1</TD><TD>2</TD></TR>")).what(),
              HasSubstr("row 2 has 2 cells for 1 columns"));
  EXPECT_EQ(error_of(one_column("datatype='int'/>", "<TR></TR>")).code(), Code::corrupt);
  EXPECT_EQ(error_of(one_column("datatype='int'/>", "<TR/>")).code(), Code::corrupt);
}

TEST(HostileVotable, BinaryStreamsAreCounted) {
  const std::string minus = "\xff\xff\xff\xff", huge = "\x7f\xff\xff\xff";
  EXPECT_THAT(error_of(binary("datatype='char' arraysize='*'", minus)).what(), HasSubstr("negative"));
  EXPECT_EQ(error_of(binary("datatype='double' arraysize='*'", huge)).code(), Code::too_large);
  EXPECT_EQ(error_of(binary("datatype='bit' arraysize='*'", huge)).code(), Code::too_large);
  EXPECT_EQ(error_of(binary("datatype='char' arraysize='1x*'", huge)).code(), Code::too_large);
  EXPECT_EQ(error_of(binary("datatype='int' arraysize='4294967296x4294967296'", "xx")).code(), Code::too_large);
  EXPECT_EQ(error_of(binary("datatype='char' arraysize='0'", "xx")).code(), Code::corrupt);
  EXPECT_THAT(error_of(binary("datatype='int'", "12345")).what(), HasSubstr("middle of row 2"));
  EXPECT_EQ(error_of(binary("datatype='secret'", "1234")).code(), Code::unsupported);
}

TEST(HostileVotable, Base64IsChecked) {
  for (const char* wrong : {"AAAA!", "AA=A", "A", "AAAAA===", "=", "AAAA&lt;", "AAAA&"}) {
    const std::string text =
        "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='unsignedByte'/><DATA><BINARY>"
        "<STREAM encoding='base64'>" +
        std::string(wrong) + "</STREAM></BINARY></DATA></TABLE></RESOURCE></VOTABLE>";
    EXPECT_EQ(error_of(text).code(), Code::corrupt) << wrong;
  }
  EXPECT_EQ(
      test::read("<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='unsignedByte'/><DATA><BINARY>"
                 "<STREAM encoding='base64'>AA&#13;\nEC<![CDATA[Aw==]]></STREAM></BINARY></DATA></TABLE></RESOURCE>"
                 "</VOTABLE>")
          .size(),
      4u);
}

TEST(HostileVotable, WhatWeDoNotReadSaysSo) {
  EXPECT_EQ(error_of(binary("datatype='int'", "", "href='http://x/data'")).code(), Code::unsupported);
  EXPECT_EQ(error_of(binary("datatype='int'", "", "encoding='gzip'")).code(), Code::unsupported);
  const Error fits =
      error_of(document("<RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA><FITS><STREAM/></FITS>"));
  EXPECT_EQ(fits.code(), Code::unsupported);
  EXPECT_THAT(fits.what(), HasSubstr("FITS"));
  EXPECT_EQ(error_of("<?xml version='1.0' encoding='EBCDIC'?><VOTABLE/>").code(), Code::unsupported);
  EXPECT_EQ(error_of(one_column("datatype='int'/>", "<TR><TD encoding='base64'>AA==</TD></TR>")).code(),
            Code::unsupported);
}

TEST(HostileVotable, ChangedBytesNeverCrash) {
  for (unsigned seed : skymount::test::seeds(300)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const Table table = test::random_table(seed % 5 + 1, 2, true, 10);
    std::string text = seed % 3 == 0 ? test::as_tabledata(table) : test::as_binary(table, seed % 3 == 1);
    for (unsigned i = 0; i < 1 + random() % 4; ++i) text[random() % text.size()] = "<>/&\"'=\0 x\xff"[random() % 11];
    const Result<Table> read = read_votable(as_bytes(text));
    if (read) {
      EXPECT_TRUE(Table::unpack(read->pack()));
    }
  }
}

TEST(HostileVotable, AnErrorStays) {
  VotableReader reader([](const TableMeta&) { return Result<void>(); }, [](const Row&) { return Result<void>(); });
  EXPECT_FALSE(reader.feed(as_bytes("<VOTABLE></RESOURCE>")));
  EXPECT_FALSE(reader.feed(as_bytes("<VOTABLE/>")));
  EXPECT_FALSE(reader.finish());
}

}  // namespace
}  // namespace skymount::vo
