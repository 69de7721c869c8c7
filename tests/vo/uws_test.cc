// SPDX-License-Identifier: MIT
//
// Asynchronous jobs, against the demo archive's and against jobs as real services have them.
#include "vo/protocol/uws.h"
#include "vo/demo/archive.h"
#include "vo/demo/origin.h"

#include <gmock/gmock.h>

#include <atomic>

namespace skymount::vo {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const UwsPace kQuick{std::chrono::milliseconds(5), std::chrono::milliseconds(20), std::chrono::seconds(2)};

std::shared_ptr<HttpClient> client() {
  HttpOptions options;
  options.allow_private = true;
  return make_http_client(options);
}

FetchContext within(int seconds) {
  return FetchContext::within(std::chrono::seconds(seconds), "a test");
}

Url url(const std::string& text) {
  return *Url::parse(text);
}

/// A job with a life of its own: each GET of it answers the next document of a list, the last one for ever.
class ScriptedJob {
 public:
  explicit ScriptedJob(std::vector<std::string> documents) : documents_(std::move(documents)) {
    origin_.handle("/async", [this](const demo::Request& request) { return answer(request); });
  }
  std::string base() const { return origin_.url("/async"); }
  demo::Origin& origin() { return origin_; }
  int starts() const { return starts_; }

 private:
  demo::Reply answer(const demo::Request& request) {
    if (request.method == "POST" && request.path == "/async") {
      demo::Reply reply = demo::Reply::text(303, "");
      reply.headers.emplace_back("Location", "async/1");  // relative, as some have it
      return reply;
    }
    if (request.method == "POST" && request.path == "/async/1/phase") ++starts_;
    if (request.path == "/async/1/error") return demo::Reply::text(200, "ERROR: relation plates_x does not exist\n");
    const auto at = static_cast<std::size_t>(asked_++);
    return demo::Reply::text(200, documents_[std::min(at, documents_.size() - 1)], "text/xml");
  }

  const std::vector<std::string> documents_;
  std::atomic<int> asked_{0}, starts_{0};
  demo::Origin origin_;
};

std::string job(const std::string& phase, const std::string& more = "") {
  return "<job xmlns=\"http://www.ivoa.net/xml/UWS/v1.0\" xmlns:x=\"http://www.w3.org/1999/xlink\"><jobId><![CDATA[ 1 "
         "]]>"
         "</jobId><phase>" +
         phase + "</phase>" + more + "</job>";
}

TEST(UwsJob, RunsAtTheDemoArchiveAndIsGoneAfterwards) {
  demo::Origin origin;
  demo::DemoArchive archive(origin, {.job_duration = std::chrono::milliseconds(150), .jobs_ignore_run = true});
  const UwsService service(client(), url(archive.tap_url() + "/async"), kQuick);
  const FetchContext ctx = within(20);

  const Result<Url> made = service.create(
      {{"REQUEST", "doQuery"}, {"LANG", "ADQL"}, {"QUERY", "SELECT TOP 2 obs_id FROM ivoa.obscore"}}, {}, ctx);
  ASSERT_TRUE(made) << made.error().what();
  ASSERT_TRUE(service.start(*made, ctx));
  std::vector<std::string> phases;
  const auto state = service.wait(
      *made, [&](const std::string& phase) { phases.push_back(phase); }, ctx);
  ASSERT_TRUE(state) << state.error().what();
  EXPECT_THAT(phases, ElementsAre("EXECUTING", "COMPLETED"));
  EXPECT_LE(origin.requests().size(), 6U) << "a service that knows WAIT is not polled";

  const Result<Url> where = UwsService::result_url(*made, *state);
  ASSERT_TRUE(where);
  HttpRequest get;
  get.url = *where;
  const auto answer = client()->get_whole(get, ctx);
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->body, HasSubstr("VOTABLE"));

  ASSERT_TRUE(service.remove(*made, ctx));
  EXPECT_EQ(service
                .wait(
                    *made, [](const std::string&) {}, ctx)
                .error()
                .code(),
            Code::not_found);
}

TEST(UwsJob, AnErrorOfTheQueryIsToldInTheArchivesWords) {
  demo::Origin origin;
  demo::DemoArchive archive(origin);
  const UwsService service(client(), url(archive.tap_url() + "/async"), kQuick);
  const FetchContext ctx = within(20);
  const auto made = service.create({{"LANG", "ADQL"}, {"QUERY", "SELECT obs_id FROM nowhere"}}, {}, ctx);
  ASSERT_TRUE(made) << made.error().what();
  ASSERT_TRUE(service.start(*made, ctx));
  const auto state = service.wait(
      *made, [](const std::string&) {}, ctx);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code(), Code::invalid) << state.error().what();
  EXPECT_THAT(state.error().what(), HasSubstr("nowhere"));
}

TEST(UwsJob, OfAServiceWithoutWaitIsPolledAndItsRelativeResultIsFound) {
  ScriptedJob scripted({job("PENDING"), job("QUEUED"), job("EXECUTING"), job("EXECUTING"),
                        job("COMPLETED",
                            "<results><result id=\"log\" x:href=\"/x/log\"/>"
                            "<result id=\"result\" x:href=\"/elsewhere/r.vot\"/></results>")});
  const UwsService service(client(), url(scripted.base()), kQuick);
  const FetchContext ctx = within(20);
  const auto made = service.create({}, {}, ctx);
  ASSERT_TRUE(made) << made.error().what();
  EXPECT_EQ(made->text(), scripted.origin().url("/async/1"));
  const auto state = service.wait(
      *made, [](const std::string&) {}, ctx);
  ASSERT_TRUE(state) << state.error().what();
  EXPECT_EQ(UwsService::result_url(*made, *state)->text(), scripted.origin().url("/elsewhere/r.vot"));
  EXPECT_EQ(scripted.origin().count("/async/1?WAIT"), 0U);
  EXPECT_EQ(UwsService::result_url(*made, UwsState{})->text(), scripted.origin().url("/async/1/results/result"));
}

TEST(UwsJob, ThatIsHeldIsStartedOnceMore) {
  ScriptedJob scripted({job("HELD"), job("HELD"), job("EXECUTING"), job("COMPLETED")});
  const UwsService service(client(), url(scripted.base()), kQuick);
  const FetchContext ctx = within(20);
  const auto made = service.create({}, {}, ctx);  // sees the first document
  ASSERT_TRUE(made);
  ASSERT_TRUE(service.wait(
      *made, [](const std::string&) {}, ctx));
  EXPECT_EQ(scripted.starts(), 1);
}

TEST(UwsJob, WithoutAnErrorSummaryHasItsWordsUnderError) {
  ScriptedJob scripted({job("ERROR")});
  const UwsService service(client(), url(scripted.base()), kQuick);
  const FetchContext ctx = within(20);
  const auto made = service.create({}, {}, ctx);
  ASSERT_TRUE(made);
  const auto state = service.wait(
      *made, [](const std::string&) {}, ctx);
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().what(), HasSubstr("plates_x does not exist"));
}

TEST(UwsJob, ThatOutlivesItsBudgetGoesOnAtTheArchive) {
  ScriptedJob scripted({job("EXECUTING")});
  const UwsService service(client(), url(scripted.base()), kQuick);
  const auto made = service.create({}, {}, within(20));
  ASSERT_TRUE(made);
  const auto state = service.wait(
      *made, [](const std::string&) {}, FetchContext::within(std::chrono::milliseconds(60), "a test"));
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code(), Code::timed_out);
  EXPECT_EQ(scripted.origin().count("/async/1/phase"), 0U) << "nobody aborted it";
}

TEST(UwsJob, DocumentsThatAreNoneAreRefused) {
  for (const std::string& document :
       {std::string("<html><body>Sign in</body></html>"), std::string("not XML"), std::string(),
        std::string("<job><phase>RUN"), "<job>" + std::string(2 << 20, ' ') + "</job>",
        std::string("<!DOCTYPE job [<!ENTITY a \"x\">]><job><results>&a;</results></job>")}) {
    EXPECT_FALSE(parse_job(document)) << document.substr(0, 60);
  }
  for (const char* phase : {"BANANA", "", "RUNNING"}) EXPECT_FALSE(parse_job(job(phase))) << phase;
  EXPECT_EQ(parse_job(job("\n  completed "))->phase, "COMPLETED");
}

}  // namespace
}  // namespace skymount::vo
