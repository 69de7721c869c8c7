// SPDX-License-Identifier: MIT
//
// Files that change, and caches that are full, as the programs of a user meet them: through the kernel.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

namespace skymount::test {
namespace {

class Change : public ::testing::Test {
 protected:
  Change() : tiny_(origin_) {
    tiny_.add({"plate1", {{"#this", "/files/plate1.fits"}}});
    setup_ = {dir_.path(), {{"tiny", tiny_.tap_url(), ""}}};
  }
  /// errno of reading the last bytes through an open file.
  static int read_end(int fd, std::uint64_t size) {
    char buffer[4096];
    return pread(fd, buffer, sizeof buffer, static_cast<off_t>(size - sizeof buffer)) < 0 ? errno : 0;
  }

  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  MountSetup setup_;
  const std::string file_ = "/tiny/pos=156.01,48.14/1913-08-21_TINY_plate1/plate1.fits";
};

TEST_F(Change, AFileThatChangesAtTheArchiveIsReadAnewAtTheNextOpen) {
  const std::string old_bytes = small_fits(3000, 1), new_bytes = small_fits(2000, 2);
  origin_.put("/files/plate1.fits", old_bytes, "application/fits", "\"v1\"");
  const auto tree = mounted_driver(setup_);
  const std::string path = (dir_.path() / "mnt").string() + file_;
  const int fd = open(path.c_str(), O_RDONLY);
  ASSERT_GE(fd, 0);
  origin_.put("/files/plate1.fits", new_bytes, "application/fits", "\"v2\"");
  EXPECT_EQ(read_end(fd, old_bytes.size()), ESTALE);
  const Text anew = tree->read(file_);
  EXPECT_EQ(anew.error, 0);
  EXPECT_TRUE(anew.text == new_bytes);
  EXPECT_EQ(tree->stat(file_).size, new_bytes.size());
  EXPECT_EQ(read_end(fd, old_bytes.size()), ESTALE) << "who has the old version open is never given the new one";
  close(fd);
}

TEST_F(Change, AServerThatStopsHonouringRangesCostsOneFailedReadAtMost) {
  const std::string bytes = small_fits(3000, 1);
  origin_.put("/files/plate1.fits", bytes, "application/fits", "\"v1\"");
  const auto tree = mounted_driver(setup_);
  EXPECT_EQ(tree->read(file_, 0, 2880).text, bytes.substr(0, 2880));
  demo::Faults whole;
  whole.ignore_range = true;
  origin_.misbehave("/files/plate1.fits", whole);
  tree->read(file_, 8'000'000, 100);
  const Text anew = tree->read(file_);
  EXPECT_EQ(anew.error, 0);
  EXPECT_TRUE(anew.text == bytes);
}

TEST_F(Change, AnAnswerWithoutLengthIsReadTwiceThoughTheDiskIsFull) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can mount a small disk";
  const std::filesystem::path cache = dir_.path() / "cache";
  std::filesystem::create_directories(cache);
  if (mount("tmpfs", cache.c_str(), "tmpfs", 0, "size=4m") != 0) GTEST_SKIP() << "no tmpfs here";
  const std::string bytes = small_fits(3000, 1);  // 8.6 MB
  origin_.put("/files/plate1.fits", bytes, "application/fits");
  demo::Faults chunked;
  chunked.no_length = true;
  origin_.misbehave("/files/plate1.fits", chunked);
  {
    const auto tree = mounted_driver(setup_);
    for (int i = 0; i < 2; ++i) {
      const Text read = tree->read(file_);
      EXPECT_EQ(read.error, 0) << i;
      EXPECT_TRUE(read.text == bytes) << i;
    }
  }
  umount2(cache.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace skymount::test
