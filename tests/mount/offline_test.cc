// SPDX-License-Identifier: MIT
//
// What was seen, seen again after a remount: past its time, with the archive gone, and with --offline. Through the
// kernel, as people meet it; the rules themselves are tested in tests/vo/remembered_test.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

namespace skymount::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class SeenAgain : public ::testing::Test {
 protected:
  SeenAgain() : tiny_(origin_) {
    origin_.put("/files/a.fits", bytes_, "application/fits", "\"a\"", 1'500'000'000);
    tiny_.add({"plate1", {{"#this", "/files/a.fits"}}});
  }
  void mount(const std::string& options = "") {
    // A second's life: what is older is past its time, and within seven more of them it is shown before it is asked
    // anew.
    mount_ = std::make_unique<Mount>(MountSetup{
        dir_.path(), {{"tiny", tiny_.tap_url(), "[ttl]\nlistings = \"1 s\"\nlinks = \"1 s\"\n"}}, {}, options});
    query_ = mount_->path().string() + "/tiny/pos=1,2";
    dataset_ = query_ + "/1913-08-21_TINY_plate1";
  }
  void unmount() {
    mount_->unmount();
    mount_.reset();
  }
  static Ran ran(const std::string& command) { return run(command, 30); }
  static std::string stale(const std::string& path) {
    return ran("getfattr --absolute-names --only-values -n user.skymount.stale " + path).output;
  }
  static bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 200; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }
  /// All that the first mount had seen, as a reader finds it.
  void expect_all_there() {
    EXPECT_THAT(ran("ls " + query_).output, HasSubstr("1913-08-21_TINY_plate1\n"));
    EXPECT_THAT(ran("ls " + dataset_).output, HasSubstr("a.fits\n"));
    const Ran sum = ran("cmp " + dataset_ + "/a.fits " + original_);
    EXPECT_EQ(sum.exit_code, 0) << sum.output;
    EXPECT_THAT(ran("cat " + query_ + "/results.csv").output, HasSubstr("plate1"));
  }
  void see_everything() {
    std::ofstream(original_) << bytes_;
    mount();
    expect_all_there();
    unmount();
    std::this_thread::sleep_for(1100ms);
  }

  const std::string bytes_ = small_fits(20, 5);
  TempDir dir_;
  const std::string original_ = (dir_.path() / "original").string();
  demo::Origin origin_;
  TinyArchive tiny_;
  std::unique_ptr<Mount> mount_;
  std::string query_, dataset_;
};

TEST_F(SeenAgain, OldRowsAreShownAtOnceAndNewOnesAppearByThemselves) {
  see_everything();
  tiny_.add({"plate2", {{"#this", "/files/a.fits"}}});
  origin_.misbehave("/tap", {.latency = 2s});
  mount();
  const Ran first = ran("ls " + query_);
  if (first.seconds < 1.5) {  // else the machine was so slow that the rows were too old to be shown first
    EXPECT_THAT(first.output, Not(HasSubstr("plate2")));
    EXPECT_THAT(first.output, HasSubstr("plate1"));
  }
  EXPECT_TRUE(eventually([&] { return ran("ls " + query_).output.find("plate2") != std::string::npos; }));
  EXPECT_LE(origin_.count("/tap/sync"), 4U) << "asked behind its readers, not by each of them";
}

TEST_F(SeenAgain, WithTheArchiveGoneWhatWasSeenStaysReadableAndSaysWhy) {
  see_everything();
  origin_.go_down();
  mount();
  expect_all_there();
  EXPECT_EQ(stale(query_ + "/results.csv"), "yes");
  EXPECT_EQ(stale(query_), "yes");
  EXPECT_TRUE(eventually([&] { return ran("test -e " + query_ + "/INCOMPLETE.txt").exit_code == 0; }));
  EXPECT_THAT(ran("cat " + query_ + "/INCOMPLETE.txt").output, HasSubstr("past their time to live"));
  const Ran unseen = ran("ls " + mount_->path().string() + "/tiny/pos=3,4");
  EXPECT_NE(unseen.exit_code, 0);
  EXPECT_THAT(unseen.output, HasSubstr("No route to host"));
  expect_all_there();
}

TEST_F(SeenAgain, OfflineNobodyIsAskedAndWhatIsNotHereIsSaid) {
  see_everything();
  origin_.clear_requests();
  mount("--offline");
  expect_all_there();
  EXPECT_EQ(stale(query_ + "/results.csv"), "yes");
  EXPECT_EQ(stale(query_), "yes");
  const std::string root = mount_->path().string();
  const Ran unseen = ran("ls " + root + "/tiny/pos=3,4");
  EXPECT_NE(unseen.exit_code, 0);
  EXPECT_THAT(unseen.output, HasSubstr("No route to host"));
  EXPECT_LT(unseen.seconds, 10) << "nobody is waited for";
  EXPECT_THAT(ran("tail -n 3 " + root + "/.skymount/errors.log").output, HasSubstr("--offline"));
  EXPECT_THAT(ran("grep -r . " + root + "/tiny/README.txt").output, HasSubstr("tiny"));
  EXPECT_EQ(origin_.requests().size(), 0U);
}

}  // namespace
}  // namespace skymount::test
