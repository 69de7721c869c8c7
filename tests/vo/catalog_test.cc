// SPDX-License-Identifier: MIT
//
// Answers are remembered: in memory, over a remount, past their time when the archive is gone, and never when the
// archive could not be reached. Callers that want one answer cause one request.
#include "tests/support/random.h"
#include "tests/vo/catalog_fixture.h"
#include "vo/catalog_records.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::vo {
namespace {

using test::CatalogFixture;
using test::query_of;
using test::soon;
using ::testing::SizeIs;

TEST(Catalog, AsksOnceAndAnswersFromMemoryWhileFresh) {
  CatalogFixture f;
  const Query query = query_of("pos=156.01,48.14");
  EXPECT_EQ(f.catalog->listing_in_memory(query), nullptr);
  const auto listing = f.catalog->listing(query, soon());
  ASSERT_TRUE(listing) << listing.error().what();
  const std::size_t asked = f.service.tap_requests();
  EXPECT_EQ(asked, 2u);
  EXPECT_EQ(f.catalog->listing_in_memory(query_of("POS=516.01,+48.140")), *listing);  // another spelling
  EXPECT_EQ(*f.catalog->listing(query, soon()), *listing);
  EXPECT_EQ(f.service.tap_requests(), asked);

  f.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(f.catalog->listing_in_memory(query), nullptr);  // memory alone cannot tell any more
}

TEST(Catalog, AnswersSurviveARemountWithTheirNames) {
  CatalogFixture f;
  const Query query = query_of("pos=156.01,48.14");
  const ListingPtr before = f.catalog->listing(query, soon()).value();
  const DatasetFolderPtr folder = f.catalog->folder(before, before->datasets[1], soon()).value();
  f.remount();
  f.service.origin.clear_requests();
  const ListingPtr after = f.catalog->listing(query, soon()).value();
  EXPECT_EQ(after->version, before->version);
  ASSERT_THAT(after->datasets, SizeIs(2));
  EXPECT_EQ(after->datasets[1].name, before->datasets[1].name);
  EXPECT_EQ(after->adql, before->adql);
  const DatasetFolderPtr again = f.catalog->folder(after, after->datasets[1], soon()).value();
  ASSERT_THAT(again->entries, SizeIs(1));
  EXPECT_EQ(again->entries[0].name, folder->entries[0].name);
  EXPECT_EQ(again->entries[0].identity, folder->entries[0].identity);
  EXPECT_THAT(again->faults, SizeIs(1));
  EXPECT_THAT(f.service.origin.requests(), SizeIs(0));
  // Also the service's habits: a new query costs one request.
  ASSERT_TRUE(f.catalog->listing(query_of("pos=1,1"), soon()));
  EXPECT_THAT(f.service.origin.requests(), SizeIs(1));
}

TEST(Catalog, ManyCallersCauseOneRequest) {
  CatalogFixture f;
  f.service.origin.misbehave("/tap", {.latency = std::chrono::milliseconds(150)});
  std::vector<std::thread> callers;
  std::atomic<int> good = 0;
  for (int i = 0; i < 12; ++i) {
    callers.emplace_back([&] { good += f.catalog->listing(query_of("pos=156.01,48.14"), soon()).has_value() ? 1 : 0; });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, 12);
  EXPECT_EQ(f.service.tap_requests(), 2u);
}

TEST(Catalog, WithTheArchiveGoneTheLastAnswerIsShownAndMarkedStale) {
  CatalogFixture f;
  const Query query = query_of("pos=156.01,48.14");
  const ListingPtr before = f.catalog->listing(query, soon()).value();
  EXPECT_FALSE(before->stale);
  (void)f.catalog->folder(before, before->datasets[1], soon());
  f.clock.advance(std::chrono::hours(48));
  f.remount();
  f.service.origin.go_down();
  const auto listing = f.catalog->listing(query, FetchContext::within(std::chrono::seconds(3), "test"));
  ASSERT_TRUE(listing) << listing.error().what();
  EXPECT_TRUE((*listing)->stale);
  EXPECT_THAT((*listing)->datasets, SizeIs(2));
  const auto folder =
      f.catalog->folder(*listing, (*listing)->datasets[1], FetchContext::within(std::chrono::seconds(3), "test"));
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_TRUE((*folder)->stale);

  f.service.origin.come_up();
  f.remount();  // also a new client: the old one's circuit breaker would spare the archive for some seconds more
  for (int i = 0; i < 200 && f.catalog->listing(query, soon()).value()->stale; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(f.catalog->listing(query, soon()).value()->stale);
}

TEST(Catalog, ARefusalIsRememberedForAWhileAndAnUnreachableArchiveIsNot) {
  CatalogFixture f;
  const Query refused = query_of("collection=REFUSED");
  EXPECT_EQ(f.catalog->listing(refused, soon()).error().code(), Code::corrupt);
  const std::size_t asked = f.service.tap_requests();
  EXPECT_EQ(f.catalog->listing(refused, soon()).error().code(), Code::corrupt);
  EXPECT_EQ(f.service.tap_requests(), asked);
  f.clock.advance(std::chrono::minutes(11));
  EXPECT_FALSE(f.catalog->listing(refused, soon()));
  EXPECT_EQ(f.service.tap_requests(), asked + 1);

  f.service.origin.misbehave("/tap", {.status = 500, .status_body = "broken", .status_times = 20});
  const Query query = query_of("pos=9,9");
  EXPECT_EQ(f.catalog->listing(query, soon()).error().code(), Code::unavailable);
  f.service.origin.behave();
  EXPECT_TRUE(f.catalog->listing(query, soon()));
}

TEST(Catalog, ACallerLeavesAtItsDeadlineAndTheNextOneGetsTheAnswer) {
  CatalogFixture f;
  f.service.origin.misbehave("/tap", {.latency = std::chrono::milliseconds(400)});
  const Query query = query_of("pos=156.01,48.14");
  const auto start = std::chrono::steady_clock::now();
  const auto late = f.catalog->listing(query, FetchContext::within(std::chrono::milliseconds(100), "test"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(350));
  ASSERT_TRUE(f.catalog->listing(query, soon()));
  EXPECT_EQ(f.service.tap_requests(), 2u);  // joined, not asked again
}

TEST(Catalog, AnInterruptedCallerLeavesAtOnce) {
  CatalogFixture f;
  f.service.origin.misbehave("/tap", {.silent = true});
  std::stop_source stop;
  std::thread interrupt([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto listing =
      f.catalog->listing(query_of("pos=1,2"), FetchContext::within(std::chrono::seconds(20), "test", stop.get_token()));
  interrupt.join();
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(600));
}

TEST(Catalog, AFolderThatFollowsFromItsRowNeverWaits) {
  CatalogFixture f;
  const ListingPtr listing = f.catalog->listing(query_of("pos=156.01,48.14"), soon()).value();
  EXPECT_NE(f.catalog->folder_in_memory(*listing, listing->datasets[0]), nullptr);
  EXPECT_EQ(f.catalog->folder_in_memory(*listing, listing->datasets[1]), nullptr);
  ASSERT_TRUE(f.catalog->folder(listing, listing->datasets[1], soon()));
  EXPECT_NE(f.catalog->folder_in_memory(*listing, listing->datasets[1]), nullptr);
}

TEST(CatalogRecords, DamagedRecordsCountAsAbsent) {
  DatasetFolder folder;
  folder.entries.push_back({.name = "a.fits",
                            .folder = "",
                            .url = "http://x/a",
                            .service = {},
                            .identity = "i",
                            .semantics = "#this",
                            .description = "d",
                            .content_type = "image/fits",
                            .local_semantics = "",
                            .size_estimate = 5,
                            .error = ""});
  folder.services.push_back({"s", "d", "http://x", "t", {{"a", "b"}}, {Field{}}});
  folder.faults.push_back({"i", "#this", "words"});
  const Bytes packed = pack(folder);
  ASSERT_TRUE(unpack_folder(packed));
  for (std::size_t n = 0; n < packed.size(); ++n) EXPECT_FALSE(unpack_folder(ByteView(packed).first(n))) << n;
  for (const unsigned seed : skymount::test::seeds(300)) {
    Bytes damaged = packed;
    const Bytes noise = skymount::test::pattern(3, seed);
    damaged[(static_cast<std::size_t>(noise[0]) * 256 + static_cast<std::size_t>(noise[1])) % damaged.size()] =
        noise[2];
    (void)unpack_folder(damaged);  // whatever it gives, it ends
    (void)unpack_listing(SharedBytes(damaged));
  }
}

}  // namespace
}  // namespace skymount::vo
