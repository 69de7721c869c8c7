// SPDX-License-Identifier: MIT
//
// What an archive asks of one call holds for all of them, and what the user allows for an hour is not exceeded.
#include "tests/http/http_fixture.h"
#include "vo/http/metered_transport.h"

#include <atomic>
#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

class Politeness : public testing::Test {
 protected:
  Politeness() {
    origin.put("/x", "good");
    origin.put("/y", "good, too");
  }
  demo::Faults busy(int code, int times, std::optional<int> retry_after) {
    demo::Faults faults;
    faults.status = code;
    faults.status_times = times;
    faults.retry_after_s = retry_after;
    return faults;
  }
  Result<HttpClient::Whole> ask(HttpClient& client, const std::string& path, std::chrono::milliseconds budget) {
    return client.get_whole(get(origin.url(path)), soon(budget));
  }

  demo::Origin origin;
};

TEST_F(Politeness, NobodyAsksAnOriginThatWantsToBeLeftAlone) {
  const auto client = local_client();
  origin.misbehave("/x", busy(503, 0, 600));
  EXPECT_FALSE(ask(*client, "/x", 5s));
  const auto other = ask(*client, "/y", 5s);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::unavailable);
  EXPECT_THAT(other.error().what(),
              AllOf(HasSubstr("the archive asks to be left alone (HTTP 503)"), HasSubstr("it is asked again in")));
  EXPECT_EQ(origin.count("/y"), 0U);
  ASSERT_THAT(client->sick_origins(), SizeIs(1));
  EXPECT_EQ(client->sick_origins().front().failures, 0U) << "it does answer";
  EXPECT_GT(client->sick_origins().front().until_next_try, 500s);
  demo::Origin elsewhere;
  elsewhere.put("/z", "good");
  EXPECT_TRUE(client->get_whole(get(elsewhere.url("/z")), soon())) << "another origin asked for nothing";
}

TEST_F(Politeness, WhoHasTheTimeWaitsUntilTheOriginMayBeAsked) {
  RetryPolicy policy = hurried();
  policy.tries = 1;
  const auto client = local_client(local_options(), policy);
  origin.misbehave("/x", busy(429, 1, 1));
  EXPECT_FALSE(ask(*client, "/x", 500ms));
  Result<HttpClient::Whole> other = fail(Code::invalid, "");
  const long ms = elapsed_ms([&] { other = ask(*client, "/y", 10s); });
  ASSERT_TRUE(other) << other.error().what();
  EXPECT_GE(ms, 800);
  EXPECT_TRUE(client->sick_origins().empty());
}

TEST_F(Politeness, AYearIsNotTakenAtItsWord) {
  const auto client = local_client();
  origin.misbehave("/x", busy(503, 0, 31'536'000));
  EXPECT_FALSE(ask(*client, "/x", 5s));
  ASSERT_THAT(client->sick_origins(), SizeIs(1));
  EXPECT_LE(client->sick_origins().front().until_next_try, 3600s);
}

TEST_F(Politeness, WhatAnHourAllowsIsNotExceededAndWordsSayWhenItGoesOn) {
  std::atomic<std::int64_t> seconds = 1'000'000'020;  // 2001-09-09 01:47:00 UTC
  RetryPolicy policy = hurried();
  policy.wall_now = [&] { return WallTime(std::chrono::seconds(seconds.load())); };
  HttpOptions options = local_options();
  options.bytes_per_hour = 110'000;
  const auto client = local_client(options, policy);
  origin.put("/big", std::string(60'000, 'x'));
  origin.put("/rest", std::string(50'000, 'x'));
  EXPECT_TRUE(ask(*client, "/big", 5s));
  seconds += 600;
  EXPECT_TRUE(ask(*client, "/rest", 5s)) << "an answer that fits into what is left is not cut";
  const auto refused = ask(*client, "/x", 5s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::over_quota);
  EXPECT_THAT(refused.error().what(),
              AllOf(HasSubstr("110000 bytes"), HasSubstr("bytes_per_hour = 110000"),
                    HasSubstr("asked again at 02:47 UTC (in 50 min)"), HasSubstr("stays readable")));
  EXPECT_EQ(origin.count("/x"), 0U);
  seconds += 49 * 60;
  EXPECT_FALSE(ask(*client, "/x", 5s));
  seconds += 60;
  EXPECT_TRUE(ask(*client, "/x", 5s));
}

TEST_F(Politeness, ALongAnswerEndsWhereTheLimitIsMet) {
  HttpOptions options = local_options();
  options.bytes_per_hour = 300'000;
  const auto client = local_client(options);
  origin.put("/long", std::string(20'000'000, 'x'), "application/octet-stream", "\"v\"");
  LearnedFile learned;
  learned.version = learned.etag = "\"v\"";
  learned.size = 20'000'000;
  learned.ranges = true;
  const auto source = remembered_source(client, remote(origin.url("/long")), learned);
  std::uint64_t came = 0;
  const auto fetched = source->fetch(
      {0, 20'000'000},
      [&](std::uint64_t, ByteView piece) -> Result<void> {
        came += piece.size();
        return {};
      },
      soon());
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code(), Code::over_quota) << fetched.error().what();
  EXPECT_GE(came, 300'000U) << "what came is handed on";
  EXPECT_LT(came, 5'000'000U);
}

}  // namespace
}  // namespace skymount::vo
