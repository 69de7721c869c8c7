// SPDX-License-Identifier: MIT
//
// The mount never hangs: a dead archive holds up its own callers only, and those can be interrupted.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skymount::test {
namespace {

using ::testing::HasSubstr;

/// Child processes that each do one thing to a file and are ended with their owner.
class Crowd {
 public:
  ~Crowd() {
    for (const pid_t child : children_) kill(child, SIGKILL);
    for (const pid_t child : children_) waitpid(child, nullptr, 0);
  }
  template <class Work>
  void add(Work work) {
    const pid_t child = fork();
    if (child == 0) {
      work();
      _exit(0);
    }
    children_.push_back(child);
  }
  std::size_t running() {
    std::size_t count = 0;
    for (const pid_t child : children_) count += waitpid(child, nullptr, WNOHANG) == 0 ? 1 : 0;
    return count;
  }

 private:
  std::vector<pid_t> children_;
};

class Liveness : public ::testing::Test {
 protected:
  Liveness() : dead_(dead_origin_), alive_(alive_origin_) {
    for (demo::Origin* origin : {&dead_origin_, &alive_origin_}) {
      for (int i = 0; i < 8; ++i) {
        origin->put("/files/f" + std::to_string(i) + ".fits", bytes_, "application/fits", "\"v\"", 1'500'000'000);
      }
    }
    for (TinyArchive* archive : {&dead_, &alive_}) {
      TinyDataset dataset{"set", {}};
      for (int i = 0; i < 8; ++i) dataset.links.push_back({"#this", "/files/f" + std::to_string(i) + ".fits"});
      archive->add(dataset);
    }
    mount_ = std::make_unique<Mount>(
        MountSetup{dir_.path(), {{"dead", dead_.tap_url(), ""}, {"alive", alive_.tap_url(), ""}}});
    root_ = mount_->path().string();
    dead_folder_ = root_ + "/dead/pos=1,2/1913-08-21_TINY_set";
    alive_folder_ = root_ + "/alive/pos=1,2/1913-08-21_TINY_set";
  }

  void fall_silent() {
    demo::Faults silent;
    silent.silent = true;
    dead_origin_.misbehave("/", silent);
  }

  /// The fastest of three: the machine may be busy, the mount must not be.
  double seconds_of(const std::string& command) {
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
      const Ran ran = run(command, 20);
      EXPECT_EQ(ran.exit_code, 0) << command << ": " << ran.output;
      best = std::min(best, ran.seconds);
    }
    return best;
  }

  // 3 MB: most of it is not here after an open.
  const std::string bytes_ = small_fits(1000, 3);
  TempDir dir_;
  demo::Origin dead_origin_, alive_origin_;
  TinyArchive dead_, alive_;
  std::unique_ptr<Mount> mount_;
  std::string root_, dead_folder_, alive_folder_;
};

TEST_F(Liveness, FiveHundredBlockedProcessesHoldUpNobodyElse) {
  ASSERT_EQ(run("cat " + alive_folder_ + "/f0.fits | wc -c").exit_code, 0);
  ASSERT_EQ(run("ls -l " + dead_folder_ + "; head -c 100 " + dead_folder_ + "/f0.fits | wc -c").exit_code, 0);
  fall_silent();
  Crowd crowd;
  for (int i = 0; i < 250; ++i) {  // blocked in read: opened before, the rest of the file is not here
    crowd.add([&] {
      const int fd = open((dead_folder_ + "/f0.fits").c_str(), O_RDONLY);
      char buffer[4096];
      static_cast<void>(!pread(fd, buffer, sizeof buffer, 1'000'000 + (i * 7919) % 1'800'000));
    });
  }
  for (int i = 0; i < 250; ++i) {  // blocked in open
    crowd.add([&] {
      static_cast<void>(open((dead_folder_ + "/f" + std::to_string(1 + i % 7) + ".fits").c_str(), O_RDONLY));
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(2));
  ASSERT_GE(crowd.running(), 490U) << "the crowd should be waiting by now";

  const double nothing = seconds_of("true");  // what starting a shell costs here
  run("echo 3 > /proc/sys/vm/drop_caches");   // the cached file comes from our disk cache, not from the kernel's
  EXPECT_LT(seconds_of("df " + root_) - nothing, 0.1);
  EXPECT_LT(seconds_of("ls " + root_) - nothing, 0.1);
  EXPECT_LT(seconds_of("stat " + root_ + "/dead") - nothing, 0.1);
  EXPECT_LT(seconds_of("cat " + alive_folder_ + "/f0.fits | cmp - <(cat " + alive_folder_ + "/f0.fits)") - nothing,
            0.2);
  EXPECT_LT(seconds_of("cat " + alive_folder_ + "/f0.fits > /dev/null") - nothing, 0.1);
  EXPECT_GE(crowd.running(), 490U) << "and it still waits";
}

TEST_F(Liveness, QuestionsThatHangHoldUpNoAnswerThatIsHere) {
  ASSERT_EQ(run("ls -l " + dead_folder_ + "; cat " + dead_folder_ + "/f0.fits | wc -c").exit_code, 0);
  mount_->unmount();  // what was seen lies on disk now, and nothing of it in memory
  mount_ = std::make_unique<Mount>(
      MountSetup{dir_.path(), {{"dead", dead_.tap_url(), "[limits]\nlisting = 3\n"}, {"alive", alive_.tap_url(), ""}}});
  fall_silent();
  Crowd crowd;
  for (int i = 0; i < 40; ++i) {
    crowd.add([&] { static_cast<void>(open((root_ + "/dead/pos=9," + std::to_string(i)).c_str(), O_RDONLY)); });
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));
  ASSERT_GE(crowd.running(), 40U) << "the crowd should be waiting by now";
  const Ran seen = run("ls " + dead_folder_ + "; cat " + dead_folder_ + "/f0.fits | wc -c", 20);
  EXPECT_THAT(seen.output, HasSubstr("f7.fits"));
  EXPECT_THAT(seen.output, HasSubstr(std::to_string(bytes_.size())));
  EXPECT_LT(seen.seconds, 2);
  EXPECT_GE(crowd.running(), 40U) << "and it still waits";
  for (int i = 0; i < 100 && crowd.running() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(crowd.running(), 0U) << "each ends with its own budget";
}

TEST_F(Liveness, CtrlCEndsACopyAndAListingAtOnce) {
  ASSERT_EQ(run("ls " + dead_folder_).exit_code, 0);
  fall_silent();
  for (const std::string& command :
       {"cp " + dead_folder_ + "/f1.fits " + dir_.path().string() + "/copy", "ls " + root_ + "/dead/pos=9,9"}) {
    const Ran ran = run("timeout -s INT 1 " + command, 15);
    EXPECT_EQ(ran.exit_code, 124) << command;
    EXPECT_LT(ran.seconds, 3) << command;
  }
}

TEST_F(Liveness, UnmountingDoesNotWaitForADeadArchive) {
  fall_silent();
  Crowd crowd;
  crowd.add([&] { run("ls " + root_ + "/dead/pos=9,9", 60); });
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const Ran gone = run("umount -l " + root_ + " || fusermount3 -uz " + root_, 20);
  EXPECT_EQ(gone.exit_code, 0) << gone.output;
  EXPECT_LT(gone.seconds, 1);
}

TEST_F(Liveness, BudgetsEndWaitingWithAnHonestError) {
  TempDir other;
  Mount mount(MountSetup{other.path(), {{"dead", dead_.tap_url(), "[limits]\nlisting = 1\nopen = 1\n"}}});
  ASSERT_EQ(run("ls " + mount.path().string() + "/dead/pos=1,2/1913-08-21_TINY_set").exit_code, 0);
  fall_silent();
  const Ran listing = run("ls " + mount.path().string() + "/dead/pos=9,9");
  EXPECT_THAT(listing.output, HasSubstr("timed out"));
  EXPECT_LT(listing.seconds, 3);
  const Ran opened = run("cat " + mount.path().string() + "/dead/pos=1,2/1913-08-21_TINY_set/f1.fits");
  EXPECT_THAT(opened.output, HasSubstr("timed out"));
  EXPECT_LT(opened.seconds, 3);
  const Ran log = run("cat " + mount.path().string() + "/.skymount/errors.log");
  EXPECT_THAT(log.output, HasSubstr("ETIMEDOUT"));
}

}  // namespace
}  // namespace skymount::test
