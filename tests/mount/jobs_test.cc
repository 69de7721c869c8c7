// SPDX-License-Identifier: MIT
//
// Asynchronous jobs as somebody meets them who lists a folder: they appear in the status, an interrupt takes nothing
// from others, and an unmount leaves none behind.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/archive.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

namespace skymount::test {
namespace {

using ::testing::HasSubstr;

class Jobs : public ::testing::Test {
 protected:
  void mount(const std::string& mode, std::chrono::milliseconds duration, const std::string& more = "") {
    demo::DemoOptions options;
    options.job_duration = duration;
    options.jobs_ignore_run = true;
    archive_ = std::make_unique<demo::DemoArchive>(origin_, options);
    mount_ = std::make_unique<Mount>(
        MountSetup{dir_.path(), {{"demo", archive_->tap_url(), more, "mode = \"" + mode + "\"\n"}}});
    root_ = mount_->path().string();
  }
  std::size_t made() const {
    std::size_t count = 0;
    for (const demo::RequestRecord& request : origin_.requests())
      count += request.method == "POST" && request.target == "/tap/async" ? 1 : 0;
    return count;
  }
  bool alive_becomes(std::size_t wanted) {
    for (int i = 0; i < 500 && archive_->jobs_alive() != wanted; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return archive_->jobs_alive() == wanted;
  }

  TempDir dir_;
  demo::Origin origin_;
  std::unique_ptr<demo::DemoArchive> archive_;
  std::unique_ptr<Mount> mount_;
  std::string root_;
};

TEST_F(Jobs, AFolderIsListedByAJobThatOneInterruptDoesNotEndForOthers) {
  mount("async", std::chrono::milliseconds(2500));
  Ran patient;
  std::jthread other([&] { patient = run("ls " + root_ + "/demo/pos=156.01,48.14"); });
  ASSERT_TRUE(alive_becomes(1));
  const Ran status = run("cat " + root_ + "/.skymount/status.json");
  EXPECT_THAT(status.output, HasSubstr("/tap/async/job1"));
  EXPECT_THAT(status.output, HasSubstr("\"waited_for\": true"));
  const Ran ran = run("timeout -s INT 0.5 ls " + root_ + "/demo/pos=156.01,48.14", 15);
  EXPECT_EQ(ran.exit_code, 124) << ran.output;
  other.join();
  EXPECT_EQ(patient.exit_code, 0) << patient.output;
  EXPECT_THAT(patient.output, HasSubstr("1890-05-03_DEMO-PLATES_i00811"));
  EXPECT_EQ(made(), 1U);
  EXPECT_TRUE(alive_becomes(0));
}

TEST_F(Jobs, AutoListsByAJobWhatTheArchivesTimeLimitEnded) {
  // The limit ends every direct question, so also the one for the table's name.
  mount("auto", std::chrono::milliseconds(0), "[obscore]\ntable = \"ivoa.obscore\"\n");
  demo::Faults limit;
  limit.status = 500;
  limit.status_body = "Query timed out";
  origin_.misbehave("/tap/sync", limit);
  const Ran listed = run("ls " + root_ + "/demo/pos=156.01,48.14");
  EXPECT_EQ(listed.exit_code, 0) << listed.output;
  EXPECT_THAT(listed.output, HasSubstr("1890-05-03_DEMO-PLATES_i00811"));
  EXPECT_EQ(made(), 1U);
  EXPECT_EQ(archive_->jobs_alive(), 0U);
}

constexpr const char* kTable = R"([[route]]
path = "all/source"
rows = "table"
adql = "SELECT obs_id FROM ivoa.obscore ORDER BY obs_id"
mode = "async"
)";

TEST_F(Jobs, AnInterruptAtATableEndsItsJobUnlessSomebodyElseWaits) {
  mount("auto", std::chrono::seconds(60), kTable);
  std::jthread other([&] { run("timeout -s INT 3 cat " + root_ + "/demo/all/source.csv", 20); });
  ASSERT_TRUE(alive_becomes(1));
  const Ran status = run("cat " + root_ + "/.skymount/status.json");
  EXPECT_THAT(status.output, HasSubstr("/tap/async/job1"));
  EXPECT_THAT(status.output, HasSubstr("all/source.csv"));
  EXPECT_EQ(run("timeout -s INT 0.5 cat " + root_ + "/demo/all/source.fits", 15).exit_code, 124);
  EXPECT_EQ(archive_->jobs_alive(), 1U) << "the other one still waits";
  other.join();
  EXPECT_TRUE(alive_becomes(0));
  EXPECT_EQ(made(), 1U) << "both waited for one";
}

TEST_F(Jobs, UnmountingDeletesWhatNobodyWaitsForAnyMore) {
  mount("async", std::chrono::seconds(60), "[limits]\nlisting = 1\n");
  const Ran listed = run("ls " + root_ + "/demo/type=image");
  EXPECT_THAT(listed.output, HasSubstr("timed out"));
  EXPECT_EQ(archive_->jobs_alive(), 1U) << "it goes on";
  const auto since = std::chrono::steady_clock::now();
  mount_->unmount();
  EXPECT_TRUE(alive_becomes(0));
  EXPECT_LT(std::chrono::steady_clock::now() - since, std::chrono::seconds(5));
}

}  // namespace
}  // namespace skymount::test
