// SPDX-License-Identifier: MIT
//
// Everyday programs copy byte-identical files, whatever the archive claims of their size, while `ls -l` looks on.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace skymount::test {
namespace {

/// What the links claim of a file's size, and how the origin delivers it.
struct SizeCase {
  const char* name;
  const char* claim;       ///< content_length; "SIZE": the truth
  bool no_length = false;  ///< chunked, no ranges
  bool no_ranges = false;
};

class Tools : public ::testing::TestWithParam<SizeCase> {
 protected:
  Tools() : tiny_(origin_) {
    const SizeCase& c = GetParam();
    const std::string claim = std::string(c.claim) == "SIZE" ? std::to_string(bytes_.size()) : c.claim;
    TinyDataset dataset{"many", {}};
    demo::Faults faults;
    faults.no_length = c.no_length;
    faults.ignore_range = c.no_ranges;
    // A file for each tool: the first open of a file is where a wrong size would bite.
    for (const char* tool : kTools) {
      const std::string path = std::string("/files/") + tool + ".fits";
      origin_.put(path, bytes_, "application/fits", "\"v\"", 1'500'000'000);
      if (c.no_length || c.no_ranges) origin_.misbehave(path, faults);
      dataset.links.push_back({"#this", path, "application/fits", claim});
    }
    tiny_.add(dataset);
    std::ofstream(dir_.path() / "truth") << bytes_;
    mount_ = std::make_unique<Mount>(MountSetup{dir_.path(), {{"tiny", tiny_.tap_url(), ""}}});
    folder_ = mount_->path().string() + "/tiny/pos=1,2/1913-08-21_TINY_many";
  }

  void expect_same(const std::string& tool, const std::string& command) {
    const std::string file = folder_ + "/" + tool + ".fits";
    const std::string out = (dir_.path() / (tool + ".out")).string();
    const Ran ran = run("f='" + file + "'; o='" + out + "'; d='" + dir_.path().string() + "'; " + command +
                            " && cmp \"$o\" \"$d/truth\"",
                        30);
    EXPECT_EQ(ran.exit_code, 0) << tool << ": " << ran.output;
  }

  static constexpr const char* kTools[] = {"cp",     "cat",   "dd",     "tar",    "tarS",
                                           "sparse", "rsync", "python", "shared", "private"};
  // 1.4 MB: more than the first range, so that sizes matter; not a multiple of 4096, so that ends matter.
  const std::string bytes_ = small_fits(500, 7);
  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  std::unique_ptr<Mount> mount_;
  std::string folder_;
};

TEST_P(Tools, CopyByteIdenticalFilesWhileLsLooksOn) {
  std::atomic<bool> done{false};
  std::thread onlooker([&] {
    while (!done) run("ls -l '" + folder_ + "'", 10);
  });
  expect_same("cp", "cp \"$f\" \"$o\"");
  expect_same("cat", "cat \"$f\" > \"$o\"");
  expect_same("dd", "dd if=\"$f\" of=\"$o\" bs=100k status=none");
  expect_same("tar", "tar -C \"$(dirname \"$f\")\" -cf - tar.fits | tar -xOf - > \"$o\"");
  expect_same("tarS", "tar -C \"$(dirname \"$f\")\" -S -cf - tarS.fits | tar -xOf - > \"$o\"");
  expect_same("sparse", "cp --sparse=always \"$f\" \"$o\"");
  expect_same("rsync", "rsync \"$f\" \"$o\"");
  expect_same(
      "python",
      "python3 -c 'import sys; open(sys.argv[2], \"wb\").write(open(sys.argv[1], \"rb\").read())' \"$f\" \"$o\"");
  const std::string map =
      "python3 -c 'import mmap, sys\n"
      "f = open(sys.argv[1], \"rb\")\n"
      "m = mmap.mmap(f.fileno(), 0, flags=mmap.MAP_%s, prot=mmap.PROT_READ)\n"
      "open(sys.argv[2], \"wb\").write(m[:])' \"$f\" \"$o\"";
  const auto mapped = [&](const std::string& kind) {
    std::string command = map;
    command.replace(command.find("%s"), 2, kind);
    return command;
  };
  expect_same("shared", mapped("SHARED"));
  expect_same("private", mapped("PRIVATE"));
  done = true;
  onlooker.join();
  EXPECT_EQ(origin_.count("/links"), 1U);
  std::uint64_t sent = origin_.body_bytes_sent();
  EXPECT_LE(sent, std::size(kTools) * bytes_.size() * 102 / 100 + 100'000) << "nothing is fetched twice";
}

INSTANTIATE_TEST_SUITE_P(Sizes, Tools,
                         ::testing::Values(SizeCase{"Known", "SIZE"}, SizeCase{"TooSmall", "1000"},
                                           SizeCase{"TooLarge", "500000000"}, SizeCase{"Placeholder", "500000"},
                                           SizeCase{"Absent", "-1"}, SizeCase{"Zero", "0"},
                                           SizeCase{"WithoutLength", "1000", true},
                                           SizeCase{"WithoutRanges", "500000000", false, true}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace skymount::test
