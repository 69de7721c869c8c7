// SPDX-License-Identifier: MIT
//
// Links expire: whoever opens a file under a URL of yesterday gets it under that of today. What lists it is asked once,
// however many ask, and not again within a minute; then the refusal is told as it is.
#include "tests/support/random.h"
#include "tests/vo/links_fixture.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::vo {
namespace {

using test::entry_of;
using test::LinkRow;
using test::LinksServiceFixture;
using test::soon;
using test::votable_reply;
using ::testing::HasSubstr;

/// URLs are signed for one day's `number`; those of other days are refused with `status`.
struct SignedFixture : LinksServiceFixture {
  SignedFixture() {
    answer_ids([this](const std::string& id) -> std::vector<LinkRow> {
      if (withdrawn) return {{id, service.origin.url("/f/other.fits"), "", "", "#this", "", "image/fits", ""}};
      return {{id, service.origin.url("/f/plate.fits?sig=" + std::to_string(number)), "", "", "#this", "",
               "application/octet-stream", ""}};
    });
    service.origin.handle("/f/", [this](const demo::Request& request) {
      if (request.param("sig") != std::to_string(number.load())) return demo::Reply::text(status, "expired");
      demo::Reply reply;
      reply.content_type = "application/octet-stream";
      reply.body = content;
      reply.ranges = true;
      reply.etag = "\"v1\"";
      return reply;
    });
    start();
    entry = entry_of(**enter(0), "plate.fits");
  }

  Result<std::string> read(const Entry& what) {
    const auto reader = sources->open(what, soon(), renewal());
    if (!reader) return fail(reader.error());
    const auto bytes = (*reader)->read({0, (*reader)->size()}, soon());
    if (!bytes) return fail(bytes.error());
    return std::string(as_text(bytes->view()));
  }

  std::atomic<int> number{1};
  int status = 403;
  bool withdrawn = false;
  const std::string content = std::string(as_text(skymount::test::pattern(900'000, 5)));
  Entry entry;
};

TEST(ExpiredLinks, TheLinksAreAskedOnceAndTheFileIsReadFromWhereItIsToday) {
  for (const int status : {401, 403, 404, 410}) {
    SCOPED_TRACE(status);
    SignedFixture f;
    f.status = status;
    f.clock.advance(std::chrono::hours(2));
    f.number = 2;
    const auto text = f.read(f.entry);
    ASSERT_TRUE(text) << text.error().what();
    EXPECT_EQ(*text, f.content);
    EXPECT_EQ(f.links_requests(), 2u);
    EXPECT_EQ(*f.read(f.entry), f.content);  // the old place still holds the old URL
    EXPECT_EQ(f.links_requests(), 2u);
  }
}

TEST(ExpiredLinks, LinksThatWereJustFetchedAreNotFetchedAgain) {
  SignedFixture f;
  f.clock.advance(std::chrono::seconds(5));
  f.number = 2;
  const auto text = f.read(f.entry);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Code::denied);
  EXPECT_EQ(f.links_requests(), 1u);
}

TEST(ExpiredLinks, ARefusalThatStaysIsToldAndNotAskedAboutWithinAMinute) {
  SignedFixture f;
  f.clock.advance(std::chrono::hours(2));
  f.status = 404;
  f.service.origin.misbehave("/f/", {.status = 404});
  for (int i = 0; i < 3; ++i) {
    const auto text = f.read(f.entry);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code(), Code::not_found);
  }
  EXPECT_EQ(f.links_requests(), 2u);
  f.clock.advance(std::chrono::minutes(2));
  EXPECT_FALSE(f.read(f.entry));
  EXPECT_EQ(f.links_requests(), 3u);
}

TEST(ExpiredLinks, AFileThatIsNotListedAnyMoreIsStale) {
  SignedFixture f;
  f.clock.advance(std::chrono::hours(2));
  f.number = 2;
  f.withdrawn = true;
  const auto text = f.read(f.entry);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Code::stale);
  EXPECT_THAT(text.error().what(), HasSubstr("no longer among the links"));
  EXPECT_EQ(entry_of(**f.enter(0), "other.fits").semantics, "#this");  // the folder shows what there is
}

TEST(ExpiredLinks, ManyOpenersCauseOneQuestion) {
  SignedFixture f;
  f.clock.advance(std::chrono::hours(2));
  f.number = 2;
  f.service.origin.misbehave("/links", {.latency = std::chrono::milliseconds(100)});
  std::vector<std::thread> readers;
  std::atomic<int> good{0};
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&] { good += f.read(f.entry).value_or("") == f.content; });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(f.links_requests(), 2u);
}

TEST(ExpiredLinks, AReadThatBeganGoesOnUnderTheNewUrl) {
  SignedFixture f;
  const auto reader = f.sources->open(f.entry, soon(), f.renewal());
  ASSERT_TRUE(reader);
  f.clock.advance(std::chrono::hours(2));
  f.number = 2;
  const auto bytes = (*reader)->read({0, f.content.size()}, soon());
  ASSERT_TRUE(bytes) << bytes.error().what();
  EXPECT_EQ(as_text(bytes->view()), f.content);
  EXPECT_EQ(f.links_requests(), 2u);
}

TEST(ExpiredLinks, ARememberedFileIsReadUnderTheNewUrlAfterARemount) {
  SignedFixture f;
  ASSERT_TRUE(f.sources->open(f.entry, soon(), f.renewal()));
  f.clock.advance(std::chrono::hours(2));
  f.number = 2;
  f.start();
  EXPECT_EQ(f.read(f.entry).value_or("failed"), f.content);
  EXPECT_EQ(f.links_requests(), 2u);
}

TEST(ExpiredLinks, ADocumentOnTheWayIsFoundWhereItIsToday) {
  LinksServiceFixture f;
  std::atomic<int> number{1};
  f.answer_ids([&](const std::string& id) -> std::vector<LinkRow> {
    return {{id, f.service.origin.url("/more?sig=" + std::to_string(number)), "", "", "#calibration", "",
             test::kLinksType, ""}};
  });
  f.service.origin.handle("/more", [&](const demo::Request& request) {
    if (request.param("sig") != std::to_string(number.load())) return demo::Reply::text(410, "expired");
    return votable_reply(test::links_votable({{"c", "http://127.0.0.1:1/flat.fits", "", "", "#flat", "", "", ""}}));
  });
  f.start();
  const LinksTrail way{entry_of(**f.enter(0), "calibration")};
  f.clock.advance(std::chrono::hours(2));
  number = 2;
  const auto folder = f.enter(0, way);
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_EQ(entry_of(**folder, "flat.fits").semantics, "#flat");
  EXPECT_EQ(f.links_requests(), 2u);
}

TEST(ExpiredLinks, ARowsFileIsFoundThroughTheTable) {
  LinksServiceFixture f(2);
  std::atomic<int> number{1};
  const auto url = [&](int n) { return f.service.origin.url("/r/a.fits?sig=" + std::to_string(n)); };
  f.rows[0]["access_url"] = url(1);
  f.rows[0]["access_format"] = "image/fits";
  f.service.origin.handle("/r/", [&](const demo::Request& request) {
    if (request.param("sig") != std::to_string(number.load())) return demo::Reply::text(403, "expired");
    return demo::Reply::text(200, "SIMPLE  =                    T", "image/fits");
  });
  f.start();
  const Entry entry = (*f.enter(0))->entries.at(0);
  f.clock.advance(std::chrono::hours(2));
  number = 2;
  f.rows[0]["access_url"] = url(2);
  const std::size_t asked = f.service.queries().size();
  const auto reader = f.sources->open(entry, soon(), f.renewal());
  ASSERT_TRUE(reader) << reader.error().what();
  EXPECT_EQ(f.service.queries().size(), asked + 1);
}

}  // namespace
}  // namespace skymount::vo
