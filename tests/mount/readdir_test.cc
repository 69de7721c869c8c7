// SPDX-License-Identifier: MIT
//
// What the kernel learns together with names: all about folders, nothing about files, whose sizes may be guesses.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <string>

namespace skymount::test {
namespace {

class Readdir : public ::testing::Test {
 protected:
  static constexpr int kDatasets = 300;

  Readdir() : archive_(origin_) {
    origin_.put("/files/a.fits", small_fits(2, 1), "application/fits", "\"v\"", 1'500'000'000);
    for (int i = 0; i < kDatasets; ++i) {
      TinyDataset dataset{"set" + std::to_string(i), {}};
      dataset.links.push_back({"#this", "/files/a.fits"});
      archive_.add(dataset);
    }
    mount_ = std::make_unique<Mount>(MountSetup{dir_.path(), {{"tiny", archive_.tap_url()}}});
    query_ = mount_->path().string() + "/tiny/collection=TINY";
  }

  /// How often the kernel asked for a name so far.
  long lookups() const {
    return std::stol(
        run("python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[\"kernel_asked\"][\"lookup\"])' " +
            mount_->path().string() + "/.skymount/status.json")
            .output);
  }

  TempDir dir_;
  demo::Origin origin_;
  TinyArchive archive_;
  std::unique_ptr<Mount> mount_;
  std::string query_;
};

TEST_F(Readdir, LookingAtEveryFolderOfAnAnswerIsNoUpcallEach) {
  ASSERT_EQ(run("find " + query_ + " -mindepth 1 -maxdepth 1 -type d -name '*TINY*' -printf x | wc -c").output,
            std::to_string(kDatasets) + "\n");
  const long before = lookups();
  EXPECT_LT(before, kDatasets / 3) << "the folders came with their names";
  run("ls -ld " + query_ + "/*TINY*");
  EXPECT_LT(lookups() - before, kDatasets / 3);
}

TEST_F(Readdir, AFileIsLookedUpByItselfEachTimeItsSizeIsAGuess) {
  const std::string dataset = query_ + "/$(ls " + query_ + " | grep TINY | head -n 1)";
  ASSERT_EQ(run("ls -f " + dataset + " | grep -c 'a.fits$'").output, "1\n");
  const long before = lookups();
  run("stat " + dataset + "/a.fits");
  EXPECT_GT(lookups(), before) << "the listing must not have told the kernel anything about the file";
}

TEST_F(Readdir, AListingDoesNotTakeTheExactSizeFromAFileThatIsMapped) {
  // The reader maps the file, lists its folder anew (another spelling of the question would be another folder), and
  // reads the last byte through the map: with a size that shrank it would die of SIGBUS.
  const std::string script =
      "import mmap,os,sys\n"
      "folder=sys.argv[1]+'/'+[n for n in os.listdir(sys.argv[1]) if 'TINY' in n][0]\n"
      "path=folder+'/a.fits'\n"
      "fd=os.open(path,os.O_RDONLY); size=os.fstat(fd).st_size\n"
      "m=mmap.mmap(fd,size,mmap.MAP_SHARED,mmap.PROT_READ)\n"
      "for i in range(20): os.listdir(folder); os.stat(path)\n"
      "m[size-1]; print(size, os.stat(path).st_size)\n";
  const Ran read = run("python3 -c \"" + script + "\" " + query_);
  const std::string size = std::to_string(small_fits(2, 1).size());
  EXPECT_EQ(read.output, size + " " + size + "\n");
}

}  // namespace
}  // namespace skymount::test
