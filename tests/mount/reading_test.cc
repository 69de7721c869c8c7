// SPDX-License-Identifier: MIT
//
// Reading through the kernel: what it keeps is not asked of us again, an interrupted copy ends its transfer, and a
// header that is walked as ds9 does it costs two requests.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <thread>

namespace skymount::test {
namespace {

constexpr std::size_t kBlock = 2880;

class Reading : public ::testing::Test {
 protected:
  Reading() : tiny_(origin_) {
    tiny_.add({"plate1", {{"#this", "/files/plate1.fits"}}});
    setup_ = {dir_.path(), {{"tiny", tiny_.tap_url(), ""}}};
  }
  void serve(const std::string& bytes) { origin_.put("/files/plate1.fits", bytes, "application/fits", "\"v1\""); }
  /// A number of .skymount/status.json.
  std::uint64_t counted(const std::string& name) {
    const std::string text = run("cat " + root_ + "/.skymount/status.json").output;
    std::smatch found;
    return std::regex_search(text, found, std::regex("\"" + name + "\": *([0-9]+)")) ? std::stoull(found[1]) : ~0ULL;
  }

  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  MountSetup setup_;
  const std::string root_ = (dir_.path() / "mnt").string();
  const std::string file_ = root_ + "/tiny/pos=156.01,48.14/1913-08-21_TINY_plate1/plate1.fits";
};

TEST_F(Reading, WhatTheKernelKeepsIsNotAskedOfUsAgain) {
  const std::string bytes = small_fits(1000, 1);
  serve(bytes);
  const Mount mount(setup_);
  ASSERT_EQ(run("cat " + file_ + " | wc -c").output, std::to_string(bytes.size()) + "\n");
  const std::uint64_t before = counted("hits") + counted("misses");
  ASSERT_GT(before, 0u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run("cat " + file_ + " | wc -c").output, std::to_string(bytes.size()) + "\n");
  EXPECT_EQ(counted("hits") + counted("misses"), before);
}

TEST_F(Reading, AnInterruptedCopyEndsItsTransfer) {
  serve(small_fits(20'000, 1));  // 58 MB
  demo::Faults slow;
  slow.bytes_per_second = 3'000'000;
  origin_.misbehave("/files", slow);
  const Mount mount(setup_);
  const Ran copied = run("timeout -s INT 2 cp " + file_ + " " + (dir_.path() / "copy").string(), 20);
  EXPECT_EQ(copied.exit_code, 124);
  EXPECT_LT(copied.seconds, 5);
  for (int i = 0; i < 60 && counted("transfers") > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(counted("transfers"), 0u);
  const std::uint64_t then = counted("fetched_bytes");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(counted("fetched_bytes"), then);
  EXPECT_LT(then, 50'000'000u);
}

TEST_F(Reading, AnInterruptedCopyEndsADownloadThatOnlyComesWhole) {
  serve(small_fits(40'000, 1));  // 115 MB
  demo::Faults slow;
  slow.bytes_per_second = 3'000'000;
  slow.ignore_range = true;
  origin_.misbehave("/files", slow);
  const Mount mount(setup_);
  const Ran copied = run("timeout -s INT 1 cp " + file_ + " " + (dir_.path() / "copy").string(), 20);
  EXPECT_EQ(copied.exit_code, 124);
  // Some seconds are left to whoever closes a file and opens it again.
  for (int i = 0; i < 160 && counted("transfers") > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(counted("transfers"), 0u);
}

TEST_F(Reading, AHeaderOfThreeHundredBlocksWalkedWithAMapForEachCostsTwoRequests) {
  const std::string short_one = small_fits(10'000, 1);
  const std::string card = "COMMENT " + std::string(72, 'x');
  std::string bytes = short_one.substr(0, 400);  // the five cards before END
  while (bytes.size() < 300 * kBlock - 80) bytes += card;
  bytes += "END" + std::string(77, ' ') + short_one.substr(kBlock);
  serve(bytes);
  const std::string header = (dir_.path() / "header").string();
  std::ofstream(header, std::ios::binary) << bytes.substr(0, 300 * kBlock);
  const Mount mount(setup_);
  ASSERT_EQ(run("ls " + file_).exit_code, 0);
  origin_.clear_requests();
  // In a process of its own: a page fault that waits for this process's origin may wait for itself.
  const Ran walked =
      run("python3 -c \"import mmap,os,sys\n"
          "for block in range(300):\n"
          "  fd=os.open(sys.argv[1],os.O_RDONLY)\n"
          "  size=os.fstat(fd).st_size\n"  // as everybody does who maps a file
          "  with mmap.mmap(fd,size,mmap.MAP_SHARED,mmap.PROT_READ) as map:\n"
          "    sys.stdout.buffer.write(map[block*2880:(block+1)*2880])\n"
          "  os.close(fd)\" " +
          file_ + " | cmp - " + header);
  EXPECT_EQ(walked.exit_code, 0) << walked.output;
  EXPECT_LE(origin_.count("/files"), 2u);
  EXPECT_LE(origin_.body_bytes_sent(), 3u << 19);
}

}  // namespace
}  // namespace skymount::test
