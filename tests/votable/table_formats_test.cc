// SPDX-License-Identifier: MIT
//
// Tables on their way to files: what went in piece by piece comes out the same, in each format, with nulls, units and
// UCDs where the format has a place for them.
#include "vo/votable/table_formats.h"
#include "vo/votable/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <cmath>
#include <cstring>

namespace skymount::vo {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Field field(const std::string& name, Datatype type, const std::string& text, const std::string& array = "",
            const std::string& unit = "", const std::string& ucd = "") {
  Field out;
  out.name = name;
  out.datatype = type;
  out.datatype_text = text;
  out.arraysize_text = array;
  out.arraysize = ArraySize::parse(array);
  out.unit = unit;
  out.ucd = ucd;
  return out;
}

TableMeta meta() {
  TableMeta out;
  out.has_table = true;
  out.table_name = "source";
  out.fields = {field("id", Datatype::int64, "long"),
                field("ra", Datatype::float64, "double", "", "deg", "pos.eq.ra;meta.main"),
                field("mag", Datatype::float32, "float", "", "mag"),
                field("flag", Datatype::short_int, "short"),
                field("name", Datatype::character, "char", "*"),
                field("good", Datatype::boolean, "boolean"),
                field("pair", Datatype::float64, "double", "2")};
  return out;
}

struct Kept {
  std::string bytes;
  TableFacts facts;
};

Kept keep(const TableMeta& meta, const std::vector<Row>& rows, const std::string& truncated = "") {
  Kept out;
  TableStreamWriter writer([&](ByteView bytes) -> Result<void> {
    out.bytes += as_text(bytes);
    return {};
  });
  writer.begin(meta);
  for (const Row& row : rows) EXPECT_TRUE(writer.add(row));
  EXPECT_TRUE(writer.finish(truncated));
  return out;
}

TableStreamReader reader(const std::string& bytes) {
  return {bytes.size(), [&bytes](std::uint64_t offset, std::uint64_t length) -> Result<Bytes> {
            if (offset + length > bytes.size()) return fail(Code::corrupt, "beyond the end");
            const ByteView view = as_bytes(std::string_view(bytes).substr(offset, length));
            return Bytes(view.begin(), view.end());
          }};
}

std::string written(const Kept& kept, std::string_view name) {
  TableStreamReader in = reader(kept.bytes);
  const TableFacts facts = in.facts().value();
  std::string out;
  EXPECT_TRUE(write_table(name, in, facts, {}, [&](ByteView bytes) -> Result<void> {
    out += as_text(bytes);
    return {};
  }));
  return out;
}

std::vector<Row> rows() {
  return {{std::int64_t{1}, 156.01, 12.5, std::int64_t{-32768}, std::string("a,b"), true, std::vector<double>{1, 2}},
          {Value(), Value(), Value(), Value(), Value(), Value(), Value()},
          {std::int64_t{3}, -0.25, 13.0, std::int64_t{7}, std::string("t\tü"), false, std::vector<double>{3, 4}}};
}

TEST(TableFormats, CsvAndTsvAreLinesOfText) {
  const Kept kept = keep(meta(), rows());
  EXPECT_EQ(
      written(kept, "csv"),
      "id,ra,mag,flag,name,good,pair\n1,156.01,12.5,-32768,\"a,b\",true,1 2\n,,,,,,\n3,-0.25,13,7,t\tü,false,3 4\n");
  EXPECT_EQ(
      written(kept, "tsv"),
      "id\tra\tmag\tflag\tname\tgood\tpair\n1\t156.01\t12.5\t-32768\ta,b\ttrue\t1 2\n\t\t\t\t\t\t\n3\t-0.25\t13\t7\tt "
      "ü\tfalse\t3 4\n");
  EXPECT_EQ(table_format("ods", {}), nullptr);
}

TEST(TableFormats, AVotableReadsBackToTheSameRows) {
  const Kept kept = keep(meta(), rows());
  const Result<Table> table = read_votable(as_bytes(written(kept, "vot")));
  ASSERT_TRUE(table) << table.error().what();
  ASSERT_EQ(table->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(table->row(i), rows()[i]) << i;
  EXPECT_EQ(table->meta.fields[1].unit, "deg");
}

TEST(TableFormats, ManyPiecesMakeOneFile) {
  std::vector<Row> many;
  for (std::int64_t i = 0; i < 45'000; ++i)
    many.push_back(
        {i, 0.5 * static_cast<double>(i), 1.0, i % 100, std::string("row"), true, std::vector<double>{0, 1}});
  const Kept kept = keep(meta(), many);
  const Result<Table> table = read_votable(as_bytes(written(kept, "vot")));
  ASSERT_TRUE(table) << table.error().what();
  EXPECT_EQ(table->size(), many.size());
  EXPECT_EQ(table->row(44'999), many.back());
  const std::string csv = written(kept, "csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 45'001);
  EXPECT_EQ(written(kept, "fits").size() % 2880, 0U);
}

TEST(TableFormats, FitsHasUnitsUcdsAndNulls) {
  const std::string fits = written(keep(meta(), rows()), "fits");
  ASSERT_EQ(fits.size() % 2880, 0U);
  const std::size_t data = fits.find("END", 2880) / 2880 * 2880 + 2880;
  const auto card = [&](const std::string& keyword) {
    for (std::size_t at = 2880; at < data; at += 80)
      if (fits.substr(at, 8) == (keyword + "        ").substr(0, 8)) return fits.substr(at, 80);
    return std::string("none");
  };
  EXPECT_THAT(card("TFORM1"), HasSubstr("'K       '"));
  EXPECT_THAT(card("TTYPE2"), HasSubstr("'ra      '           / pos.eq.ra;meta.main"));
  EXPECT_THAT(card("TUNIT2"), HasSubstr("'deg     '"));
  EXPECT_THAT(card("TFORM3"), HasSubstr("'E       '"));
  EXPECT_THAT(card("TFORM4"), HasSubstr("'I       '"));
  EXPECT_THAT(card("TNULL4"), HasSubstr(" 32767")) << "the smallest short is a value here";
  EXPECT_THAT(card("TFORM5"), HasSubstr("'4A      '"));
  EXPECT_THAT(card("TFORM6"), HasSubstr("'L       '"));
  EXPECT_THAT(card("TFORM7"), HasSubstr("'2D      '"));
  EXPECT_THAT(card("NAXIS2"), HasSubstr("                   3"));
  // The second row: null in each column.
  const std::size_t width = std::stoul(card("NAXIS1").substr(10, 20));
  const std::string row = fits.substr(data + width, width);
  std::int64_t id = 0;
  std::memcpy(&id, row.data(), 8);
  EXPECT_EQ(id, 0x80) << "the least 64-bit integer, big-endian";
  EXPECT_THAT(card("TNULL1"), HasSubstr("-9223372036854775808"));
  const std::string nan(row, 8, 2);
  EXPECT_EQ(static_cast<unsigned char>(nan[0]), 0x7f);
  EXPECT_EQ(static_cast<unsigned char>(nan[1]), 0xf8);
  EXPECT_EQ(row[8 + 8 + 4 + 2 + 4], '\0') << "an unknown truth";
}

/// A binary table's number of `bytes` bytes, at `at`.
std::uint64_t big_endian(const std::string& fits, std::size_t at, std::size_t bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bytes; ++i) out = out << 8 | static_cast<unsigned char>(fits.at(at + i));
  return out;
}

TEST(TableFormats, OneLongCellMakesNeitherEveryRowNorTheMemoryLong) {
  constexpr std::size_t kLong = 8'000'000, kRows = 20'000, kMiddle = 15'000;
  TableMeta two;
  two.has_table = true;
  two.fields = {field("id", Datatype::int32, "int"), field("words", Datatype::character, "char", "*")};
  std::string bytes;
  TableStreamWriter writer([&](ByteView piece) -> Result<void> {
    bytes += as_text(piece);
    return {};
  });
  writer.begin(two);
  for (std::size_t i = 0; i < kRows; ++i)
    ASSERT_TRUE(writer.add({static_cast<std::int64_t>(i), i == kMiddle ? std::string(kLong, 'x')
                                                          : i % 7 == 0 ? Value()
                                                                       : "w" + std::to_string(i)}));
  ASSERT_TRUE(writer.finish(""));
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  TableStreamReader in = reader(bytes);
  const TableFacts facts = in.facts().value();
  std::string fits;
  // Every row as long as the longest would be 160 GB: it is stopped long before.
  const Result<void> done = write_table("fits", in, facts, {}, [&](ByteView piece) -> Result<void> {
    EXPECT_LT(piece.size(), kLong + 4'000'000);
    fits += as_text(piece);
    return fits.size() < 5 * kLong ? Result<void>() : fail(Code::too_large, "far too long");
  });
  ASSERT_TRUE(done) << done.error().what();
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 150'000) << "KiB";
  ASSERT_EQ(fits.size() % 2880, 0U);
  EXPECT_LT(fits.size(), kLong + 1'000'000);
  EXPECT_THAT(fits.substr(0, 8640), HasSubstr("TFORM2  = '1PA(8000000)'"));
  const std::size_t data = fits.find("END", 2880) / 2880 * 2880 + 2880, width = 4 + 8;
  const auto words = [&](std::size_t row) {
    const std::size_t at = data + row * width + 4;
    return fits.substr(data + kRows * width + big_endian(fits, at + 4, 4), big_endian(fits, at, 4));
  };
  EXPECT_EQ(words(1), "w1");
  EXPECT_EQ(words(7), "") << "a null";
  EXPECT_EQ(words(kMiddle), std::string(kLong, 'x'));
  EXPECT_EQ(words(kRows - 2), "w19998");
}

TEST(TableFormats, AFewLongArraysOfNumbersStandBehindTheRows) {
  TableMeta one;
  one.has_table = true;
  one.fields = {field("flux", Datatype::float64, "double", "2000"), field("n", Datatype::short_int, "short")};
  std::vector<Row> many(500, Row{Value(), std::int64_t{1}});
  many[100][0] = std::vector<double>(2000, 2.5);
  const std::string fits = written(keep(one, many), "fits");
  EXPECT_THAT(fits, HasSubstr("TFORM1  = '1PD(2000)'"));
  EXPECT_THAT(fits, HasSubstr("PCOUNT  =                16000"));
  const std::size_t data = fits.find("END", 2880) / 2880 * 2880 + 2880, width = 8 + 2;
  EXPECT_EQ(big_endian(fits, data + 99 * width, 4), 0U);
  EXPECT_EQ(big_endian(fits, data + 100 * width, 4), 2000U);
  EXPECT_EQ(big_endian(fits, data + 500 * width + 1999 * 8, 8), 0x4004000000000000U) << "2.5";
  // Where most have one it is a column as any other.
  const std::string full =
      written(keep(one, std::vector<Row>(50, Row{std::vector<double>(2000, 2.5), Value()})), "fits");
  EXPECT_THAT(full, HasSubstr("TFORM1  = '2000D   '"));
}

TEST(TableFormats, WhoDoesNotWantTheRestIsHeardAtOnce) {
  // 3,000 bytes are no long cell, but 20,000 rows of ten such columns are 600 MB in one piece.
  TableMeta wide;
  wide.has_table = true;
  Row empty, first;
  for (int i = 0; i < 10; ++i) {
    wide.fields.push_back(field("t" + std::to_string(i), Datatype::character, "char", "*"));
    empty.emplace_back();
    first.emplace_back(std::string(3000, 'x'));
  }
  std::vector<Row> many(19'000, empty);
  many.front() = first;
  const Kept kept = keep(wide, many);
  TableStreamReader in = reader(kept.bytes);
  std::uint64_t taken = 0;
  const Result<void> done = write_table("fits", in, in.facts().value(), {}, [&](ByteView piece) -> Result<void> {
    EXPECT_LT(piece.size(), 4'000'000U);
    taken += piece.size();
    return taken < 5'000'000 ? Result<void>() : fail(Code::cancelled, "enough");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::cancelled);
  EXPECT_LT(taken, 10'000'000U);
}

TEST(TableFormats, AnIntegerColumnWithoutAFreeValueIsWidened) {
  TableMeta one;
  one.has_table = true;
  one.fields = {field("b", Datatype::unsigned_byte, "unsignedByte"), field("k", Datatype::int64, "long")};
  const std::string fits =
      written(keep(one, {{std::int64_t{0}, INT64_MIN}, {std::int64_t{255}, INT64_MAX}, {Value(), Value()}}), "fits");
  EXPECT_THAT(fits, HasSubstr("TFORM1  = 'I       '"));
  EXPECT_THAT(fits, HasSubstr("TFORM2  = '20A     '"));
  EXPECT_THAT(fits, HasSubstr("-9223372036854775808"));
}

TEST(TableFormats, WhatIsBrokenOnDiskIsNotBelieved) {
  const Kept kept = keep(meta(), rows(), "there is more");
  EXPECT_EQ(reader(kept.bytes).facts()->truncated, "there is more");
  for (std::size_t cut = 0; cut < kept.bytes.size(); cut += 7) {
    const std::string part = kept.bytes.substr(0, cut);
    EXPECT_FALSE(reader(part).facts()) << cut;
    EXPECT_FALSE(reader(part).pieces([](const Table&) { return Result<void>(); })) << cut;
  }
  for (std::size_t at = 0; at < kept.bytes.size(); ++at) {
    std::string bent = kept.bytes;
    bent[at] = static_cast<char>(~bent[at]);
    TableStreamReader in = reader(bent);
    if (in.facts()) static_cast<void>(in.pieces([](const Table&) { return Result<void>(); }));  // must not crash
  }
}

TEST(TableFormats, AnEmptyTableHasItsColumns) {
  const Kept kept = keep(meta(), {});
  EXPECT_EQ(written(kept, "csv"), "id,ra,mag,flag,name,good,pair\n");
  EXPECT_THAT(written(kept, "fits"), HasSubstr("NAXIS2  =                    0"));
  EXPECT_TRUE(read_votable(as_bytes(written(kept, "vot"))));
}

}  // namespace
}  // namespace skymount::vo
