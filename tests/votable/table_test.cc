// SPDX-License-Identifier: MIT
//
// Tables in memory, in the cache, and as files for people.
#include "tests/support/random.h"
#include "tests/votable/documents.h"
#include "vo/votable/datatype.h"
#include "vo/votable/writer.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using ::testing::HasSubstr;

Field column(const std::string& name, const std::string& datatype, const std::string& arraysize = "",
             const std::string& unit = "", const std::string& ucd = "", const std::string& xtype = "") {
  Field f;
  f.name = name;
  f.datatype_text = datatype;
  f.arraysize_text = arraysize;
  f.unit = unit;
  f.ucd = ucd;
  f.xtype = xtype;
  settle_type(f);
  return f;
}

TEST(VotableTable, CellsAndRowsAgree) {
  for (unsigned seed : skymount::test::seeds(5)) {
    SCOPED_TRACE(seed);
    const Table t = test::random_table(seed, 10, false);
    for (std::size_t i = 0; i < t.size(); ++i) {
      const Row row = t.row(i);
      ASSERT_EQ(row.size(), t.meta.fields.size());
      for (std::size_t c = 0; c < row.size(); ++c) EXPECT_EQ(to_text(t.cell(i, std::optional(c))), to_text(row[c]));
    }
    EXPECT_TRUE(is_null(t.cell(t.size(), std::optional<std::size_t>(0))));
    EXPECT_TRUE(is_null(t.cell(0, std::optional(t.meta.fields.size()))));
    EXPECT_TRUE(is_null(t.cell(0, "no such column")));
    EXPECT_TRUE(t.row(t.size()).empty());
  }
}

TEST(VotableTable, PacksAndUnpacksToTheSameTable) {
  for (unsigned seed : skymount::test::seeds(5)) {
    SCOPED_TRACE(seed);
    Table t = test::random_table(seed, 10, false);
    t.meta.status = {QueryStatus::Kind::overflow, "more there"};
    t.meta.infos = {{"i", "n", "v", "t"}};
    t.meta.services = {{"s", "n", "d", "std", "url", "rid", "ct", {column("ID", "char", "*")}}};
    t.meta.params = {column("p", "double")};
    t.meta.fields[0].options = {{"a", "b"}};
    const auto back = Table::unpack(t.pack());
    ASSERT_TRUE(back) << back.error().what();
    EXPECT_EQ(test::first_difference(t, *back), "");
    EXPECT_EQ(back->pack(), t.pack());
    EXPECT_EQ(back->meta.status.message, "more there");
    EXPECT_EQ(back->meta.services[0].inputs[0].name, "ID");
  }
}

TEST(VotableTable, DamagedBytesAreRefusedOrHarmless) {
  const Table t = test::random_table(1, 3, false, 20);
  const Bytes packed = t.pack();
  for (std::size_t n = 0; n < packed.size(); ++n) EXPECT_FALSE(Table::unpack(ByteView(packed).first(n))) << n;
  for (unsigned seed : skymount::test::seeds(2000)) {
    std::mt19937 random(seed);
    Bytes damaged = packed;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    const auto back = Table::unpack(damaged);
    if (!back) continue;
    for (std::size_t i = 0; i < back->size(); ++i) EXPECT_LE(back->row(i).size(), back->meta.fields.size());
  }
}

TEST(VotableTable, SixtyFiveThousandObsCoreRowsStaySmall) {
  Table t;
  for (int i = 0; i < 30; ++i)
    t.meta.fields.push_back(column("c" + std::to_string(i), i % 2 ? "double" : "char", i % 2 ? "" : "*"));
  Row row;
  for (int i = 0; i < 30; ++i) row.push_back(i % 2 ? Value(1.5 * i) : Value(std::string(20, 'x')));
  for (int i = 0; i < 1000; ++i) t.append(row);
  EXPECT_LT(t.pack().size(), 1000u * 500u);  // 65,000 rows: 32 MB
}

TEST(VotableWriter, AWrittenTableKeepsItsStory) {
  const std::string text = test::document(
      "<INFO ID='x' name='query' value='a &lt; b &quot;c&quot;'>said\tso</INFO><RESOURCE type='results'>"
      "<TABLE name='t&amp;t'><DESCRIPTION>d &lt;e&gt;</DESCRIPTION><PARAM name='p' datatype='int' value=''/>"
      "<FIELD name='s' datatype='char' arraysize='*' ucd='meta.id'><VALUES null=''><OPTION value='1'/></VALUES></FIELD>"
      "<DATA><TABLEDATA><TR><TD> &lt;]]&gt; &#10;&#13;&#9;\u00e9 "
      "</TD></TR><TR><TD>&#32;</TD></TR></TABLEDATA></DATA></TABLE>"
      "<INFO name='QUERY_STATUS' value='OVERFLOW'>cut</INFO></RESOURCE><RESOURCE type='meta' utype='adhoc:service' "
      "ID='s'>"
      "<PARAM name='accessURL' datatype='char' arraysize='*' value='http://x/?a=1&amp;b'/><GROUP name='inputParams'>"
      "<PARAM name='ID' datatype='char' arraysize='*' value='' ref='s'/></GROUP></RESOURCE>");
  const Table t = test::read(text);
  EXPECT_EQ(t.text(0, "s"), " <]]> \n\r\t\u00e9 ");
  EXPECT_EQ(t.text(1, "s"), " ");
  EXPECT_EQ(test::read(write_votable(t)).pack(), t.pack());
  EXPECT_THAT(write_votable(t), HasSubstr("value=\"OVERFLOW\">cut<"));
}

TEST(VotableWriter, AnAnswerWithoutATableStaysOne) {
  const Table t = test::read(
      test::document("<RESOURCE type='results'><INFO name='QUERY_STATUS' value='ERROR'>no</INFO></RESOURCE>"));
  EXPECT_EQ(test::read(write_votable(t)).pack(), t.pack());
}

TEST(VotableWriter, ControlBytesDoNotBreakTheFileForOthers) {
  Table t;
  t.meta.has_table = true;
  t.meta.fields = {column("s", "char", "*")};
  t.append({Value(std::string("a\x01\x1b[31m"))});
  EXPECT_EQ(test::read(write_votable(t)).text(0, "s"), "a\uFFFD\uFFFD[31m");
}

TEST(Csv, QuotesWhatNeedsIt) {
  Table t;
  t.meta.fields = {column("a,b", "char", "*"), column("n", "long"), column("x", "double", "2")};
  t.append({Value(std::string("say \"hi\"\nthere")), Value(std::int64_t{-5}), Value(std::vector<double>{1, 2.5})});
  t.append({Value(), Value(), Value()});
  t.append({Value(std::string(" pad")), Value(std::int64_t{9223372036854775807}), Value()});
  EXPECT_EQ(write_csv(t), "\"a,b\",n,x\n\"say \"\"hi\"\"\nthere\",-5,1 2.5\n,,\n\" pad\",9223372036854775807,\n");
}

TEST(Csv, DatesStandLastAndOnlyForDates) {
  Table t;
  t.meta.fields = {column("t_min", "double"),
                   column("id", "char", "*"),
                   column("epoch_MJD", "double", "", "d", "time.epoch"),
                   column("long_ago", "float", "", "", "", "mjd"),
                   column("period", "double", "", "d", "time.period"),
                   column("t_exptime", "double", "", "s", "time.duration;obs.exposure")};
  t.append(
      {Value(11490.5), Value(std::string("x")), Value(60000.123456789), Value(-678941.0), Value(3.0), Value(60.0)});
  t.append({Value(36305.0), Value(), Value(2450000.5), Value(), Value(), Value()});
  t.append({Value(51544.99999999999), Value(), Value(40587.0), Value(59999.0), Value(), Value()});
  t.append({Value(2973484.0), Value(), Value(-1e300), Value(51603.0), Value(), Value()});
  EXPECT_EQ(write_csv(t),
            "t_min,id,epoch_MJD,long_ago,period,t_exptime,t_min_iso,epoch_MJD_iso,long_ago_iso\n"
            "11490.5,x,60000.123456789,-678941,3,60,1890-05-03T12:00:00,2023-02-25T02:57:46.667,0000-01-01T00:00:00\n"
            "36305,,2450000.5,,,,1958-04-12T00:00:00,,\n"
            "51544.99999999999,,40587,59999,,,2000-01-02T00:00:00,1970-01-01T00:00:00,2023-02-24T00:00:00\n"
            "2973484,,-1e+300,51603,,,,,2000-02-29T00:00:00\n");
}

TEST(Csv, DaysThatCountFromSomewhereElseAreNoDates) {
  Table t;
  t.meta.fields = {column("rel", "double", "", "d", "time.epoch"), column("bjd", "double", "", "d", "time.epoch"),
                   column("t_min", "double", "", "s", "time.start")};
  t.append({Value(12.5), Value(2459000.5), Value(60000.0)});
  EXPECT_EQ(write_csv(t), "rel,bjd,t_min\n12.5,2459000.5,60000\n");
}

}  // namespace
}  // namespace skymount::vo
