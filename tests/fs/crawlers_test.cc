// SPDX-License-Identifier: MIT
//
// Whose program it is that asks, from what procfs tells.
#include "fs/crawlers.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <fstream>

#include <unistd.h>

namespace skymount::fs {
namespace {

TEST(CrawlerNames, AreComparedWhole) {
  EXPECT_TRUE(names_program("updatedb", "updatedb", false));
  EXPECT_FALSE(names_program("updatedb", "updatedb2", false));
  EXPECT_FALSE(names_program("updatedb", "my-updatedb", false));
  EXPECT_FALSE(names_program("updatedb", "", false));
  EXPECT_FALSE(names_program("", "bash", false));
}

TEST(CrawlerNames, AStarStandsForAnything) {
  EXPECT_TRUE(names_program("localsearch*", "localsearch", false));
  EXPECT_TRUE(names_program("localsearch*", "localsearch-extractor-3", false));
  EXPECT_TRUE(names_program("*-thumbnailer", "totem-video-thumbnailer", false));
  EXPECT_TRUE(names_program("a*b*c", "a-b-b-c", false));
  EXPECT_FALSE(names_program("a*b*c", "a-c-b", false));
  EXPECT_FALSE(names_program("*", "", false)) << "who cannot be named is no crawler";
  EXPECT_FALSE(names_program("a*a*a*a*a*a*a*a*a*a*b", std::string(100'000, 'a'), false));
}

TEST(CrawlerNames, ACommandNameIsCutAfterFifteenBytes) {
  EXPECT_TRUE(names_program("tracker-miner-fs-3", "tracker-miner-f", true));
  EXPECT_TRUE(names_program("localsearch-extractor*", "localsearch-ext", true));
  EXPECT_FALSE(names_program("tracker-miner-fs-3", "tracker-miner-f", false)) << "an executable's name is whole";
  EXPECT_FALSE(names_program("tracker-miner-fs-3", "tracker-miner", true));
  EXPECT_FALSE(names_program("tracker-extract-3", "tracker-miner-f", true));
}

/// A folder that looks like procfs.
class Caller : public ::testing::Test {
 protected:
  void process(pid_t pid, const std::string& executable, const std::string& command) {
    const auto folder = proc_.path() / std::to_string(pid);
    std::filesystem::create_directory(folder);
    std::filesystem::remove(folder / "exe");
    if (!executable.empty()) std::filesystem::create_symlink(executable, folder / "exe");
    std::ofstream(folder / "comm") << command << "\n";
  }
  test::TempDir proc_;
  Crawlers crawlers_{{{"updatedb", "tracker-miner-fs-3", "localsearch*"}}, proc_.path()};
};

TEST_F(Caller, IsKnownByItsExecutableOrItsCommandName) {
  process(10, "/usr/bin/updatedb", "worker");
  process(11, "/bin/dash", "updatedb");
  process(12, "/usr/libexec/tracker-miner-fs-3 (deleted)", "pool-1");
  process(13, "", "tracker-miner-f");
  process(14, "/bin/bash", "bash");
  EXPECT_EQ(crawlers_.refused(10), "updatedb");
  EXPECT_EQ(crawlers_.refused(11), "updatedb");
  EXPECT_EQ(crawlers_.refused(12), "tracker-miner-fs-3");
  EXPECT_EQ(crawlers_.refused(13), "tracker-miner-f") << "the executable of somebody else's process cannot be read";
  EXPECT_FALSE(crawlers_.refused(14));
}

TEST_F(Caller, ThatCannotBeLookedAtIsNoCrawler) {
  EXPECT_FALSE(crawlers_.refused(0));
  EXPECT_FALSE(crawlers_.refused(-1));
  EXPECT_FALSE(crawlers_.refused(99));
  EXPECT_FALSE(Crawlers({{"*"}}, proc_.path() / "nowhere").refused(1));
  EXPECT_FALSE(Crawlers({}, proc_.path()).refused(1)) << "without a policy everybody is welcome";
}

TEST_F(Caller, ThatBecomesAnotherProgramIsLookedAtAnew) {
  process(10, "/bin/bash", "bash");
  EXPECT_FALSE(crawlers_.refused(10));
  process(10, "/usr/bin/updatedb", "updatedb");  // exec(), or the number was used again
  EXPECT_TRUE(crawlers_.refused(10));
  process(10, "/bin/cat", "cat");
  EXPECT_FALSE(crawlers_.refused(10));
}

TEST_F(Caller, IsThisTestForTheRealProcfs) {
  const Crawlers me({{"test_f*"}});
  EXPECT_EQ(me.refused(getpid()), "test_fs");
}

TEST_F(Caller, IsToldOnce) {
  EXPECT_TRUE(crawlers_.first_time("a"));
  EXPECT_FALSE(crawlers_.first_time("a"));
  EXPECT_TRUE(crawlers_.first_time("b"));
}

}  // namespace
}  // namespace skymount::fs
