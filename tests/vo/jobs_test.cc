// SPDX-License-Identifier: MIT
//
// Listings by asynchronous jobs: a job is made once for all who want its result, joined by who comes later, and never
// left behind at the archive.
#include "cache/lmdb.h"
#include "tests/support/temp_dir.h"
#include "tests/vo/fake_service.h"
#include "vo/catalog.h"
#include "vo/demo/archive.h"
#include "vo/query/grammar.h"

#include <gmock/gmock.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using test::error_votable;
using test::soon;
using test::votable_reply;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// The demo archive behind a catalog. Direct answers fail by the archive's time limit as long as `slow`.
struct JobsFixture : ::testing::Test {
  void begin(demo::DemoOptions demo_options = {}, const std::string& mode = "async") {
    demo_options.jobs_ignore_run = true;
    archive_side = std::make_unique<demo::DemoArchive>(origin, demo_options);
    options.name = "demo";
    options.tap.url = archive_side->tap_url();
    options.tap.mode = mode;
    options.obscore.table = "ivoa.obscore";
    remount();
  }
  void remount() {
    catalog.reset();
    archive.reset();
    store.reset();
    lmdb.reset();
    lmdb = cache::Lmdb::open(dir.path()).value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    HttpOptions http;
    http.allow_private = true;
    archive = std::make_shared<Archive>(options, make_http_client(http), store, clock);
    catalog = std::make_unique<Catalog>(archive, store, clock);
  }
  void refuse_direct_answers() {
    demo::Faults faults;
    faults.status = 400;
    faults.status_body = error_votable("Query timed out (took longer than 60 s)");
    faults.status_content_type = "application/x-votable+xml";
    origin.misbehave("/tap/sync", faults);
  }
  Result<ListingPtr> list(const std::string& text, const FetchContext& ctx = soon()) {
    return catalog->listing(parse_component(text).value(), ctx);
  }
  std::size_t made() const {
    std::size_t count = 0;
    for (const demo::RequestRecord& request : origin.requests())
      count += request.method == "POST" && request.target == "/tap/async" ? 1 : 0;
    return count;
  }
  /// Waits for a job to run; what asks is on another thread.
  bool runs() {
    for (int i = 0; i < 500 && (archive->jobs().empty() || archive->jobs()[0].phase != "EXECUTING"); ++i)
      std::this_thread::sleep_for(10ms);
    return !archive->jobs().empty();
  }
  bool none_alive() {
    for (int i = 0; i < 300 && archive_side->jobs_alive() > 0; ++i) std::this_thread::sleep_for(10ms);
    return archive_side->jobs_alive() == 0;
  }

  skymount::test::TempDir dir;
  ManualClock clock;
  demo::Origin origin;
  std::unique_ptr<demo::DemoArchive> archive_side;
  ArchiveOptions options;
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::shared_ptr<Archive> archive;
  std::unique_ptr<Catalog> catalog;
};

TEST_F(JobsFixture, AListingByAJobIsTheSameAndLeavesNothingBehind) {
  begin({}, "sync");
  const auto directly = list("pos=156.01,48.14");
  ASSERT_TRUE(directly) << directly.error().what();
  options.name = "jobs";
  options.tap.mode = "async";
  options.tap.execution_duration = 90s;
  remount();
  origin.clear_requests();
  const auto by_job = list("pos=156.01,48.14");
  ASSERT_TRUE(by_job) << by_job.error().what();
  EXPECT_EQ((*by_job)->datasets.size(), (*directly)->datasets.size());
  EXPECT_GT((*by_job)->datasets.size(), 0U);
  EXPECT_EQ(made(), 1U);
  EXPECT_EQ(origin.count("/tap/sync"), 0U);
  EXPECT_EQ(archive_side->jobs_alive(), 0U);
  EXPECT_THAT(archive->jobs(), SizeIs(0));
  bool limited = false;
  for (const auto& request : origin.requests()) limited |= request.body == "EXECUTIONDURATION=90";
  EXPECT_TRUE(limited);
  EXPECT_LE(origin.requests().size(), 10U);
}

TEST_F(JobsFixture, AnErrorOfAJobIsTheArchivesAndTheJobIsDeleted) {
  options.obscore.where = "no_such_column = 1";
  begin();
  const auto answer = list("type=image");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::corrupt) << answer.error().what();
  EXPECT_THAT(answer.error().what(), HasSubstr("no_such_column"));
  EXPECT_EQ(archive_side->jobs_alive(), 0U);
}

TEST_F(JobsFixture, GeometryThatAJobRefusesStepsDownLikeADirectAnswer) {
  begin({.geometry = demo::Geometry::centres_only});
  const auto answer = list("pos=156.01,48.14");
  ASSERT_TRUE(answer) << answer.error().what();
  EXPECT_THAT((*answer)->adql, HasSubstr("CIRCLE"));
  EXPECT_EQ(archive_side->jobs_alive(), 0U);
}

TEST_F(JobsFixture, AutoAsksAsAJobAfterTheArchivesTimeLimitAndKnowsThatTheNextTime) {
  begin({}, "auto");
  refuse_direct_answers();
  ASSERT_TRUE(list("type=image"));
  EXPECT_EQ(origin.count("/tap/sync"), 1U);
  EXPECT_EQ(made(), 1U);
  ASSERT_TRUE(list("type=spectrum"));
  EXPECT_EQ(origin.count("/tap/sync"), 1U) << "the limit is not waited for twice";
  EXPECT_EQ(made(), 2U);
  remount();
  ASSERT_TRUE(list("type=cube"));
  EXPECT_EQ(origin.count("/tap/sync"), 1U) << "nor after a remount";
  origin.behave();
  clock.advance(25h);  // [ttl] listings
  ASSERT_TRUE(list("type=measurements"));
  EXPECT_EQ(origin.count("/tap/sync"), 2U);
  EXPECT_EQ(archive_side->jobs_alive(), 0U);
}

TEST_F(JobsFixture, AutoMakesNoJobOfARefusal) {
  begin({}, "auto");
  demo::Faults faults;
  faults.status = 403;
  origin.misbehave("/tap/sync", faults);
  EXPECT_EQ(list("type=image").error().code(), Code::denied);
  EXPECT_EQ(made(), 0U);
}

TEST_F(JobsFixture, AServiceWithoutJobsIsAskedForOneOnce) {
  begin({}, "auto");
  refuse_direct_answers();
  demo::Faults none;
  none.status = 404;
  origin.misbehave("/tap/async", none);
  for (const char* question : {"type=image", "type=cube"}) {
    const auto answer = list(question);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Code::timed_out) << answer.error().what();
  }
  EXPECT_EQ(made(), 1U);
}

TEST_F(JobsFixture, ACallerWhoseTimeIsUpLeavesTheJobToTheNext) {
  begin({.job_duration = 1500ms});
  const auto early = list("type=image", FetchContext::within(200ms, "ls /demo/type=image"));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code(), Code::timed_out);
  ASSERT_TRUE(runs());
  const RunningJob job = archive->jobs()[0];
  EXPECT_THAT(job.url, HasSubstr("/tap/async/job"));
  EXPECT_EQ(job.cause, "ls /demo/type=image");
  EXPECT_TRUE(job.waited_for);
  const auto late = list("type=image");
  ASSERT_TRUE(late) << late.error().what();
  EXPECT_EQ(made(), 1U);
  EXPECT_TRUE(none_alive());
}

TEST_F(JobsFixture, AJobThatOutlivesItsQuestionsBudgetIsJoinedNotMadeAgain) {
  options.limits.listing = 300ms;  // the question lives five times as long
  begin({.job_duration = 2500ms});
  EXPECT_EQ(list("type=image", FetchContext::within(5s, "ls")).error().code(), Code::timed_out);
  ASSERT_THAT(archive->jobs(), SizeIs(1));
  EXPECT_FALSE(archive->jobs()[0].waited_for);
  EXPECT_EQ(archive_side->jobs_alive(), 1U);
  std::this_thread::sleep_for(2s);
  const auto late = list("type=image");
  ASSERT_TRUE(late) << late.error().what();
  EXPECT_EQ(made(), 1U);
  EXPECT_TRUE(none_alive());
}

TEST_F(JobsFixture, InterruptedByItsOnlyCallerAJobIsDeletedWithinTwoSeconds) {
  begin({.job_duration = 60s});
  std::stop_source stop;
  std::jthread caller([&] {
    EXPECT_EQ(list("type=image", FetchContext::within(60s, "ls", stop.get_token())).error().code(), Code::cancelled);
  });
  ASSERT_TRUE(runs());
  stop.request_stop();
  const auto since = std::chrono::steady_clock::now();
  EXPECT_TRUE(none_alive());
  EXPECT_LT(std::chrono::steady_clock::now() - since, 2s);
}

TEST_F(JobsFixture, OneWhoIsInterruptedTakesNothingFromTheOthers) {
  begin({.job_duration = 700ms});
  std::stop_source stop;
  Result<ListingPtr> patient = fail(Code::invalid, "not asked");
  std::jthread first([&] { (void)list("type=image", FetchContext::within(60s, "ls", stop.get_token())); });
  ASSERT_TRUE(runs());
  std::jthread second([&] { patient = list("type=image"); });
  std::this_thread::sleep_for(100ms);
  stop.request_stop();
  first.join();
  second.join();
  ASSERT_TRUE(patient) << patient.error().what();
  EXPECT_EQ(made(), 1U);
  EXPECT_TRUE(none_alive());
}

TEST_F(JobsFixture, EndingDeletesAllJobsAndMakesNoMore) {
  begin({.job_duration = 60s});
  std::stop_source stop;
  std::jthread caller([&] { (void)list("type=image", FetchContext::within(60s, "ls", stop.get_token())); });
  ASSERT_TRUE(runs());
  const auto since = std::chrono::steady_clock::now();
  archive->end_jobs(1500ms);
  EXPECT_LT(std::chrono::steady_clock::now() - since, 2s);
  EXPECT_EQ(archive_side->jobs_alive(), 0U);
  stop.request_stop();
  caller.join();
  EXPECT_EQ(list("type=cube").error().code(), Code::cancelled);
  EXPECT_EQ(made(), 1U);
}

TEST_F(JobsFixture, AnArchiveThatIsSilentHoldsUpNoEnding) {
  options.limits.listing = 300ms;
  begin({.job_duration = 60s});
  EXPECT_FALSE(list("type=image", FetchContext::within(5s, "ls")));
  demo::Faults silent;
  silent.silent = true;
  origin.misbehave("/", silent);
  const auto since = std::chrono::steady_clock::now();
  archive->end_jobs(500ms);
  EXPECT_LT(std::chrono::steady_clock::now() - since, 1500ms);
}

/// A process number that is nobody's any more.
pid_t dead_process() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return child;
}

TEST_F(JobsFixture, AJobOfAProcessThatDiedIsJoinedOrDeleted) {
  options.limits.listing = 300ms;
  begin({.job_duration = 2000ms});
  EXPECT_FALSE(list("type=image", FetchContext::within(5s, "ls")));
  EXPECT_FALSE(list("type=cube", FetchContext::within(5s, "ls")));
  // What a killed process leaves: its records, with its number. The job lives on.
  std::vector<std::pair<std::string, Bytes>> left;
  store->each(cache::MetaStore::Room::jobs, [&](std::string_view key, const cache::MetaStore::Record& record) {
    left.emplace_back(key, record.value);
    return true;
  });
  ASSERT_THAT(left, SizeIs(2));
  const std::int64_t dead = dead_process();
  for (auto& [key, value] : left) std::memcpy(value.data() + 1, &dead, sizeof dead);  // behind the format
  demo::Faults deaf;
  deaf.status = 500;
  origin.misbehave("/", deaf);
  catalog.reset();
  archive.reset();  // its own deletions fail, as if it had been killed
  for (const auto& [key, value] : left) (void)store->put(cache::MetaStore::Room::jobs, key, value);
  origin.behave();
  options.limits.listing = 10s;
  remount();
  EXPECT_EQ(archive_side->jobs_alive(), 2U);
  const auto joined = list("type=image");
  ASSERT_TRUE(joined) << joined.error().what();
  EXPECT_EQ(made(), 2U) << "the job of before was joined";
  EXPECT_EQ(archive_side->jobs_alive(), 1U);
  archive->end_jobs(1500ms);
  EXPECT_EQ(archive_side->jobs_alive(), 0U) << "and the other one deleted at the end";
}

TEST_F(JobsFixture, AJobThatHasGoneAtTheArchiveIsMadeAgain) {
  options.limits.listing = 300ms;
  begin({.job_duration = 2000ms});
  EXPECT_FALSE(list("type=image", FetchContext::within(5s, "ls")));
  ASSERT_THAT(archive->jobs(), SizeIs(1));
  const UwsService by_hand(archive->http(), *Url::parse(archive_side->tap_url() + "/async"));
  ASSERT_TRUE(by_hand.remove(*Url::parse(archive->jobs()[0].url), soon()));
  const auto again = list("type=image");
  EXPECT_EQ(made(), 2U);
  EXPECT_TRUE(again || again.error().code() == Code::timed_out);
}

TEST_F(JobsFixture, WhatNobodyCameBackForIsDeletedBeforeTheNextJob) {
  options.limits.listing = 300ms;
  begin({.job_duration = 2500ms});
  EXPECT_FALSE(list("type=image", FetchContext::within(5s, "ls")));
  EXPECT_EQ(archive_side->jobs_alive(), 1U);
  clock.advance(25h);
  EXPECT_FALSE(list("type=cube", FetchContext::within(5s, "ls")));
  EXPECT_EQ(made(), 2U);
  EXPECT_EQ(archive_side->jobs_alive(), 1U);
}

}  // namespace
}  // namespace skymount::vo
