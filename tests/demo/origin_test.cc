// SPDX-License-Identifier: MIT
//
// The origin keeps the rules of HTTP when it behaves, and breaks exactly the one that it is told to break.
#include "vo/demo/origin.h"

#include "tests/demo/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace skymount::demo {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test::Answer;
using test::Client;
using test::get;

std::string counting(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 251);
  return text;
}

class OriginTest : public ::testing::Test {
 protected:
  OriginTest() { origin.put("/a.bin", content, "application/octet-stream", "\"v1\"", 784111777); }
  const std::string content = counting(300'000);
  Origin origin;
};

TEST_F(OriginTest, ServesAFileWithItsValidators) {
  const Answer a = get(origin.port(), "/a.bin");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, content);
  EXPECT_EQ(a.header("ETag"), "\"v1\"");
  EXPECT_EQ(a.header("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(a.header("Accept-Ranges"), "bytes");
}

TEST_F(OriginTest, EveryRangeIsThatPartOfTheWhole) {
  Client client(origin.port());
  for (auto [asked, from, size] : {std::tuple{"bytes=0-0", 0u, 1u},
                                   {"bytes=1000-1999", 1000u, 1000u},
                                   {"bytes=299999-", 299999u, 1u},
                                   {"bytes=-10", 299990u, 10u},
                                   {"bytes=299000-999999", 299000u, 1000u}}) {
    const Answer a = client.get("/a.bin", {std::string("Range: ") + asked});
    EXPECT_EQ(a.status, 206) << asked;
    EXPECT_EQ(a.body, content.substr(from, size)) << asked;
    EXPECT_EQ(a.header("Content-Range"),
              "bytes " + std::to_string(from) + "-" + std::to_string(from + size - 1) + "/300000");
  }
  const Answer beyond = client.get("/a.bin", {"Range: bytes=300000-"});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.header("Content-Range"), "bytes */300000");
  EXPECT_EQ(origin.connections(), 1);
}

TEST_F(OriginTest, ConditionsAreJudged) {
  Client client(origin.port());
  EXPECT_EQ(client.get("/a.bin", {"If-None-Match: \"v1\""}).status, 304);
  EXPECT_EQ(client.get("/a.bin", {"If-None-Match: \"v2\""}).status, 200);
  EXPECT_EQ(client.get("/a.bin", {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"}).status, 304);
  EXPECT_EQ(client.get("/a.bin", {"If-Match: \"v2\""}).status, 412);
  EXPECT_EQ(client.get("/a.bin", {"If-Match: \"v1\"", "Range: bytes=0-9"}).status, 206);
  EXPECT_EQ(client.get("/a.bin", {"If-Range: \"v2\"", "Range: bytes=0-9"}).status, 200);
  origin.misbehave("/a.bin", {.weak_etag = true});
  EXPECT_EQ(client.get("/a.bin", {"If-Match: W/\"v1\""}).status, 412) << "a weak tag never matches strongly";
}

TEST_F(OriginTest, LatencyComesBeforeTheFirstByteOfEachAnswer) {
  origin.misbehave("/", {.latency = 60ms});
  Client client(origin.port());
  const auto start = steady_clock::now();
  client.get("/a.bin", {"Range: bytes=0-9"});
  client.get("/a.bin", {"Range: bytes=0-9"});
  EXPECT_GE(steady_clock::now() - start, 120ms);
}

TEST_F(OriginTest, BandwidthIsPerConnection) {
  origin.misbehave("/", {.bytes_per_second = 1'500'000});
  const auto start = steady_clock::now();
  std::thread other([&] { get(origin.port(), "/a.bin"); });
  get(origin.port(), "/a.bin");
  other.join();
  const auto took = steady_clock::now() - start;
  EXPECT_GE(took, 190ms);  // 300 kB at 1.5 MB/s
  EXPECT_LE(took, 390ms) << "two connections do not share";
}

TEST_F(OriginTest, AStatusCanBeTemporary) {
  origin.misbehave("/a.bin", {.status = 503, .status_body = "later", .retry_after_s = 7, .status_times = 2});
  Client client(origin.port());
  EXPECT_EQ(client.get("/a.bin").header("Retry-After"), "7");
  EXPECT_EQ(client.get("/a.bin").status, 503);
  EXPECT_EQ(client.get("/a.bin").status, 200);
}

TEST_F(OriginTest, TruncationClosesTheConnectionInMidBody) {
  origin.misbehave("/a.bin", {.truncate_after = 1000, .truncate_times = 1});
  const Answer cut = get(origin.port(), "/a.bin");
  EXPECT_EQ(cut.status, 200);
  EXPECT_EQ(cut.header("Content-Length"), "300000");
  EXPECT_EQ(cut.body, content.substr(0, 1000));
  EXPECT_FALSE(cut.complete);
  EXPECT_TRUE(get(origin.port(), "/a.bin").complete);
}

TEST_F(OriginTest, RangesCanBeIgnoredMislabelledOrMistaken) {
  const std::vector<std::string> range = {"Range: bytes=100-199"};
  origin.misbehave("/a.bin", {.ignore_range = true});
  EXPECT_EQ(get(origin.port(), "/a.bin", range).body.size(), 300'000u);
  origin.misbehave("/a.bin", {.wrong_content_range = true});
  EXPECT_EQ(get(origin.port(), "/a.bin", range).header("Content-Range"), "bytes 101-200/300000");
  origin.misbehave("/a.bin", {.first_bytes_regardless = true});
  EXPECT_EQ(get(origin.port(), "/a.bin", range).body, content.substr(0, 100));
  EXPECT_EQ(get(origin.port(), "/a.bin", range).header("Content-Range"), "bytes 0-99/300000");
  origin.behave();
  EXPECT_EQ(get(origin.port(), "/a.bin", range).body, content.substr(100, 100));
}

TEST_F(OriginTest, LengthsCanBeMissingOrWrong) {
  origin.misbehave("/a.bin", {.no_length = true});
  const Answer chunked = get(origin.port(), "/a.bin", {"Range: bytes=0-9"});
  EXPECT_EQ(chunked.status, 200);
  EXPECT_EQ(chunked.header("Content-Length"), "");
  EXPECT_EQ(chunked.header("Accept-Ranges"), "");
  EXPECT_EQ(chunked.body, content);
  origin.misbehave("/a.bin", {.lie_content_length = 300'100});
  const Answer lied = get(origin.port(), "/a.bin");
  EXPECT_EQ(lied.body, content);
  EXPECT_FALSE(lied.complete);
}

TEST_F(OriginTest, OtherFaultsAreWhatTheyAreCalled) {
  origin.misbehave("/a.bin", {.no_validators = true});
  EXPECT_EQ(get(origin.port(), "/a.bin").header("ETag") + get(origin.port(), "/a.bin").header("Last-Modified"), "");
  origin.misbehave("/a.bin", {.html_instead = true});
  EXPECT_THAT(get(origin.port(), "/a.bin").body, ::testing::StartsWith("<!DOCTYPE html>"));
  origin.misbehave("/a.bin", {.gzip_encoding = true});
  const Answer zipped = get(origin.port(), "/a.bin");
  EXPECT_EQ(zipped.header("Content-Encoding"), "gzip");
  EXPECT_EQ(zipped.body.substr(0, 2), "\x1f\x8b");
  origin.misbehave("/a.bin", {.redirect_to = "/b.bin"});
  EXPECT_EQ(get(origin.port(), "/a.bin").header("Location"), "/b.bin");
  origin.misbehave("/a.bin", {.drop_connection = true});
  EXPECT_EQ(get(origin.port(), "/a.bin").status, 0);
  EXPECT_EQ(Client(origin.port()).send("HEAD", "/other").status, 405);
  origin.misbehave("/a.bin", {.refuse_head = false});
  const Answer head = Client(origin.port()).send("HEAD", "/a.bin");
  EXPECT_EQ(head.header("Content-Length"), "300000");
}

TEST_F(OriginTest, GoingDownEndsEvenSilentAnswersAndComingUpKeepsThePort) {
  origin.misbehave("/a.bin", {.silent = true});
  std::atomic<int> status = -1;
  std::thread waiting([&] { status = get(origin.port(), "/a.bin").status; });
  while (origin.count("/a.bin") == 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(status, -1);
  origin.go_down();
  waiting.join();
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(Client(origin.port()).connected());
  origin.behave();
  origin.come_up();
  EXPECT_EQ(get(origin.port(), "/a.bin").status, 200);
}

TEST_F(OriginTest, HandlersSeeDecodedParametersOfQueryAndForm) {
  Request seen;
  origin.handle("/tap/", [&](const Request& r) {
    seen = r;
    Reply reply;
    reply.stream = [](const Reply::Sink& sink) {
      sink("one,");
      sink("two");
    };
    return reply;
  });
  const Answer a = test::post_form(origin.port(), "/tap/sync?lang=ADQL", "QUERY=SELECT%20a%2Bb+c&ID=1&ID=2");
  EXPECT_EQ(a.body, "one,two");
  EXPECT_TRUE(a.complete);
  EXPECT_EQ(seen.path, "/tap/sync");
  EXPECT_EQ(seen.param("LANG"), "ADQL");
  EXPECT_EQ(seen.param("query"), "SELECT a+b c");
  EXPECT_EQ(seen.params_named("ID"), (std::vector<std::string>{"1", "2"}));
}

TEST_F(OriginTest, RemembersWhatWasAsked) {
  Client client(origin.port());
  client.get("/a.bin", {"Range: bytes=0-99"});
  client.get("/missing?x=1");
  const auto records = origin.requests();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].range, "bytes=0-99");
  EXPECT_EQ(records[0].status, 206);
  EXPECT_EQ(records[0].body_bytes_sent, 100u);
  EXPECT_EQ(records[1].target, "/missing?x=1");
  EXPECT_EQ(records[1].status, 404);
  EXPECT_EQ(records[1].connection, 1);
  EXPECT_EQ(origin.count("/a.bin"), 1u);
  origin.clear_requests();
  EXPECT_TRUE(origin.requests().empty());
}

TEST_F(OriginTest, SurvivesRequestsThatAreNotHttp) {
  EXPECT_EQ(Client(origin.port()).send("GET", "no-slash").status, 400);
  EXPECT_EQ(Client(origin.port()).get("/a.bin", {"X: " + std::string(70'000, 'x')}).status, 431);
  EXPECT_EQ(get(origin.port(), "/a.bin").status, 200);
}

TEST_F(OriginTest, ManyConnectionsAtOnceGetTheirOwnBytes) {
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 60; ++i) {
    threads.emplace_back([&, i] {
      Client client(origin.port());
      for (int k = 0; k < 5; ++k) {
        const std::size_t at = static_cast<std::size_t>(i * 4000 + k * 100);
        const Answer a = client.get("/a.bin", {"Range: bytes=" + std::to_string(at) + "-" + std::to_string(at + 4095)});
        if (a.body == content.substr(at, 4096)) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 300);
  EXPECT_EQ(origin.connections(), 60);
}

}  // namespace
}  // namespace skymount::demo
