// SPDX-License-Identifier: MIT
//
// Programs that walk through everything they see: they find names and attributes and cost the archive nothing.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CrawlersOnAMount : public ::testing::Test {
 protected:
  CrawlersOnAMount() : tiny_(origin_) {
    for (int i = 0; i < 3; ++i) {
      const std::string id = "plate" + std::to_string(i);
      origin_.put("/files/" + id + ".fits", small_fits(20, 1), "application/fits", "\"v\"", 1'000'000'000);
      tiny_.add({id, {{"#this", "/files/" + id + ".fits"}}});
    }
    mount_ = std::make_unique<Mount>(MountSetup{dir_.path(), {{"tiny", tiny_.tap_url(), ""}}});
    query_ = mount_->path().string() + "/tiny/pos=1,2";
    folder_ = query_ + "/1913-08-21_TINY_plate1";
  }

  /// A real program under another name.
  std::string program(const std::string& real, const std::string& name) {
    const std::string copy = (dir_.path() / name).string();
    EXPECT_EQ(run("cp \"$(command -v " + real + ")\" " + copy).exit_code, 0);
    return copy;
  }
  std::string errors_log() { return run("cat " + mount_->path().string() + "/.skymount/errors.log").output; }

  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  std::unique_ptr<Mount> mount_;
  std::string query_, folder_;
};

TEST_F(CrawlersOnAMount, SeeNamesAndAttributesAndGetNoData) {
  ASSERT_EQ(run("ls " + query_ + " " + folder_ + " " + query_ + "/images").exit_code, 0);
  origin_.clear_requests();

  const std::string finder = program("find", "updatedb");
  const Ran walked = run(finder + " " + folder_ + " -ls", 20);
  EXPECT_EQ(walked.exit_code, 0) << walked.output;
  EXPECT_THAT(walked.output, HasSubstr("plate1.fits"));

  const std::string reader = program("cat", "tracker-extract-3");
  for (const std::string file : {"/plate1.fits"}) {
    const Ran read = run(reader + " " + folder_ + file + " > /dev/null");
    EXPECT_THAT(read.output, HasSubstr("Permission denied"));
  }
  EXPECT_THAT(run(reader + " " + query_ + "/images/*.fits").output, HasSubstr("Permission denied"));
  EXPECT_THAT(run(reader + " " + query_ + "/results.csv").output, HasSubstr("Permission denied"))
      << "large texts are not made for nobody";
  EXPECT_EQ(run(reader + " " + query_ + "/README.txt").exit_code, 0) << "small texts that are here cost nothing";
  EXPECT_TRUE(origin_.requests().empty());
  EXPECT_EQ(origin_.body_bytes_sent(), 0U);

  EXPECT_EQ(run("cat " + folder_ + "/plate1.fits | cmp - <(cat " + folder_ + "/plate1.fits)").exit_code, 0)
      << "everybody else reads";
  EXPECT_THAT(run("getfattr -d " + folder_ + "/plate1.fits").output, Not(HasSubstr("user.skymount.error")))
      << "a refused crawler is no failure of the file";
}

TEST_F(CrawlersOnAMount, AskTheArchiveForNothing) {
  const std::string finder = program("find", "baloo_file");
  const Ran walked = run(finder + " " + mount_->path().string(), 20);
  EXPECT_THAT(walked.output, HasSubstr("/tiny/README.txt"));
  EXPECT_THAT(run(finder + " " + query_, 20).output, HasSubstr("Permission denied"));
  EXPECT_TRUE(origin_.requests().empty());
  ASSERT_EQ(run("ls " + query_).exit_code, 0);
  origin_.clear_requests();
  // The listing is here now, the links of its datasets are not.
  EXPECT_THAT(run(finder + " " + query_, 20).output, HasSubstr("1913-08-21_TINY_plate1"));
  EXPECT_TRUE(origin_.requests().empty());
}

TEST_F(CrawlersOnAMount, AreToldHowTheyCouldOnceAndNotAtEachFile) {
  const std::string reader = program("cat", "tracker-extract-3");
  ASSERT_EQ(run("ls " + folder_).exit_code, 0);
  run(reader + " " + folder_ + "/plate1.fits " + folder_ + "/plate1.fits; " + reader + " " + query_ + "/results.vot");
  const std::string log = errors_log();
  EXPECT_THAT(log, HasSubstr("'tracker-extract-3'"));
  EXPECT_THAT(log, HasSubstr("[crawlers] deny"));
  EXPECT_EQ(log.find("tracker-extract-3"), log.rfind("tracker-extract-3")) << log;
}

TEST_F(CrawlersOnAMount, ScriptsAreKnownByTheirName) {
  ASSERT_EQ(run("ls " + folder_).exit_code, 0);
  // The interpreter opens the file itself: its executable is bash, its command name the script's.
  const std::string script = (dir_.path() / "updatedb").string();
  ASSERT_EQ(run("printf '#!/bin/bash\\nread -r x < \"$1\"\\n' > " + script + " && chmod +x " + script).exit_code, 0);
  EXPECT_THAT(run(script + " " + folder_ + "/plate1.fits").output, HasSubstr("Permission denied"));
}

TEST_F(CrawlersOnAMount, TheRealUpdatedbCostsNothing) {
  if (run("command -v updatedb.plocate").exit_code != 0) GTEST_SKIP() << "plocate is not installed";
  ASSERT_EQ(run("ls " + query_ + " " + folder_).exit_code, 0);
  origin_.clear_requests();
  const std::string database = (dir_.path() / "plocate.db").string();
  const Ran crawled = run("updatedb.plocate -l no --prunefs '' --prunepaths '' -U " + mount_->path().string() + " -o " +
                              database + " && locate -d " + database + " README",
                          20);
  EXPECT_THAT(crawled.output, HasSubstr("/tiny/README.txt"));
  EXPECT_TRUE(origin_.requests().empty());
}

}  // namespace
}  // namespace skymount::test
