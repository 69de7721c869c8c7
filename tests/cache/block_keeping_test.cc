// SPDX-License-Identifier: MIT
//
// What the block cache promises about what it keeps: limits, pins, damage, full disks, and two processes in one place.
#include "cache/block_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "cache/meta_store.h"
#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

using testing::HasSubstr;

class BlockKeepingTest : public CacheTest {};

TEST_F(BlockKeepingTest, ADroppedContentIsGoneAndCanBeFetchedAgain) {
  const auto source = memory_source(pattern(100'000));
  ASSERT_TRUE(reads_right(source, {0, 100'000}));
  settle();
  cache().drop(source->id());
  EXPECT_EQ(cache().cached_bytes(source->id()), 0u);
  EXPECT_EQ(cache().stat().bytes, 0u);
  EXPECT_EQ(data_file(), "");
  EXPECT_FALSE(cache().read_cached(source->id(), {0, 10}));
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  EXPECT_EQ(source->delivered(), 200'000u);
}

TEST_F(BlockKeepingTest, StaysBelowItsSizeByEvictingWhatWasUsedLeastRecently) {
  options_.max_bytes = 1'000'000;
  std::vector<std::shared_ptr<MemorySource>> sources;
  for (unsigned i = 0; i < 8; ++i) {
    sources.push_back(memory_source(pattern(200'000, i)));
    ASSERT_TRUE(reads_right(sources.back(), {0, 200'000}));
    settle();
    std::this_thread::sleep_for(3ms);  // times of use are in milliseconds
    ASSERT_TRUE(reads_right(sources[0], {0, 1000}));
    std::this_thread::sleep_for(3ms);
    ASSERT_TRUE(soon([&] { return cache().stat().bytes <= 1'000'000; }));
  }
  EXPECT_TRUE(cache().read_cached(sources[0]->id(), {0, 200'000})) << "it was used all the time";
  EXPECT_TRUE(cache().read_cached(sources[7]->id(), {0, 200'000}));
  EXPECT_FALSE(cache().read_cached(sources[1]->id(), {0, 200'000}));
  for (const auto& source : sources) EXPECT_TRUE(reads_right(source, {0, 200'000}));
}

TEST_F(BlockKeepingTest, APinnedContentIsNeitherEvictedNorCleared) {
  options_.max_bytes = 500'000;
  const auto pinned = memory_source(pattern(200'000));
  cache().pin(pinned->id(), true);
  ASSERT_TRUE(reads_right(pinned, {0, 200'000}));
  for (unsigned i = 0; i < 4; ++i) {
    ASSERT_TRUE(reads_right(memory_source(pattern(200'000, i)), {0, 200'000}));
    settle();
  }
  ASSERT_TRUE(soon([&] { return cache().stat().bytes <= 500'000; }));
  EXPECT_TRUE(cache().read_cached(pinned->id(), {0, 200'000}));
  EXPECT_GT(cache().clear(), 0u);
  close_cache();
  EXPECT_EQ(cache().stat().bytes, 200'000u);
  cache().pin(pinned->id(), false);
  EXPECT_EQ(cache().clear(), 200'000u);
  EXPECT_EQ(cache().stat().bytes, 0u);
  EXPECT_EQ(data_file(), "");
}

TEST_F(BlockKeepingTest, VerifyFindsDamageAndForgetsIt) {
  const auto source = memory_source(pattern(5'000'001));
  ASSERT_TRUE(reads_right(source, {0, 5'000'001}));
  ASSERT_TRUE(reads_right(memory_source(pattern(1000)), {0, 1000}));
  settle();
  EXPECT_EQ(cache().verify({}).damaged_bytes, 0u);
  std::filesystem::resize_file(data_file(), 0);
  const auto verified = cache().verify({});
  EXPECT_EQ(verified.contents, 2u);
  EXPECT_EQ(verified.bytes, 5'001'001u);
  EXPECT_TRUE(verified.damaged_bytes == 5'000'001u || verified.damaged_bytes == 1000u);
  EXPECT_EQ(cache().verify({}).damaged_bytes, 0u);
  EXPECT_TRUE(reads_right(source, {0, 5'000'001}));
}

TEST_F(BlockKeepingTest, TwoProcessesShareADirectory) {
  const ContentId id{"a", "", "shared", "v1"};
  const auto part = [&](std::uint64_t offset) {
    const auto source = std::make_shared<MemorySource>(pattern(6'000'000), id);
    return reads_right(source, {offset, 2'000'000}) ? 0 : 1;
  };
  std::vector<pid_t> children;
  for (const std::uint64_t offset : {0u, 4'000'000u}) {
    const pid_t child = fork();
    if (child == 0) {
      const int result = part(offset);
      close_cache();
      _exit(result);
    }
    children.push_back(child);
  }
  EXPECT_EQ(part(2'000'000), 0);
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  close_cache();
  const auto all = cache().read_cached(id, {0, 6'000'000});
  ASSERT_TRUE(all);
  EXPECT_TRUE(copy_of(*all) == pattern(6'000'000));
}

TEST_F(BlockKeepingTest, ReadsGoOnWhenTheDiskIsFull) {
  // A file size limit stands in for a full disk: writes beyond it fail. 600 KiB leave room for the index.
  std::signal(SIGXFSZ, SIG_IGN);
  const auto source = memory_source(pattern(5'000'000));
  ASSERT_TRUE(reads_right(source, {0, 100'000}));
  cache().flush();
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 600 * 1024;
  setrlimit(RLIMIT_FSIZE, &small);
  for (std::uint64_t at = 0; at < 5'000'000; at += 500'000) EXPECT_TRUE(reads_right(source, {at, 500'000}));
  settle();
  const std::uint64_t fetched = source->delivered();
  EXPECT_TRUE(reads_right(source, {4'000'000, 500'000}));
  EXPECT_EQ(source->delivered(), fetched) << "memory had it";
  const auto computed = memory_source(pattern(3'000'000, 9), {.whole_only = true, .size_known = false});
  const auto size = cache().complete(computed, patient());
  EXPECT_EQ(size.value_or(0), 3'000'000u);
  EXPECT_TRUE(reads_right(computed, {2'000'000, 1'000'000}));
  EXPECT_EQ(computed->fetches().size(), 1u);
  setrlimit(RLIMIT_FSIZE, &before);
}

TEST_F(BlockKeepingTest, ADiskFilledByBlocksStillTakesRecordsIsSaidOnceAndIsClearedForGood) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can mount a small disk";
  if (mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=4m") != 0) GTEST_SKIP() << "no tmpfs here";
  std::atomic<int> said = 0;
  cache().on_trouble([&](const Error&) { ++said; });
  const auto source = memory_source(pattern(9'000'000));
  for (std::uint64_t at = 0; at < 9'000'000; at += 500'000) EXPECT_TRUE(reads_right(source, {at, 500'000}));
  settle();
  EXPECT_EQ(said, 1);
  EXPECT_THAT(cache().stat().trouble, testing::HasSubstr("full"));
  {
    const auto lmdb = Lmdb::open(dir_.path());
    const ManualClock clock;
    MetaStore store(*lmdb, clock);
    const Bytes question(1000);
    EXPECT_TRUE(store.put_durably(MetaStore::Room::saved, "a question", question));
    EXPECT_TRUE((*lmdb)->flush()) << "so that the records of the blocks are not lost either";
  }
  close_cache();
  EXPECT_GT(cache().stat().bytes, 1'000'000u) << "what was kept before is known after a restart";
  EXPECT_GT(cache().clear(), 1'000'000u);
  EXPECT_EQ(data_file(), "");
  const auto next = memory_source(pattern(1'000'000, 3));
  EXPECT_TRUE(reads_right(next, {0, 1'000'000}));
  settle();
  EXPECT_TRUE(soon([&] { return cache().cached_bytes(next->id()) == 1'000'000; })) << "it is used again";
  EXPECT_EQ(cache().stat().trouble, "");
  close_cache();
  umount2(dir_.path().c_str(), MNT_DETACH);
}

TEST_F(BlockKeepingTest, ABatchThatTheIndexLostGivesItsSpaceBack) {
  // As in ReadsGoOnWhenTheDiskIsFull, but there is no room for the index either.
  std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_TRUE(reads_right(memory_source(pattern(100'000, 1)), {0, 100'000}));
  settle();
  cache().flush();
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 1;  // nothing can be committed; what is there can be read
  const auto lost = memory_source(pattern(400'000, 2));
  ASSERT_TRUE(reads_right(lost, {0, 16'384}));
  setrlimit(RLIMIT_FSIZE, &small);
  const auto lmdb = Lmdb::open(dir_.path());
  EXPECT_FALSE((*lmdb)->flush());
  const MetaStore::Room saved = MetaStore::Room::saved;
  const ManualClock clock;
  MetaStore store(*lmdb, clock);
  EXPECT_FALSE(store.put_durably(saved, "a question", Bytes(10)));
  EXPECT_FALSE(store.get(saved, "a question")) << "what was refused is not there";
  setrlimit(RLIMIT_FSIZE, &before);
  settle();  // the reader was answered before its bytes were kept
  cache().clear();
  EXPECT_EQ(cache().stat().bytes, 0u);
  EXPECT_TRUE(store.put_durably(saved, "a question", Bytes(10)));
  EXPECT_TRUE(store.get(saved, "a question"));
}

TEST_F(BlockKeepingTest, AFileWithoutARecordIsRemovedUnlessSomebodyHasItOpen) {
  const auto kept = memory_source(pattern(100'000));
  ASSERT_TRUE(reads_right(kept, {0, 100'000}));
  settle();
  const std::filesystem::path orphan = data_file().parent_path() / std::string(32, 'a');
  const std::filesystem::path leased = data_file().parent_path() / std::string(32, 'b');
  for (const auto& path : {orphan, leased}) {
    std::ofstream(path) << "left by a crash";
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - 10s);
  }
  const int lease = open(leased.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(lease, LOCK_SH), 0);
  cache().pin(kept->id(), true);
  cache().clear();
  EXPECT_FALSE(std::filesystem::exists(orphan));
  EXPECT_TRUE(std::filesystem::exists(leased)) << "another process is about to make its record";
  close(lease);
  close_cache();
  cache();  // a start looks, too
  EXPECT_TRUE(soon([&] { return !std::filesystem::exists(leased); }));
  EXPECT_TRUE(cache().read_cached(kept->id(), {0, 100'000}));
}

TEST_F(BlockKeepingTest, AFileLargerThanTheCacheLeavesItsBeginningAndNeverMoreThanTheLimit) {
  options_.max_bytes = 20'000'000;
  const auto huge = memory_source(pattern(60'000'000));
  std::uint64_t most = 0;
  for (std::uint64_t at = 0; at < 60'000'000; at += 1'000'000) {
    ASSERT_TRUE(reads_right(huge, {at, 1'000'000}));
    most = std::max(most, cache().stat().bytes);
  }
  settle();
  EXPECT_LE(std::max(most, cache().stat().bytes), 20'000'000u);
  std::this_thread::sleep_for(1200ms);  // the janitor looks each half second
  EXPECT_GE(cache().stat().bytes, 10'000'000u) << "what fits stays";
  EXPECT_TRUE(cache().read_cached(huge->id(), {0, 100'000})) << "headers are at the beginning";
}

}  // namespace
}  // namespace skymount::cache::test
