// SPDX-License-Identifier: MIT
//
// What a VOTable document says is what the reader says: structure, statuses, selection of the result, services.
#include "tests/votable/documents.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace skymount::vo {
namespace {

using test::document;
using test::error_of;
using test::one_column;
using test::read;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = QueryStatus::Kind;

/// A TABLE with one int column `name` and one row.
std::string table(const std::string& name, int value, const std::string& attributes = "") {
  return "<TABLE " + attributes + "><FIELD name=\"" + name + "\" datatype=\"int\"/><DATA><TABLEDATA><TR><TD>" +
         std::to_string(value) + "</TD></TR></TABLEDATA></DATA></TABLE>";
}

TEST(VotableReader, ReadsALinksAnswer) {
  const Table t = read(document(
      "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/>"
      "<TABLE><FIELD name=\"ID\" datatype=\"char\" arraysize=\"*\"/><FIELD name=\"content_length\" datatype=\"long\">"
      "<VALUES null=\"-1\"/></FIELD><DATA><TABLEDATA>\n"
      "<TR><TD>ivo://x/d1</TD><TD>1037645824</TD></TR>\n<TR><TD>ivo://x/d&amp;2&#x263A;</TD><TD>-1</TD></TR>"
      "<TR><TD/><TD/></TR></TABLEDATA></DATA></TABLE></RESOURCE>"));
  ASSERT_EQ(t.size(), 3u);
  EXPECT_EQ(t.meta.status.kind, Kind::ok);
  EXPECT_EQ(t.text(0, "id"), "ivo://x/d1");
  EXPECT_EQ(t.cell(0, "content_length"), Value(std::int64_t{1037645824}));
  EXPECT_EQ(t.text(1, "ID"), "ivo://x/d&2\u263A");
  EXPECT_TRUE(is_null(t.cell(1, "content_length")));
  EXPECT_TRUE(is_null(t.cell(2, "ID")));
  EXPECT_EQ(t.meta.row_count, 3u);
}

TEST(VotableReader, TheLastQueryStatusWins) {
  const auto with = [](const std::string& before, const std::string& after, const std::string& last) {
    return read(document(before + "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/>" +
                         table("a", 1) + after + "</RESOURCE>" + last))
        .meta.status;
  };
  EXPECT_EQ(with("", "", "").kind, Kind::ok);
  const QueryStatus overflow = with("", "<INFO name=\"query_status\" value=\" overflow\">limit reached</INFO>", "");
  EXPECT_EQ(overflow.kind, Kind::overflow);
  EXPECT_EQ(overflow.message, "limit reached");
  EXPECT_EQ(with("<INFO name=\"QUERY_STATUS\" value=\"ERROR\"/>", "", "").kind, Kind::ok);
  EXPECT_EQ(with("", "", "<INFO name=\"QUERY_STATUS\" value=\"ERROR\">late</INFO>").kind, Kind::error);
}

TEST(VotableReader, AnErrorDocumentIsReadAndItsRowsAreNot) {
  const Table t =
      read("<VOTABLE><RESOURCE type='results'><INFO name='QUERY_STATUS' value='ERROR'>no such table</INFO>" +
           table("a", 1) + "</RESOURCE></VOTABLE>");
  EXPECT_EQ(t.meta.status.kind, Kind::error);
  EXPECT_EQ(t.meta.status.message, "no such table");
  EXPECT_EQ(t.size(), 0u);

  const Table bare = read(
      "<!-- by hand --><?xml-stylesheet href='x'?><VOTABLE version='1.1'><RESOURCE type='results'>"
      "<INFO name='QUERY_STATUS' value='ERROR'><![CDATA[1 < 2]]></INFO></RESOURCE></VOTABLE>");
  EXPECT_EQ(bare.meta.status.message, "1 < 2");
  EXPECT_FALSE(bare.meta.has_table);
}

TEST(VotableReader, ConeSearchErrorsAreErrorsWhereverTheyStand) {
  for (const char* body :
       {"<INFO ID='Error' name='Error' value='bad SR'/>", "<RESOURCE><INFO name='error' value='bad SR'/></RESOURCE>",
        "<RESOURCE><PARAM ID='Error' name='x' datatype='char' arraysize='*' value='bad SR'/></RESOURCE>",
        "<DEFINITIONS><PARAM name='Error' datatype='char' arraysize='*' value='bad SR'/></DEFINITIONS>"}) {
    const Table t = read(document(body));
    EXPECT_EQ(t.meta.status.kind, Kind::error) << body;
    EXPECT_EQ(t.meta.status.message, "bad SR") << body;
  }
}

TEST(VotableReader, PrefixesDefaultNamespacesOrNoneAreAllTheSame) {
  for (const std::string prefix : {"", "vot:", "ns1:"}) {
    const std::string declared =
        prefix.empty() ? ""
                       : " xmlns:" + prefix.substr(0, prefix.size() - 1) + "='http://www.ivoa.net/xml/VOTable/v1.2'";
    std::string text =
        "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA><TABLEDATA><TR><TD>7</TD></TR>"
        "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      out += text[i];
      if (text[i] == '/' && text[i - 1] == '<') out += prefix;
      if (text[i] == '<' && text[i + 1] != '/') out += prefix;
    }
    out.insert(out.find('>'), declared);
    EXPECT_EQ(read(out).text(0, "a"), "7") << out;
  }
  EXPECT_EQ(
      read("<VOTABLE xmlns='http://example.org/wrong'><RESOURCE>" + table("a", 7) + "</RESOURCE></VOTABLE>").size(),
      1u);
}

TEST(VotableReader, ForeignElementsArePassedOver) {
  const Table t = read(document(
      "<RESOURCE type='results'><VODML xmlns='http://www.ivoa.net/xml/mivot'><TEMPLATES><TABLE><FIELD name='no'/>"
      "<DATA><TABLEDATA><TR><TD>9</TD></TR></TABLEDATA></DATA></TABLE></TEMPLATES></VODML>"
      "<stc:AstroCoords xmlns:stc='http://www.ivoa.net/xml/STC'><stc:INFO name='QUERY_STATUS' "
      "value='ERROR'/></stc:AstroCoords>" +
      table("a", 1) + "</RESOURCE>"));
  EXPECT_EQ(t.meta.fields.size(), 1u);
  EXPECT_EQ(t.text(0, "a"), "1");
  EXPECT_EQ(t.meta.status.kind, Kind::absent);
}

TEST(VotableReader, TheResultIsNeverTheMetaTable) {
  const std::string meta = "<RESOURCE type='meta'>" + table("m", 1) + "</RESOURCE>";
  EXPECT_EQ(read(document(meta + "<RESOURCE type='results'>" + table("a", 2) + "</RESOURCE>")).text(0, "a"), "2");
  EXPECT_EQ(read(document(meta + "<RESOURCE>" + table("a", 2) + "</RESOURCE>")).text(0, "a"), "2");
  EXPECT_EQ(read(document("<RESOURCE type='meta'>" + meta + "<RESOURCE type='results'>" + table("a", 2) +
                          "</RESOURCE></RESOURCE>"))
                .text(0, "a"),
            "2");
  EXPECT_EQ(read(document("<RESOURCE><RESOURCE>" + table("a", 2) + "</RESOURCE></RESOURCE>" + meta)).text(0, "a"), "2");
  EXPECT_EQ(read(document(meta)).size(), 0u);
  EXPECT_FALSE(read(document(meta)).meta.has_table);
}

TEST(VotableReader, ATableOfParamsOnlyIsNotTheResult) {
  const std::string params =
      "<RESOURCE name='getDataMeta'><TABLE name='generationParameters'><PARAM name='p' "
      "datatype='int' value='1'/></TABLE></RESOURCE>";
  EXPECT_EQ(read(document("<RESOURCE>" + table("a", 2) + "</RESOURCE>" + params)).text(0, "a"), "2");
  EXPECT_EQ(read(document(params + "<RESOURCE>" + table("a", 2) + "</RESOURCE>")).text(0, "a"), "2");
}

TEST(VotableReader, OnlyTheFirstTablesRowsAreRead) {
  const Table t = read(document("<RESOURCE>" + table("a", 1, "name='first'") + table("b", 2) + "</RESOURCE><RESOURCE>" +
                                table("c", 3) + "</RESOURCE>"));
  EXPECT_EQ(t.size(), 1u);
  EXPECT_EQ(t.meta.table_name, "first");
  EXPECT_EQ(t.text(0, "a"), "1");
}

TEST(VotableReader, ATableWithoutDataIsAnEmptyResult) {
  for (const char* data : {"", "<DATA><TABLEDATA/></DATA>", "<DATA><TABLEDATA>\n</TABLEDATA></DATA>",
                           "<DATA><BINARY><STREAM encoding='base64'></STREAM></BINARY></DATA>", "<DATA/>"}) {
    const Table t = read(document("<RESOURCE type='results'><TABLE><FIELD name='a' datatype='int'/>" +
                                  std::string(data) + "</TABLE></RESOURCE><RESOURCE>" + table("b", 1) + "</RESOURCE>"));
    EXPECT_EQ(t.size(), 0u) << data;
    ASSERT_EQ(t.meta.fields.size(), 1u) << data;
    EXPECT_EQ(t.meta.fields[0].name, "a") << data;
    EXPECT_TRUE(t.meta.has_table) << data;
  }
}

TEST(VotableReader, ATableMayBorrowItsColumns) {
  const Table t =
      read(document("<RESOURCE><TABLE ID='pattern'><FIELD name='a' datatype='int'/></TABLE>"
                    "<TABLE ref='pattern'><DATA><TABLEDATA><TR><TD>5</TD></TR></TABLEDATA></DATA></TABLE>"
                    "</RESOURCE>"));
  EXPECT_EQ(t.text(0, "a"), "5");
}

TEST(VotableReader, ParamsInfosAndFieldsCarryAllTheirWords) {
  const Table t = read(document(
      "<INFO name='provider' value='x'>of the document</INFO>"
      "<RESOURCE type='results'><DESCRIPTION>outer</DESCRIPTION><PARAM name='wide' datatype='char' arraysize='*' "
      "value='r'/>"
      "<INFO name='placeholder' value='ignore'/><TABLE name='t'><DESCRIPTION> about\nit </DESCRIPTION>"
      "<PARAM name='ssa_fluxcalib' utype='ssa:Char.FluxAxis.Calibration' datatype='char' arraysize='*' value='RAW'/>"
      "<GROUP><PARAM name='grouped' datatype='int' value='3'/></GROUP>"
      "<FIELD ID='c1' name='Size' unit='kB' ucd='phys.size;meta.file' utype='obscore:access.estsize' xtype='x' ref='r' "
      "datatype='long' arraysize='1'><DESCRIPTION>estimate</DESCRIPTION><VALUES null='-1'><MIN value='0'/><MAX "
      "value='9'/>"
      "<OPTION name='n' value='v'><OPTION value='w'/></OPTION><OPTION>text</OPTION></VALUES></FIELD>"
      "<DATA><TABLEDATA/><INFO name='after' value='1'/></DATA></TABLE></RESOURCE>"));
  const TableMeta& meta = t.meta;
  ASSERT_EQ(meta.fields.size(), 1u);
  const Field& f = meta.fields[0];
  EXPECT_THAT(
      (std::vector<std::string>{f.id, f.name, f.unit, f.ucd, f.utype, f.xtype, f.ref, f.description, f.min, f.max}),
      ElementsAre("c1", "Size", "kB", "phys.size;meta.file", "obscore:access.estsize", "x", "r", "estimate", "0", "9"));
  EXPECT_EQ(f.null_text, "-1");
  ASSERT_EQ(f.options.size(), 3u);
  EXPECT_EQ(f.options[0].name + f.options[0].value + f.options[1].value + f.options[2].value, "nvwtext");
  EXPECT_EQ(meta.table_name, "t");
  EXPECT_EQ(meta.description, "about\nit");
  ASSERT_EQ(meta.params.size(), 3u);
  EXPECT_EQ(meta.params[0].value + meta.params[1].value + meta.params[2].value, "RAW3r");
  ASSERT_EQ(meta.infos.size(), 3u);
  EXPECT_EQ(meta.infos[0].text, "of the document");
  EXPECT_EQ(meta.infos[2].name, "after");
  EXPECT_EQ(meta.column("SIZE"), 0u);
  EXPECT_EQ(meta.column("C1"), 0u);
  EXPECT_EQ(meta.column(""), std::nullopt);
  EXPECT_EQ(meta.column_by_utype("OBSCORE:Access.EstSize"), 0u);
  EXPECT_EQ(meta.column_by_utype("access.estsize"), 0u);
  EXPECT_EQ(meta.column_by_ucd("PHYS.SIZE;meta.file"), 0u);
}

TEST(VotableReader, ServiceDescriptorsAreFoundAnywhere) {
  const Table t =
      read(document("<RESOURCE type='results'>" + table("a", 1) +
                    "<RESOURCE utype='ADHOC:SERVICE' ID='soda1' name='cutout'><DESCRIPTION>Cuts.</DESCRIPTION>"
                    "<GROUP ID='inputParams'><PARAM name='ID' datatype='char' arraysize='*' value='ivo://x/d1'/>"
                    "<GROUP><PARAM name='CIRCLE' datatype='double' arraysize='3' xtype='circle' value=''><VALUES>"
                    "<MAX value='10.0 20.0 0.5'/></VALUES></PARAM></GROUP>"
                    "<PARAM name='TOKEN' datatype='char' arraysize='*' value='' ref='tokcol'/></GROUP>"
                    "<PARAM name='accessURL' datatype='char' arraysize='*' value=' https://x/soda?a=1&amp;b=2 '/>"
                    "<PARAM name='standardid' datatype='char' arraysize='*' value='ivo://ivoa.net/std/SODA#sync-1.0'/>"
                    "<PARAM name='contentType' datatype='char' arraysize='*' value='image/fits'/></RESOURCE></RESOURCE>"
                    "<RESOURCE type='meta' utype='adhoc:service' ID='links'/>"));
  ASSERT_EQ(t.meta.services.size(), 2u);
  const ServiceDescriptor& s = t.meta.services[0];
  EXPECT_EQ(s.id + "|" + s.name + "|" + s.description + "|" + s.content_type, "soda1|cutout|Cuts.|image/fits");
  EXPECT_EQ(s.access_url, "https://x/soda?a=1&b=2");
  EXPECT_EQ(s.standard_id, "ivo://ivoa.net/std/SODA#sync-1.0");
  ASSERT_EQ(s.inputs.size(), 3u);
  EXPECT_EQ(s.inputs[0].value, "ivo://x/d1");
  EXPECT_EQ(s.inputs[1].max, "10.0 20.0 0.5");
  EXPECT_EQ(s.inputs[2].ref, "tokcol");
}

std::string utf16(const std::string& ascii, bool big_endian) {
  std::string out = big_endian ? "\xFE\xFF" : "\xFF\xFE";
  for (const char c : ascii) {
    if (big_endian) out += '\0';
    out += c;
    if (!big_endian) out += '\0';
  }
  return out;
}

TEST(VotableReader, EncodingsAndGzipAreUndone) {
  const std::string text = one_column("datatype='char' arraysize='*'/>", "<TR><TD>x</TD></TR>");
  for (const std::string& body :
       {text, "\xEF\xBB\xBF" + text, "\n" + text, utf16(text, true), utf16(text, false), test::gzip(text),
        test::gzip(text.substr(0, 50)) + test::gzip(text.substr(50)), test::gzip(text) + std::string(512, '\0')}) {
    EXPECT_EQ(read(body).text(0, "a"), "x");
  }
  std::string latin1 = one_column("datatype='char' arraysize='*'/>", "<TR><TD>caf\xe9 \xc3\xa9</TD></TR>");
  latin1.replace(0, latin1.find('\n'), "<?xml version='1.0' encoding='iso-8859-1'?>");
  EXPECT_EQ(read(latin1).text(0, "a"), "café Ã©");
}

TEST(VotableReader, RecognisesAVotableByItsHead) {
  const std::string text = one_column("datatype='int'/>", "");
  EXPECT_TRUE(looks_like_votable(as_bytes(text)));
  EXPECT_TRUE(looks_like_votable(as_bytes(test::gzip(text).substr(0, 150))));
  EXPECT_TRUE(looks_like_votable(as_bytes(utf16(text, false))));
  EXPECT_TRUE(looks_like_votable(as_bytes("<!DOCTYPE VOTABLE SYSTEM 'http://x/v.dtd'><!-- a --><v:VOTABLE>")));
  EXPECT_TRUE(looks_like_votable(as_bytes("<VOTABLE xmlns=\"http://www.ivoa.net/xml/VOT")));
  for (const char* other :
       {"", "<", "<html>VOTABLE xmlns</html>", "SIMPLE  = T", "{}", "<job>", "VOTABLE", "\x1f\x8b\x08"}) {
    EXPECT_FALSE(looks_like_votable(as_bytes(other))) << other;
  }
}

TEST(VotableReader, WhatACallbackReturnsIsReturned) {
  const std::string text = one_column("datatype='int'/>", "<TR><TD>1</TD></TR><TR><TD>2</TD></TR>");
  int rows = 0;
  VotableReader reader([](const TableMeta&) { return Result<void>(); },
                       [&](const Row&) -> Result<void> {
                         ++rows;
                         return fail(Code::cancelled, "enough");
                       });
  const Result<void> fed = reader.feed(as_bytes(text));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code(), Code::cancelled);
  EXPECT_EQ(rows, 1);
}

TEST(VotableReader, ColumnsAreKnownBeforeTheFirstRow) {
  std::vector<std::string> story;
  VotableReader reader(
      [&](const TableMeta& meta) {
        story.push_back("meta " + std::to_string(meta.fields.size()) + (meta.status.kind == Kind::ok ? " OK" : " ?"));
        return Result<void>();
      },
      [&](const Row& row) {
        story.push_back("row " + to_text(row[0]));
        return Result<void>();
      });
  EXPECT_TRUE(reader.feed(as_bytes(document("<RESOURCE><INFO name='QUERY_STATUS' value='OK'/>" + table("a", 1) +
                                            "<INFO name='QUERY_STATUS' value='OVERFLOW'/></RESOURCE>"))));
  const Result<TableMeta> meta = reader.finish();
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->status.kind, Kind::overflow);
  EXPECT_THAT(story, ElementsAre("meta 1 OK", "row 1"));
}

}  // namespace
}  // namespace skymount::vo
