// SPDX-License-Identifier: MIT
//
// What is said before anything is mounted or unmounted, and who is named as holding a mount.
#include "fs/cli/mountpoint.h"
#include "fs/cli/commands.h"
#include "fs/cli/holders.h"
#include "fs/cli/mount_table.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>

namespace skymount::fs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Unmount, RefusesWhatIsNoMountOfOurs) {
  test::TempDir dir;
  Result<bool> taken = take_away(dir.path());
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what(), HasSubstr("nothing is mounted there"));
  taken = take_away("/proc");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what(), HasSubstr("not skymount"));
}

TEST(Mountpoint, ThatCannotBeIsToldBeforeAnythingHappens) {
  test::TempDir dir;
  EXPECT_EQ(*check_mountpoint(dir.path()), std::filesystem::canonical(dir.path()));
  EXPECT_EQ(*check_mountpoint(dir.path().string() + "/"), std::filesystem::canonical(dir.path()));
  EXPECT_THAT(check_mountpoint(dir.path() / "none").error().what(), HasSubstr("mkdir -p"));
  std::ofstream(dir.path() / "file") << "x";
  EXPECT_EQ(check_mountpoint(dir.path() / "file").error().code(), Code::not_directory);
}

TEST(Mountpoint, ThatIsNotEmptyIsRefusedUnlessHidingIsMeant) {
  test::TempDir dir;
  std::ofstream(dir.path() / "thesis.tex") << "x";
  const Result<std::filesystem::path> refused = check_mountpoint(dir.path());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what(), AllOf(HasSubstr("thesis.tex"), HasSubstr("-o nonempty")));
  EXPECT_TRUE(check_mountpoint(dir.path(), {.nonempty = true}));
}

/// A procfs of our own making.
class Processes {
 public:
  explicit Processes(const std::filesystem::path& root) : root_(root) {}
  void add(const std::string& pid, const std::string& program, const std::filesystem::path& cwd) {
    std::filesystem::create_directories(root_ / pid / "fd");
    std::ofstream(root_ / pid / "comm") << program << "\n";
    std::filesystem::create_symlink(cwd, root_ / pid / "cwd");
    std::filesystem::create_symlink("/", root_ / pid / "root");
    std::filesystem::create_symlink("/usr/bin/" + program, root_ / pid / "exe");
  }
  void open(const std::string& pid, const std::string& fd, const std::filesystem::path& path) {
    std::filesystem::create_symlink(path, root_ / pid / "fd" / fd);
  }
  void map(const std::string& pid, const std::string& path) {
    std::ofstream(root_ / pid / "maps") << "7f00-7f01 r--s 00000000 00:32 17    " << path << "\n";
  }

 private:
  std::filesystem::path root_;
};

TEST(Holders, AreThoseWithSomethingBelowTheMountAndNobodyElse) {
  test::TempDir dir;
  Processes proc(dir.path());
  proc.add("100", "bash", "/home/me/sky/gavo");
  proc.add("200", "ds9", "/home/me");
  proc.map("200", "/home/me/sky/gavo/i00811.fits");
  proc.add("300", "cp", "/");
  proc.open("300", "4", "/home/me/sky/gavo/x y.fits");
  proc.add("400", "vi", "/home/me/skylark");
  proc.open("400", "3", "/home/me/sky.txt");
  proc.add("self", "not a number", "/home/me/sky");
  const std::vector<Holder> holders = holders_of("/home/me/sky", dir.path());
  ASSERT_THAT(holders, SizeIs(3));
  EXPECT_EQ(words_of_holders(holders),
            "100 bash (working directory), 200 ds9 (mapped gavo/i00811.fits), 300 cp (open gavo/x y.fits)");
}

TEST(Holders, AreCountedWhenThereAreMany) {
  std::vector<Holder> many(13, Holder{1, "x", "program"});
  EXPECT_THAT(words_of_holders(many), HasSubstr("and 3 more"));
}

}  // namespace
}  // namespace skymount::fs
