// SPDX-License-Identifier: MIT
//
// Two processes on one cache directory: what one removes or damages costs the other a request, never a wrong byte.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

class SharedDirectory : public CacheTest {
 protected:
  /// Both with a cache of their own, which share nothing but the directory. LMDB must not be open across a fork, so the
  /// other process is made first and waits for its turn.
  template <class F, class G>
  void side_by_side(F&& theirs, G&& ours) {
    int turn[2], done[2];
    ASSERT_EQ(pipe(turn), 0);
    ASSERT_EQ(pipe(done), 0);
    const pid_t child = fork();
    char byte = 0;
    if (child == 0) {
      const bool told = ::read(turn[0], &byte, 1) == 1;
      const bool well = told && theirs();
      close_cache();
      static_cast<void>(!::write(done[1], "x", 1));
      _exit(well ? 0 : 1);
    }
    ours([&] {
      EXPECT_EQ(::write(turn[1], "x", 1), 1);
      EXPECT_EQ(::read(done[0], &byte, 1), 1);
    });
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    for (const int fd : {turn[0], turn[1], done[0], done[1]}) close(fd);
  }
  const ContentId id_{"a", "", "shared", "v1"};
  const Bytes bytes_ = pattern(6'000'000);
  std::shared_ptr<MemorySource> source() const { return std::make_shared<MemorySource>(bytes_, id_); }
};

TEST_F(SharedDirectory, WhatTheOtherOneFetchedIsNotFetchedAgain) {
  const auto mine = source();
  side_by_side(
      [&] {
        return bool(reads_right(source(), {0, 6'000'000}));
      },
      [&](const auto& let_them) {
        EXPECT_TRUE(reads_right(mine, {0, 10'000}));
        settle();
        let_them();
        EXPECT_TRUE(reads_right(mine, {0, 6'000'000}));
        EXPECT_LE(mine->delivered(), 100'000u);
      });
}

TEST_F(SharedDirectory, AReaderOutlivesThatTheOtherOneClearsTheCache) {
  const auto mine = source();
  side_by_side([&] { return cache().clear() > 5'000'000; },
               [&](const auto& let_them) {
                 EXPECT_TRUE(reads_right(mine, {0, 6'000'000}));
                 settle();
                 cache().flush();
                 let_them();
                 EXPECT_TRUE(reads_right(mine, {0, 6'000'000})) << "fetched again, or still held open: both are right";
                 settle();
                 cache().flush();
               });
  close_cache();
  const auto again = source();
  EXPECT_TRUE(reads_right(again, {0, 6'000'000})) << "and what is kept afterwards is right, too";
}

TEST_F(SharedDirectory, BothEvictAtOnceAndReadOn) {
  options_.max_bytes = 4'000'000;
  const auto work = [&](unsigned seed) {
    bool well = true;
    for (unsigned i = 0; i < 12; ++i) {
      const auto file = std::make_shared<MemorySource>(
          pattern(1'000'000, seed + i),
          ContentId{"a", "", "f" + std::to_string((seed + i) % 8), "v" + std::to_string(seed + i)});
      well &= bool(reads_right(file, {0, 1'000'000})) && bool(reads_right(file, {500'000, 400'000}));
    }
    return well;
  };
  side_by_side([&] { return work(4); },
               [&](const auto& let_them) {
                 EXPECT_TRUE(work(0));
                 let_them();
                 EXPECT_TRUE(work(4));
               });
}

}  // namespace
}  // namespace skymount::cache::test
