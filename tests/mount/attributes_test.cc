// SPDX-License-Identifier: MIT
//
// What stat and getfattr show through the kernel, and that programs which go by it do the right thing.
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

#include <sys/stat.h>
#include <sys/xattr.h>

namespace skymount::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kModified = 1'000'000'000;  // the archive's Last-Modified

class AttributesOnAMount : public ::testing::Test {
 protected:
  AttributesOnAMount() : tiny_(origin_) {
    origin_.put("/files/plate1.fits", plate_, "application/fits", "\"p1\"", kModified);
    origin_.put("/files/plate1_full.fits", plate_, "application/fits", "\"f1\"", kModified);
    origin_.put("/files/plate1.jpg", std::string("\xff\xd8\xff\xe0\0\x10JFIF\0", 11), "image/jpeg", "\"j\"", kModified);
    origin_.put("/files/old.fits", small_fits(10, 2), "application/fits", "\"o\"", kModified);
    tiny_.add({"plate1",
               {{"#this", "/files/plate1.fits", "application/fits", "500000"},
                {"#preview-image", "/files/plate1.jpg", "image/jpeg"},
                {"#coderived", "/files/plate1_full.fits"}}});
    tiny_.add({"old", {{"#this", "/files/old.fits"}}, "TINY", "image", -20'000.25});
    mount();
  }
  void mount() {
    mount_.reset();
    mount_ = std::make_unique<Mount>(MountSetup{dir_.path(), {{"tiny", tiny_.tap_url(), ""}}});
    query_ = mount_->path().string() + "/tiny/pos=1,2";
    folder_ = query_ + "/1913-08-21_TINY_plate1";
    file_ = folder_ + "/plate1.fits";
  }
  void remount() {
    mount_->unmount();
    mount();
  }
  static struct stat look(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
    return info;
  }
  static std::string shown(const std::string& command, int seconds = 30) {
    const Ran ran = run(command, seconds);
    EXPECT_EQ(ran.exit_code, 0) << command << ": " << ran.output;
    return ran.output;
  }
  static std::string xattr(const std::string& path, const std::string& name) {
    char value[4096];
    const ssize_t n = getxattr(path.c_str(), ("user.skymount." + name).c_str(), value, sizeof value);
    return n < 0 ? "" : std::string(value, static_cast<std::size_t>(n));
  }
  std::string out(const std::string& name) const { return (dir_.path() / name).string(); }

  static constexpr std::int64_t kObserved = (20'000 - 40'587) * 86'400LL;
  const std::string plate_ = small_fits(500, 1);
  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  std::unique_ptr<Mount> mount_;
  std::string query_, folder_, file_;
};

TEST_F(AttributesOnAMount, ADatasetBearsItsObservationDateAlsoLongBefore1970) {
  EXPECT_EQ(look(folder_).st_mtime, kObserved);
  EXPECT_EQ(look(folder_ + "/coderived").st_mtime, kObserved);
  EXPECT_EQ(look(folder_ + "/dataset.json").st_mtime, kObserved);
  const struct stat old = look(query_ + "/1804-02-13_TINY_old");
  EXPECT_EQ(old.st_mtime, (-20'001 - 40'587) * 86'400LL + 64'800) << "18 hours into the day, 1804";
  EXPECT_GE(old.st_mtim.tv_nsec, 0);
  EXPECT_THAT(shown("stat -c %y " + query_ + "/1804-02-13_TINY_old"), HasSubstr("1804-02-13"));
  EXPECT_EQ(look(folder_).st_atime, look(folder_).st_mtime);
  EXPECT_EQ(look(folder_).st_ctime, look(folder_).st_mtime);
}

TEST_F(AttributesOnAMount, AFileBearsItsLastModifiedOnceItIsKnown) {
  shown("cat " + file_ + " > /dev/null");
  EXPECT_EQ(look(file_).st_mtime, kModified);
  remount();
  EXPECT_EQ(look(file_).st_mtime, kModified);
}

TEST_F(AttributesOnAMount, ADateThatWasSeenDoesNotChangeByReading) {
  EXPECT_EQ(look(file_).st_mtime, kObserved) << "nobody has asked for the file yet";
  shown("cat " + file_ + " > /dev/null");
  EXPECT_EQ(look(file_).st_mtime, kObserved);
  remount();
  EXPECT_EQ(look(file_).st_mtime, kObserved) << "nor by a remount";
}

TEST_F(AttributesOnAMount, TextsAreAsOldAsTheirAnswerAndTheRestAsTheConfiguration) {
  shown("ls " + query_);
  const std::string texts[] = {query_ + "/results.csv", query_ + "/query.adql"};
  std::vector<std::int64_t> before;
  for (const std::string& path : texts) before.push_back(look(path).st_mtime);
  const std::int64_t root = look(mount_->path()).st_mtime, readme = look(mount_->path() / "tiny/README.txt").st_mtime;
  EXPECT_LE(root, before[0]);
  EXPECT_EQ(look(query_).st_mtime, root) << "a question is entered before its answer is here, and keeps its date";
  EXPECT_EQ(look(query_ + "/images").st_mtime, root);
  remount();
  EXPECT_EQ(look(mount_->path()).st_mtime, look(mount_->path() / "README.txt").st_mtime);
  shown("ls " + query_);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(look(texts[i]).st_mtime, before[i]) << texts[i];
  EXPECT_GE(look(mount_->path() / "tiny/README.txt").st_mtime, readme);
}

TEST_F(AttributesOnAMount, BlocksAreWhatIsHere) {
  EXPECT_EQ(look(file_).st_blocks, 1) << "never none: tar -S would take the file for a hole";
  EXPECT_EQ(look(folder_).st_blocks, 0);
  EXPECT_EQ(look(folder_).st_nlink, 1U);
  shown("head -c 2880 " + file_);
  const auto some = look(file_).st_blocks;
  EXPECT_GT(some, 1);
  EXPECT_LT(some * 512, static_cast<std::int64_t>(plate_.size()));
  shown("cat " + file_ + " > /dev/null");
  const auto all = (static_cast<std::int64_t>(plate_.size()) + 511) / 512;
  EXPECT_EQ(look(file_).st_blocks, all);
  remount();
  EXPECT_EQ(look(file_).st_blocks, all);
  EXPECT_EQ(std::stoll(shown("du -B1 --apparent-size " + file_)), static_cast<std::int64_t>(plate_.size()));
  // The three files of the folder: one is here, two are not.
  EXPECT_LT(std::stoll(shown("du -s -B1 " + folder_)), static_cast<std::int64_t>(plate_.size()) + 100'000);
}

TEST_F(AttributesOnAMount, EveryInodeNumberIsTheSameAfterARemount) {
  const std::string list =
      "cd " + mount_->path().string() + "; shopt -s globstar; ls -d -i * .skymount/* tiny/pos=1,2/**";
  shown("ls -R " + query_);
  const std::string before = shown(list);
  EXPECT_THAT(before, HasSubstr("plate1_full.fits"));
  shown("cat " + file_ + " " + query_ + "/results.csv > /dev/null");
  EXPECT_EQ(shown(list), before) << "opening a file changes none";
  remount();
  shown("ls -R " + query_);
  EXPECT_EQ(shown(list), before);
}

TEST_F(AttributesOnAMount, AFileTellsWhereItComesFrom) {
  const std::string unread = shown("getfattr -d " + file_);
  EXPECT_THAT(unread, HasSubstr("size=\"estimate\""));
  for (const char* unknown : {"etag", "fetched", "error", "stale", "filename", "made_by", "description"}) {
    EXPECT_THAT(unread, Not(HasSubstr(std::string("user.skymount.") + unknown))) << "nothing is listed that is not";
  }
  shown("cat " + file_ + " > /dev/null");
  EXPECT_EQ(xattr(file_, "url"), origin_.url("/files/plate1.fits"));
  EXPECT_EQ(xattr(file_, "query"), "pos=1,2");
  EXPECT_EQ(xattr(file_, "semantics"), "#this");
  EXPECT_EQ(xattr(file_, "content_type"), "application/fits");
  EXPECT_EQ(xattr(file_, "size"), "exact");
  EXPECT_EQ(xattr(file_, "etag"), "\"p1\"");
  // A reader is answered when its bytes come, a moment before they are on the disk.
  for (int i = 0; i < 250 && xattr(file_, "cached") != std::to_string(plate_.size()); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(xattr(file_, "cached"), std::to_string(plate_.size()));
  EXPECT_THAT(xattr(file_, "fetched"), ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_THAT(xattr(query_, "fetched"), ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_EQ(getxattr(file_.c_str(), "security.capability", nullptr, 0), -1);
  EXPECT_EQ(errno, ENODATA);
  EXPECT_EQ(getxattr(file_.c_str(), "system.posix_acl_access", nullptr, 0), -1);
  EXPECT_TRUE(errno == ENODATA || errno == EOPNOTSUPP);
  EXPECT_NE(setxattr(file_.c_str(), "user.mine", "x", 1, 0), 0);
  EXPECT_EQ(errno, EROFS);
}

TEST_F(AttributesOnAMount, SecretsAndControlBytesOfArchivesAreNotShown) {
  tiny_.add(
      {"secret", {{"#this", "/files/plate1.fits?X-Amz-Signature=SECRETSIG&token=SECRETTOKEN", "application/fits"}}});
  tiny_.add({"ugly", {{"#this", "/files/none.fits", "application/fits\x07 evil\x1b[31m"}}});
  const std::string all =
      shown("getfattr -R -d -m - " + query_ + "/1913-08-21_TINY_secret " + query_ + "/1913-08-21_TINY_ugly 2>&1");
  EXPECT_THAT(all, HasSubstr("/files/plate1.fits?"));
  EXPECT_THAT(all, Not(HasSubstr("SECRET")));
  EXPECT_THAT(all, Not(HasSubstr("\x1b")));
}

TEST_F(AttributesOnAMount, AFailureIsToldInWordsUntilTheFileCanBeHad) {
  demo::Faults faults;
  faults.status = 403;
  faults.status_body = "embargo until 2031";
  origin_.misbehave("/files/plate1.fits", faults);
  EXPECT_NE(run("cat " + file_).exit_code, 0);
  EXPECT_THAT(xattr(file_, "error"), HasSubstr("403"));
  origin_.behave();
  shown("cat " + file_ + " > /dev/null");
  EXPECT_EQ(xattr(file_, "error"), "");
}

TEST_F(AttributesOnAMount, RsyncTransfersNothingTheSecondTime) {
  shown("rsync -a " + folder_ + "/ " + out("copy"));
  shown("cmp " + file_ + " " + out("copy/plate1.fits"));
  origin_.clear_requests();
  EXPECT_EQ(shown("rsync -a -i " + folder_ + "/ " + out("copy")), "") << "nothing differs, dates included";
  EXPECT_TRUE(origin_.requests().empty());
  remount();
  EXPECT_EQ(shown("rsync -a -i " + folder_ + "/ " + out("copy")), "") << "nor after a remount";
  EXPECT_TRUE(origin_.requests().empty());
}

TEST_F(AttributesOnAMount, RsyncCopiesFilesOfOldObservationsOnceToo) {
  const std::string old = query_ + "/1804-02-13_TINY_old";
  EXPECT_EQ(look(old + "/old.fits").st_mtime, -2'147'483'648LL) << "the earliest date that ext4 can keep";
  EXPECT_EQ(look(old + "/dataset.json").st_mtime, -2'147'483'648LL);
  shown("rsync -a " + old + "/ " + out("old"));
  EXPECT_THAT(shown("rsync -a -i " + old + "/ " + out("old")), Not(HasSubstr(">f")));
}

TEST_F(AttributesOnAMount, TarKeepsAllAndComplainsOfNothing) {
  EXPECT_EQ(shown("tar -C " + query_ + " -cf " + out("a.tar") + " 1913-08-21_TINY_plate1"), "");
  EXPECT_EQ(shown("tar -C " + query_ + " -df " + out("a.tar")), "") << "the archive equals the mount, dates included";
  EXPECT_EQ(shown("tar -C " + query_ + " -S -cf " + out("s.tar") + " 1913-08-21_TINY_plate1"), "");
  shown("mkdir " + out("x") + "; tar -C " + out("x") + " -xf " + out("s.tar"));
  EXPECT_EQ(shown("diff -r " + folder_ + " " + out("x/1913-08-21_TINY_plate1")), "");
}

TEST_F(AttributesOnAMount, CopiesKeepTheirDates) {
  EXPECT_EQ(shown("cp -a " + folder_ + " " + out("copy")), "");
  EXPECT_EQ(look(out("copy/plate1.fits")).st_mtime, look(file_).st_mtime);
  EXPECT_EQ(look(out("copy")).st_mtime, kObserved);
  EXPECT_EQ(shown("diff -r " + folder_ + " " + out("copy")), "");
  EXPECT_EQ(shown("cp -r " + folder_ + "/coderived " + out("part")), "");
  EXPECT_EQ(shown("cp --sparse=always " + file_ + " " + out("sparse") + " && cmp " + file_ + " " + out("sparse")), "");
}

TEST_F(AttributesOnAMount, FindAndGrepGoByThem) {
  shown("ls -R " + query_);
  origin_.clear_requests();
  EXPECT_EQ(shown("touch -d 1900-01-01 " + out("then") + "; find " + query_ + " -maxdepth 1 -name '*TINY*' -newer " +
                  out("then") + " -printf '%f\\n'"),
            "1913-08-21_TINY_plate1\n");
  EXPECT_EQ(shown("find " + query_ + " -type f -name plate1.fits -size +100k -printf '%f\\n'"), "plate1.fits\n");
  EXPECT_EQ(shown("perl -MFile::Find -e 'find(sub { print \"$_\\n\" if /_full.fits$/ }, shift)' " + query_),
            "plate1_full.fits\n");
  shown("grep -r --include=README.txt -l pos " + mount_->path().string() + "/tiny/README.txt " + query_);
  EXPECT_TRUE(origin_.requests().empty());
}

TEST_F(AttributesOnAMount, FileManagersReadThem) {
  const std::string python =
      "python3 -c 'import mmap, os, sys\n"
      "for entry in os.scandir(sys.argv[1]):\n"
      "  info = entry.stat()\n"
      "  if entry.is_file() and info.st_size:\n"
      "    with open(entry.path, \"rb\") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:\n"
      "      print(entry.name, len(m), m[:4])' ";
  EXPECT_THAT(shown(python + folder_), HasSubstr("plate1.fits " + std::to_string(plate_.size()) + " b'SIMP'"));
  EXPECT_THAT(shown("file -b --mime-type " + file_), ::testing::AnyOf(HasSubstr("fits"), HasSubstr("octet-stream")));
  if (run("command -v gio").exit_code != 0) GTEST_SKIP() << "gio (libglib2.0-bin) is not installed";
  EXPECT_THAT(shown("gio list " + folder_), HasSubstr("plate1.fits"));
  const std::string info = shown("gio info " + file_);
  EXPECT_THAT(info, HasSubstr("standard::size: " + std::to_string(plate_.size())));
  EXPECT_THAT(info, HasSubstr("xattr::skymount.semantics: #this"));
  EXPECT_THAT(shown("gio cat " + file_ + " | cmp - " + file_ + " && echo same"), HasSubstr("same"));
}

}  // namespace
}  // namespace skymount::test
