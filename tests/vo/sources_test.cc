// SPDX-License-Identifier: MIT
//
// From an entry to open bytes over real HTTP, a real block cache and a real store: exact sizes, one request an open and
// none for what is known, single flight, budgets, and archives that change or vanish.
#include "vo/sources.h"
#include "cache/lmdb.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/vo/fake_service.h"
#include "vo/derived_files.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::vo {
namespace {

using test::soon;
using ::testing::SizeIs;

std::string content(std::size_t size, unsigned seed = 1) {
  return std::string(as_text(skymount::test::pattern(size, seed)));
}

struct SourcesFixture {
  SourcesFixture() { remount(); }

  void remount() {
    sources.reset();
    blocks.reset();
    store.reset();
    lmdb.reset();
    lmdb = cache::Lmdb::open(dir.path() / "cache").value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    blocks = cache::BlockCache::open({.dir = dir.path() / "cache"}, lmdb).value();
    HttpOptions http;
    http.allow_private = true;
    http.connect = std::chrono::seconds(2);
    http.first_byte = std::chrono::seconds(5);
    http.stall = std::chrono::seconds(5);
    sources = std::make_unique<Sources>("fake", Limits{.connect = std::chrono::seconds(1)}, Lifetimes{}, 2'000'000,
                                        make_http_client(http), store, *blocks, clock, nullptr, with_credential);
  }

  Entry entry(const std::string& path) const {
    Entry out;
    out.name = path.substr(1);
    out.url = origin.url(path);
    out.identity = "id:" + path;
    return out;
  }
  Entry computed(const std::string& path) const {
    Entry out = entry(path);
    out.service = ServiceCall{origin.url(path), {{"ID", "x"}, {"CIRCLE", "1 2 3"}}};
    return out;
  }
  std::string all(const std::shared_ptr<cache::ContentReader>& reader) const {
    const auto bytes = reader->read({0, reader->size()}, soon());
    return bytes ? std::string(as_text(bytes->view())) : "failed: " + bytes.error().what();
  }

  skymount::test::TempDir dir;
  ManualClock clock;
  demo::Origin origin;
  bool with_credential = false;  ///< from the next remount() on
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::unique_ptr<cache::BlockCache> blocks;
  std::unique_ptr<Sources> sources;
};

TEST(Sources, AnOpenCostsOneRequestAndTheNextNone) {
  SourcesFixture f;
  const std::string bytes = content(1'000'000);
  f.origin.put("/a.bin", bytes, "application/octet-stream", "\"v1\"");
  Entry entry = f.entry("/a.bin");
  EXPECT_EQ(f.sources->known(entry).size, 2880u);
  EXPECT_FALSE(f.sources->known(entry).exact);
  EXPECT_EQ(f.sources->open_in_memory(entry), nullptr);
  const auto reader = f.sources->open(entry, soon());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ((*reader)->size(), bytes.size());
  EXPECT_THAT(f.origin.requests(), SizeIs(1));
  EXPECT_TRUE(f.sources->known(entry).exact);
  EXPECT_EQ(f.sources->known(entry).size, bytes.size());
  EXPECT_EQ(*f.sources->open(entry, soon()), *reader);  // shared by all that have it open
  EXPECT_EQ(f.sources->open_in_memory(entry), *reader);
  EXPECT_THAT(f.origin.requests(), SizeIs(1));
  EXPECT_TRUE((*reader)->try_read({0, 100'000}));  // the first bytes came with the open
  EXPECT_EQ(f.all(*reader), bytes);
}

TEST(Sources, ARemountOpensAndReadsWithoutAsking) {
  SourcesFixture f;
  const std::string bytes = content(300'000);
  f.origin.put("/a.bin", bytes, "application/octet-stream", "\"v1\"");
  EXPECT_EQ(f.all(f.sources->open(f.entry("/a.bin"), soon()).value()), bytes);
  f.remount();
  f.origin.go_down();
  EXPECT_TRUE(f.sources->known(f.entry("/a.bin")).exact);
  const auto reader = f.sources->open(f.entry("/a.bin"), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(f.all(*reader), bytes);
}

TEST(Sources, AfterItsLifetimeAVersionIsCheckedOnceAndItsBytesStay) {
  SourcesFixture f;
  const std::string bytes = content(600'000);
  f.origin.put("/a.bin", bytes, "application/octet-stream", "\"v1\"");
  EXPECT_EQ(f.all(f.sources->open(f.entry("/a.bin"), soon()).value()), bytes);
  f.clock.advance(std::chrono::hours(30));
  f.origin.clear_requests();
  EXPECT_EQ(f.all(f.sources->open(f.entry("/a.bin"), soon()).value()), bytes);
  EXPECT_THAT(f.origin.requests(), SizeIs(1));
}

TEST(Sources, AChangedVersionIsANewContentAndNeverMixed) {
  SourcesFixture f;
  f.origin.put("/a.bin", content(600'000, 1), "application/octet-stream", "\"v1\"");
  const Entry entry = f.entry("/a.bin");
  EXPECT_EQ(f.all(f.sources->open(entry, soon()).value()), content(600'000, 1));
  const std::string old_version = f.sources->known(entry).version;
  f.origin.put("/a.bin", content(500'000, 2), "application/octet-stream", "\"v2\"");
  f.clock.advance(std::chrono::hours(30));
  EXPECT_EQ(f.all(f.sources->open(entry, soon()).value()), content(500'000, 2));
  EXPECT_NE(f.sources->known(entry).version, old_version);
  EXPECT_EQ(f.sources->known(entry).size, 500'000u);
  EXPECT_EQ(f.blocks->cached_bytes(f.sources->content_id(entry, old_version)), 0u);
}

TEST(Sources, WithTheArchiveGoneAnExpiredFileIsServedAsItWas) {
  SourcesFixture f;
  const std::string bytes = content(100'000);
  f.origin.put("/a.bin", bytes, "application/octet-stream", "\"v1\"");
  EXPECT_EQ(f.all(f.sources->open(f.entry("/a.bin"), soon()).value()), bytes);
  f.clock.advance(std::chrono::hours(30));
  f.origin.go_down();
  const auto reader = f.sources->open(f.entry("/a.bin"), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(f.all(*reader), bytes);
}

TEST(Sources, WhatIsAllHereWaitsForASilentArchiveNoLongerThanForAConnection) {
  SourcesFixture f;
  const std::string old_bytes = content(300'000, 1), new_bytes = content(200'000, 2);
  for (const char* path : {"/a.bin", "/b.bin"}) {
    f.origin.put(path, old_bytes, "application/octet-stream", "\"v1\"");
    EXPECT_EQ(f.all(f.sources->open(f.entry(path), soon()).value()), old_bytes);
    f.origin.put(path, new_bytes, "application/octet-stream", "\"v2\"");
  }
  EXPECT_FALSE(f.sources->known(f.entry("/a.bin")).stale);
  f.clock.advance(std::chrono::hours(30));
  EXPECT_TRUE(f.sources->known(f.entry("/a.bin")).stale);
  demo::Faults silent;
  silent.silent = true;
  f.origin.misbehave("/", silent);
  const auto timed = [&](const char* path) {
    const auto begun = std::chrono::steady_clock::now();
    const auto reader = f.sources->open(f.entry(path), soon());
    EXPECT_TRUE(reader && f.all(*reader) == old_bytes) << path;
    return std::chrono::steady_clock::now() - begun;
  };
  EXPECT_LT(timed("/a.bin"), std::chrono::seconds(3)) << "the limit for connecting is 1 s, for a first byte 5 s";
  EXPECT_LT(timed("/b.bin"), std::chrono::milliseconds(500)) << "the archive is known to be silent";
  EXPECT_TRUE(f.sources->known(f.entry("/b.bin")).stale);
  f.origin.misbehave("/", {});
  std::string now;
  for (int i = 0; i < 200 && now != new_bytes; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto reader = f.sources->open(f.entry("/b.bin"), soon());
    ASSERT_TRUE(reader) << reader.error().what();
    now = f.all(*reader);
    EXPECT_TRUE(now == new_bytes || now == old_bytes) << "never a mixture";
  }
  EXPECT_TRUE(now == new_bytes);
}

TEST(Sources, AComputedAnswerIsMadeOnceForAllAndItsSizeIsExact) {
  SourcesFixture f;
  const std::string bytes = content(700'000);
  f.origin.handle("/soda", [&](auto&) {
    demo::Reply reply = demo::Reply::text(200, bytes, "application/octet-stream");
    reply.no_length = true;
    return reply;
  });
  f.origin.misbehave("/soda", {.latency = std::chrono::milliseconds(100)});
  const Entry entry = f.computed("/soda");
  std::vector<std::thread> openers;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    openers.emplace_back([&] {
      const auto reader = f.sources->open(entry, soon());
      if (reader && (*reader)->size() == bytes.size() && f.all(*reader) == bytes) ++good;
    });
  }
  for (std::thread& opener : openers) opener.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(f.origin.count("/soda"), 1u);
  EXPECT_THAT(f.origin.requests()[0].target, ::testing::HasSubstr("CIRCLE=1%202%203"));
  f.remount();
  f.clock.advance(std::chrono::hours(30));  // it cannot be re-checked, only made again
  EXPECT_EQ(f.all(f.sources->open(entry, soon()).value()), bytes);
  EXPECT_EQ(f.origin.count("/soda"), 1u);
}

TEST(Sources, AComputedAnswerOverTheLimitIsRefused) {
  SourcesFixture f;
  f.origin.handle(
      "/soda", [&](auto&) { return demo::Reply::text(200, std::string(3'000'000, 'x'), "application/octet-stream"); });
  const auto reader = f.sources->open(f.computed("/soda"), soon());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Code::too_large);
}

TEST(Sources, NothingCutOutIsNoDataAndAUsageErrorIsTheUsers) {
  SourcesFixture f;
  f.origin.handle("/empty", [](auto&) { return demo::Reply::text(204, ""); });
  f.origin.handle("/usage", [](auto&) { return demo::Reply::text(400, "UsageError: no BAND here"); });
  EXPECT_EQ(f.sources->open(f.computed("/empty"), soon()).error().code(), Code::no_data);
  const auto usage = f.sources->open(f.computed("/usage"), soon());
  ASSERT_FALSE(usage);
  EXPECT_EQ(usage.error().code(), Code::invalid);
  EXPECT_THAT(usage.error().what(), ::testing::HasSubstr("no BAND here"));
}

TEST(Sources, WhenTheBudgetEndsTheDownloadGoesOnAndTheNextOpenJoinsIt) {
  SourcesFixture f;
  const std::string bytes = content(900'000);
  f.origin.handle("/slow", [&](auto&) {
    demo::Reply reply = demo::Reply::text(200, bytes, "application/octet-stream");
    reply.no_length = true;
    return reply;
  });
  f.origin.misbehave("/slow", {.bytes_per_second = 1'000'000});
  const auto start = std::chrono::steady_clock::now();
  const auto late = f.sources->open(f.computed("/slow"), FetchContext::within(std::chrono::milliseconds(200), "test"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(600));
  const auto reader = f.sources->open(f.computed("/slow"), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(f.all(*reader), bytes);
  EXPECT_EQ(f.origin.count("/slow"), 1u);
}

TEST(Sources, AnInterruptLeavesAtOnceAndTakesTheContactWithIt) {
  SourcesFixture f;
  f.origin.put("/a.bin", content(1000));
  f.origin.misbehave("/a.bin", {.silent = true});
  std::stop_source stop;
  std::thread interrupt([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto reader =
      f.sources->open(f.entry("/a.bin"), FetchContext::within(std::chrono::seconds(20), "test", stop.get_token()));
  interrupt.join();
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Code::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(600));
  f.origin.behave();
  EXPECT_TRUE(f.sources->open(f.entry("/a.bin"), soon()));
}

TEST(Sources, AnEmbargoAsksNobody) {
  SourcesFixture f;
  Entry entry = f.entry("/a.bin");
  entry.error = "not public before 2999-01-01";
  const auto reader = f.sources->open(entry, soon());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Code::denied);
  EXPECT_THAT(f.origin.requests(), SizeIs(0));
}

TEST(Sources, WhatIsNotForEverybodyIsAskedForWithACredentialAlsoWhereItIsMadeOfAnotherFile) {
  SourcesFixture f;
  std::string fits = "SIMPLE  =                    T" + std::string(50, ' ') + "BITPIX  =                    8" +
                     std::string(50, ' ') + "NAXIS   =                    0" + std::string(50, ' ') + "END";
  fits.resize(2880, ' ');
  f.origin.put("/a.fits", fits, "image/fits", "\"v1\"");
  Entry entry = f.entry("/a.fits");
  entry.error = "not public before 2999-01-01";
  const std::optional<Entry> headers = header_entry(entry);
  ASSERT_TRUE(headers);
  EXPECT_EQ(f.sources->open(*headers, soon()).error().code(), Code::denied);

  f.with_credential = true;
  f.remount();
  const auto reader = f.sources->open(entry, soon());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(f.all(*reader), fits);
  const auto text = f.sources->open(*headers, soon());
  ASSERT_TRUE(text) << text.error().what();
  EXPECT_THAT(f.all(*text), ::testing::StartsWith("SIMPLE"));
}

TEST(Sources, ALoginPageIsNoFitsAndIsNotRemembered) {
  SourcesFixture f;
  f.origin.put("/a.fits", "SIMPLE  =                    T" + std::string(5000, ' '), "image/fits");
  f.origin.misbehave("/a.fits", {.html_instead = true});
  Entry entry = f.entry("/a.fits");
  entry.content_type = "image/fits";
  const auto page = f.sources->open(entry, soon());
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code(), Code::corrupt);
  f.origin.behave();
  EXPECT_TRUE(f.sources->open(entry, soon()));
}

TEST(Sources, AServerThatIgnoresRangesIsDownloadedOnce) {
  SourcesFixture f;
  const std::string bytes = content(2'000'000);
  f.origin.put("/a.bin", bytes, "application/octet-stream", "\"v1\"");
  f.origin.misbehave("/a.bin", {.ignore_range = true});
  const auto reader = f.sources->open(f.entry("/a.bin"), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(f.all(*reader), bytes);
  EXPECT_EQ(f.all(f.sources->open(f.entry("/a.bin"), soon()).value()), bytes);
  EXPECT_THAT(f.origin.requests(), SizeIs(1));
  f.remount();
  EXPECT_EQ(f.all(f.sources->open(f.entry("/a.bin"), soon()).value()), bytes);
  EXPECT_THAT(f.origin.requests(), SizeIs(1));
}

TEST(Sources, AServerThatStopsHonouringRangesIsDownloadedByTheNextOpen) {
  SourcesFixture f;
  const std::string bytes = content(2'000'000);
  f.origin.put("/a.bin", bytes, "application/octet-stream", "\"v1\"");
  auto reader = f.sources->open(f.entry("/a.bin"), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  f.origin.misbehave("/a.bin", {.ignore_range = true});
  const auto part = (*reader)->read({1'000'000, 1000}, soon());
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code(), Code::stale);
  EXPECT_THAT(part.error().what(), ::testing::HasSubstr("open it again, and it is fetched as a whole"));
  reader = f.sources->open(f.entry("/a.bin"), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  const std::size_t asked = f.origin.requests().size();
  EXPECT_EQ(f.all(*reader), bytes);
  EXPECT_EQ(f.origin.requests().size(), asked) << "one answer brings all";
  f.remount();
  EXPECT_EQ(f.all(f.sources->open(f.entry("/a.bin"), soon()).value()), bytes);
  EXPECT_EQ(f.origin.requests().size(), asked);
}

TEST(Sources, ADownloadThatBrokeOffIsBegunAgainByTheNextOpen) {
  SourcesFixture f;
  const std::string bytes = content(800'000);
  f.origin.handle("/soda", [&](auto&) {
    demo::Reply reply = demo::Reply::text(200, bytes, "application/octet-stream");
    reply.no_length = true;
    return reply;
  });
  f.origin.misbehave("/soda", {.truncate_after = 300'000, .truncate_times = 1});
  const auto broken = f.sources->open(f.computed("/soda"), soon());
  EXPECT_TRUE(broken || broken.error().code() != Code::timed_out);
  const auto reader = f.sources->open(f.computed("/soda"), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(f.all(*reader), bytes);
}

TEST(Sources, DropsARecordThatIsDamaged) {
  SourcesFixture f;
  ASSERT_TRUE(f.store->put(cache::MetaStore::Room::contents, "fake\nid:/a.bin", as_bytes("\x01 nonsense")));
  f.origin.put("/a.bin", content(1000));
  EXPECT_FALSE(f.sources->known(f.entry("/a.bin")).exact);
  EXPECT_TRUE(f.sources->open(f.entry("/a.bin"), soon()));
}

}  // namespace
}  // namespace skymount::vo
