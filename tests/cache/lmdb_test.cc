// SPDX-License-Identifier: MIT
//
// The index keeps what it was told: at once for its readers, for ever after a commit, and never at the price of a crash
// when the directory holds something else.
#include "cache/lmdb.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace skymount::cache {
namespace {

using test::pattern;
using test::TempDir;
using testing::HasSubstr;
using Db = Lmdb::Db;

std::shared_ptr<Lmdb> opened(const std::filesystem::path& dir, LmdbOptions options = {}) {
  auto lmdb = Lmdb::open(dir, options);
  EXPECT_TRUE(lmdb) << (lmdb ? "" : lmdb.error().what());
  return lmdb ? *lmdb : nullptr;
}

std::string text_of(const std::optional<Bytes>& value) {
  return value ? std::string(as_text(*value)) : "(none)";
}
Bytes appended(ByteView before, ByteView change) {
  Bytes out(before.begin(), before.end());
  if (!as_text(before).ends_with(as_text(change))) out.insert(out.end(), change.begin(), change.end());
  return out;
}
std::map<std::string, std::string> all_of(const Lmdb& lmdb, Db db, std::string_view prefix = "") {
  std::map<std::string, std::string> out;
  lmdb.each(db, prefix, [&](std::string_view key, ByteView value) {
    EXPECT_TRUE(out.emplace(std::string(key), std::string(as_text(value))).second) << "visited twice: " << key;
    return true;
  });
  return out;
}

TEST(Lmdb, ShowsAChangeAtOnceAndAfterTheCommit) {
  TempDir dir;
  auto lmdb = opened(dir.path());
  lmdb->put(Db::links, "a", to_bytes("1"));
  EXPECT_EQ(text_of(lmdb->get(Db::links, "a")), "1");
  EXPECT_FALSE(lmdb->get(Db::listings, "a"));
  ASSERT_TRUE(lmdb->flush());
  EXPECT_EQ(text_of(lmdb->get(Db::links, "a")), "1");
  lmdb->erase(Db::links, "a");
  EXPECT_FALSE(lmdb->get(Db::links, "a"));
  ASSERT_TRUE(lmdb->flush());
  EXPECT_FALSE(lmdb->get(Db::links, "a"));
}

TEST(Lmdb, RemembersAcrossAReopenWithoutAFlush) {
  TempDir dir;
  opened(dir.path())->put(Db::saved, "query", to_bytes("pos=1,2"));
  EXPECT_EQ(text_of(opened(dir.path())->get(Db::saved, "query")), "pos=1,2");
}

TEST(Lmdb, MergesOverWhatIsGatheredAndOverWhatIsOnDisk) {
  TempDir dir;
  auto lmdb = opened(dir.path());
  lmdb->merge(Db::extents, "k", to_bytes("a"), appended);
  lmdb->merge(Db::extents, "k", to_bytes("b"), appended);
  EXPECT_EQ(text_of(lmdb->get(Db::extents, "k")), "ab");
  ASSERT_TRUE(lmdb->flush());
  lmdb->merge(Db::extents, "k", to_bytes("c"), appended);
  EXPECT_EQ(text_of(lmdb->get(Db::extents, "k")), "abc");
  EXPECT_EQ(all_of(*lmdb, Db::extents).at("k"), "abc");
  ASSERT_TRUE(lmdb->flush());
  EXPECT_EQ(text_of(lmdb->get(Db::extents, "k")), "abc");
  lmdb->erase(Db::extents, "k");
  lmdb->merge(Db::extents, "k", to_bytes("z"), appended);
  EXPECT_EQ(text_of(lmdb->get(Db::extents, "k")), "z");
  ASSERT_TRUE(lmdb->flush());
  EXPECT_EQ(text_of(lmdb->get(Db::extents, "k")), "z");
}

TEST(Lmdb, VisitsEachRecordOnceWhetherCommittedOrNot) {
  TempDir dir;
  auto lmdb = opened(dir.path());
  std::map<std::string, std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = (i % 2 ? "odd" : "even") + std::to_string(i);
    lmdb->put(Db::links, key, to_bytes(key));
    if (i % 2) expected[key] = key;
    if (i == 1200) {
      ASSERT_TRUE(lmdb->flush());
    }
  }
  lmdb->erase(Db::links, "odd7");
  expected.erase("odd7");
  lmdb->put(Db::links, "odd9", to_bytes("new"));
  expected["odd9"] = "new";
  EXPECT_EQ(all_of(*lmdb, Db::links, "odd"), expected);
  ASSERT_TRUE(lmdb->flush());
  EXPECT_EQ(all_of(*lmdb, Db::links, "odd"), expected);
}

TEST(Lmdb, GrowsItsMapWhenItIsFull) {
  TempDir dir;
  auto lmdb = opened(dir.path(), {.map_size = 1_MiB});
  const Bytes value = pattern(300'000);
  for (int i = 0; i < 30; ++i) {
    lmdb->put(Db::listings, "k" + std::to_string(i), value);
    if (i % 7 == 0) {
      ASSERT_TRUE(lmdb->flush());
    }
  }
  ASSERT_TRUE(lmdb->flush());
  for (int i = 0; i < 30; ++i) EXPECT_EQ(lmdb->get(Db::listings, "k" + std::to_string(i)), value);
}

TEST(Lmdb, TwoOwnersInOneProcessShareOneEnvironment) {
  TempDir dir;
  auto a = opened(dir.path());
  EXPECT_EQ(a, opened(dir.path() / "."));
  a = nullptr;
  EXPECT_TRUE(opened(dir.path()));
}

/// Runs `body` in a process of its own that execs nothing; true when it returned true.
bool in_child(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Lmdb, FollowsAnotherProcessThatMadeTheMapLarger) {
  TempDir dir;
  // The child is forked while no environment is open here, and writes while ours is.
  int go[2], done[2];
  ASSERT_EQ(pipe(go) | pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    if (read(go[0], &byte, 1) != 1) _exit(1);
    auto other = Lmdb::open(dir.path(), {.map_size = 1_MiB});
    if (!other) _exit(2);
    for (int i = 0; i < 20; ++i) (*other)->put(Db::listings, "k" + std::to_string(i), pattern(300'000, i));
    const bool ok = (*other)->flush().has_value();
    if (write(done[1], "x", 1) != 1) _exit(3);
    _exit(ok ? 0 : 4);
  }
  auto lmdb = opened(dir.path(), {.map_size = 1_MiB});
  lmdb->put(Db::links, "ours", to_bytes("1"));
  ASSERT_TRUE(lmdb->flush());
  char byte = 0;
  ASSERT_EQ(write(go[1], "x", 1), 1);
  ASSERT_EQ(read(done[0], &byte, 1), 1);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(lmdb->get(Db::listings, "k" + std::to_string(i)), pattern(300'000, i));
  lmdb->put(Db::links, "ours", to_bytes("2"));
  EXPECT_TRUE(lmdb->flush());
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(Lmdb, IsInertInAChildOfFork) {
  TempDir dir;
  auto lmdb = opened(dir.path());
  lmdb->put(Db::links, "a", to_bytes("1"));
  ASSERT_TRUE(lmdb->flush());
  EXPECT_TRUE(in_child([&] {
    lmdb->put(Db::links, "a", to_bytes("child"));
    return !lmdb->get(Db::links, "a") && !lmdb->flush();
  }));
  EXPECT_EQ(text_of(lmdb->get(Db::links, "a")), "1");
}

TEST(Lmdb, KeepsTheCachePrivate) {
  TempDir parent;
  const auto dir = parent.path() / "cache";
  auto lmdb = opened(dir);
  struct stat at = {};
  stat(dir.c_str(), &at);
  EXPECT_EQ(at.st_mode & 0777, 0700u);
  stat((dir / "index").c_str(), &at);
  EXPECT_EQ(at.st_mode & 0777, 0700u);
  for (const char* file : {"data.mdb", "lock.mdb"}) {
    stat((dir / "index" / file).c_str(), &at);
    EXPECT_EQ(at.st_mode & 0777, 0600u) << file;
  }
}

TEST(Lmdb, RefusesADamagedIndexAndNamesTheFix) {
  TempDir dir;
  std::filesystem::create_directories(dir.path() / "index");
  const Bytes noise = pattern(40'000);
  std::ofstream(dir.path() / "index" / "data.mdb", std::ios::binary)
      .write(reinterpret_cast<const char*>(noise.data()), static_cast<std::streamsize>(noise.size()));
  auto lmdb = Lmdb::open(dir.path());
  ASSERT_FALSE(lmdb);
  EXPECT_EQ(lmdb.error().code(), Code::corrupt);
  EXPECT_THAT(lmdb.error().what(), HasSubstr("--cache DIR"));
  EXPECT_THAT(lmdb.error().what(), HasSubstr((dir.path() / "index").string()));
}

TEST(Lmdb, RefusesAnIndexThatWasCutOff) {
  TempDir dir;
  opened(dir.path())->put(Db::links, "a", pattern(500'000));
  std::filesystem::resize_file(dir.path() / "index" / "data.mdb", 100'000);
  auto lmdb = Lmdb::open(dir.path());
  ASSERT_FALSE(lmdb);
  EXPECT_EQ(lmdb.error().code(), Code::corrupt);
}

TEST(Lmdb, RefusesAnIndexOfAnotherFormat) {
  TempDir dir;
  opened(dir.path())->put(Db::links, "a", to_bytes("1"));
  const auto file = dir.path() / "index" / "data.mdb";
  std::stringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  std::string bytes = content.str();
  const std::string ours("format\x01\0\0\0", 10);  // the key, and behind it the number
  int changed = 0;
  for (std::size_t at = bytes.find(ours); at != std::string::npos; at = bytes.find(ours, at + 1), ++changed) {
    bytes[at + 6] = 7;
  }
  ASSERT_GT(changed, 0);
  std::ofstream(file, std::ios::binary) << bytes;
  const auto lmdb = Lmdb::open(dir.path());
  ASSERT_FALSE(lmdb);
  EXPECT_EQ(lmdb.error().code(), Code::unsupported);
  EXPECT_THAT(lmdb.error().what(), HasSubstr("format 7"));
  EXPECT_THAT(lmdb.error().what(), HasSubstr("--cache DIR"));
}

TEST(Lmdb, TwoProcessesKeepWhatTheOtherOneAdded) {
  TempDir dir;
  EXPECT_TRUE(in_child([&] {
    auto other = Lmdb::open(dir.path());
    if (!other) return false;
    (*other)->merge(Db::extents, "k", to_bytes("child "), appended);
    return (*other)->flush().has_value();
  }));
  auto lmdb = opened(dir.path());
  lmdb->merge(Db::extents, "k", to_bytes("parent"), appended);
  EXPECT_EQ(text_of(lmdb->get(Db::extents, "k")), "child parent");
}

TEST(Lmdb, RefusesADirectoryItCannotUse) {
  auto lmdb = Lmdb::open("/proc/skymount-cache");
  ASSERT_FALSE(lmdb);
  EXPECT_THAT(lmdb.error().what(), HasSubstr("--cache DIR"));
}

TEST(Lmdb, RefusesNetworkFilesystemsAndAcceptsLocalOnes) {
  for (const std::int64_t type :
       {0x6969L, 0x517BL, static_cast<long>(static_cast<int>(0xFF534D42)), 0xFE534D42L, 0x0BD00BD0L}) {
    const auto verdict = accept_filesystem(type, "/home/x/.cache");
    ASSERT_FALSE(verdict) << std::hex << type;
    EXPECT_EQ(verdict.error().code(), Code::unsupported);
    EXPECT_THAT(verdict.error().what(), HasSubstr("--cache DIR"));
  }
  for (const std::int64_t type : {0xEF53L, 0x01021994L, 0x58465342L, static_cast<long>(0x9123683E)}) {
    EXPECT_TRUE(accept_filesystem(type, "/"));
  }
}

TEST(Lmdb, ManyThreadsReadAndWriteTogether) {
  TempDir dir;
  auto lmdb = opened(dir.path(), {.map_size = 1_MiB, .commit_every = std::chrono::milliseconds(1)});
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        lmdb->put(Db::links, key, pattern(2000, static_cast<unsigned>(i)));
        EXPECT_EQ(lmdb->get(Db::links, key), pattern(2000, static_cast<unsigned>(i)));
        if (i % 50 == 0) {
          EXPECT_TRUE(lmdb->flush());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(all_of(*lmdb, Db::links).size(), 1200u);
}

}  // namespace
}  // namespace skymount::cache
