// SPDX-License-Identifier: MIT
//
// Cutouts as files, against the demo archive: the field in the path, any other by name, and what a folder remembers.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Cutouts : public ::testing::Test {
 protected:
  Cutouts() : archive_(origin_, {}), setup_{dir_.path(), {{"demo", origin_.url("/tap"), ""}}} {
    tree_ = direct_driver(setup_);
  }
  TempDir dir_;
  demo::Origin origin_;
  demo::DemoArchive archive_;
  MountSetup setup_;
  std::unique_ptr<Driver> tree_;
  const std::string dataset_ = "/demo/pos=156.01,48.14/1890-05-03_DEMO-PLATES_i00811";
};

TEST_F(Cutouts, TheFieldInThePathIsAFile) {
  EXPECT_THAT(tree_->list(dataset_).names, Contains("cutout.fits"));
  const Text once = tree_->read(dataset_ + "/cutout.fits");
  EXPECT_THAT(once.text, StartsWith("SIMPLE  ="));
  EXPECT_EQ(tree_->stat(dataset_ + "/cutout.fits").size, once.text.size());
  EXPECT_TRUE(tree_->read(dataset_ + "/cutout.fits").text == once.text);
  EXPECT_EQ(origin_.count("/soda"), 1U) << "computed once for all that open it";
}

TEST_F(Cutouts, UsedOnesAreListedUnderEverySpellingAndAfterARemount) {
  EXPECT_THAT(tree_->list(dataset_ + "/cutout").names, ElementsAre("README.txt"));
  const std::string name = "circle=156.01,48.14,0.1.fits";
  EXPECT_EQ(tree_->read(dataset_ + "/cutout/" + name).error, 0);
  EXPECT_THAT(tree_->list(dataset_ + "/cutout").names, ElementsAre("README.txt", name));
  const std::string other = "/demo/collection=DEMO_PLATES/1890-05-03_DEMO-PLATES_i00811/cutout";
  EXPECT_THAT(tree_->list(other).names, ElementsAre("README.txt", name));
  tree_->remount();
  EXPECT_THAT(tree_->list(dataset_ + "/cutout").names, ElementsAre("README.txt", name));
}

TEST_F(Cutouts, ABadOrderIsInvalidAndOneOutsideTheImageHasNoData) {
  EXPECT_EQ(tree_->stat(dataset_ + "/cutout/circle=156.01.fits").error, EINVAL);
  EXPECT_EQ(tree_->stat(dataset_ + "/cutout/zoom=3.fits").error, EINVAL);
  EXPECT_EQ(tree_->stat(dataset_ + "/cutout/circle=156.01,48.14,0.1").error, EINVAL) << "no format";
  EXPECT_EQ(origin_.count("/soda"), 0U) << "only syntax is checked by a lookup";
  EXPECT_EQ(tree_->read(dataset_ + "/cutout/circle=10,10,0.1.fits").error, ENODATA);
}

TEST_F(Cutouts, WithoutAPositionThereIsNoField) {
  const std::string plate = "/demo/collection=DEMO_PLATES/1890-05-03_DEMO-PLATES_i00811";
  EXPECT_THAT(tree_->list(plate).names, ::testing::Not(Contains("cutout.fits")));
  EXPECT_EQ(tree_->stat(plate + "/cutout.fits").error, ENOENT);
  EXPECT_EQ(tree_->stat("/demo/collection=DEMO_PLATES/cutouts").error, ENOENT);
}

}  // namespace
}  // namespace skymount::test
