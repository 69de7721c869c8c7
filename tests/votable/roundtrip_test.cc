// SPDX-License-Identifier: MIT
//
// However a table comes and in whatever pieces, it is the same table; and a part of it is never taken for all of it.
#include "tests/support/random.h"
#include "tests/votable/documents.h"
#include "vo/votable/writer.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using test::as_binary;
using test::as_tabledata;
using test::first_difference;
using test::random_table;
using test::read;
using ::testing::HasSubstr;

/// Feeds `text` cut at random places; its table.
Result<Table> read_in_pieces(const std::string& text, unsigned seed) {
  std::mt19937 random(seed);
  Table table;
  int announced = 0;
  VotableReader reader(
      [&](const TableMeta& meta) {
        EXPECT_FALSE(meta.fields.empty());
        EXPECT_EQ(table.size(), 0u);
        ++announced;
        return Result<void>();
      },
      [&](const Row& row) {
        table.append(row);
        return Result<void>();
      });
  const std::size_t most = 1 + (random() % 3 == 0 ? 3 : random() % 2000);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t n = std::min<std::size_t>(text.size() - at, 1 + random() % most);
    if (auto fed = reader.feed(as_bytes(text).subspan(at, n)); !fed) return fail(fed.error());
    at += n;
  }
  const Result<TableMeta> meta = reader.finish();
  if (!meta) return fail(meta.error());
  EXPECT_EQ(meta->row_count, table.size());
  EXPECT_EQ(announced, 1);
  table.meta = *meta;
  return table;
}

TEST(VotableRoundTrip, EveryDatatypeAndArraysizeReadsBackAsWritten) {
  for (unsigned seed : skymount::test::seeds(10)) {
    SCOPED_TRACE(seed);
    const Table written = random_table(seed, 20, false);
    const Table back = read(as_tabledata(written));
    EXPECT_EQ(first_difference(written, back), "");
    EXPECT_EQ(back.pack(), written.pack());
    EXPECT_EQ(back.pack(), read(write_votable(back)).pack());
  }
}

TEST(VotableRoundTrip, BinaryAndBinary2SayWhatTabledataSays) {
  for (unsigned seed : skymount::test::seeds(10)) {
    SCOPED_TRACE(seed);
    const Table plain = random_table(seed, 20, true);
    EXPECT_EQ(first_difference(plain, read(as_binary(plain, false, seed))), "");
    const Table flagged = random_table(seed, 20, false);
    EXPECT_EQ(first_difference(flagged, read(as_binary(flagged, true, seed))), "");
  }
}

TEST(VotableRoundTrip, AnyCutOfTheStreamYieldsTheSameTable) {
  for (unsigned seed : skymount::test::seeds(12)) {
    SCOPED_TRACE(seed);
    const Table table = random_table(seed, 8, true);
    for (const std::string& text : {as_tabledata(table), as_binary(table, false, seed), as_binary(table, true, seed)}) {
      for (const std::string& body : {text, test::gzip(text)}) {
        const auto back = read_in_pieces(body, seed);
        ASSERT_TRUE(back) << back.error().what();
        EXPECT_EQ(first_difference(table, *back), "");
      }
    }
  }
}

TEST(VotableRoundTrip, ATruncatedDocumentIsNeverAShorterTable) {
  const Table table = random_table(3, 2, true, 12);
  for (const std::string& text : {as_tabledata(table), as_binary(table, false), as_binary(table, true)}) {
    const std::size_t whole = text.find("</VOTABLE>") + 10;  // a missing line end at the end is no loss
    for (std::size_t n = 0; n < whole; ++n) {
      const Result<Table> read = read_votable(as_bytes(text).first(n));
      ASSERT_FALSE(read) << "cut at byte " << n << " of " << text.size();
    }
    EXPECT_TRUE(read_votable(as_bytes(text).first(whole)));
  }
  const std::string packed = test::gzip(as_tabledata(table));
  for (std::size_t n = 0; n < packed.size(); ++n) ASSERT_FALSE(read_votable(as_bytes(packed).first(n))) << n;
}

TEST(VotableRoundTrip, ABrokenTransferSaysTruncated) {
  const std::string text = as_tabledata(random_table(3, 5, true));
  const Error error = test::error_of(text.substr(0, text.size() - 30));
  EXPECT_EQ(error.code(), Code::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("truncated"));
}

}  // namespace
}  // namespace skymount::vo
