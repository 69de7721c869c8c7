// SPDX-License-Identifier: MIT
//
// Answers that are too large, contradict themselves or hold secrets: a listing stays within its share of the memory,
// and whatever it lacks is said in INCOMPLETE.txt with the archive's words.
#include "tests/vo/fake_service.h"
#include "vo/catalog_records.h"
#include "vo/listing_builder.h"
#include "vo/query/grammar.h"
#include "vo/shown_table.h"
#include "vo/table_room.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::vo {
namespace {

using test::FakeService;
using test::obscore_votable;
using test::ObscoreRow;
using test::rows_around;
using test::soon;
using test::votable_reply;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const SystemClock kClock;
constexpr std::uint64_t kBudget = 16 << 20;

Result<Listing> ask(const FakeService& service, std::string_view question = "pos=156.01,48.14") {
  ArchiveOptions options = service.options();
  options.memory_bytes = kBudget;
  return Archive(options, service.client(), nullptr, kClock).query(parse_component(question).value(), soon());
}

Result<Listing> answer_to(std::string_view question, const std::string& body) {
  FakeService service([&](auto&, auto) { return votable_reply(body); });
  return ask(service, question);
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

std::string words(const Listing& listing) {
  std::string out;
  for (const Shortfall& shortfall : listing.shortfalls) out += shortfall.words + "\n";
  return out;
}

std::vector<Shortfall::Kind> kinds(const Listing& listing) {
  std::vector<Shortfall::Kind> out;
  for (const Shortfall& shortfall : listing.shortfalls) out.push_back(shortfall.kind);
  return out;
}

std::string rows_of(std::size_t count, const std::string& column, const std::string& text) {
  std::vector<ObscoreRow> rows = rows_around(count);
  for (ObscoreRow& row : rows) row[column] = text;
  return obscore_votable(rows);
}

TEST(LargeAnswer, IsCutAtTheListingsShareOfTheMemoryAndSaysSo) {
  for (const char* column : {"data_rights", "access_url", "obs_id"}) {
    SCOPED_TRACE(column);
    const auto listing = answer_to("pos=156.01,48.14", rows_of(120, column, "x" + std::string(30'000, '&')));
    ASSERT_TRUE(listing) << listing.error().what();
    EXPECT_GT(listing->table.size(), 4U);
    EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::overflow});
    EXPECT_THAT(words(*listing), AllOf(HasSubstr("take more than the 5 MB"), HasSubstr("[cache] memory"),
                                       HasSubstr(std::to_string(listing->table.size()) + " rows are shown")));
    const std::uint64_t share = kBudget / kTableShare;
    EXPECT_LE(weight(*listing), share + listing->datasets.size() * 1000 + 4096);
    EXPECT_LE(pack(*listing).size(), 2 * share);
    EXPECT_LE(write_votable(listing->table).size(), share + 10'000) << "nor does what is made of it";
    EXPECT_LE(write_csv(listing->table).size(), share);
  }
}

TEST(LargeAnswer, ALongCellIsShortenedAndALongIdentifierLeftOut) {
  std::vector<ObscoreRow> rows = rows_around(3);
  rows[0]["data_rights"] = std::string(kLongestCell - 1, 'a') + "\xc3\xa9\xc3\xa9";
  rows[1]["access_url"] = "http://a.example/" + std::string(kLongestCell, 'a');
  const auto listing = answer_to("pos=156.01,48.14", obscore_votable(rows));
  ASSERT_TRUE(listing) << listing.error().what();
  ASSERT_EQ(listing->table.size(), 3U);
  EXPECT_TRUE(listing->table.text(0, "data_rights") == std::string(kLongestCell - 1, 'a') + "...");
  EXPECT_EQ(listing->table.text(1, "access_url"), "");
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::shortened});
  EXPECT_THAT(words(*listing), HasSubstr("In 2 rows"));
}

TEST(LargeAnswer, WaitsForItsTurnAndGoesOnWhenAnotherIsDone) {
  TableRoom first(100 << 20), second(100 << 20);
  ASSERT_EQ(first.grow(20 << 20, soon()), TableRoom::Verdict::ok);
  EXPECT_EQ(second.grow(10 << 20, soon()), TableRoom::Verdict::ok) << "middle ones are several";
  FetchContext brief = FetchContext::within(std::chrono::milliseconds(50), "test");
  EXPECT_EQ(second.grow(10 << 20, brief), TableRoom::Verdict::crowded);
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    first.take_turns().clear();
  });
  EXPECT_EQ(second.grow(10 << 20, soon()), TableRoom::Verdict::ok);
  EXPECT_EQ(second.grow(90 << 20, soon()), TableRoom::Verdict::full);
}

TEST(OddAnswer, AnErrorBeforeTheTableIsAnErrorWhateverComesBehindIt) {
  const auto listing = answer_to(
      "pos=156.01,48.14", replaced(obscore_votable(rows_around(3), {.status = "ERROR", .status_after = "OVERFLOW"}),
                                   "value=\"OVERFLOW\"/>", "value=\"OVERFLOW\">the disk is on fire</INFO>"));
  ASSERT_FALSE(listing);
  EXPECT_THAT(listing.error().what(), HasSubstr("the disk is on fire"));
}

TEST(OddAnswer, IsToldInTheArchivesWordsAndShown) {
  const std::string plain = obscore_votable(rows_around(3));
  const std::string more =
      "<RESOURCE type=\"results\"><TABLE><FIELD name=\"a\" datatype=\"char\" arraysize=\"*\"/>"
      "<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
  const struct {
    std::string body, said;
    Shortfall::Kind kind;
  } cases[] = {
      {obscore_votable(rows_around(3), {.status = "BANANA", .status_after = ""}), "BANANA", Shortfall::Kind::fault},
      {replaced(plain, "<TABLE>", "<TABLE nrows=\"500\">"), "promises 500 rows (nrows), and 3 came",
       Shortfall::Kind::fault},
      {replaced(plain, "</VOTABLE>", more), "2 tables with rows", Shortfall::Kind::fault},
      {replaced(plain, "</TABLE>", "</TABLE><INFO name=\"Warning\" value=\"result truncated, token=geheim\"/>"),
       "result truncated, token=***", Shortfall::Kind::remark},
  };
  for (const auto& c : cases) {
    const auto listing = answer_to("pos=156.01,48.14", c.body);
    ASSERT_TRUE(listing) << c.said << ": " << listing.error().what();
    EXPECT_THAT(listing->datasets, SizeIs(3));
    EXPECT_EQ(kinds(*listing), std::vector{c.kind}) << words(*listing);
    EXPECT_THAT(words(*listing), HasSubstr(c.said));
  }
  const auto right = answer_to("pos=156.01,48.14", replaced(plain, "<TABLE>", "<TABLE nrows=\"3\">"));
  ASSERT_TRUE(right);
  EXPECT_THAT(right->shortfalls, IsEmpty());
}

TEST(OddAnswer, RowsThatNobodyAskedForAreTakenOutAndCounted) {
  std::vector<ObscoreRow> rows = rows_around(4);
  rows[1]["obs_collection"] = "dasch ";  // as databases compare without case, and pad with blanks
  rows[2]["obs_collection"] = "SOMETHING";
  rows[3]["obs_collection"] = "";
  const auto listing = answer_to("collection=DASCH", obscore_votable(rows));
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->datasets, SizeIs(2));
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::fault});
  EXPECT_THAT(words(*listing), HasSubstr("2 rows that do not match"));
  const auto negated = answer_to("collection=~SOMETHING", obscore_votable(rows));
  ASSERT_TRUE(negated);
  EXPECT_THAT(negated->datasets, SizeIs(3));
  const auto by_id = answer_to("id=plate1", obscore_votable(rows));
  ASSERT_TRUE(by_id);
  EXPECT_THAT(by_id->datasets, SizeIs(1)) << "one of several columns is enough";
}

TEST(ShownTable, BlanksWhatGivesAccessAndKeepsItForFetching) {
  std::vector<ObscoreRow> rows = rows_around(1);
  rows[0]["access_url"] = "http://joe:geheim1@a.example/f?v=1&X-Amz-Signature=geheim2&token=geheim3";
  rows[0]["data_rights"] = "password=geheim4";
  rows[0]["obs_publisher_did"] = "ivo://a/~?key=0123456789abcdef0";
  const auto listing = answer_to("pos=156.01,48.14", obscore_votable(rows));
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->datasets[0].access_url, HasSubstr("geheim1"));
  const Showing showing = showing_of(listing->table);
  for (const std::string& text : {write_votable(listing->table, &showing), write_csv(listing->table, &showing)}) {
    EXPECT_THAT(text, Not(HasSubstr("geheim")));
    EXPECT_THAT(text, HasSubstr("http://***@a.example/f?v=1&"));
    EXPECT_THAT(text, HasSubstr("ivo://a/~?key=0123456789abcdef0"));
  }
}

}  // namespace
}  // namespace skymount::vo
