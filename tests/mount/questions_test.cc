// SPDX-License-Identifier: MIT
//
// What a question's folder promises beside its datasets: sortings from the rows alone, counts, kept and recent
// questions, names of objects, READMEs whose examples work. Shown twice, on Filesystem directly and through the kernel,
// against the demo archive.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <sstream>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

enum class Way { direct, mounted };

class Questions : public ::testing::TestWithParam<Way> {
 protected:
  Questions() : archive_(origin_, {}), setup_{dir_.path(), {{"demo", archive_.tap_url(), ""}}} {
    // A mirror of our own: everything below the usual resolver's host is answered by the demo archive.
    origin_.handle("/cgi-bin/nph-sesame", resolve);
    setup_.map = {{"cds.unistra.fr", origin_.url("")}, {"vizier.cfa.harvard.edu", origin_.url("")}};
    tree_ = GetParam() == Way::direct ? direct_driver(setup_) : mounted_driver(setup_);
  }

  /// As Sesame's plain form.
  static demo::Reply resolve(const demo::Request& request) {
    const bool known = request.target.ends_with("Demo%20Field") || request.target.ends_with("demo%20field");
    return demo::Reply::text(
        200, known ? "# x\n%I.0 Demo Field\n%J 156.01 +48.14 = x\n" : "# x\n#!SIMBAD: No known object\n", "text/plain");
  }

  std::string errors_log() { return tree_->read("/.skymount/errors.log").text; }
  std::string root() const { return (dir_.path() / "mnt").string(); }
  bool mounted() const { return GetParam() == Way::mounted; }

  TempDir dir_;
  demo::Origin origin_;
  demo::DemoArchive archive_;
  MountSetup setup_;
  std::unique_ptr<Driver> tree_;
  const std::string query_ = "/demo/pos=156.01,48.14";
  const std::string plate_ = "1890-05-03_DEMO-PLATES_i00811";
};

TEST_P(Questions, SortingsComeFromTheRowsAlone) {
  tree_->list(query_);
  origin_.clear_requests();
  EXPECT_THAT(tree_->list(query_).names,
              IsSupersetOf({"by-collection", "by-year", "by-instrument", "by-type", "by-band"}));
  EXPECT_THAT(tree_->list(query_ + "/by-collection").names, IsSupersetOf({"DEMO-PLATES", "DEMO-SURVEY"}));
  EXPECT_THAT(tree_->list(query_ + "/by-year").names, IsSupersetOf({"1888", "1890", "1953"}));
  EXPECT_THAT(tree_->list(query_ + "/by-year/1890").names, ElementsAre(plate_));
  EXPECT_THAT(tree_->list(query_ + "/by-type").names, Contains("image"));
  EXPECT_THAT(tree_->list(query_ + "/by-band/optical").names, Contains(plate_));
  EXPECT_TRUE(tree_->stat(query_ + "/by-year").folder);
  EXPECT_EQ(tree_->stat(query_ + "/by-year/1891").error, ENOENT);
  EXPECT_EQ(tree_->stat(query_ + "/by-year/1888/" + plate_).error, ENOENT);
  EXPECT_THAT(origin_.requests(), IsEmpty());

  // Every dataset is in every sorting.
  std::vector<std::string> datasets;
  for (const std::string& name : tree_->list(query_).names) {
    if (name.find("DEMO") != std::string::npos) datasets.push_back(name);
  }
  for (const char* facet : {"/by-collection", "/by-year", "/by-instrument", "/by-type", "/by-band"}) {
    std::vector<std::string> sorted;
    for (const std::string& value : tree_->list(query_ + facet).names) {
      for (const std::string& name : tree_->list(query_ + facet + "/" + value).names) sorted.push_back(name);
    }
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::sort(datasets.begin(), datasets.end());
    EXPECT_EQ(sorted, datasets) << facet;
  }
}

TEST_P(Questions, ASortingsLinksLeadToTheDatasets) {
  const std::string link = query_ + "/by-year/1890/" + plate_;
  EXPECT_TRUE(tree_->stat(link).symlink);
  EXPECT_EQ(tree_->readlink(link).text, "../../" + plate_);
  EXPECT_EQ(tree_->stat(link).size, std::string("../../" + plate_).size());
  const std::string survey = "1953-04-18_DEMO-SURVEY_E0672";
  EXPECT_EQ(tree_->stat(query_ + "/by-year/1953/" + survey).mtime, tree_->stat(query_ + "/" + survey).mtime);
  EXPECT_EQ(tree_->readlink(query_ + "/README.txt").error, EINVAL);
  if (!mounted()) return;
  const std::string at = "cd " + root() + query_ + " && ";
  EXPECT_EQ(tree_->stat(link + "/dataset.json").error, 0);
  EXPECT_THAT(run(at + "ls -l by-year/1890").output, HasSubstr(plate_ + " -> ../../" + plate_));
  EXPECT_EQ(run(at + "find by-year -type l | wc -l").output, run(at + "ls -d *DEMO* | wc -l").output);
  EXPECT_THAT(run(at + "find -L by-year/1890 -maxdepth 2 -name dataset.json").output, HasSubstr(plate_));
  EXPECT_EQ(run(at + "cp -rL by-year/1890 " + (dir_.path() / "copy").string()).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(dir_.path() / "copy" / plate_ / "i00811.fits"));
}

TEST_P(Questions, RecentQuestionsAreRemembered) {
  EXPECT_THAT(tree_->list("/demo").names, Contains("recent"));
  EXPECT_THAT(tree_->list("/demo/recent").names, IsEmpty());
  tree_->stat("/demo/pos=1,2");  // looked at, never asked
  EXPECT_EQ(tree_->stat("/demo/time=abc").error, EINVAL);
  EXPECT_THAT(tree_->list("/demo/recent").names, IsEmpty());
  tree_->list("/demo/pos=156.010,48.14/type=image");
  tree_->read(query_ + "/results.csv");
  const std::vector<std::string> both{"pos=156.01,48.14", "pos=156.01,48.14,type=image"};
  EXPECT_EQ(tree_->list("/demo/recent").names, both);
  EXPECT_TRUE(tree_->stat("/demo/recent/" + both[1]).symlink);
  EXPECT_EQ(tree_->readlink("/demo/recent/" + both[1]).text, "../pos=156.010,48.14/type=image") << "as typed";
  tree_->list("/demo/type=image/pos=156.01,48.14");
  EXPECT_EQ(tree_->readlink("/demo/recent/" + both[1]).text, "../type=image/pos=156.01,48.14") << "the last spelling";

  origin_.go_down();
  EXPECT_NE(tree_->list("/demo/pos=3,4").error, 0);
  origin_.come_up();
  EXPECT_EQ(tree_->list("/demo/recent").names, both) << "what failed is no answer";
  tree_->remount();
  EXPECT_EQ(tree_->list("/demo/recent").names, both);
  for (int i = 0; i < 22; ++i) tree_->list("/demo/collection=DEMO_PLATES,limit=" + std::to_string(i + 1));
  EXPECT_EQ(tree_->list("/demo/recent").names.size(), 20U);
  EXPECT_THAT(tree_->list("/demo/recent").names, Not(Contains(both[0])));
}

TEST_P(Questions, WhatIsKeptAfterItWasAskedIsRecentNoMore) {
  tree_->list("/demo/pos=156.010,48.14");
  tree_->list("/demo/type=image");
  EXPECT_EQ(tree_->list("/demo/recent").names.size(), 2U);
  EXPECT_EQ(tree_->mkdir(query_), 0);
  EXPECT_THAT(tree_->list("/demo/recent").names, ElementsAre("type=image"));
  tree_->remount();
  EXPECT_THAT(tree_->list("/demo/recent").names, ElementsAre("type=image"));
  EXPECT_EQ(tree_->stat("/demo/recent/pos=156.01,48.14").error, ENOENT);
  EXPECT_EQ(tree_->rmdir(query_), 0);
  EXPECT_EQ(tree_->list("/demo/recent").names.size(), 2U);
}

TEST_P(Questions, AQuestionThatIsTypedWrongGetsWordsAndAProbeGetsNone) {
  const std::pair<const char*, const char*> slips[] = {{"=x", "before '=' a key is missing"},
                                                       {",type=image", "did you mean type=image?"},
                                                       {"pos", "'pos' needs a value: pos=RA,DEC"},
                                                       {"Time", "time=1888..1900"},
                                                       {"156.01,48.14", "did you mean pos=156.01,48.14?"},
                                                       {"1888..1900", "did you mean time=1888..1900?"},
                                                       {"M31", "did you mean target=M31?"}};
  for (const auto& [name, words] : slips) {
    EXPECT_EQ(tree_->stat("/demo/" + std::string(name)).error, ENOENT) << name;
    EXPECT_THAT(errors_log(), HasSubstr(words));
  }
  EXPECT_EQ(tree_->stat(query_ + "/pos").error, ENOENT);
  EXPECT_THAT(errors_log(), HasSubstr("/demo/pos=156.01,48.14/pos: 'pos' needs"));
  const std::string before = errors_log();
  for (const char* probe : {".git", "desktop.ini", "HEAD", "Makefile", "a.out", "i00811.wcs", "x~", "folder2.jpg",
                            "a,b", "libfoo.so.1", "__pycache__", ",", "README"})
    EXPECT_EQ(tree_->stat("/demo/" + std::string(probe)).error, ENOENT) << probe;
  EXPECT_EQ(errors_log(), before);
}

TEST_P(Questions, MkdirKeepsAQuestionAndRmdirLetsItGo) {
  EXPECT_EQ(tree_->mkdir(query_), 0);
  EXPECT_THAT(tree_->list("/demo").names, Contains("pos=156.01,48.14"));
  EXPECT_THAT(origin_.requests(), IsEmpty()) << "to keep a question is not to ask it";
  EXPECT_EQ(tree_->mkdir(query_), EEXIST);
  EXPECT_EQ(tree_->mkdir(query_ + "/type=image"), 0);
  EXPECT_THAT(tree_->list(query_).names, Contains("type=image"));
  EXPECT_THAT(tree_->list("/demo/recent").names, IsEmpty()) << "what is kept is listed anyway";
  tree_->remount();
  EXPECT_THAT(tree_->list("/demo").names, Contains("pos=156.01,48.14"));
  EXPECT_THAT(tree_->list(query_).names, Contains("type=image"));

  EXPECT_EQ(tree_->rmdir(query_), ENOTEMPTY);
  EXPECT_EQ(tree_->rmdir(query_ + "/type=image"), 0);
  EXPECT_EQ(tree_->rmdir(query_), 0);
  EXPECT_THAT(tree_->list("/demo").names, Not(Contains("pos=156.01,48.14")));
  EXPECT_THAT(tree_->list(query_).names, Contains(plate_)) << "it can be entered as before";
  EXPECT_EQ(tree_->rmdir(query_), EROFS);
  EXPECT_EQ(tree_->mkdir(query_), 0) << "and kept again";
}

TEST_P(Questions, MkdirMakesNothingButQuestions) {
  EXPECT_EQ(tree_->mkdir("/demo/mine"), EROFS);
  EXPECT_EQ(tree_->mkdir("/demo/pos=156.01,95"), EINVAL);
  EXPECT_EQ(tree_->mkdir("/demo/poss=1,2"), ENOENT);
  EXPECT_THAT(errors_log(), HasSubstr("a declination of 95"));
  EXPECT_EQ(tree_->mkdir("/other"), EROFS);
  EXPECT_EQ(tree_->rmdir("/demo/recent"), EROFS);
  EXPECT_EQ(tree_->mkdir(query_ + "/cutouts/x"), EROFS);
  EXPECT_THAT(tree_->list("/demo").names, ElementsAre("README.txt", "recent"));
}

TEST_P(Questions, MkdirBehavesAsShellsAndProgramsExpect) {
  if (!mounted()) return;
  const std::string at = "cd " + root() + "/demo && ";
  EXPECT_EQ(run(at + "ls pos=156.01,48.14 > /dev/null && mkdir pos=156.01,48.14 && ls -d pos*").output,
            "pos=156.01,48.14\n")
      << "also of a question that was entered before";
  EXPECT_EQ(run(at + "mkdir -p time=1890/type=image/collection=DEMO_PLATES && ls time=1890/type=image | grep =").output,
            "collection=DEMO_PLATES\n");
  EXPECT_EQ(run(at + "mkdir -p time=1890/type=image").exit_code, 0);
  EXPECT_EQ(run(at + "mkdir pos=5,6/type=image && ls pos=5,6 | grep =").output, "type=image\n")
      << "below a question that nobody keeps";
  EXPECT_EQ(run(at + "python3 -c 'import os; os.mkdir(\"pos=7,8/type=image\")' && ls -d pos=7*").output, "pos=7,8\n");
  EXPECT_EQ(run(at + "cd pos=9,10 && mkdir ../pos=9,10 && ls README.txt && cd .. && rmdir pos=9,10").output,
            "README.txt\n")
      << "the folder one stands in stays alive";
  EXPECT_EQ(run(at + "rmdir pos=156.01,48.14 && ls pos=156.01,48.14 | grep -c DEMO").exit_code, 0);
}

TEST_P(Questions, MountedReadOnlyNothingIsKept) {
  if (!mounted()) return;
  const std::string other = (dir_.path() / "ro").string(), program = SKYMOUNT_BINARY;
  const std::string config = write_config(setup_, setup_.archives.front()).string();
  ASSERT_EQ(tree_->mkdir("/demo/time=1890"), 0);
  ASSERT_EQ(run("mkdir " + other + " && " + program + " mount --cache " + (dir_.path() / "cache").string() +
                " --config " + config + " -o ro " + other)
                .exit_code,
            0);
  EXPECT_THAT(run("mkdir " + other + "/demo/pos=1,2").output, HasSubstr("Read-only file system"));
  // Written down by the other process within a tenth of a second or so.
  EXPECT_EQ(run("for i in $(seq 50); do ls " + other + "/demo | grep = && break; sleep 0.1; done").output,
            "time=1890\n")
      << "what another mount keeps is listed";
  EXPECT_THAT(run("rmdir " + other + "/demo/time=1890").output, HasSubstr("Read-only file system"));
  EXPECT_EQ(run("ls " + other + "/demo/pos=1,2/README.txt").exit_code, 0) << "it can be entered all the same";
  EXPECT_EQ(run(program + " unmount " + other).exit_code, 0);
}

TEST_P(Questions, CountIsAskedOnlyWhenRead) {
  EXPECT_GT(tree_->stat(query_ + "/COUNT.txt").size, 0U);
  tree_->list(query_ + "/limit=1");  // not complete: the count cannot come from it
  origin_.clear_requests();
  EXPECT_GT(tree_->stat(query_ + "/limit=1/COUNT.txt").size, 0U);
  EXPECT_THAT(origin_.requests(), IsEmpty());
  const std::string asked = tree_->read(query_ + "/limit=1/COUNT.txt").text;
  EXPECT_EQ(origin_.requests().size(), 1U);
  EXPECT_THAT(asked, HasSubstr("rows: "));
  EXPECT_THAT(asked, HasSubstr("bytes: "));
  EXPECT_EQ(tree_->stat(query_ + "/limit=1/COUNT.txt").size, asked.size());

  tree_->list(query_);
  origin_.clear_requests();
  const std::string counted = tree_->read(query_ + "/COUNT.txt").text;
  EXPECT_THAT(origin_.requests(), IsEmpty()) << "all rows are here";
  EXPECT_EQ(counted.substr(0, counted.find('\n')), asked.substr(0, asked.find('\n')));
}

TEST_P(Questions, ATargetIsResolvedOnce) {
  const std::string target = "/demo/target=Demo Field";
  EXPECT_THAT(tree_->list(target).names, IsSupersetOf({plate_, std::string("cutouts")}));
  EXPECT_EQ(origin_.count("/cgi-bin/nph-sesame"), 1U);
  EXPECT_THAT(tree_->read(target + "/README.txt").text, HasSubstr("Demo Field is at 156.01,48.14"));
  EXPECT_THAT(tree_->read(target + "/query.adql").text, HasSubstr("Demo Field is at 156.01,48.14"));
  EXPECT_THAT(tree_->list(target + "/type=image").names, Contains(plate_));
  EXPECT_EQ(tree_->stat(target + "/pos=1,2").error, EINVAL) << "two positions";
  EXPECT_EQ(tree_->stat("/demo/target=Nemo").error, ENOENT);
  EXPECT_THAT(errors_log(), HasSubstr("target=Nemo"));
  tree_->remount();
  EXPECT_THAT(tree_->list(target).names, Contains(plate_));
  EXPECT_EQ(origin_.count("/cgi-bin/nph-sesame"), 2U) << "two names, each once";
}

TEST_P(Questions, EverySpellingIsARealFolderWithTheSameAnswer) {
  const std::vector<std::string> terms{"pos=156.01,48.14", "collection=DEMO_PLATES", "time=1888..1900", "type=image"};
  const std::vector<std::string> others{"POS=156.0100,+48.140", "Collection=DEMO%5FPLATES", "time=1888..1900",
                                        "TYPE=image"};
  const std::string whole = "/demo/" + terms[0] + "," + terms[1] + "," + terms[2] + "," + terms[3];
  const Listed expected = tree_->list(whole);
  const Stat data = tree_->stat(whole + "/" + plate_ + "/i00811.fits");
  ASSERT_THAT(expected.names, Contains(plate_));
  ASSERT_EQ(data.error, 0);
  origin_.clear_requests();
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 10; ++round) {
    std::vector<std::size_t> order{0, 1, 2, 3};
    std::shuffle(order.begin(), order.end(), random);
    std::string path = "/demo";
    bool first = true;
    for (const std::size_t i : order) {
      path += (first || random() % 2 == 0 ? "/" : ",") + (random() % 2 == 0 ? terms : others)[i];
      first = false;
    }
    SCOPED_TRACE(path);
    EXPECT_FALSE(tree_->stat(path).symlink);
    EXPECT_EQ(tree_->list(path).names, expected.names);
    EXPECT_EQ(tree_->xattr(path, "user.skymount.query").text, tree_->xattr(whole, "user.skymount.query").text);
    EXPECT_EQ(tree_->stat(path + "/" + plate_ + "/i00811.fits").ino, data.ino) << "the same file";
  }
  EXPECT_THAT(origin_.requests(), IsEmpty());
}

TEST_P(Questions, LooksOfShellsAndDesktopsAskNobody) {
  const std::string folders[] = {"", "/demo", "/demo/pos=11,12", "/demo/pos=11,12/by-year", "/demo/recent"};
  for (const std::string& folder : folders) {
    for (const char* probe : {".git", ".hidden", "desktop.ini", ".Trash-1000", "autorun.inf", "Thumbs.db", ".DS_Store",
                              "folder.jpg", ".directory", "Desktop.ini", "lost+found"}) {
      EXPECT_EQ(tree_->stat(folder + "/" + probe).error, ENOENT) << folder << " " << probe;
    }
  }
  EXPECT_THAT(origin_.requests(), IsEmpty());
  tree_->list(query_);
  origin_.clear_requests();
  for (const char* probe : {".git", "desktop.ini", "folder.jpg"}) {
    EXPECT_EQ(tree_->stat(query_ + "/" + plate_ + "/" + probe).error, ENOENT) << "a dataset whose links nobody asked";
    EXPECT_EQ(tree_->stat(query_ + "/cutouts/" + probe).error, ENOENT);
  }
  EXPECT_THAT(origin_.requests(), IsEmpty());
}

/// Lines of two blanks and a command that people paste.
std::vector<std::string> examples(const std::string& readme) {
  std::vector<std::string> out;
  std::istringstream lines(readme);
  for (std::string line; std::getline(lines, line);) {
    for (const char* command : {"  ls ", "  cat ", "  head ", "  cp ", "  mkdir "}) {
      if (line.starts_with(command)) out.push_back(line.substr(2));
    }
  }
  return out;
}

TEST_P(Questions, EveryExampleOfEveryReadmeWorksWhereItStands) {
  if (!mounted()) return;
  for (const std::string& folder : std::vector<std::string>{"", "/demo", query_, "/demo/collection=DEMO_PLATES",
                                                            "/demo/target=Demo Field/type=image", "/demo/pos=11,12",
                                                            query_ + "/" + plate_ + "/cutout"}) {
    const Text readme = tree_->read(folder + "/README.txt");
    ASSERT_EQ(readme.error, 0) << folder;
    const std::vector<std::string> found = examples(readme.text);
    EXPECT_GE(found.size(), 2U) << folder << "/README.txt has lost its examples";
    for (const std::string& command : found) {
      const Ran ran = run("cd '" + root() + folder + "' && " + command);
      EXPECT_EQ(ran.exit_code, 0) << folder << ": " << command << "\n" << ran.output;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Questions, ::testing::Values(Way::direct, Way::mounted),
                         [](const auto& tested) { return tested.param == Way::direct ? "Direct" : "Mounted"; });

}  // namespace
}  // namespace skymount::test
