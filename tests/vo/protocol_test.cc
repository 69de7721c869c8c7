// SPDX-License-Identifier: MIT
//
// What archives' words mean, and what of them may be shown.
#include "tests/vo/fake_service.h"
#include "vo/http/redact.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/datalink.h"
#include "vo/single_flight.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::vo {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ErrorWords, TellAQueryFromATimeoutARightAndALoad) {
  struct Case {
    int status;
    std::string body;
    Code code;
  };
  for (const Case& c :
       {Case{400, test::error_votable("unknown column x"), Code::invalid},
        Case{200, test::error_votable("unknown column x"), Code::invalid},
        Case{500, test::error_votable("Query timed out (took too long)"), Code::timed_out},
        Case{400, test::error_votable("Too many arguments to function POINT"), Code::invalid},
        Case{503, test::error_votable("come back later"), Code::unavailable}, Case{401, "login", Code::denied},
        Case{403, "<html><title>No</title></html>", Code::denied}, Case{404, "", Code::not_found},
        Case{429, "slow down", Code::unavailable},
        Case{500, "<html><title>Internal error: unknown</title></html>", Code::unavailable},
        Case{500, "ERROR: syntax error at or near FROM", Code::invalid}, Case{502, "Bad Gateway", Code::unavailable},
        Case{504, "", Code::timed_out}, Case{400, "UsageError: no such parameter", Code::invalid},
        Case{200, "<html><title>Sign in</title></html>", Code::corrupt}}) {
    const Error error = error_of_answer(c.status, c.body);
    EXPECT_EQ(error.code(), c.code) << c.status << " " << c.body << ": " << error.what();
  }
}

TEST(ErrorWords, ArchiveTextCannotForgeLinesNorFillTheScreen) {
  EXPECT_EQ(words_of("a\n\n b\t\x1b[31mred"), "a b \\x1b[31mred");
  EXPECT_LE(words_of(std::string(100'000, 'x')).size(), 610u);
  EXPECT_EQ(first_words("  \n first line \nsecond"), "first line");
  EXPECT_EQ(first_words("<!doctype html><html><title>Sign in</title>"), "an HTML page, \"Sign in\"");
  EXPECT_EQ(first_words(""), "an empty answer");
}

TEST(Secrets, AreBlankedInUrlsWhereverTheyStand) {
  EXPECT_EQ(blank_urls("see https://u:p@x.org/a?TOKEN=1&b=2&amp;X-Amz-Signature=3&signal=4, ok"),
            "see https://***@x.org/a?TOKEN=***&b=2&amp;X-Amz-Signature=***&signal=4, ok");
  EXPECT_EQ(blank_urls("ftp://u:p@x ://"), "ftp://***@x ://");
  EXPECT_EQ(blank_urls("mail a@b.c http://x.org/a@b?c"), "mail a@b.c http://x.org/a@b?c");
  EXPECT_EQ(blank_urls(""), "");
}

TEST(Semantics, AreTheSameInAllThreeSpellings) {
  for (const char* spelling : {"this", "#this", "http://www.ivoa.net/rdf/datalink/core#this"})
    EXPECT_EQ(normal_semantics(spelling), "#this");
  EXPECT_EQ(normal_semantics("http://archive.eso.org/rdf/datalink/eso#night_log"),
            "http://archive.eso.org/rdf/datalink/eso#night_log");
  EXPECT_EQ(normal_semantics("#unheard-of"), "#unheard-of");
}

TEST(SingleFlightWork, ThatThrowsIsAnErrorToAllWhoWait) {
  SingleFlight<int> flights("test", 2);
  const auto result = flights.run("k", test::soon(), std::chrono::seconds(1),
                                  [](const FetchContext&) -> Result<int> { throw std::runtime_error("no memory"); });
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().what(), HasSubstr("no memory"));
}

TEST(SingleFlightWork, IsStoppedWithItsLastCallerAndANewCallerBeginsAnew) {
  SingleFlight<int> flights("test", 4);
  std::atomic<int> begun = 0;
  const auto work = [&](const FetchContext& ctx) -> Result<int> {
    const int n = ++begun;
    for (int i = 0; i < 200 && !ctx.stopped(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      if (n > 1) return n;
    }
    return fail(Code::cancelled, "stopped");
  };
  std::stop_source stop;
  std::jthread interrupt([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  const auto first = flights.run("k", FetchContext::within(std::chrono::seconds(5), "test", stop.get_token()),
                                 std::chrono::seconds(5), work);
  EXPECT_EQ(first.error().code(), Code::cancelled);
  const auto second = flights.run("k", test::soon(), std::chrono::seconds(5), work);
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, 2);
}

}  // namespace
}  // namespace skymount::vo
