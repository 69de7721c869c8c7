// SPDX-License-Identifier: MIT
//
// What becomes of answers that are past their time: shown at once, asked anew behind the reader, and kept when that
// fails, with a word of why. And --offline, which asks nobody, ever.
#include "tests/vo/catalog_fixture.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

namespace skymount::vo {
namespace {

using test::CatalogFixture;
using test::query_of;
using test::soon;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Kind = Shortfall::Kind;

const Query kQuery = query_of("pos=156.01,48.14");

std::vector<Kind> kinds(const Listing& listing) {
  std::vector<Kind> out;
  for (const Shortfall& shortfall : listing.shortfalls) out.push_back(shortfall.kind);
  return out;
}

/// Looks until `done` or two seconds are over.
template <class Done>
bool eventually(const Done& done) {
  for (int i = 0; i < 200; ++i) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

struct Remembered : ::testing::Test {
  Remembered() {
    before = f.catalog->listing(kQuery, soon()).value();
    f.service.origin.clear_requests();
  }
  ListingPtr listing() { return f.catalog->listing(kQuery, soon()).value(); }
  std::size_t asked() const { return f.service.origin.requests().size(); }

  CatalogFixture f;
  ListingPtr before;
};

TEST_F(Remembered, AnAnswerPastItsTimeIsServedAtOnceAndRefreshedOnceBehindItsReaders) {
  f.clock.advance(std::chrono::hours(25));
  f.row_count = 3;
  f.service.origin.misbehave("/tap", {.latency = std::chrono::milliseconds(300)});
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> readers;
  std::atomic<int> stale = 0;
  for (int i = 0; i < 12; ++i) readers.emplace_back([&] { stale += listing()->stale ? 1 : 0; });
  for (std::thread& reader : readers) reader.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(250));
  EXPECT_EQ(stale, 12);
  const ListingPtr shown = f.catalog->listing_in_memory(kQuery);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->version, before->version);  // the same rows: kernels keep what they cached
  EXPECT_THAT(shown->shortfalls, IsEmpty());   // and nothing is missing yet
  ASSERT_TRUE(eventually([&] { return !listing()->stale; }));
  EXPECT_THAT(listing()->datasets, SizeIs(3));
  EXPECT_NE(listing()->version, before->version);
  EXPECT_EQ(asked(), 1u);
}

TEST_F(Remembered, AFailingRefreshIsToldAndTriedOnceAMinute) {
  f.clock.advance(std::chrono::hours(25));
  f.service.origin.misbehave("/tap", {.status = 500, .status_body = "the database is away"});
  ASSERT_TRUE(listing()->stale);
  ASSERT_TRUE(eventually([&] { return !listing()->shortfalls.empty(); }));
  const ListingPtr shown = listing();
  EXPECT_EQ(kinds(*shown), std::vector{Kind::unreachable});
  EXPECT_THAT(shown->shortfalls[0].words, HasSubstr("the database is away"));
  EXPECT_THAT(shown->shortfalls[0].words, HasSubstr("These rows are those of 20"));
  EXPECT_NE(shown->version, before->version);  // INCOMPLETE.txt has appeared
  EXPECT_THAT(shown->datasets, SizeIs(2));
  const std::size_t tries = asked();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(listing(), shown);
  EXPECT_EQ(asked(), tries);

  f.clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(listing(), shown);
  ASSERT_TRUE(eventually([&] { return listing() == shown && asked() > tries; }));
  EXPECT_EQ(listing(), shown);  // still the first failure's words: nothing flickers

  f.service.origin.behave();
  f.clock.advance(std::chrono::seconds(61));
  ASSERT_TRUE(eventually([&] { return !listing()->stale; }));
  EXPECT_THAT(listing()->shortfalls, IsEmpty());
}

TEST_F(Remembered, WhatIsVeryOldIsAskedInFrontOfTheReader) {
  f.clock.advance(std::chrono::hours(24 * 9));
  f.row_count = 5;
  EXPECT_THAT(listing()->datasets, SizeIs(5));
  EXPECT_FALSE(listing()->stale);
  EXPECT_EQ(asked(), 2u);  // the table's place is asked as well: that is as old
}

TEST_F(Remembered, ASilentArchiveHoldsUpAReaderOfOldRowsNoLongerThanAConnectionMayTake) {
  f.options.limits.connect = std::chrono::milliseconds(200);
  f.remount();
  f.clock.advance(std::chrono::hours(24 * 90));
  f.service.origin.misbehave("/tap", {.silent = true});
  const auto start = std::chrono::steady_clock::now();
  const ListingPtr shown = listing();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1000));
  EXPECT_TRUE(shown->stale);
  EXPECT_EQ(kinds(*shown), std::vector{Kind::budget});
  const auto again = std::chrono::steady_clock::now();
  EXPECT_EQ(f.catalog->listing_in_memory(kQuery), shown);
  EXPECT_EQ(listing(), shown);
  EXPECT_LT(std::chrono::steady_clock::now() - again, std::chrono::milliseconds(100));
}

TEST_F(Remembered, ARefusalDoesNotTakeAwayWhatWasSeen) {
  f.clock.advance(std::chrono::hours(25));
  f.service.origin.misbehave("/tap", {.status = 400, .status_body = "table ivoa.obscore does not exist"});
  ASSERT_TRUE(eventually([&] { return !listing()->shortfalls.empty(); }));
  EXPECT_THAT(listing()->datasets, SizeIs(2));
  EXPECT_THAT(listing()->shortfalls[0].words, HasSubstr("does not exist"));
}

TEST_F(Remembered, RowsBeforeAFailureOfTheArchiveAreShownAndAskedAgainSoon) {
  f.status_after = "ERROR\">TransientFault: the disk went away</INFO><INFO name=\"x\" value=\"";
  const Query query = query_of("pos=1,1");
  const ListingPtr shown = f.catalog->listing(query, soon()).value();
  EXPECT_THAT(shown->datasets, SizeIs(2));
  ASSERT_EQ(kinds(*shown), std::vector{Kind::fault});
  EXPECT_THAT(shown->shortfalls[0].words, HasSubstr("after 2 rows"));
  EXPECT_THAT(shown->shortfalls[0].words, HasSubstr("the disk went away"));
  f.status_after.clear();
  f.clock.advance(std::chrono::minutes(11));
  ASSERT_TRUE(eventually([&] { return f.catalog->listing(query, soon()).value()->shortfalls.empty(); }));
}

TEST_F(Remembered, OfflineAsksNobodyAndServesWhateverWasSeen) {
  (void)f.catalog->folder(before, before->datasets[1], soon());
  const Query counted = query_of("limit=1,collection=DASCH");
  ASSERT_TRUE(f.catalog->count(counted, soon()));
  f.service.origin.clear_requests();
  for (const int days : {0, 3, 4000}) {
    SCOPED_TRACE(days);
    f.clock.advance(std::chrono::hours(24 * days));
    f.remount(/*offline=*/true);
    const ListingPtr shown = listing();
    EXPECT_THAT(shown->datasets, SizeIs(2));
    EXPECT_EQ(shown->stale, days > 0);
    const auto folder = f.catalog->folder(shown, shown->datasets[1], soon());
    ASSERT_TRUE(folder) << folder.error().what();
    EXPECT_EQ((*folder)->stale, days > 0);
    const auto count = f.catalog->count(counted, soon());
    ASSERT_TRUE(count) << count.error().what();
    EXPECT_EQ(count->rows, 1234u);
    if (days > 0) {
      ASSERT_TRUE(eventually([&] { return !listing()->shortfalls.empty(); }));
      EXPECT_THAT(listing()->shortfalls[0].words, HasSubstr("--offline, nobody is asked"));
      EXPECT_THAT(listing()->shortfalls[0].words, Not(HasSubstr("failed")));
    }
    const auto start = std::chrono::steady_clock::now();
    const auto unseen = f.catalog->listing(query_of("pos=3,3"), soon());
    ASSERT_FALSE(unseen);
    EXPECT_EQ(unseen.error().code(), Code::unavailable);
    EXPECT_THAT(unseen.error().what(), HasSubstr("--offline"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
  }
  EXPECT_EQ(asked(), 0u);
}

TEST_F(Remembered, AFullDiskForgetsAndAnswers) {
  rlimit before_limit{};
  getrlimit(RLIMIT_FSIZE, &before_limit);
  std::signal(SIGXFSZ, SIG_IGN);
  // Writes beyond this fail as on a full disk; the index has this size already.
  const rlimit tiny{16'384, before_limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tiny);
  for (int i = 0; i < 30; ++i) {
    const auto shown = f.catalog->listing(query_of("pos=" + std::to_string(i) + ",5"), soon());
    EXPECT_TRUE(shown) << shown.error().what();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(150));  // a commit fails meanwhile
  EXPECT_TRUE(f.catalog->listing(query_of("pos=77,5"), soon()));
  setrlimit(RLIMIT_FSIZE, &before_limit);
  f.remount();
  EXPECT_TRUE(f.catalog->listing(query_of("pos=78,5"), soon()));
}

// --- counts ---

TEST(CatalogCount, AsksOneQueryAndRemembersIt) {
  CatalogFixture f;
  ASSERT_TRUE(f.catalog->listing(kQuery, soon()));  // the service is known now
  f.service.origin.clear_requests();
  const Query query = query_of("pos=9,9,time=1953");
  EXPECT_FALSE(f.catalog->count_in_memory(query));
  const auto count = f.catalog->count(query, soon());
  ASSERT_TRUE(count) << count.error().what();
  EXPECT_EQ(count->rows, 1234u);
  EXPECT_EQ(count->bytes, 5'000'000u);
  EXPECT_FALSE(count->at_most);
  ASSERT_THAT(f.service.queries(), SizeIs(1));
  EXPECT_THAT(f.service.queries()[0],
              HasSubstr("SELECT COUNT(*) AS n_rows, SUM(access_estsize) AS kbytes FROM ivoa.obscore WHERE "
                        "1=CONTAINS(POINT('ICRS', 9, 9), s_region) AND t_min <= "));
  EXPECT_TRUE(f.catalog->count_in_memory(query_of("time=1953,pos=9,9,limit=3")));  // a limit does not count
  f.remount();
  EXPECT_EQ(f.catalog->count(query, soon())->rows, 1234u);
  EXPECT_THAT(f.service.queries(), SizeIs(1));
}

TEST(CatalogCount, CostsNothingWhereTheListingIsComplete) {
  CatalogFixture f;
  ASSERT_TRUE(f.catalog->listing(kQuery, soon()));
  f.service.origin.clear_requests();
  const auto count = f.catalog->count_in_memory(kQuery);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->rows, 2u);
  EXPECT_EQ(count->bytes, 24'000u);
  EXPECT_TRUE(count->adql.empty());
  f.remount();
  EXPECT_EQ(f.catalog->count(kQuery, soon())->rows, 2u);  // from disk
  EXPECT_THAT(f.service.origin.requests(), IsEmpty());
}

TEST(CatalogCount, ATruncatedListingIsNotCounted) {
  CatalogFixture f;
  f.row_count = 4;
  const Query limited = query_of("pos=156.01,48.14,limit=2");
  EXPECT_THAT(f.catalog->listing(limited, soon()).value()->datasets, SizeIs(2));
  EXPECT_EQ(f.catalog->count(limited, soon())->rows, 1234u);
}

TEST(CatalogCount, AServiceWithoutSumsIsAskedForTheNumberAloneFromThenOn) {
  CatalogFixture f;
  f.no_sums = true;
  const auto count = f.catalog->count(query_of("pos=9,9"), soon());
  ASSERT_TRUE(count) << count.error().what();
  EXPECT_EQ(count->rows, 1234u);
  EXPECT_FALSE(count->bytes);
  EXPECT_THAT(f.service.queries(), SizeIs(2));
  ASSERT_TRUE(f.catalog->count(query_of("pos=10,10"), soon()));
  EXPECT_THAT(f.service.queries(), SizeIs(3));
}

TEST(CatalogCount, SaysAtMostWhereRowsAreTakenOutHere) {
  CatalogFixture f;
  EXPECT_TRUE(f.catalog->count(query_of("collection=A_B*"), soon())->at_most);
  EXPECT_FALSE(f.catalog->count(query_of("collection=A_B"), soon())->at_most);
  f.options.obscore.form = "box";
  f.remount();
  const auto boxed = f.catalog->count(query_of("pos=9,9"), soon());
  EXPECT_TRUE(boxed->at_most);
  EXPECT_THAT(boxed->adql, HasSubstr("BETWEEN"));
  EXPECT_THAT(boxed->words, HasSubstr("footprint"));
}

TEST(CatalogCount, FailsAsAListingDoes) {
  CatalogFixture f;
  EXPECT_EQ(f.catalog->count(query_of("collection=REFUSED"), soon()).error().code(), Code::corrupt);
  f.service.origin.go_down();
  const auto gone = f.catalog->count(query_of("pos=9,9"), FetchContext::within(std::chrono::seconds(2), "test"));
  EXPECT_FALSE(gone);
}

TEST(CountRecords, DamagedRecordsCountAsAbsent) {
  const Count count{7, 8, true, WallTime(std::chrono::hours(1)), "SELECT", "words", false};
  const Bytes packed = pack(count);
  ASSERT_TRUE(unpack_count(packed));
  EXPECT_EQ(unpack_count(packed)->words, "words");
  for (std::size_t n = 0; n < packed.size(); ++n) EXPECT_FALSE(unpack_count(ByteView(packed).first(n))) << n;
}

}  // namespace
}  // namespace skymount::vo
