// SPDX-License-Identifier: MIT
//
// status, prefetch and cache on real mounts: what they say is so, what is here is not asked for again, and a mount that
// hangs does not hang them.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace skymount::test {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 500 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return condition();
}

class ControlCommands : public ::testing::Test {
 protected:
  ControlCommands() : archive_(origin_) {
    TinyDataset dataset{"set", {}};
    for (int i = 0; i < 3; ++i) {
      const std::string path = "/files/f" + std::to_string(i) + ".fits";
      bytes_.push_back(small_fits(700 + i, static_cast<unsigned>(i)));  // 2 MB
      origin_.put(path, bytes_.back(), "application/fits", "\"v\"", 1'500'000'000);
      dataset.links.push_back({"#this", path});
    }
    archive_.add(dataset);
  }
  void mount() { mount_ = std::make_unique<Mount>(MountSetup{dir_.path(), {{"tiny", archive_.tap_url(), ""}}}); }
  void remount() {
    mount_->unmount();
    mount();
  }
  std::string at(const std::string& path) const { return "'" + (dir_.path() / "mnt").string() + path + "'"; }
  static Ran skymount(const std::string& words, int seconds = 30) {
    return run(std::string(SKYMOUNT_BINARY) + " " + words, seconds);
  }
  static Json json_of(const Ran& ran) { return Json::parse(ran.output, nullptr, false); }
  Json status() const { return json_of(skymount("status --json " + at("")))["mounts"][0]; }
  std::uint64_t whole() const { return bytes_[0].size() + bytes_[1].size() + bytes_[2].size(); }

  TempDir dir_;
  demo::Origin origin_;
  TinyArchive archive_;
  std::vector<std::string> bytes_;
  std::unique_ptr<Mount> mount_;
  const std::string folder_ = "/tiny/pos=1,2/1913-08-21_TINY_set";
};

TEST_F(ControlCommands, WhatIsPrefetchedIsReadWithoutTheNetworkAndNotFetchedAgain) {
  mount();
  const Ran first = skymount("prefetch " + at("/tiny/pos=1,2"));
  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_THAT(first.output, HasSubstr("3 fetched"));
  EXPECT_THAT(first.output, HasSubstr("0 here already, 0 failed"));
  EXPECT_LE(origin_.body_bytes_sent(), whole() + 100'000);

  origin_.clear_requests();
  const Ran second = skymount("prefetch --json " + at(folder_) + " " + at(folder_ + "/f1.fits"));
  EXPECT_EQ(second.exit_code, 0) << second.output;
  const Json end = Json::parse(second.output.substr(second.output.rfind("{\"event\"")));
  EXPECT_EQ(end["here"], 3);
  EXPECT_EQ(end["fetched_bytes"], 0);
  for (int i = 0; i < 3; ++i) {
    const std::string name = "f" + std::to_string(i) + ".fits";
    std::ofstream(dir_.path() / name) << bytes_[i];
    EXPECT_EQ(run("cmp " + at(folder_ + "/" + name) + " " + (dir_.path() / name).string()).exit_code, 0);
  }
  EXPECT_TRUE(origin_.requests().empty()) << origin_.requests().front().target;
}

TEST_F(ControlCommands, PatternsMatchWhatIsListedAndStarsOfAQuestionStayInIt) {
  mount();
  const Ran ran = skymount("prefetch " + at("/tiny/collection=TIN*/*_set/f[01].fits"));
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("2 files: 2 fetched"));
  EXPECT_EQ(origin_.count("/files/f2"), 0U);
  const Ran none = skymount("prefetch " + at("/tiny/pos=1,2/*/nosuch*"));
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.output, HasSubstr("ENOENT: nothing matches"));
}

TEST_F(ControlCommands, AnInterruptedPrefetchStopsAtOnceAndGoesOnWhereItWas) {
  mount();
  ASSERT_EQ(run("ls " + at(folder_)).exit_code, 0);
  origin_.clear_requests();
  demo::Faults slow;
  slow.bytes_per_second = 300'000;
  origin_.misbehave("/files", slow);
  const Ran ran = run("timeout -s INT 1 " + std::string(SKYMOUNT_BINARY) + " prefetch " + at(folder_), 20);
  EXPECT_EQ(ran.exit_code, 124) << ran.output;
  EXPECT_TRUE(eventually([&] { return status()["cache"]["transfers"] == 0; }));
  const std::uint64_t sent = origin_.body_bytes_sent();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_LE(origin_.body_bytes_sent() - sent, 100'000U) << "the transfers go on";
  const std::uint64_t kept = status()["cache"]["bytes"];
  EXPECT_GT(kept, 100'000U);

  origin_.behave();
  const Ran rest = skymount("prefetch " + at(folder_));
  EXPECT_EQ(rest.exit_code, 0) << rest.output;
  // What was on its way when it stopped, and granules cut in two, may come twice.
  EXPECT_LE(origin_.body_bytes_sent(), whole() + 1'500'000);
}

TEST_F(ControlCommands, AFileThatFailsIsToldWithItsReason) {
  mount();
  demo::Faults refused;
  refused.status = 403;
  origin_.misbehave("/files/f1", refused);
  const Ran ran = skymount("prefetch " + at(folder_));
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, HasSubstr("f1.fits: EACCES"));
  EXPECT_THAT(ran.output, HasSubstr("2 fetched"));
  const Ran missing = skymount("prefetch " + at(folder_ + "/nosuch.fits"));
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.output, HasSubstr("ENOENT"));
  const Ran elsewhere = skymount("prefetch /etc/passwd");
  EXPECT_EQ(elsewhere.exit_code, 1);
  EXPECT_THAT(elsewhere.output, HasSubstr("lies in no mount"));
}

TEST_F(ControlCommands, WhatDoesNotFitIntoTheCacheIsRefusedBeforeItIsFetched) {
  const auto config = dir_.path() / "config" / "skymount";
  std::filesystem::create_directories(config);
  std::ofstream(config / "skymount.toml") << "[cache]\nsize = \"5 MB\"\n";
  setenv("XDG_CONFIG_HOME", (dir_.path() / "config").c_str(), 1);
  mount();
  const Ran ran = skymount("prefetch --pin " + at(folder_));
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, HasSubstr("2 fetched"));
  EXPECT_THAT(ran.output, HasSubstr("ENOSPC"));
  EXPECT_THAT(ran.output, HasSubstr("raise [cache] size"));
  // Reading the third file through the mount evicts nothing that is pinned.
  EXPECT_EQ(run("cat " + at(folder_) + "/*.fits | wc -c").exit_code, 0);
  EXPECT_EQ(status()["cache"]["pinned_contents"], 2);
  EXPECT_GE(status()["cache"]["pinned_bytes"].get<std::uint64_t>(), 4'000'000U);
  unsetenv("XDG_CONFIG_HOME");
}

TEST_F(ControlCommands, PinsSurviveARemountAndAClearing) {
  mount();
  const Ran early = skymount("cache pin " + at(folder_ + "/f0.fits"));
  EXPECT_EQ(early.exit_code, 1) << early.output;
  EXPECT_THAT(early.output, HasSubstr("prefetch --pin"));
  ASSERT_EQ(skymount("prefetch " + at(folder_)).exit_code, 0);
  EXPECT_EQ(skymount("cache pin " + at(folder_ + "/f0.fits")).exit_code, 0);
  remount();
  origin_.clear_requests();
  const Json seen = json_of(skymount("cache stat --json " + at(folder_)));
  EXPECT_EQ(seen["files_here"], 3) << seen;
  EXPECT_EQ(seen["pinned"], 1);
  EXPECT_EQ(seen["bytes"], whole());
  const Json cleared = json_of(skymount("cache clear --json --cache " + (dir_.path() / "cache").string()));
  EXPECT_EQ(cleared["freed_bytes"], whole() - bytes_[0].size()) << cleared;
  EXPECT_EQ(cleared["bytes"], bytes_[0].size());
  EXPECT_TRUE(origin_.requests().empty()) << origin_.requests().front().target;
  EXPECT_EQ(skymount("cache unpin " + at(folder_)).exit_code, 0);
  EXPECT_EQ(json_of(skymount("cache clear --json " + at(folder_)))["freed_bytes"], bytes_[0].size());
  EXPECT_EQ(status()["cache"]["bytes"], 0);
}

TEST_F(ControlCommands, ClearingAFolderTakesWhatWasMadeOfItsFilesAlong) {
  mount();
  ASSERT_EQ(run("cat " + at(folder_ + "/f0.fits") + " | wc -c").exit_code, 0);
  ASSERT_EQ(run("grep -q SIMPLE " + at(folder_ + "/f0.fits.hdr")).exit_code, 0);
  ASSERT_EQ(run("grep -q PNG " + at(folder_ + "/f1.fits.png")).exit_code, 0);
  EXPECT_EQ(skymount("cache clear " + at(folder_)).exit_code, 0);
  EXPECT_EQ(status()["cache"]["bytes"], 0);
  EXPECT_EQ(run("grep -q SIMPLE " + at(folder_ + "/f0.fits.hdr")).exit_code, 0) << "and is made again";
}

TEST_F(ControlCommands, VerifyFindsDamageAndForgetsItWithAndWithoutAMount) {
  mount();
  ASSERT_EQ(skymount("prefetch " + at(folder_)).exit_code, 0);
  EXPECT_THAT(skymount("cache verify " + at(folder_)).output, HasSubstr("all as they came"));
  const auto spoil = [&] {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path() / "cache" / "blocks")) {
      if (!entry.is_regular_file()) continue;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(100'000);
      file << "spoilt";
      return;
    }
  };
  spoil();
  const Ran found = skymount("cache verify " + at(""));
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.output, HasSubstr("16.4 kB were damaged"));
  EXPECT_EQ(run("cat " + at(folder_) + "/f*.fits > " + (dir_.path() / "all").string()).exit_code, 0);
  EXPECT_EQ(run("cmp <(cat " + at(folder_) + "/f*.fits) " + (dir_.path() / "all").string()).exit_code, 0);
  mount_->unmount();
  const std::string directory = " --cache " + (dir_.path() / "cache").string();
  const Ran again = skymount("cache verify" + directory);
  EXPECT_EQ(again.exit_code, 0) << again.output;
  spoil();
  EXPECT_EQ(skymount("cache verify" + directory).exit_code, 1);
  EXPECT_EQ(skymount("cache verify" + directory).exit_code, 0) << "what was damaged is forgotten";
  EXPECT_THAT(skymount("cache stat" + directory).output, HasSubstr("in 3 files"));
  EXPECT_THAT(skymount("cache clear" + directory).output, HasSubstr("freed"));
  const Ran none = skymount("cache stat --cache " + (dir_.path() / "nothing").string());
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "nothing"));
}

TEST_F(ControlCommands, StatusTellsOfTransfersOfThoseWhoWaitAndOfAnArchiveThatIsGone) {
  mount();
  ASSERT_EQ(run("ls " + at(folder_)).exit_code, 0);
  EXPECT_EQ(status()["archives"][0]["state"], "well");
  demo::Faults slow;
  slow.bytes_per_second = 100'000;
  origin_.misbehave("/files", slow);
  std::thread reader([&] { run("timeout 3 cat " + at(folder_ + "/f0.fits") + " > /dev/null"); });
  Json transfers;
  EXPECT_TRUE(eventually([&] {
    const Json now = status();
    transfers = now["transfers"];
    return !transfers.empty() && transfers[0]["done_bytes"] > 0 && now["waiting_callers"] >= 1;
  })) << status();
  EXPECT_THAT(transfers[0]["what"].get<std::string>(), HasSubstr(folder_ + "/f0.fits"));
  EXPECT_THAT(skymount("status " + at("")).output, HasSubstr("f0.fits"));
  EXPECT_EQ(Json::parse(run("cat " + at("/.skymount/status.json")).output)["mountpoint"], status()["mountpoint"]);
  reader.join();

  origin_.go_down();
  EXPECT_NE(run("ls " + at("/tiny/pos=7,7")).exit_code, 0);
  const Json archive = status()["archives"][0];
  EXPECT_NE(archive["state"], "well");
  EXPECT_THAT(archive["last_failure"]["words"].get<std::string>(), HasSubstr("EHOSTUNREACH"));
  EXPECT_GE(archive["origins"][0]["failures"], 1);
}

TEST_F(ControlCommands, AMountThatDoesNotAnswerIsSaidToAndADeadOneToo) {
  mount();
  const int pid = status()["pid"];
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  const Ran stopped = skymount("status " + at(""), 20);
  EXPECT_EQ(stopped.exit_code, 1);
  EXPECT_LT(stopped.seconds, 4);
  EXPECT_THAT(stopped.output, HasSubstr((dir_.path() / "mnt").string() + ": does not answer"));
  kill(pid, SIGKILL);
  const Ran dead = skymount("status " + at(""), 20);
  EXPECT_EQ(dead.exit_code, 1);
  EXPECT_LT(dead.seconds, 2);
}

TEST_F(ControlCommands, WatchingWithoutATerminalGivesALineEachSecond) {
  mount();
  const Ran ran = run("timeout 1.6 " + std::string(SKYMOUNT_BINARY) + " status --watch " + at(""), 20);
  EXPECT_GE(std::count(ran.output.begin(), ran.output.end(), '\n'), 2);
  EXPECT_THAT(ran.output, HasSubstr("0 transfers"));
}

}  // namespace
}  // namespace skymount::test
