// SPDX-License-Identifier: MIT
//
// First contact with servers that do not honour ranges, and answers that come only once.
#include "tests/http/http_fixture.h"
#include "vo/http/running_answer.h"

#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using demo::Faults;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::int64_t kMonday = 1'700'000'000;

class Spools : public testing::Test {
 protected:
  void put(std::size_t size = 3'000'000, unsigned seed = 1, std::string etag = "\"v1\"") {
    bytes = test::pattern(size, seed);
    origin.put("/f", text_of(bytes), "application/octet-stream", std::move(etag), kMonday);
  }
  void ignore_ranges() {
    Faults faults;
    faults.ignore_range = true;
    origin.misbehave("/f", faults);
  }
  Result<OpenedRemote> open(bool computed = false, std::uint64_t max_bytes = 0) {
    RemoteFile file = remote(origin.url("/f"));
    file.computed = computed;
    file.max_bytes = max_bytes;
    return open_remote(client, file, soon());
  }
  demo::Origin origin;
  Bytes bytes;
  std::shared_ptr<HttpClient> client = local_client();
};

TEST_F(Spools, AServerThatIgnoresRangesIsAskedOnceForOpenAndContent) {
  put();
  ignore_ranges();
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_EQ(opened->learned.size, bytes.size());
  EXPECT_FALSE(opened->learned.ranges);
  EXPECT_EQ(opened->learned.version, "\"v1\"");
  EXPECT_TRUE(opened->source->whole_only());
  ASSERT_GE(opened->head.size(), 4096U);
  EXPECT_TRUE(opened->head == slice(bytes, 0, opened->head.size()));
  auto got = read(*opened->source, {0, 10});
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_TRUE(*got == bytes) << "a whole-only source delivers everything";
  EXPECT_EQ(origin.requests().size(), 1U);
}

TEST_F(Spools, ASecondFetchAsksAgainAndMustGetTheSameVersion) {
  put();
  ignore_ranges();
  auto opened = open();
  ASSERT_TRUE(read(*opened->source, {0, 1}));
  auto again = read(*opened->source, {0, 1});
  ASSERT_TRUE(again) << again.error().what();
  EXPECT_TRUE(*again == bytes);
  put(3'000'000, 2, "\"v2\"");
  auto changed = read(*opened->source, {0, 1});
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code(), Code::stale);
}

TEST_F(Spools, WithoutValidatorsAVersionComesOnce) {
  put();
  Faults faults;
  faults.ignore_range = true;
  faults.no_validators = true;
  origin.misbehave("/f", faults);
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_THAT(opened->learned.version, StartsWith("spooled-"));
  EXPECT_THAT(opened->learned.version, HasSubstr("first64k-"));
  EXPECT_TRUE(read(*opened->source, {0, 1}).value() == bytes);
  EXPECT_EQ(read(*opened->source, {0, 1}).error().code(), Code::stale);
}

TEST_F(Spools, ABrokenDownloadGoesOnWithoutDeliveringAByteTwice) {
  put();
  Faults faults;
  faults.ignore_range = true;
  faults.truncate_after = 1'000'000;
  faults.truncate_times = 2;
  origin.misbehave("/f", faults);
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what();
  auto got = read(*opened->source, {0, 1});
  ASSERT_TRUE(got) << got.error().what();
  EXPECT_TRUE(*got == bytes);
  EXPECT_EQ(origin.requests().size(), 3U);
}

TEST_F(Spools, ASmallFileIsHadAtOnce) {
  put(5'000);
  ignore_ranges();
  auto opened = open();
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->head == bytes);
  EXPECT_EQ(opened->source->size(), 5'000U);
  EXPECT_TRUE(read(*opened->source, {0, 1}).value() == bytes);
  EXPECT_EQ(origin.requests().size(), 1U);
}

TEST_F(Spools, WithoutLengthTheSizeIsKnownAtTheEnd) {
  put();
  Faults faults;
  faults.no_length = true;
  origin.misbehave("/f", faults);
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_EQ(opened->learned.size, std::nullopt);
  EXPECT_EQ(opened->source->size(), std::nullopt);
  EXPECT_THAT(opened->learned.version, StartsWith("spooled-"));
  EXPECT_TRUE(read(*opened->source, {0, 1}).value() == bytes);
  EXPECT_EQ(opened->source->size(), bytes.size());
}

TEST_F(Spools, AComputedAnswerIsAVersionOfItsOwnEvenIfItClaimsRanges) {
  put();
  auto first = open(true), second = open(true);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->learned.version, second->learned.version);
  EXPECT_TRUE(first->source->whole_only());
  EXPECT_THAT(asked(origin), ElementsAre("GET /f", "GET /f")) << "no range is asked for";
  EXPECT_TRUE(read(*first->source, {0, 1}).value() == bytes);
  auto again = read(*first->source, {0, 1});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::stale) << "computed anew it may differ";
}

TEST_F(Spools, AComputedAnswerThatBreaksIsCorruptAndNotMended) {
  put();
  Faults cut;
  cut.truncate_after = 500'000;
  origin.misbehave("/f", cut);
  auto opened = open(true);
  ASSERT_TRUE(opened);
  auto got = read(*opened->source, {0, 1});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::corrupt);
  EXPECT_EQ(origin.requests().size(), 1U);
}

TEST_F(Spools, UnwantedCompressionIsTakenOffAndNeverReadInRanges) {
  put();
  Faults zipped;
  zipped.gzip_encoding = true;
  origin.misbehave("/f", zipped);
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_TRUE(opened->source->whole_only());
  EXPECT_EQ(opened->source->size(), std::nullopt) << "the length sent is that of the compressed form";
  EXPECT_TRUE(read(*opened->source, {0, 1}).value() == bytes);
  EXPECT_EQ(opened->source->size(), bytes.size());
}

TEST_F(Spools, AFileNamedGzStaysAsItIsWhateverEncodingTheServerNames) {
  const std::string zipped = demo::gzip(text_of(test::pattern(400'000)));
  origin.handle("/a.fits.gz", [&](const demo::Request&) {
    demo::Reply reply = demo::Reply::text(200, zipped, "image/fits");
    reply.ranges = true;
    reply.etag = "\"z\"";
    reply.headers.emplace_back("Content-Encoding", "gzip");
    return reply;
  });
  auto opened = open_remote(client, remote(origin.url("/a.fits.gz"), "image/fits"), soon());
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_TRUE(opened->learned.ranges);
  EXPECT_EQ(opened->learned.size, zipped.size());
  EXPECT_EQ(text_of(read(*opened->source, {300'000, 100}).value()), zipped.substr(300'000, 100));
}

TEST_F(Spools, AFirewallThatRefusesTheRangeFieldIsAskedWithoutIt) {
  for (const int status : {403, 416}) {
    bytes = test::pattern(5'000);
    origin.handle("/f", [&](const demo::Request& request) {
      return request.header("Range").empty() ? demo::Reply::text(200, text_of(bytes)) : demo::Reply::text(status, "no");
    });
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().what();
    EXPECT_TRUE(opened->head == bytes);
  }
}

TEST_F(Spools, A206ThatIsNotWhatWasAskedIsNotTrusted) {
  put(5'000);
  Faults faults;
  faults.wrong_content_range = true;
  origin.misbehave("/f", faults);
  auto opened = open();
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_TRUE(opened->head == bytes);
  EXPECT_FALSE(opened->learned.ranges);
  EXPECT_THAT(asked(origin), ElementsAre("GET /f bytes=0-" + std::to_string(kFirstRange - 1), "GET /f"));
}

TEST_F(Spools, EmptyAnswersAreNoData) {
  origin.put("/f", "");
  EXPECT_EQ(open().error().code(), Code::no_data);
  EXPECT_EQ(open(true).error().code(), Code::no_data);
  Faults nothing;
  nothing.status = 204;
  origin.misbehave("/f", nothing);
  EXPECT_EQ(open(true).error().code(), Code::no_data);
}

TEST_F(Spools, ALoginPageIsCorruptAndItsTitleTold) {
  put();
  Faults html;
  html.html_instead = true;
  origin.misbehave("/f", html);
  auto opened = open_remote(client, remote(origin.url("/f"), "image/fits"), soon());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::corrupt);
  EXPECT_THAT(opened.error().what(), HasSubstr("Sign in"));
}

TEST_F(Spools, WhatIsTooLargeIsNotRead) {
  put();
  EXPECT_EQ(open(false, 1'000'000).error().code(), Code::too_large);
  ignore_ranges();
  EXPECT_EQ(open(false, 1'000'000).error().code(), Code::too_large);
  Faults chunked;
  chunked.no_length = true;
  origin.misbehave("/f", chunked);
  auto opened = open(true, 1'000'000);
  EXPECT_EQ((opened ? read(*opened->source, {0, 1}).error() : opened.error()).code(), Code::too_large);
}

TEST_F(Spools, AServicesUsageErrorIsInvalidWithItsWords) {
  Faults usage;
  usage.status = 404;
  usage.status_body = "UsageError: unknown parameter CIRKLE";
  origin.misbehave("/f", usage);
  auto opened = open(true);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::invalid);
  EXPECT_THAT(opened.error().what(), HasSubstr("unknown parameter CIRKLE"));
  EXPECT_EQ(open(false).error().code(), Code::not_found);
}

TEST_F(Spools, TheNameInTheHeaderIsLearned) {
  demo::OriginFile file;
  file.size = 10;
  file.content_disposition = "attachment; filename=\"ADP.fits.Z\"";
  file.read = [](std::uint64_t, std::span<std::byte> out) { std::fill(out.begin(), out.end(), std::byte{1}); };
  origin.put("/f", file);
  EXPECT_EQ(open()->learned.filename, "ADP.fits.Z");
}

TEST_F(Spools, OpeningReturnsWithTheHeadAndNotWithTheBody) {
  put(30'000'000);
  Faults slow;
  slow.ignore_range = true;
  slow.bytes_per_second = 1'000'000;
  origin.misbehave("/f", slow);
  EXPECT_LT(elapsed_ms([&] { EXPECT_TRUE(open()); }), 1000) << "and closing it ends the transfer";
}

TEST_F(Spools, ACallersBudgetEndsItsWaitForTheHeader) {
  Faults mute;
  mute.silent = true;
  origin.misbehave("/f", mute);
  const long ms = elapsed_ms([&] {
    auto opened = open_remote(client, remote(origin.url("/f")), soon(100ms));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::timed_out);
  });
  EXPECT_LT(ms, 400);
}

TEST_F(Spools, TheBodyMayTakeLongerThanTheBudgetOfTheOpen) {
  put(600'000);
  Faults slow;
  slow.ignore_range = true;
  slow.bytes_per_second = 1'500'000;
  origin.misbehave("/f", slow);
  auto opened = open_remote(client, remote(origin.url("/f")), soon(200ms));
  ASSERT_TRUE(opened) << opened.error().what();
  EXPECT_TRUE(read(*opened->source, {0, 1}).value() == bytes) << "it takes 400 ms";
}

TEST_F(Spools, AnAnswerThatNobodyReadsGivesItsConnectionBack) {
  put(30'000'000);
  HttpRequest request = get(origin.url("/f"));
  request.traffic = Traffic::data;
  RunningAnswer answer(client, request, soon(), 100ms);
  ASSERT_TRUE(answer.header(soon()));
  std::this_thread::sleep_for(300ms);
  Result<Bytes> piece = answer.next(soon());
  while (piece && !piece->empty()) piece = answer.next(soon());
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().code(), Code::timed_out);
}

}  // namespace
}  // namespace skymount::vo
