// SPDX-License-Identifier: MIT
//
// The client against a real server: times, limits, cancellation, connections.
#include "tests/http/http_fixture.h"

#include <atomic>
#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using demo::Faults;
using testing::HasSubstr;
using testing::Le;

Faults silent() {
  Faults faults;
  faults.silent = true;
  return faults;
}

std::string header_of(const demo::RequestRecord& request, std::string_view name) {
  for (const auto& [field, value] : request.headers)
    if (demo::same_ignoring_case(field, name)) return value;
  return "";
}

TEST(HttpClient, BringsTheBodyAndTheHeader) {
  demo::Origin origin;
  origin.put("/a.txt", "hello", "text/plain", "\"v1\"");
  auto whole = local_client()->get_whole(get(origin.url("/a.txt")), soon());
  ASSERT_TRUE(whole) << whole.error().what();
  EXPECT_EQ(whole->response.status, 200);
  EXPECT_EQ(whole->body, "hello");
  EXPECT_EQ(whole->response.strong_etag(), "\"v1\"");
  EXPECT_EQ(whole->response.final_url.text(), origin.url("/a.txt"));
  EXPECT_THAT(header_of(origin.requests()[0], "User-Agent"), HasSubstr("skymount/" SKYMOUNT_VERSION " (+http"));
}

TEST(HttpClient, UnpacksMetadataAndAsksForFilesAsTheyAre) {
  demo::Origin origin;
  const Bytes table(300'000, std::byte{'x'});
  origin.put("/t.xml", text_of(table), "text/xml");
  Faults zipped;
  zipped.gzip_encoding = true;
  origin.misbehave("/t.xml", zipped);
  auto client = local_client();
  auto whole = client->get_whole(get(origin.url("/t.xml")), soon());
  ASSERT_TRUE(whole) << whole.error().what();
  EXPECT_EQ(whole->body, text_of(table));

  HttpRequest plain = get(origin.url("/t.xml"));
  plain.identity = true;
  auto sent = client->get_whole(plain, soon());
  ASSERT_TRUE(sent);
  EXPECT_TRUE(sent->body.starts_with("\x1f\x8b")) << "identity was asked for: what comes is passed on as it is";
  EXPECT_EQ(header_of(origin.requests()[0], "Accept-Encoding"), "gzip, deflate");
  EXPECT_EQ(header_of(origin.requests()[1], "Accept-Encoding"), "identity");
}

TEST(HttpClient, EndsABodyThatUnfoldsBeyondTheLimit) {
  demo::Origin origin;
  origin.put("/bomb", std::string(50'000'000, '0'), "text/xml");
  Faults zipped;
  zipped.gzip_encoding = true;
  origin.misbehave("/bomb", zipped);
  HttpRequest request = get(origin.url("/bomb"));
  request.max_body = 1'000'000;
  auto whole = local_client()->get_whole(request, soon());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::too_large);
}

TEST(HttpClient, PostsAForm) {
  demo::Origin origin;
  origin.handle("/sync", [](const demo::Request& request) {
    return demo::Reply::text(200, request.method + " " + request.param("QUERY").value_or("-"));
  });
  HttpRequest request = get(origin.url("/sync"));
  request.method = "POST";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = form_encode({{"QUERY", "SELECT 'a&b' FROM t"}});
  auto whole = local_client()->get_whole(request, soon());
  ASSERT_TRUE(whole) << whole.error().what();
  EXPECT_EQ(whole->body, "POST SELECT 'a&b' FROM t");
}

TEST(HttpClient, CancellationReturnsAtOnceWhileTheOriginIsSilent) {
  demo::Origin origin;
  origin.misbehave("/", silent());
  auto client = local_client();
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  Result<HttpClient::Whole> whole = fail(Code::invalid, "");
  const long ms = elapsed_ms([&] { whole = client->get_whole(get(origin.url("/x")), soon(10s, stop.get_token())); });
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::cancelled);
  EXPECT_THAT(ms, Le(300)) << "100 ms until it is cancelled, 200 ms allowed after that";
}

TEST(HttpClient, TheCallersBudgetEndsTheCall) {
  demo::Origin origin;
  origin.misbehave("/", silent());
  Result<HttpClient::Whole> whole = fail(Code::invalid, "");
  const long ms = elapsed_ms([&] { whole = local_client()->get_whole(get(origin.url("/x")), soon(150ms)); });
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::timed_out);
  EXPECT_THAT(ms, Le(400));
}

TEST(HttpClient, AnOriginThatNeverAnswersIsGivenUpAfterFirstByte) {
  demo::Origin origin;
  origin.misbehave("/", silent());
  HttpOptions options = local_options();
  options.first_byte = 150ms;
  auto whole = local_client(options)->get_whole(get(origin.url("/x")), soon());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::timed_out);
  EXPECT_THAT(whole.error().what(), HasSubstr("no answer within 0.1 s"));
  EXPECT_EQ(origin.count("/x"), 1U) << "what is slow is not asked three times";
}

TEST(HttpClient, AnAnswerThatStopsComingIsGivenUpAfterStall) {
  demo::Origin origin;
  origin.handle("/x", [](const demo::Request&) {
    demo::Reply reply;
    reply.stream = [](const demo::Reply::Sink& sink) {
      sink("some");
      for (int i = 0; i < 30 && sink(std::string_view("")); ++i) std::this_thread::sleep_for(20ms);
    };
    return reply;
  });
  HttpOptions options = local_options();
  options.stall = 150ms;
  auto whole = local_client(options)->get_whole(get(origin.url("/x")), soon());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::timed_out);
  EXPECT_THAT(whole.error().what(), HasSubstr("after 4 bytes"));
}

TEST(HttpClient, ABodyShorterThanItsLengthIsCorrupt) {
  demo::Origin origin;
  origin.put("/x", std::string(100'000, 'x'));
  Faults cut;
  cut.truncate_after = 5'000;
  origin.misbehave("/x", cut);
  auto whole = local_client()->get_whole(get(origin.url("/x")), soon());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::corrupt);
  EXPECT_EQ(origin.count("/x"), 2U) << "a small answer is asked for once more";
}

TEST(HttpClient, ABrokenChunkedBodyIsCorrupt) {
  demo::Origin origin;
  origin.put("/x", std::string(100'000, 'x'));
  Faults cut;
  cut.no_length = true;
  cut.truncate_after = 5'000;
  cut.truncate_times = 1;
  origin.misbehave("/x", cut);
  Result<HttpResponse> sent = local_client()->send(get(origin.url("/x")), nullptr, nullptr, soon());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Code::corrupt);
  auto whole = local_client()->get_whole(get(origin.url("/x")), soon());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->body.size(), 100'000U);
}

TEST(HttpClient, AnUnwantedBodyIsNotRead) {
  demo::Origin origin;
  origin.put("/big", std::string(40'000'000, 'x'));
  auto sent = local_client()->send(
      get(origin.url("/big")), [](const HttpResponse&) -> Result<void> { return fail(Code::too_large, "no thanks"); },
      nullptr, soon());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().what(), "no thanks");
  EXPECT_LT(origin.body_bytes_sent(), 20'000'000U);
}

TEST(HttpClient, ASlowReaderPausesTheTransferAndGetsEveryByte) {
  demo::Origin origin;
  const Bytes bytes = test::pattern(12'000'000);
  origin.put("/big", text_of(bytes));
  for (const Traffic traffic : {Traffic::metadata, Traffic::data}) {
    HttpRequest request = get(origin.url("/big"));
    request.traffic = traffic;
    Bytes got;
    std::size_t largest = 0;
    origin.clear_requests();
    bool looked = false;
    auto sent = local_client()->send(
        request, nullptr,
        [&](ByteView piece) -> Result<void> {
          if (!std::exchange(looked, true)) {
            std::this_thread::sleep_for(200ms);
            EXPECT_LT(origin.body_bytes_sent(), 11'000'000U) << "the origin goes on although nobody reads";
          }
          largest = std::max(largest, piece.size());
          got.insert(got.end(), piece.begin(), piece.end());
          return {};
        },
        soon());
    ASSERT_TRUE(sent) << sent.error().what();
    EXPECT_TRUE(got == bytes);
    EXPECT_LE(largest, 1'500'000U);
  }
}

TEST(HttpClient, ConnectionsAreUsedAgain) {
  demo::Origin origin;
  origin.put("/x", "x");
  auto client = local_client();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client->get_whole(get(origin.url("/x")), soon()));
  EXPECT_EQ(origin.connections(), 1);
}

TEST(HttpClient, NeverOpensMoreConnectionsThanAllowedAndKeepsOneForMetadata) {
  demo::Origin origin;
  origin.put("/d", std::string(1000, 'd'));
  origin.put("/m", "m");
  Faults slow;
  slow.latency = 120ms;
  origin.misbehave("/d", slow);
  auto client = local_client();
  std::vector<std::jthread> readers;
  std::atomic<int> good = 0;
  for (int i = 0; i < 12; ++i)
    readers.emplace_back([&] {
      HttpRequest request = get(origin.url("/d"));
      request.traffic = Traffic::data;
      if (client->get_whole(request, soon())) ++good;
    });
  std::this_thread::sleep_for(30ms);
  const long ms = elapsed_ms([&] { EXPECT_TRUE(client->get_whole(get(origin.url("/m")), soon())); });
  EXPECT_LT(ms, 100) << "metadata does not wait for data";
  readers.clear();
  EXPECT_EQ(good, 12);
  EXPECT_EQ(origin.connections(), 4) << "three for data, one for metadata";
}

TEST(HttpClient, WaitingForAConnectionIsNotSilenceOfTheOrigin) {
  demo::Origin origin;
  origin.put("/d", "d");
  Faults slow;
  slow.latency = 100ms;
  origin.misbehave("/d", slow);
  HttpOptions options = local_options();
  options.connections = 2;  // one for data
  options.first_byte = 250ms;
  auto client = local_client(options);
  std::vector<std::jthread> readers;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i)
    readers.emplace_back([&] {
      HttpRequest request = get(origin.url("/d"));
      request.traffic = Traffic::data;
      if (client->get_whole(request, soon())) ++good;
    });
  readers.clear();
  EXPECT_EQ(good, 6) << "the last one waits 500 ms for its turn";
}

TEST(HttpClient, ADemandPassesThePrefetchesInTheLine) {
  demo::Origin origin;
  origin.put("/", "");
  origin.handle("/", [](const demo::Request&) { return demo::Reply::text(200, "x"); });
  Faults slow;
  slow.latency = 40ms;
  origin.misbehave("/", slow);
  HttpOptions options = local_options();
  options.connections = 2;
  auto client = local_client(options);
  std::vector<std::jthread> readers;
  const auto ask = [&](std::string path, Priority priority) {
    HttpRequest request = get(origin.url(path));
    request.traffic = Traffic::data;
    FetchContext ctx = soon();
    ctx.priority = priority;
    static_cast<void>(client->get_whole(request, ctx));
  };
  for (int i = 0; i < 5; ++i) readers.emplace_back(ask, "/prefetch", Priority::prefetch);
  std::this_thread::sleep_for(20ms);
  readers.emplace_back(ask, "/demand", Priority::demand);
  readers.clear();
  const auto requests = origin.requests();
  ASSERT_EQ(requests.size(), 6U);
  EXPECT_EQ(requests[1].target, "/demand");
}

TEST(HttpClient, FiveHundredCallersOfADeadOriginHoldUpNobodyElse) {
  demo::Origin dead, alive;
  dead.misbehave("/", silent());
  alive.put("/x", "x");
  auto to_dead = local_client();
  auto to_alive = local_client();
  std::stop_source stop;
  std::vector<std::jthread> callers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 500; ++i)
    callers.emplace_back([&, i] {
      HttpRequest request = get(dead.url("/x"));
      request.traffic = i % 2 ? Traffic::data : Traffic::metadata;
      static_cast<void>(to_dead->get_whole(request, soon(20s, stop.get_token())));
      ++ended;
    });
  std::this_thread::sleep_for(100ms);
  EXPECT_LT(elapsed_ms([&] { EXPECT_TRUE(to_alive->get_whole(get(alive.url("/x")), soon())); }), 300);
  EXPECT_LT(elapsed_ms([&] { EXPECT_TRUE(to_dead->get_whole(get(alive.url("/x")), soon())); }), 300)
      << "nor another origin of the same client";
  EXPECT_LT(elapsed_ms([&] {
              stop.request_stop();
              callers.clear();
            }),
            2000);
  EXPECT_EQ(ended, 500);
  dead.behave();
  dead.put("/x", "x");
  EXPECT_TRUE(to_dead->get_whole(get(dead.url("/x")), soon())) << "and the client is not wedged afterwards";
}

TEST(HttpClient, ARefusedConnectionIsUnavailableAndNamesTheOrigin) {
  demo::Origin origin;
  origin.go_down();
  auto whole = local_client()->get_whole(get(origin.url("/x")), soon());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::unavailable);
  EXPECT_THAT(whole.error().what(), HasSubstr(origin.url("/x")));
  EXPECT_THAT(whole.error().what(), HasSubstr("3 tries"));
}

TEST(HttpClient, HeaderValuesCannotSmuggleASecondHeader) {
  demo::Origin origin;
  origin.put("/x", "x");
  HttpRequest request = get(origin.url("/x"));
  request.headers.add("X-A", "1\r\nX-B: 2");
  ASSERT_TRUE(local_client()->get_whole(request, soon()));
  EXPECT_EQ(header_of(origin.requests()[0], "X-B"), "");
}

}  // namespace
}  // namespace skymount::vo
