// SPDX-License-Identifier: MIT
//
// Patience and politeness, counted at the origin.
#include "tests/http/http_fixture.h"

#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using demo::Faults;
using testing::HasSubstr;

Faults status(int code, int times = 0, std::optional<int> retry_after = {}) {
  Faults faults;
  faults.status = code;
  faults.status_times = times;
  faults.status_body = "busy just now";
  faults.retry_after_s = retry_after;
  return faults;
}

HttpRequest post(const std::string& url) {
  HttpRequest request = get(url);
  request.method = "POST";
  request.body = "a=b";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  return request;
}

class Retry : public testing::Test {
 protected:
  void SetUp() override { origin.put("/x", "good"); }
  demo::Origin origin;
  std::shared_ptr<HttpClient> client = local_client();
};

TEST_F(Retry, APassingFaultIsNotSeenByTheCaller) {
  for (const int code : {429, 500, 502, 503, 504}) {
    SCOPED_TRACE(code);
    origin.misbehave("/x", status(code, 2));
    origin.clear_requests();
    auto whole = client->get_whole(get(origin.url("/x")), soon());
    ASSERT_TRUE(whole) << whole.error().what();
    EXPECT_EQ(whole->body, "good");
    EXPECT_EQ(origin.count("/x"), 3U);
  }
}

TEST_F(Retry, TheThirdRefusalGoesToTheCallerWithTheArchivesWords) {
  origin.misbehave("/x", status(503));
  auto whole = client->get_whole(get(origin.url("/x")), soon());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->response.status, 503);
  EXPECT_EQ(whole->body, "busy just now");
  EXPECT_EQ(origin.count("/x"), 3U);
}

TEST_F(Retry, WhatIsOurOwnFaultIsNotRepeated) {
  for (const int code : {400, 401, 403, 404, 410, 416, 422}) {
    SCOPED_TRACE(code);
    origin.misbehave("/x", status(code));
    origin.clear_requests();
    auto whole = client->get_whole(get(origin.url("/x")), soon());
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->response.status, code);
    EXPECT_EQ(origin.count("/x"), 1U);
  }
}

TEST_F(Retry, RetryAfterIsWaitedFor) {
  origin.misbehave("/x", status(503, 1, 1));
  Result<HttpClient::Whole> whole = fail(Code::invalid, "");
  const long ms = elapsed_ms([&] { whole = client->get_whole(get(origin.url("/x")), soon()); });
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->body, "good");
  EXPECT_GE(ms, 950);
}

TEST_F(Retry, ARetryAfterBeyondTheBudgetFailsAtOnceAndSaysWhen) {
  origin.misbehave("/x", status(429, 0, 600));
  Result<HttpClient::Whole> whole = fail(Code::invalid, "");
  const long ms = elapsed_ms([&] { whole = client->get_whole(get(origin.url("/x")), soon(30s)); });
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::unavailable);
  EXPECT_THAT(whole.error().what(), HasSubstr("come back in 600 s"));
  EXPECT_LT(ms, 500);
  EXPECT_EQ(origin.count("/x"), 1U);
}

TEST_F(Retry, ARetryAfterDateIsReadAgainstTheClock) {
  RetryPolicy policy = hurried();
  policy.wall_now = [] { return WallTime(784111777s); };  // Sun, 06 Nov 1994 08:49:37 GMT
  origin.handle("/dated", [](const demo::Request&) {
    demo::Reply reply = demo::Reply::text(503, "later");
    reply.headers.emplace_back("Retry-After", "Sun, 06 Nov 1994 08:51:37 GMT");
    return reply;
  });
  auto whole = local_client(local_options(), policy)->get_whole(get(origin.url("/dated")), soon());
  ASSERT_FALSE(whole);
  EXPECT_THAT(whole.error().what(), HasSubstr("come back in 120 s"));
}

TEST_F(Retry, APostIsRepeatedOnlyWhenTheOriginAsksForIt) {
  origin.misbehave("/x", status(500));
  ASSERT_TRUE(client->get_whole(post(origin.url("/x")), soon()));
  EXPECT_EQ(origin.count("/x"), 1U);
  origin.clear_requests();
  origin.misbehave("/x", status(503, 1, 0));
  auto whole = client->get_whole(post(origin.url("/x")), soon());
  ASSERT_TRUE(whole);
  EXPECT_EQ(origin.count("/x"), 2U);
  Faults drop;
  drop.drop_connection = true;
  origin.misbehave("/x", drop);
  origin.clear_requests();
  auto fresh = local_client();  // a used connection that is found closed may be replaced; this one is new
  auto lost = fresh->get_whole(post(origin.url("/x")), soon());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), Code::unavailable);
  EXPECT_EQ(origin.count("/x"), 1U) << "it may have been carried out";
}

TEST_F(Retry, ADroppedConnectionIsTriedAgainForAGet) {
  Faults drop;
  drop.drop_connection = true;
  origin.misbehave("/x", drop);
  auto whole = client->get_whole(get(origin.url("/x")), soon());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::unavailable);
  EXPECT_EQ(origin.count("/x"), 3U);
}

TEST_F(Retry, PausesEndWithTheBudgetAndWithTheCaller) {
  RetryPolicy slow;
  slow.first_pause = 5s;
  slow.longest_pause = 5s;
  auto patient = local_client(local_options(), slow);
  origin.misbehave("/x", status(500));
  EXPECT_LT(elapsed_ms([&] { EXPECT_FALSE(patient->get_whole(get(origin.url("/x")), soon(1s))); }), 500)
      << "a pause that does not fit is not begun";
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  EXPECT_LT(elapsed_ms([&] {
              auto whole = patient->get_whole(get(origin.url("/x")), soon(60s, stop.get_token()));
              ASSERT_FALSE(whole);
              EXPECT_EQ(whole.error().code(), Code::cancelled);
            }),
            400);
}

TEST_F(Retry, ADeadOriginIsLeftAloneForAWhileAndProbedOnce) {
  RetryPolicy policy = hurried();
  policy.tries = 1;
  policy.breaker.first_rest = 200ms;
  auto breaking = local_client(local_options(), policy);
  origin.go_down();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(breaking->get_whole(get(origin.url("/x")), soon()));
  auto refused = breaking->get_whole(get(origin.url("/x")), soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_THAT(refused.error().what(), HasSubstr("5 times in a row"));
  EXPECT_THAT(refused.error().what(), HasSubstr("next try in 1 s"));
  origin.come_up();
  EXPECT_FALSE(breaking->get_whole(get(origin.url("/x")), soon())) << "still resting";
  EXPECT_EQ(origin.count("/x"), 0U);
  std::this_thread::sleep_for(220ms);
  EXPECT_TRUE(breaking->get_whole(get(origin.url("/x")), soon()));
  EXPECT_TRUE(breaking->get_whole(get(origin.url("/x")), soon()));
}

TEST_F(Retry, ThePaceIsKeptByAllCallersTogether) {
  HttpOptions options = local_options();
  options.requests_per_second = 20;
  auto paced = local_client(options);
  const long ms = elapsed_ms([&] {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 3; ++i)
      callers.emplace_back([&] {
        for (int k = 0; k < 3; ++k) EXPECT_TRUE(paced->get_whole(get(origin.url("/x")), soon()));
      });
  });
  EXPECT_GE(ms, 390) << "nine requests, 50 ms apart";
  auto late = paced->get_whole(get(origin.url("/x")), soon(1ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::timed_out);
}

using Steady = CircuitBreaker::Steady;

TEST(CircuitBreaker, RestsLongerAfterEachFailedProbeUpToALimit) {
  CircuitBreaker breaker({.failures = 2, .first_rest = 10s, .longest_rest = 30s});
  const Steady::time_point t0{};
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(breaker.enter("o", t0));
    breaker.failed("o", "refused", t0);
  }
  Steady::time_point t = t0;
  for (const auto rest : {10s, 20s, 30s, 30s}) {
    EXPECT_FALSE(breaker.enter("o", t + rest - 1ms));
    t += rest;
    EXPECT_TRUE(breaker.enter("o", t)) << "one probe";
    EXPECT_FALSE(breaker.enter("o", t)) << "and only one";
    breaker.failed("o", "refused", t);
  }
  EXPECT_TRUE(breaker.enter("another", t));
}

TEST(CircuitBreaker, AProbeWhoseCallerLeftLeavesRoomForTheNext) {
  CircuitBreaker breaker({.failures = 1, .first_rest = 10s, .longest_rest = 30s});
  const Steady::time_point t0{};
  breaker.failed("o", "refused", t0);
  EXPECT_TRUE(breaker.enter("o", t0 + 10s));
  breaker.undecided("o");
  EXPECT_TRUE(breaker.enter("o", t0 + 10s));
  breaker.answered("o");
  EXPECT_TRUE(breaker.enter("o", t0 + 10s));
  EXPECT_TRUE(breaker.enter("o", t0 + 10s));
}

}  // namespace
}  // namespace skymount::vo
