// SPDX-License-Identifier: MIT
//
// Cells as real services write them: every datatype, every way of saying "nothing here", every kind of character.
#include "tests/votable/documents.h"
#include "vo/votable/binary.h"

#include <gmock/gmock.h>

#include <cmath>

namespace skymount::vo {
namespace {

using test::base64;
using test::document;
using test::one_column;
using test::read;

/// The value of one TD under `field` (attributes and what is inside the FIELD).
Value cell(const std::string& field, const std::string& td) {
  const Table t = read(one_column(field, "<TR><TD>" + td + "</TD></TR>"));
  return t.size() == 1 ? t.cell(0, "a") : Value(std::string("no row"));
}

Value typed(const std::string& attributes, const std::string& td) {
  return cell(attributes + "/>", td);
}

Value with_null(const std::string& type, const std::string& null, const std::string& td) {
  return cell("datatype=\"" + type + "\"><VALUES null=\"" + null + "\"/></FIELD>", td);
}

Table binary(const std::string& fields, const std::string& bytes, bool flags = false) {
  const std::string element = flags ? "BINARY2" : "BINARY";
  return read(document("<RESOURCE><TABLE>" + fields + "<DATA><" + element + "><STREAM encoding=\"base64\">" +
                       base64(bytes) + "</STREAM></" + element + "></DATA></TABLE></RESOURCE>"));
}

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int b : list) out += static_cast<char>(b);
  return out;
}

const Value kNull;
using Ints = std::vector<std::int64_t>;
using Reals = std::vector<double>;
using Texts = std::vector<std::string>;

TEST(VotableCells, LongsAreExact) {
  EXPECT_EQ(typed("datatype='long'", "9223372036854775807"), Value(std::int64_t{9223372036854775807}));
  EXPECT_EQ(typed("datatype='long'", "-9007199254740993"), Value(std::int64_t{-9007199254740993}));
}

TEST(VotableCells, NumbersInAllTheirSpellings) {
  EXPECT_EQ(typed("datatype='int'", " +12 "), Value(std::int64_t{12}));
  EXPECT_EQ(typed("datatype='unsignedByte'", "0xff"), Value(std::int64_t{255}));
  EXPECT_EQ(typed("datatype='int'", "12.0"), Value(std::int64_t{12}));
  EXPECT_EQ(typed("datatype='double'", "+Inf"), Value(INFINITY));
  EXPECT_EQ(typed("datatype='double'", "-infinity"), Value(-INFINITY));
  EXPECT_EQ(typed("datatype='double'", "1E-400"), Value(0.0));
  EXPECT_EQ(typed("datatype='float'", "0.1"), Value(0.1));
  EXPECT_EQ(typed("datatype='DOUBLE'", "2"), Value(2.0));
  EXPECT_EQ(typed("datatype='floatComplex'", "1 -2"), Value(Reals{1, -2}));
}

TEST(VotableCells, WhatIsNoNumberIsNull) {
  for (const char* nothing : {"", " ", "null", "NaN", "nan", "[0. 0.]", "1 2 x", "0x", "+-1", "--"}) {
    EXPECT_EQ(typed("datatype='int'", nothing), kNull) << nothing;
    EXPECT_EQ(typed("datatype='double'", nothing), kNull) << nothing;
  }
  EXPECT_EQ(typed("datatype='int'", "99999999999999999999"), kNull);
  EXPECT_EQ(typed("datatype='boolean'", "?"), kNull);
}

TEST(VotableCells, TheFieldsOwnNullIsHonoured) {
  EXPECT_EQ(with_null("long", "-1", "-1"), kNull);
  EXPECT_EQ(with_null("long", "0xFF", "255"), kNull);
  EXPECT_EQ(with_null("double", "-999", "-999.0"), kNull);
  EXPECT_EQ(with_null("double", "NaN", "1.5"), Value(1.5));
  EXPECT_EQ(with_null("int", "nonsense", "0"), Value(std::int64_t{0}));
  EXPECT_EQ(cell("datatype='char' arraysize='*'><VALUES null='N/A'/></FIELD>", "N/A"), kNull);
  EXPECT_EQ(cell("datatype='int' arraysize='*'><VALUES null='-1'/></FIELD>", "-1 -1"), kNull);
  EXPECT_EQ(cell("datatype='double' arraysize='*'><VALUES null='-1'/></FIELD>", "-1 -1"), kNull);
}

TEST(VotableCells, BooleansAndBits) {
  for (const char* yes : {"T", "t", "1", "true", "TRUE"})
    EXPECT_EQ(typed("datatype='boolean'", yes), Value(true)) << yes;
  for (const char* no : {"F", "f", "0", "False"}) EXPECT_EQ(typed("datatype='boolean'", no), Value(false)) << no;
  EXPECT_EQ(typed("datatype='boolean' arraysize='4'", "T F ? 1"), Value(Ints{1, 0, -1, 1}));
  EXPECT_EQ(typed("datatype='boolean' arraysize='*'", "TFF"), Value(Ints{1, 0, 0}));
  EXPECT_EQ(typed("datatype='bit' arraysize='*'", "01 01\n1"), Value(Ints{0, 1, 0, 1, 1}));
  EXPECT_EQ(typed("datatype='bit'", "1"), Value(std::int64_t{1}));
}

TEST(VotableCells, ArraysOfAllShapes) {
  EXPECT_EQ(typed("datatype='double' arraysize='2x*'", "1 2\n3,4"), Value(Reals{1, 2, 3, 4}));
  EXPECT_EQ(typed("datatype='int' arraysize='1'", "5"), Value(std::int64_t{5}));
  EXPECT_EQ(typed("datatype='char' arraysize='3x2'", "ab cde"), Value(Texts{"ab", "cde"}));
  EXPECT_EQ(typed("datatype='char' arraysize='3x*'", "abcdéfg"), Value(Texts{"abc", "déf", "g"}));
  EXPECT_EQ(typed("datatype='char' arraysize='m'", "anything"), Value(std::string("anything")));
  EXPECT_EQ(typed("datatype='char' arraysize='3'", "longer"), Value(std::string("longer")));
  EXPECT_EQ(typed("datatype='string'", "alias"), Value(std::string("alias")));
  EXPECT_EQ(typed("datatype='unsignedInt'", "7"), Value(std::string("7")));
}

TEST(VotableCells, TextKeepsWhatItIsAndLatin1IsUnderstood) {
  const std::string any = "datatype='char' arraysize='*'";
  EXPECT_EQ(typed(any, "a &lt;b&gt; &amp;amp; &quot;&apos; &#65;&#x42; &nbsp;"),
            Value(std::string("a <b> &amp; \"' AB &nbsp;")));
  EXPECT_EQ(typed(any, "<![CDATA[<a & b>]]>"), Value(std::string("<a & b>")));
  EXPECT_EQ(typed(any, "x<![CDATA[]]]]>y<!-- gone --> z"), Value(std::string("x]]y z")));
  EXPECT_EQ(typed(any, "caf\xe9"), Value(std::string("caf\u00e9")));
  EXPECT_EQ(typed(any, "two\r\nlines"), Value(std::string("two\nlines")));
  EXPECT_EQ(typed(any, std::string("nul\0byte \x01", 10)), Value(std::string("nul\0byte \x01", 10)));
  EXPECT_EQ(typed(any, std::string("<![CDATA[n\0l]]>", 15)), Value(std::string("n\0l", 3)));
  EXPECT_EQ(typed(any, " kept "), Value(std::string(" kept ")));
  EXPECT_EQ(typed(any, "<?pi ?>  "), kNull);
}

TEST(VotableCells, BinaryNullsHaveNoFlagInBinaryAndOneInBinary2) {
  const std::string fields = "<FIELD name='i' datatype='int'/><FIELD name='s' datatype='char' arraysize='*'/>";
  const Table flagged = binary(fields, bytes({0x80, 0, 0, 0, 9, 0, 0, 0, 1, 'x', 0x40, 0, 0, 0, 7, 0, 0, 0, 0}), true);
  ASSERT_EQ(flagged.size(), 2u);
  EXPECT_EQ(flagged.cell(0, "i"), kNull);
  EXPECT_EQ(flagged.text(0, "s"), "x");
  EXPECT_EQ(flagged.cell(1, "i"), Value(std::int64_t{7}));
  EXPECT_EQ(flagged.cell(1, "s"), kNull);
}

TEST(VotableCells, BinaryCountsItemsOrSlices) {
  const std::string field = "<FIELD name='a' datatype='unsignedByte' arraysize='3x*'/>";
  EXPECT_EQ(binary(field, bytes({0, 0, 0, 6, 1, 2, 3, 4, 5, 6})).cell(0, "a"), Value(Ints{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(binary(field, bytes({0, 0, 0, 2, 1, 2, 3, 4, 5, 6})).cell(0, "a"), Value(Ints{1, 2, 3, 4, 5, 6}));
}

TEST(VotableCells, BinaryOddities) {
  EXPECT_EQ(binary("<FIELD name='a' datatype='bit'/>", bytes({0x08})).cell(0, "a"), Value(std::int64_t{1}));
  EXPECT_EQ(binary("<FIELD name='a' datatype='bit' arraysize='*'/>", bytes({0, 0, 0, 9, 0x81, 0x80})).cell(0, "a"),
            Value(Ints{1, 0, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(binary("<FIELD name='a' datatype='char' arraysize='6'/>", bytes({'a', 'b', 0, 'x', 'y', 'z'})).text(0, "a"),
            "ab");
  EXPECT_EQ(binary("<FIELD name='a' datatype='unicodeChar' arraysize='*'/>",
                   bytes({0, 0, 0, 3, 0, 'a', 0xd8, 0x3d, 0xde, 0x00}))
                .text(0, "a"),
            "a\U0001F600");
  EXPECT_EQ(binary("<FIELD name='a' datatype='char' arraysize='*'/>", bytes({0, 0, 0, 2, 0xe9, 'x'})).text(0, "a"),
            "\u00e9x");
  EXPECT_EQ(binary("<FIELD name='a' datatype='float'/>", bytes({0x3d, 0xcc, 0xcc, 0xcd})).text(0, "a"), "0.1");
  EXPECT_EQ(binary("<FIELD name='a' datatype='double'/>", bytes({255, 255, 255, 255, 255, 255, 255, 255})).cell(0, "a"),
            kNull);
}

TEST(VotableCells, ValuesAsPeopleWriteThem) {
  EXPECT_EQ(to_text(Value(1e8)), "100000000");
  EXPECT_EQ(to_text(Value(156.01)), "156.01");
  EXPECT_EQ(to_text(Value(4.05e-7)), "4.05e-07");
  EXPECT_EQ(to_text(Value(-INFINITY)), "-Inf");
  EXPECT_EQ(to_text(Value(Reals{1, 0.5})), "1 0.5");
  EXPECT_EQ(to_text(Value(true)), "true");
  EXPECT_EQ(to_text(kNull), "");
  EXPECT_EQ(to_number(Value(std::string(" 12.5 "))), 12.5);
  EXPECT_EQ(to_number(Value(std::string("12.5 m"))), std::nullopt);
  EXPECT_EQ(to_number(kNull), std::nullopt);
}

TEST(VotableArraySize, EveryForm) {
  const auto form = [](const char* text) {
    const ArraySize s = ArraySize::parse(text);
    return std::tuple(s.fixed, s.variable, s.limit);
  };
  using Axes = std::vector<std::uint64_t>;
  EXPECT_EQ(form(""), std::tuple(Axes{}, false, 0u));
  EXPECT_EQ(form("1"), std::tuple(Axes{}, false, 0u));
  EXPECT_EQ(form("5"), std::tuple(Axes{5}, false, 0u));
  EXPECT_EQ(form("*"), std::tuple(Axes{}, true, 0u));
  EXPECT_EQ(form("8*"), std::tuple(Axes{}, true, 8u));
  EXPECT_EQ(form("2x3"), std::tuple(Axes{2, 3}, false, 0u));
  EXPECT_EQ(form("10x*"), std::tuple(Axes{10}, true, 0u));
  EXPECT_EQ(form("10x5*s,"), std::tuple(Axes{10}, true, 5u));
  for (const char* nonsense : {"m", "x", "2x", "-1", "*x3", "99999999999999999999", "1.5"}) {
    EXPECT_EQ(form(nonsense), std::tuple(Axes{}, true, 0u)) << nonsense;
  }
  EXPECT_EQ(ArraySize::parse("4294967296x4294967296").elements(), std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace skymount::vo
