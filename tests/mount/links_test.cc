// SPDX-License-Identifier: MIT
//
// All links of a dataset through the whole tree: documents that lead to documents as folders, the faults of each in the
// folder they belong to, links that expired, and how few requests a walk through many datasets costs.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

enum class Way { direct, mounted };

class LinksInTree : public ::testing::TestWithParam<Way> {
 protected:
  void start(demo::DemoOptions options = {}, const std::string& extra = "") {
    archive_ = std::make_unique<demo::DemoArchive>(origin_, options);
    setup_ = {dir_.path(), {{"demo", origin_.url("/tap"), extra}}};
    tree_ = GetParam() == Way::direct ? direct_driver(setup_) : mounted_driver(setup_);
  }
  std::string folder_with(const std::string& query, const std::string& part) {
    for (const std::string& name : tree_->list(query).names) {
      if (name.find(part) != std::string::npos) return query + "/" + name;
    }
    return query + "/no-folder-with-" + part;
  }

  TempDir dir_;
  demo::Origin origin_;
  std::unique_ptr<demo::DemoArchive> archive_;
  MountSetup setup_;
  std::unique_ptr<Driver> tree_;
};

TEST_P(LinksInTree, ADocumentThatLinksLeadToIsAFolder) {
  start();
  const std::string plate = "/demo/pos=156.01,48.14/1890-05-03_DEMO-PLATES_i00811";
  EXPECT_TRUE(tree_->stat(plate + "/calibration").folder);
  EXPECT_THAT(tree_->list(plate + "/calibration").names, ElementsAre("dark", "flat", "links.vot"));
  EXPECT_THAT(tree_->list(plate + "/calibration/flat").names, ElementsAre("flat.fits", "flat.fits.hdr"));
  const std::string flat = archive_->file_bytes("/files/calib/flat.fits");
  EXPECT_TRUE(tree_->read(plate + "/calibration/flat/flat.fits").text == flat);
  EXPECT_THAT(tree_->read(plate + "/calibration/links.vot").text, HasSubstr("flat.fits"));
  EXPECT_EQ(tree_->stat(plate + "/calibration/dataset.json").error, ENOENT);
  EXPECT_EQ(tree_->stat(plate + "/calibration/nosuch").error, ENOENT);
  const std::size_t asked = origin_.requests().size();
  tree_->remount();
  EXPECT_TRUE(tree_->read(plate + "/calibration/flat/flat.fits").text == flat);
  EXPECT_EQ(origin_.requests().size(), asked);
}

TEST_P(LinksInTree, ALinkBackIsToldInTheFolderWhereItIs) {
  start();
  std::string loop;
  for (const demo::Dataset& dataset : archive_->sky().datasets()) {
    if (dataset.links.loops) loop = dataset.obs_id;
  }
  const std::string plate = folder_with("/demo/collection=DEMO_PLATES", loop);
  EXPECT_THAT(tree_->list(plate + "/calibration").names, Contains("ERRORS.txt"));
  EXPECT_THAT(tree_->list(plate + "/calibration").names, Not(Contains("progenitor")));
  EXPECT_THAT(tree_->read(plate + "/calibration/ERRORS.txt").text, HasSubstr("not followed again"));
}

TEST_P(LinksInTree, ARowThatCallsItsLinksAFitsFileBecomesAFolderAndNeverServesThem) {
  start();
  const std::string folder = folder_with("/demo/collection=DEMO_ODD", "links-called-fits");
  for (const std::string& name : tree_->list(folder).names) {
    const Text text = tree_->read(folder + "/" + name);
    if (name.ends_with(".fits")) {
      EXPECT_THAT(text.text, Not(HasSubstr("VOTABLE"))) << name;
    }
  }
  EXPECT_THAT(tree_->list(folder).names, IsSupersetOf({"links.vot", "odd6.fits"}));
  EXPECT_TRUE(tree_->read(folder + "/odd6.fits").text == archive_->file_bytes("/files/DEMO_ODD/odd6.fits"));
}

TEST_P(LinksInTree, AWalkThroughAThousandDatasetsAsksTwentyFiveTimes) {
  start({.extra_rows = 1000});
  const std::string query = "/demo/collection=DEMO_BULK";
  std::size_t datasets = 0, files = 0;
  for (const std::string& name : tree_->list(query).names) {
    if (name.find("DEMO-BULK") == std::string::npos) continue;
    ++datasets;
    for (const std::string& file : tree_->list(query + "/" + name).names)
      files += file.ends_with(".fits") && !file.starts_with("best.") ? 1 : 0;
  }
  EXPECT_EQ(datasets, 1000U);
  EXPECT_EQ(files, 1000U);
  EXPECT_LE(origin_.count("/links"), 25U);
  EXPECT_EQ(origin_.count("/files"), 0U);
}

TEST_P(LinksInTree, AFlatFolderOfAThousandDatasetsToo) {
  start({.extra_rows = 1000});
  EXPECT_THAT(tree_->list("/demo/collection=DEMO_BULK/images").names, SizeIs(1000));
  EXPECT_LE(origin_.count("/links"), 25U);
  EXPECT_EQ(tree_->list("/demo/pos=200,-30,10,collection=DEMO_BULK/cutouts").error, 0);
  EXPECT_EQ(tree_->list("/demo/collection=DEMO_BULK/previews").error, 0);
  EXPECT_LE(origin_.count("/links"), 25U) << "what was asked for one answer or flat folder serves all";
}

TEST_P(LinksInTree, WhereOnlyOneIdIsTakenEachDatasetIsAskedForOnce) {
  for (const demo::ManyIds many : {demo::ManyIds::first_only, demo::ManyIds::refused}) {
    origin_.clear_requests();
    start({.extra_rows = 100, .links_many_ids = many});
    EXPECT_THAT(tree_->list("/demo/collection=DEMO_BULK/images").names, SizeIs(100));
    EXPECT_LE(origin_.count("/links"), 103U);
    tree_.reset();
    std::filesystem::remove_all(dir_.path() / "cache");
  }
}

TEST_P(LinksInTree, AnIdThatOnlyTheLinksServiceKnowsIsAFolder) {
  TinyArchive tiny(origin_);
  tiny.add({"plate1", {{"#this", "/files/a.fits"}}});
  tiny.answer_with(R"(<VOTABLE><RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/><TABLE>
<FIELD name="obs_publisher_did" datatype="char" arraysize="*"/><FIELD name="access_url" datatype="char" arraysize="*"/>
<DATA><TABLEDATA/></DATA></TABLE></RESOURCE></VOTABLE>)");
  origin_.put("/files/a.fits", small_fits(2, 1), "application/fits", "\"a\"");
  setup_ = {dir_.path(), {{"tiny", tiny.tap_url(), "[datalink]\nurl = \"" + origin_.url("/links") + "\"\n"}}};
  tree_ = GetParam() == Way::direct ? direct_driver(setup_) : mounted_driver(setup_);
  const std::string query = "/tiny/id=ivo:%2F%2Ftiny.test%2Fdata?plate1";
  EXPECT_THAT(tree_->list(query).names, Contains("plate1"));
  EXPECT_TRUE(tree_->read(query + "/plate1/a.fits").text == small_fits(2, 1));
  EXPECT_EQ(tree_->read(query + "/plate1/dataset.json").error, 0);
  EXPECT_THAT(tree_->list("/tiny/id=nosuch").names, Not(Contains("nosuch")));
}

INSTANTIATE_TEST_SUITE_P(Both, LinksInTree, ::testing::Values(Way::direct, Way::mounted),
                         [](const auto& way) { return way.param == Way::direct ? "direct" : "mounted"; });

}  // namespace
}  // namespace skymount::test
