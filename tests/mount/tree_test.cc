// SPDX-License-Identifier: MIT
//
// What the tree promises, shown twice: on Filesystem directly, and through the kernel.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

enum class Way { direct, mounted };

class Tree : public ::testing::TestWithParam<Way> {
 protected:
  Tree() : tiny_(origin_) {
    origin_.put("/files/plate1.fits", plate_, "application/fits", "\"p1\"", 1'000'000'000);
    origin_.put("/files/plate1_full.fits", small_fits(300, 2), "application/fits", "\"p1f\"", 1'000'000'000);
    origin_.put("/files/plate1.jpg", std::string("\xff\xd8\xff\xe0 jpeg"), "image/jpeg", "\"j\"", 1'000'000'000);
    tiny_.add({"plate1",
               {{"#this", "/files/plate1.fits", "application/fits", std::to_string(plate_.size())},
                {"#preview-image", "/files/plate1.jpg", "image/jpeg"},
                {"#coderived", "/files/plate1_full.fits"},
                {"#auxiliary", "", "", "-1", "AuthorizationFault: not yours"}}});
    tiny_.add({"spec2", {{"#this", "/files/spec2.fits"}}, "SPECTRA", "spectrum", -20000});
  }

  void start(std::string extra = "") {
    setup_ = {dir_.path(), {{"tiny", tiny_.tap_url(), std::move(extra)}}};
    tree_ = GetParam() == Way::direct ? direct_driver(setup_) : mounted_driver(setup_);
  }
  std::vector<std::string> asked() {
    std::vector<std::string> out;
    for (const demo::RequestRecord& record : origin_.requests())
      out.push_back(record.method + " " + record.target + " " + record.range);
    return out;
  }
  std::string errors_log() { return tree_->read("/.skymount/errors.log").text; }

  const std::string plate_ = small_fits(500, 1);
  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  MountSetup setup_;
  std::unique_ptr<Driver> tree_;
  const std::string query_ = "/tiny/pos=156.01,48.14";
  const std::string plate_folder_ = query_ + "/1913-08-21_TINY_plate1";
};

TEST_P(Tree, ShowsArchivesAndExplainsItself) {
  start();
  EXPECT_THAT(tree_->list("/").names, IsSupersetOf({"README.txt", ".skymount", "tiny"}));
  EXPECT_THAT(tree_->list("/tiny").names, Contains("README.txt"));
  EXPECT_THAT(tree_->read("/README.txt").text, HasSubstr("tiny/"));
  EXPECT_THAT(tree_->read("/tiny/README.txt").text, HasSubstr("pos=156.01,48.14"));
  EXPECT_THAT(tree_->read("/.skymount/status.json").text, HasSubstr("\"tiny\""));
  EXPECT_THAT(tree_->read("/.skymount/config.toml").text, HasSubstr("tiny"));
  EXPECT_TRUE(origin_.requests().empty()) << "looking around must not ask the archive";
}

TEST_P(Tree, AQueryFolderListsItsDatasetsByDate) {
  start();
  const Listed listed = tree_->list(query_);
  EXPECT_EQ(listed.error, 0);
  EXPECT_THAT(listed.names, IsSupersetOf({"README.txt", "results.vot", "results.csv", "query.adql", "cutouts", "images",
                                          "previews", "1913-08-21_TINY_plate1", "1804-02-14_SPECTRA_spec2"}));
  EXPECT_EQ(tree_->stat(plate_folder_).mtime, (20000 - 40587) * 86400LL) << "a dataset's folder bears its date";
  EXPECT_THAT(tree_->read(query_ + "/query.adql").text, HasSubstr("CONTAINS"));
  EXPECT_THAT(tree_->read(query_ + "/results.csv").text, HasSubstr("plate1"));
  EXPECT_THAT(tree_->read(query_ + "/results.vot").text, HasSubstr("<VOTABLE"));
}

TEST_P(Tree, ADatasetFolderListsItsLinksUnderGoodNames) {
  start();
  EXPECT_THAT(tree_->list(plate_folder_).names, IsSupersetOf({"plate1.fits", "plate1.preview-image.jpg", "coderived",
                                                              "links.vot", "dataset.json", "ERRORS.txt"}));
  EXPECT_THAT(tree_->list(plate_folder_ + "/coderived").names, Contains("plate1_full.fits"));
  EXPECT_THAT(tree_->read(plate_folder_ + "/ERRORS.txt").text, HasSubstr("AuthorizationFault: not yours"));
  EXPECT_THAT(tree_->read(plate_folder_ + "/dataset.json").text, HasSubstr("\"obs_id\": \"plate1\""));
  EXPECT_THAT(tree_->read(plate_folder_ + "/links.vot").text, HasSubstr("#preview-image"));
}

TEST_P(Tree, AFileIsTheArchivesBytes) {
  start();
  const Text read = tree_->read(plate_folder_ + "/plate1.fits");
  EXPECT_EQ(read.error, 0);
  EXPECT_TRUE(read.text == plate_);
  EXPECT_EQ(tree_->stat(plate_folder_ + "/plate1.fits").size, plate_.size());
  EXPECT_EQ(tree_->stat(plate_folder_ + "/plate1.fits").mtime, 1'000'000'000);
}

TEST_P(Tree, CountsEveryRequestAndRemembersOverARemount) {
  start();
  tree_->list("/tiny/id=warm");  // the service is known after its first query
  origin_.clear_requests();

  tree_->list(query_);
  EXPECT_EQ(origin_.requests().size(), 1U) << "a cold ls is one TAP request";
  for (const std::string& name : tree_->list(query_).names) tree_->stat(query_ + "/" + name);
  EXPECT_EQ(origin_.requests().size(), 1U) << "ls -l costs none";

  origin_.clear_requests();
  const Listed files = tree_->list(plate_folder_);
  for (const std::string& name : files.names) tree_->stat(plate_folder_ + "/" + name);
  EXPECT_EQ(origin_.count("/links"), 1U) << "entering a dataset is one DataLink request";
  EXPECT_EQ(origin_.requests().size(), 1U);

  origin_.clear_requests();
  EXPECT_EQ(tree_->read(plate_folder_ + "/plate1.fits", 0, 2880).text, plate_.substr(0, 2880));
  ASSERT_EQ(origin_.requests().size(), 1U) << "opening and reading the first header block is one request";
  EXPECT_EQ(origin_.requests()[0].method, "GET");
  EXPECT_LE(origin_.body_bytes_sent(), 256U * 1024);

  tree_->remount();
  origin_.clear_requests();
  tree_->list(query_);
  tree_->list(plate_folder_);
  EXPECT_EQ(tree_->read(plate_folder_ + "/plate1.fits", 0, 2880).text, plate_.substr(0, 2880));
  EXPECT_EQ(tree_->stat(plate_folder_ + "/plate1.fits").size, plate_.size());
  EXPECT_THAT(asked(), IsEmpty()) << "the same after a remount costs none";
}

TEST_P(Tree, SpellingsOfOneQueryShareItsAnswer) {
  start();
  tree_->list(query_);
  origin_.clear_requests();
  for (const char* spelling : {"/tiny/POS=156.010,48.14", "/tiny/pos=156.01,+48.14", "/tiny/pos=516.01,48.14"}) {
    EXPECT_THAT(tree_->list(spelling).names, Contains("1913-08-21_TINY_plate1")) << spelling;
  }
  EXPECT_TRUE(origin_.requests().empty());
}

TEST_P(Tree, ImagesAndPreviewsAreFlat) {
  start();
  EXPECT_THAT(tree_->list(query_ + "/images").names, Contains("1913-08-21_TINY_plate1.fits"));
  EXPECT_THAT(tree_->list(query_ + "/images").names, Not(Contains(HasSubstr("spec2"))));
  EXPECT_THAT(tree_->list(query_ + "/previews").names, Contains("1913-08-21_TINY_plate1.jpg"));
  EXPECT_TRUE(tree_->read(query_ + "/images/1913-08-21_TINY_plate1.fits").text == plate_);
  EXPECT_EQ(tree_->stat(query_ + "/images/1913-08-21_TINY_plate1.fits").ino,
            tree_->stat(plate_folder_ + "/plate1.fits").ino);
}

TEST_P(Tree, SaysWhatAFileIs) {
  start();
  const std::string file = plate_folder_ + "/plate1.fits";
  EXPECT_EQ(tree_->xattr(file, "user.skymount.url").text, origin_.url("/files/plate1.fits"));
  EXPECT_EQ(tree_->xattr(file, "user.skymount.semantics").text, "#this");
  EXPECT_EQ(tree_->xattr(file, "user.skymount.content_type").text, "application/fits");
  EXPECT_EQ(tree_->xattr(file, "user.skymount.size").text, "estimate");
  tree_->read(file, 0, 100);
  EXPECT_EQ(tree_->xattr(file, "user.skymount.size").text, "exact");
  EXPECT_EQ(tree_->xattr(file, "user.skymount.etag").text, "\"p1\"");
  EXPECT_EQ(tree_->xattr(file, "security.selinux").error, ENODATA);
}

TEST_P(Tree, BadInputIsAnsweredWithItsReason) {
  start();
  const std::pair<const char*, int> wrong[] = {
      {"/tiny/pos=abc", EINVAL},         {"/tiny/pos=400,95", EINVAL}, {"/tiny/pso=1,2", ENOENT}, {"/tinny", ENOENT},
      {"/tiny/pos=1,2/pos=3,4", EINVAL}, {"/tiny/.git", ENOENT},       {"/.Trash-1000", ENOENT}};
  for (const auto& [path, error] : wrong) EXPECT_EQ(tree_->stat(path).error, error) << path;
  const std::string log = errors_log();
  EXPECT_THAT(log, HasSubstr("pos=abc"));
  EXPECT_THAT(log, HasSubstr("pos=400,95"));
  EXPECT_THAT(log, HasSubstr("'pos'")) << "the nearest key is named";
  EXPECT_THAT(log, HasSubstr("'tiny'")) << "the nearest archive is named";
  EXPECT_THAT(log, Not(HasSubstr(".git")));
  EXPECT_TRUE(origin_.requests().empty());
  EXPECT_EQ(tree_->list(query_).error, 0) << "nothing else is harmed";
}

TEST_P(Tree, AnArchiveThatIsDownIsUnreachableAndNothingElseIs) {
  start("[limits]\nconnect = 2\n");
  origin_.go_down();
  EXPECT_EQ(tree_->list(query_).error, EHOSTUNREACH);
  EXPECT_THAT(errors_log(), HasSubstr("EHOSTUNREACH ls " + query_));
  EXPECT_EQ(tree_->list("/").error, 0);
  origin_.come_up();
}

TEST_P(Tree, AnAnswerInHtmlIsNoListing) {
  start();
  tiny_.answer_with("<!DOCTYPE html><html><title>Please log in</title></html>", 200, "text/html");
  EXPECT_EQ(tree_->list(query_).error, EIO);
  EXPECT_THAT(errors_log(), HasSubstr("Please log in"));
}

TEST_P(Tree, AnArchivesOwnErrorReachesTheLog) {
  start();
  tiny_.answer_with(
      "<VOTABLE version=\"1.4\"><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"ERROR\">Column zoo does "
      "not "
      "exist</INFO></RESOURCE></VOTABLE>",
      400);
  EXPECT_EQ(tree_->list(query_).error, EIO) << "nobody typed a column";
  EXPECT_THAT(errors_log(), HasSubstr("Column zoo does not exist"));
}

TEST_P(Tree, ATruncatedTableIsNoListing) {
  start();
  tiny_.answer_with(
      "<VOTABLE version=\"1.4\"><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>"
      "<FIELD name=\"obs_id\" datatype=\"char\" arraysize=\"*\"/><DATA><TABLEDATA><TR><TD>half");
  EXPECT_EQ(tree_->list(query_).error, EIO);
  EXPECT_THAT(errors_log(), HasSubstr("truncated"));
}

TEST_P(Tree, ALoginPageIsNotSavedAsFits) {
  start();
  demo::Faults html;
  html.html_instead = true;
  origin_.misbehave("/files/plate1.fits", html);
  EXPECT_EQ(tree_->read(plate_folder_ + "/plate1.fits").error, EIO);
  EXPECT_THAT(tree_->xattr(plate_folder_ + "/plate1.fits", "user.skymount.error").text, HasSubstr("HTML"));
  origin_.behave();
  EXPECT_TRUE(tree_->read(plate_folder_ + "/plate1.fits").text == plate_) << "and the next try gets the file";
}

TEST_P(Tree, AFitsFileWithoutLengthThatEndsEarlyIsNoFile) {
  start();
  origin_.put("/files/plate1.fits", plate_.substr(0, 900'000), "application/fits");
  demo::Faults faults;
  faults.no_length = true;
  origin_.misbehave("/files/plate1.fits", faults);
  EXPECT_EQ(tree_->read(plate_folder_ + "/plate1.fits").error, EIO);
  EXPECT_THAT(errors_log(), HasSubstr("ends early"));
  origin_.put("/files/plate1.fits", plate_, "application/fits");
  EXPECT_TRUE(tree_->read(plate_folder_ + "/plate1.fits").text == plate_) << "and the next try gets all of it";
}

TEST_P(Tree, SecretsOfTheConfigurationAreNotShown) {
  setup_ = {dir_.path(), {{"tiny", tiny_.tap_url() + "?token=SECRETTOKEN", ""}}};
  tree_ = GetParam() == Way::direct ? direct_driver(setup_) : mounted_driver(setup_);
  for (const char* file : {"/README.txt", "/tiny/README.txt", "/.skymount/status.json", "/.skymount/config.toml",
                           "/.skymount/errors.log"}) {
    EXPECT_THAT(tree_->read(file).text, Not(HasSubstr("SECRETTOKEN"))) << file;
  }
}

TEST_P(Tree, NothingCanBeWritten) {
  start();
  EXPECT_EQ(tree_->stat(query_ + "/new.txt").error, ENOENT);
  if (GetParam() == Way::mounted) {
    const std::string root = (dir_.path() / "mnt").string();
    EXPECT_THAT(run("mkdir " + root + "/tiny/x").output, HasSubstr("Read-only file system"));
    EXPECT_THAT(run("touch " + root + "/x").output, HasSubstr("Read-only file system"));
    EXPECT_THAT(run("echo a > " + root + "/README.txt").output, HasSubstr("Read-only file system"));
    EXPECT_THAT(run("rm -f " + root + "/README.txt").output, HasSubstr("Read-only file system"));
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Tree, ::testing::Values(Way::direct, Way::mounted),
                         [](const auto& tested) { return tested.param == Way::direct ? "Direct" : "Mounted"; });

}  // namespace
}  // namespace skymount::test
