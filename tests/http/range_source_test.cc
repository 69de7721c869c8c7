// SPDX-License-Identifier: MIT
//
// Files behind servers that honour ranges, and behind those that say they do.
#include "tests/http/http_fixture.h"
#include "vo/http/file_version.h"

#include <atomic>
#include <ctime>
#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using demo::Faults;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::int64_t kMonday = 1'700'000'000;

std::string first_range(const std::string& path) {
  return "GET " + path + " bytes=0-" + std::to_string(kFirstRange - 1);
}

class Ranges : public testing::Test {
 protected:
  void put(unsigned seed = 1, std::string etag = "\"v1\"", std::optional<std::int64_t> modified = kMonday) {
    bytes = test::pattern(1'000'000, seed);
    origin.put("/f", text_of(bytes), "application/octet-stream", std::move(etag), modified);
  }
  Result<OpenedRemote> open(std::string path = "/f") { return open_remote(client, remote(origin.url(path)), soon()); }

  demo::Origin origin;
  Bytes bytes;
  std::shared_ptr<HttpClient> client = local_client();
};

TEST_F(Ranges, OpeningCostsOneRequestAndTeachesEverything) {
  put();
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_TRUE(opened->head == slice(bytes, 0, kFirstRange));
  EXPECT_EQ(opened->learned.size, bytes.size());
  EXPECT_TRUE(opened->learned.ranges);
  EXPECT_EQ(opened->learned.version, "\"v1\"");
  EXPECT_EQ(opened->learned.last_modified, kMonday);
  EXPECT_EQ(opened->learned.content_type, "application/octet-stream");
  EXPECT_EQ(opened->source->size(), bytes.size());
  EXPECT_FALSE(opened->source->whole_only());
  EXPECT_EQ(opened->source->id(), (cache::ContentId{"demo", "", origin.url("/f"), "\"v1\""}));
  EXPECT_THAT(asked(origin), ElementsAre(first_range("/f")));
}

TEST_F(Ranges, AnyRangeIsTheSameBytesOfTheFile) {
  put();
  auto source = open()->source;
  for (const unsigned seed : test::seeds(3)) {
    SCOPED_TRACE(seed);
    for (const ByteRange range : test::random_ranges(bytes.size(), seed, 20)) {
      auto got = read(*source, range);
      ASSERT_TRUE(got) << got.error().what();
      EXPECT_TRUE(*got == slice(bytes, range.offset, range.length));
    }
  }
}

TEST_F(Ranges, ARememberedSourceAsksNothingUntilBytesAreFetched) {
  put();
  const LearnedFile learned = open()->learned;
  origin.clear_requests();
  auto source = remembered_source(client, remote(origin.url("/f")), learned);
  EXPECT_EQ(source->size(), bytes.size());
  EXPECT_EQ(origin.requests().size(), 0U);
  EXPECT_TRUE(read(*source, {5, 10}).value() == slice(bytes, 5, 10));
  EXPECT_THAT(asked(origin), ElementsAre("GET /f bytes=5-14"));
}

TEST_F(Ranges, NeverMixesTwoVersionsOfOneFile) {
  struct Case {
    const char* what;
    std::string etag1, etag2;
    std::optional<std::int64_t> modified1, modified2;
  };
  for (const Case& c :
       {Case{"ETag", "\"v1\"", "\"v2\"", kMonday, kMonday}, Case{"weak ETag", "W/\"v1\"", "W/\"v2\"", {}, {}},
        Case{"the same weak ETag", "W/\"v1\"", "W/\"v1\"", {}, {}}, Case{"nothing", "", "", {}, {}},
        Case{"Last-Modified now", "", "", std::time(nullptr), std::time(nullptr)},
        Case{"Last-Modified", "", "", kMonday, kMonday + 60}, Case{"tag lost", "\"v1\"", "", {}, {}}}) {
    SCOPED_TRACE(c.what);
    put(1, c.etag1, c.modified1);
    auto opened = open();
    ASSERT_TRUE(opened);
    put(2, c.etag2, c.modified2);  // the archive reprocesses the image: same size, other bytes
    auto got = read(*opened->source, {300'000, 10'000});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Code::stale);
    auto again = open();
    ASSERT_TRUE(again);
    EXPECT_NE(again->learned.version, opened->learned.version);
  }
}

TEST_F(Ranges, AFileThatShrankOrGrewIsStale) {
  put(1, "", {});
  auto opened = open();
  ASSERT_TRUE(opened);
  for (const std::size_t size : {std::size_t{400'000}, std::size_t{2'000'000}}) {
    origin.put("/f", text_of(test::pattern(size)));
    auto got = read(*opened->source, {900'000, 10});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Code::stale) << size;
  }
}

TEST_F(Ranges, WithoutValidatorsEveryDownloadIsAVersionOfItsOwnAndItsHeadTellsWhatItMayBe) {
  put(1, "", {});
  const auto first = open()->learned.version, same = open()->learned.version;
  put(2, "", {});
  const auto other = open()->learned.version;
  EXPECT_NE(first, same);
  EXPECT_TRUE(same_head(first, same));
  EXPECT_FALSE(same_head(first, other));
}

TEST_F(Ranges, WithoutProofOfOneVersionAFileComesInOneAnswer) {
  for (const bool weak : {false, true}) {
    SCOPED_TRACE(weak);
    put(1, weak ? "W/\"v1\"" : "", {});
    origin.clear_requests();
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().what();
    EXPECT_TRUE(opened->source->whole_only());
    EXPECT_FALSE(opened->flowing) << "who only reads the header causes no download";
    EXPECT_THAT(asked(origin), ElementsAre(first_range("/f")));
    EXPECT_TRUE(read(*opened->source, {600'000, 10}).value() == bytes);
    EXPECT_THAT(asked(origin), ElementsAre(first_range("/f"), "GET /f"));
  }
}

TEST_F(Ranges, AWholeAnswerWithoutValidatorsIsOnlyMendedByOneThatBeginsAlike) {
  for (const bool changes : {false, true}) {
    SCOPED_TRACE(changes);
    put(1, "", {});
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().what();
    Faults cut;
    cut.truncate_after = 600'000;
    cut.truncate_times = 1;
    origin.misbehave("/f", cut);
    std::uint64_t at = 0;
    const auto outcome = opened->source->fetch(
        {0, 1},
        [&](std::uint64_t offset, ByteView piece) -> Result<void> {
          EXPECT_EQ(offset, at);
          EXPECT_TRUE(std::equal(piece.begin(), piece.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
          if (at == 0 && changes) {  // behind the first 256 KiB
            std::string later = text_of(bytes);
            later[400'000] ^= 1;
            origin.put("/f", later, "application/octet-stream");
          }
          at += piece.size();
          return {};
        },
        soon());
    origin.misbehave("/f", {});
    ASSERT_EQ(outcome.has_value(), !changes);
    if (changes)
      EXPECT_EQ(outcome.error().code(), Code::stale);
    else
      EXPECT_EQ(at, bytes.size());
  }
}

TEST_F(Ranges, WhatIsTooLargeForOneAnswerHasItsHeadComparedBeforeItsEndIsDelivered) {
  constexpr std::uint64_t kSize = 300'000'000;
  std::atomic<char> fill{'a'};
  origin.handle("/big", [&](const demo::Request&) {
    demo::Reply reply = demo::Reply::text(200, "", "application/octet-stream");
    reply.size = kSize;
    reply.ranges = true;
    reply.read = [letter = fill.load()](std::uint64_t, std::span<std::byte> out) {
      std::fill(out.begin(), out.end(), std::byte(letter));
    };
    return reply;
  });
  auto opened = open("/big");
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_FALSE(opened->source->whole_only());
  EXPECT_TRUE(read(*opened->source, {kSize - 100'000, 100'000}));
  EXPECT_THAT(asked(origin),
              ElementsAre(first_range("/big"), "GET /big bytes=299900000-299999999", "GET /big bytes=0-65535"));
  fill = 'b';
  EXPECT_EQ(read(*opened->source, {kSize - 100'000, 100'000}).error().code(), Code::stale);
  auto remembered = remembered_source(client, remote(origin.url("/big")), opened->learned);
  EXPECT_EQ(read(*remembered, {1'000'000, 10}).error().code(), Code::stale) << "kept from another day";
}

TEST_F(Ranges, ABrokenTransferGoesOnWhereItBroke) {
  put();
  auto source = open()->source;
  origin.clear_requests();
  Faults cut;
  cut.truncate_after = 100'000;
  cut.truncate_times = 2;
  origin.misbehave("/f", cut);
  auto got = read(*source, {300'000, 500'000});
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_TRUE(*got == slice(bytes, 300'000, 500'000));
  EXPECT_THAT(asked(origin),
              ElementsAre("GET /f bytes=300000-799999", "GET /f bytes=400000-799999", "GET /f bytes=500000-799999"))
      << "not a byte is asked for twice";
}

TEST_F(Ranges, ATransferThatAlwaysBreaksEndsAfterFourTriesAndKeepsWhatCame) {
  put();
  auto source = open()->source;
  origin.clear_requests();
  Faults cut;
  cut.truncate_after = 1'000;
  origin.misbehave("/f", cut);
  std::uint64_t delivered = 0;
  auto fetched = source->fetch(
      {0, 900'000},
      [&](std::uint64_t, ByteView piece) -> Result<void> {
        delivered += piece.size();
        return {};
      },
      soon());
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code(), Code::corrupt);
  EXPECT_EQ(delivered, 4'000U);
  EXPECT_EQ(origin.requests().size(), 4U);
}

TEST_F(Ranges, AWrongContentRangeIsNeverPassedOn) {
  put();
  auto source = open()->source;
  Faults off;
  off.wrong_content_range = true;
  origin.misbehave("/f", off);
  EXPECT_EQ(read(*source, {300'000, 100}).error().code(), Code::corrupt);
  Faults first;
  first.first_bytes_regardless = true;
  origin.misbehave("/f", first);
  EXPECT_EQ(read(*source, {300'000, 100}).error().code(), Code::corrupt);
}

TEST_F(Ranges, A200ForARangeIsUsedAtTheStartAndDroppedElsewhere) {
  put();
  auto source = open()->source;
  origin.clear_requests();
  Faults ignore;
  ignore.ignore_range = true;
  origin.misbehave("/f", ignore);
  auto start = read(*source, {0, 1000});
  ASSERT_TRUE(start) << start.error().what();
  EXPECT_TRUE(*start == slice(bytes, 0, 1000));
  auto middle = read(*source, {500'000, 1000});
  ASSERT_FALSE(middle);
  EXPECT_EQ(middle.error().code(), Code::stale) << "who opens it again gets it as a whole";
  put(7, "\"v2\"");
  EXPECT_EQ(read(*source, {0, 1000}).error().code(), Code::stale);
}

TEST_F(Ranges, SeveralPartsForOneRangeAreRefused) {
  put();
  auto learned = open()->learned;
  origin.handle("/m", [](const demo::Request&) {
    demo::Reply reply = demo::Reply::text(206, "--x", "multipart/byteranges; boundary=x");
    return reply;
  });
  auto got = read(*remembered_source(client, remote(origin.url("/m")), learned), {0, 3});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::corrupt);
}

TEST_F(Ranges, AShorterPartIsTakenAndTheRestAskedFor) {
  put();
  auto learned = open()->learned;
  origin.handle(
      "/short", [this](const demo::Request& request) {  // a gateway that serves at most 200,000 bytes at a time
        const std::string field = request.header("Range");
        const std::uint64_t first = std::stoull(field.substr(6)), last = std::stoull(field.substr(field.find('-') + 1));
        const std::uint64_t end = std::min(first + 200'000, last + 1);
        demo::Reply reply = demo::Reply::text(206, text_of(slice(bytes, first, end - first)));
        reply.etag = "\"v1\"";
        reply.headers.emplace_back("Content-Range",
                                   "bytes " + std::to_string(first) + "-" + std::to_string(end - 1) + "/1000000");
        return reply;
      });
  auto got = read(*remembered_source(client, remote(origin.url("/short")), learned), {100'000, 700'000});
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_TRUE(*got == slice(bytes, 100'000, 700'000));
  EXPECT_EQ(origin.count("/short"), 4U);
}

TEST_F(Ranges, RefusalsCarryTheArchivesWords) {
  put();
  auto source = open()->source;
  struct Case {
    int status;
    Code code;
  };
  for (const Case c :
       {Case{401, Code::denied}, Case{403, Code::denied}, Case{404, Code::not_found}, Case{410, Code::not_found},
        Case{400, Code::corrupt}, Case{429, Code::unavailable}, Case{503, Code::unavailable}, Case{416, Code::stale}}) {
    Faults faults;
    faults.status = c.status;
    faults.status_body = "because of the moon";
    origin.misbehave("/f", faults);
    auto got = read(*source, {0, 100});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), c.code) << c.status;
    auto opened = open();
    ASSERT_FALSE(opened);
    if (c.status == 416) continue;
    EXPECT_THAT(got.error().what(), HasSubstr("because of the moon"));
    EXPECT_EQ(opened.error().code(), c.code) << c.status;
    EXPECT_THAT(opened.error().what(), HasSubstr("because of the moon"));
  }
}

TEST_F(Ranges, CancellationAndBudgetEndAFetch) {
  put();
  auto source = open()->source;
  Faults mute;
  mute.silent = true;
  origin.misbehave("/f", mute);
  EXPECT_EQ(read(*source, {0, 10}, soon(100ms)).error().code(), Code::timed_out);
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  });
  EXPECT_LT(elapsed_ms([&] {
              EXPECT_EQ(read(*source, {0, 10}, soon(10s, stop.get_token())).error().code(), Code::cancelled);
            }),
            250);
}

TEST_F(Ranges, ARefusalOfTheSinkEndsTheFetchWithItsReason) {
  put();
  auto source = open()->source;
  auto fetched = source->fetch(
      {0, 500'000}, [](std::uint64_t, ByteView) -> Result<void> { return fail(Code::no_space, "disk full"); }, soon());
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code(), Code::no_space);
}

TEST_F(Ranges, ARedirectIsPaidForOnceUntilItsTargetFails) {
  put();
  Faults there;
  there.redirect_to = "/f";
  origin.misbehave("/from", there);
  auto opened = open("/from");
  ASSERT_TRUE(opened) << opened.error().what();
  origin.clear_requests();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(read(*opened->source, {static_cast<std::uint64_t>(i) * 10, 10}));
  EXPECT_THAT(asked(origin),
              ElementsAre("GET /from bytes=0-9", "GET /f bytes=0-9", "GET /f bytes=10-19", "GET /f bytes=20-29"));
  origin.put("/moved", text_of(bytes), "application/octet-stream", "\"v1\"", kMonday);
  origin.remove("/f");
  there.redirect_to = "/moved";
  origin.misbehave("/from", there);
  auto got = read(*opened->source, {30, 10});
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_TRUE(*got == slice(bytes, 30, 10));
}

TEST_F(Ranges, ParallelReadersShareTheConnectionLimit) {
  put();
  auto source = open()->source;
  Faults slow;
  slow.latency = 20ms;
  origin.misbehave("/f", slow);
  std::vector<std::jthread> readers;
  for (std::uint64_t i = 0; i < 12; ++i)
    readers.emplace_back([&, i] {
      EXPECT_TRUE(read(*source, {i * 1000, 1000}).value() == slice(bytes, i * 1000, 1000));
    });
  readers.clear();
  EXPECT_LE(origin.connections(), 3);
}

}  // namespace
}  // namespace skymount::vo
