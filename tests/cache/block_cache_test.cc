// SPDX-License-Identifier: MIT
//
// What the block cache promises about bytes: always the right ones, never one of them fetched twice.
#include "cache/block_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>

#include "cache/meta_store.h"
#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BlockCacheTest : public CacheTest {};

TEST_F(BlockCacheTest, AnyWayOfReadingAFileYieldsTheSameBytes) {
  for (const unsigned seed : seeds(50)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::size_t size = 1 + random() % 777'777;
    const auto source = memory_source(pattern(size, seed), {.piece = 1 + random() % 40'000});
    for (const ByteRange range : random_ranges(size, seed, 15)) {
      const ByteRange hint{range.offset,
                           std::min<std::uint64_t>(size - range.offset, range.length + random() % 300'000)};
      if (random() % 4 == 0) cache().put(source->id(), range.offset, slice(source->bytes(), range), size);
      if (random() % 4 == 0) cache().prefetch(source, hint, patient());
      const auto bytes = cache().read(source, range, hint, patient());
      ASSERT_TRUE(bytes) << bytes.error().what();
      ASSERT_TRUE(copy_of(*bytes) == slice(source->bytes(), range));
      const auto again = cache().read_cached(source->id(), range);
      if (again) {
        ASSERT_TRUE(copy_of(*again) == slice(source->bytes(), range));
      }
    }
    EXPECT_LE(source->delivered(), size) << "a byte was fetched twice";
  }
}

TEST_F(BlockCacheTest, ManyReadersOfManyFilesAtOnceGetTheirOwnBytes) {
  for (const unsigned seed : seeds(3)) {
    SCOPED_TRACE(seed);
    std::vector<std::shared_ptr<MemorySource>> sources;
    for (unsigned i = 0; i < 4; ++i) {
      sources.push_back(
          memory_source(pattern(900'000 + i, seed * 10 + i), {.between_pieces = 100us, .whole_only = i == 3}));
    }
    std::vector<std::thread> readers;
    for (unsigned t = 0; t < 8; ++t) {
      readers.emplace_back([&, t] {
        std::mt19937 random(seed * 100 + t);
        for (const ByteRange range : random_ranges(900'000, seed * 100 + t, 25)) {
          EXPECT_TRUE(reads_right(sources[random() % 4], range));
        }
      });
    }
    for (std::thread& reader : readers) reader.join();
    for (const auto& source : sources) EXPECT_LE(source->delivered(), source->bytes().size());
  }
}

TEST_F(BlockCacheTest, ARandomReadMovesTheGranulesItTouchesAndNoMore) {
  const auto source = memory_source(pattern(10'000'000));
  ASSERT_TRUE(reads_right(source, {5'000'001, 65'536}));
  EXPECT_LE(source->delivered(), 65'536u + 2 * 16'384u);
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(BlockCacheTest, AReadFetchesWhatTheHintAllowsInOneGo) {
  const auto source = memory_source(pattern(1'000'000));
  ASSERT_TRUE(cache().read(source, {100'000, 10}, {100'000, 400'000}, patient()));
  ASSERT_TRUE(reads_right(source, {300'000, 200'000}));
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(BlockCacheTest, TwoReadersOfOneRangeCauseOneFetch) {
  const auto source = memory_source(pattern(300'000));
  source->close_gate(0);
  std::vector<std::thread> readers;
  for (int i = 0; i < 5; ++i) {
    readers.emplace_back([&] { EXPECT_TRUE(reads_right(source, {10, 250'000})); });
  }
  ASSERT_TRUE(source->wait_for_fetches(1));
  std::this_thread::sleep_for(30ms);
  source->open_gate();
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(source->fetches().size(), 1u);
  EXPECT_LE(source->delivered(), 300'000u);
}

TEST_F(BlockCacheTest, SurvivesAReopen) {
  const auto source = memory_source(pattern(1'234'567));
  ASSERT_TRUE(reads_right(source, {0, 1'234'567}));
  const std::uint64_t fetched = source->delivered();
  close_cache();
  EXPECT_EQ(cache().stat().bytes, 1'234'567u);
  EXPECT_EQ(cache().cached_bytes(source->id()), 1'234'567u);
  const auto bytes = cache().read_cached(source->id(), {0, 1'234'567});
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(copy_of(*bytes) == source->bytes());
  ASSERT_TRUE(reads_right(source, {1'200'000, 34'567}));
  EXPECT_EQ(source->delivered(), fetched);
}

TEST_F(BlockCacheTest, AFlippedByteOnDiskIsFetchedAgainAndOnlyItsGranule) {
  const auto source = memory_source(pattern(500'000));
  ASSERT_TRUE(reads_right(source, {0, 500'000}));
  settle();
  const std::uint64_t before = source->delivered();
  {
    std::fstream file(data_file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(123'456);
    file.put(static_cast<char>(~std::to_integer<int>(source->bytes()[123'456])));
  }
  EXPECT_FALSE(cache().read_cached(source->id(), {120'000, 10'000}));
  EXPECT_TRUE(reads_right(source, {0, 500'000}));
  EXPECT_EQ(source->delivered() - before, 16'384u);
  EXPECT_TRUE(cache().read_cached(source->id(), {0, 500'000}));
}

TEST_F(BlockCacheTest, AFileThatVanishedFromTheCacheIsFetchedAgain) {
  const auto source = memory_source(pattern(100'000));
  ASSERT_TRUE(reads_right(source, {0, 100'000}));
  settle();
  std::filesystem::resize_file(data_file(), 50'000);
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  close_cache();
  std::filesystem::remove_all(dir_.path() / "blocks");
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
}

TEST_F(BlockCacheTest, KeepsBytesThatCameByTheWayAlsoWhenTheyEndInsideAGranule) {
  const auto source = memory_source(pattern(100'000));
  cache().put(source->id(), 0, slice(source->bytes(), {0, 20'001}), 100'000);
  EXPECT_TRUE(reads_right(source, {0, 20'001}));
  EXPECT_EQ(source->fetches().size(), 0u);
  EXPECT_TRUE(reads_right(source, {0, 100'000}));
  EXPECT_EQ(source->delivered(), 100'000u - 20'001u);
  EXPECT_TRUE(cache().read_cached(source->id(), {0, 100'000})) << "the two halves of a granule did not become one";
}

TEST_F(BlockCacheTest, AnErrorGoesToThoseWhoseBytesDidNotArriveAndTheNextReadGoesOnFromThere) {
  const auto source = memory_source(pattern(400'000), {.fail_at = 150'001});
  const auto bytes = read(source, {0, 400'000});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), Code::unavailable);
  EXPECT_THAT(bytes.error().what(), HasSubstr("the line went dead at byte 150001"));
  EXPECT_TRUE(reads_right(source, {0, 400'000}));
  EXPECT_EQ(source->delivered(), 400'000u);
}

TEST_F(BlockCacheTest, ReadersWhoseBytesCameBeforeTheErrorAreContent) {
  const auto source = memory_source(pattern(400'000), {.fail_at = 300'000});
  source->close_gate(0);
  std::thread lucky([&] {
    const auto bytes = cache().read(source, {100'000, 50'000}, {0, 400'000}, patient());
    EXPECT_TRUE(bytes);
  });
  ASSERT_TRUE(source->wait_for_fetches(1));
  std::thread unlucky([&] { EXPECT_FALSE(read(source, {290'000, 50'000})); });
  std::this_thread::sleep_for(30ms);
  source->open_gate();
  lucky.join();
  unlucky.join();
}

TEST_F(BlockCacheTest, AnAnswerThatEndsEarlyIsAnErrorNotAShortRead) {
  const auto source = memory_source(pattern(400'000), {.fail_at = 150'000, .silent_end = true});
  const auto bytes = read(source, {0, 400'000});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), Code::corrupt);
  EXPECT_TRUE(reads_right(source, {0, 400'000}));
}

TEST_F(BlockCacheTest, ACallEndsAtItsDeadlineAndTheTransferThatNobodyWantsIsStopped) {
  const auto source = memory_source(pattern(400'000));
  source->close_gate(100'000);
  const auto begun = std::chrono::steady_clock::now();
  const auto bytes = read(source, {0, 400'000}, FetchContext::within(80ms, "test"));
  const auto took = std::chrono::steady_clock::now() - begun;
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), Code::timed_out);
  EXPECT_LT(took, 1s);
  EXPECT_TRUE(soon([&] { return source->stopped() == 1; }));
  source->open_gate();
  EXPECT_TRUE(reads_right(source, {0, 400'000}));
  EXPECT_EQ(source->delivered(), 400'000u) << "what had arrived was thrown away";
}

TEST_F(BlockCacheTest, AReaderThatGoesAwayLeavesTheOthersAlone) {
  const auto source = memory_source(pattern(400'000));
  source->close_gate(100'000);
  std::stop_source interrupt;
  std::thread other([&] { EXPECT_TRUE(reads_right(source, {0, 400'000})); });
  ASSERT_TRUE(source->wait_for_fetches(1));
  std::thread leaving([&] {
    const auto bytes = read(source, {0, 400'000}, FetchContext::within(20s, "test", interrupt.get_token()));
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code(), Code::cancelled);
  });
  std::this_thread::sleep_for(30ms);
  interrupt.request_stop();
  leaving.join();
  EXPECT_EQ(source->stopped(), 0u);
  source->open_gate();
  other.join();
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(BlockCacheTest, ADeadArchiveDelaysNoOther) {
  std::vector<std::thread> stuck;
  std::stop_source give_up;
  std::vector<std::shared_ptr<MemorySource>> dead;
  for (int i = 0; i < 12; ++i) {
    dead.push_back(memory_source(pattern(50'000), {}, "dead"));
    dead.back()->close_gate(0);
    stuck.emplace_back([&, source = dead.back()] {
      EXPECT_FALSE(read(source, {0, 50'000}, FetchContext::within(20s, "test", give_up.get_token())));
    });
  }
  EXPECT_TRUE(soon([&] { return cache().stat().running_transfers == 4; }));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(reads_right(memory_source(pattern(500'000), {}, "well"), {0, 500'000}));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  give_up.request_stop();
  for (std::thread& thread : stuck) thread.join();
}

TEST_F(BlockCacheTest, SomebodyWhoWaitsGoesBeforeWhatIsFetchedAhead) {
  options_.fetch_threads_per_archive = 2;
  const auto bulk = memory_source(pattern(60'000'000), {.first_byte = 20'000ms});
  std::stop_source stop;
  FetchContext ahead{Priority::prefetch, "ahead", FetchContext::Steady::time_point::max(), stop.get_token()};
  cache().prefetch(bulk, {0, 60'000'000}, ahead);
  ASSERT_TRUE(bulk->wait_for_fetches(1));
  EXPECT_TRUE(reads_right(memory_source(pattern(100'000)), {0, 100'000}));
  EXPECT_EQ(bulk->fetches().size(), 1u);
  stop.request_stop();
  EXPECT_TRUE(soon([&] { return cache().stat().running_transfers == 0; }));
  EXPECT_EQ(bulk->fetches().size(), 1u) << "a prefetch that was stopped in the queue ran all the same";
}

TEST_F(BlockCacheTest, AReaderFarAheadOfAPrefetchDoesNotWaitForItToGetThere) {
  const auto source = memory_source(pattern(8'000'000));
  source->close_gate(500'000);
  cache().prefetch(source, {0, 4'000'000}, patient());
  ASSERT_TRUE(source->wait_for_fetches(1));
  std::thread far([&] { EXPECT_TRUE(reads_right(source, {3'500'000, 100'000})); });
  ASSERT_TRUE(source->wait_for_fetches(2)) << "it waits behind the gate";
  source->open_gate();
  far.join();
  EXPECT_TRUE(reads_right(source, {0, 4'000'000}));
  EXPECT_LE(source->delivered(), 4'000'000u + 100'000);
}

TEST_F(BlockCacheTest, NeighboursInTheQueueBecomeOneRequest) {
  options_.fetch_threads_per_archive = 1;
  const auto blocker = memory_source(pattern(50'000));
  blocker->close_gate(0);
  std::thread first([&] { EXPECT_TRUE(reads_right(blocker, {0, 50'000})); });
  ASSERT_TRUE(blocker->wait_for_fetches(1));
  const auto source = memory_source(pattern(2'000'000));
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&, i] {
      EXPECT_TRUE(reads_right(source, {static_cast<std::uint64_t>(i) * 131'072, 131'072}));
    });
    std::this_thread::sleep_for(10ms);
  }
  blocker->open_gate();
  for (std::thread& reader : readers) reader.join();
  first.join();
  EXPECT_EQ(source->fetches().size(), 1u);
}

TEST_F(BlockCacheTest, ClosesWithinMomentsWhateverIsRunning) {
  const auto source = memory_source(pattern(400'000));
  source->close_gate(0);
  cache().prefetch(source, {0, 400'000}, FetchContext{});
  const auto computed = memory_source(pattern(400'000), {.whole_only = true});
  computed->close_gate(0);
  cache().begin(computed, FetchContext{});
  ASSERT_TRUE(source->wait_for_fetches(1) && computed->wait_for_fetches(1));
  const auto begun = std::chrono::steady_clock::now();
  close_cache();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_EQ(source->running() + computed->running(), 0u);
}

TEST_F(BlockCacheTest, ADroppedContentIsGoneAndCanBeFetchedAgain) {
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

TEST_F(BlockCacheTest, AnotherSizeUnderTheSameVersionIsNeverMixedWithTheOldBytes) {
  const auto before = memory_source(pattern(100'000, 1));
  ASSERT_TRUE(reads_right(before, {0, 100'000}));
  const auto after = std::make_shared<MemorySource>(pattern(120'000, 2), before->id());
  EXPECT_TRUE(reads_right(after, {0, 120'000}));
}

TEST_F(BlockCacheTest, StaysBelowItsSizeByEvictingWhatWasUsedLeastRecently) {
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

TEST_F(BlockCacheTest, APinnedContentIsNeitherEvictedNorCleared) {
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

TEST_F(BlockCacheTest, VerifyFindsDamageAndForgetsIt) {
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

TEST_F(BlockCacheTest, AComputedFileThatReadsFilesOfItsOwnArchiveNeverBlocksItself) {
  class Doubled final : public ByteSource {
   public:
    Doubled(BlockCache& blocks, std::shared_ptr<MemorySource> of, int number)
        : blocks_(blocks), of_(std::move(of)), id_{"a", "", "doubled " + std::to_string(number), "v1"} {}
    const ContentId& id() const override { return id_; }
    std::optional<std::uint64_t> size() const override { return of_->bytes().size(); }
    bool whole_only() const override { return true; }
    bool reads_others() const override { return true; }
    Result<void> fetch(ByteRange, const Sink& sink, const FetchContext& ctx) override {
      const ByteRange all{0, of_->bytes().size()};
      const auto bytes = blocks_.read(of_, all, all, ctx);
      if (!bytes) return fail(bytes.error());
      return sink(0, bytes->view());
    }

   private:
    BlockCache& blocks_;
    const std::shared_ptr<MemorySource> of_;
    const ContentId id_;
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 12; ++i) {
    readers.emplace_back([this, i] {
      const auto plate =
          memory_source(pattern(100'000, static_cast<unsigned>(i)), {.first_byte = 2ms, .whole_only = i % 2 == 0});
      const auto doubled = std::make_shared<Doubled>(cache(), plate, i);
      const auto bytes = cache().read(doubled, {0, 100'000}, {0, 100'000}, FetchContext::within(10s, "test"));
      ASSERT_TRUE(bytes) << bytes.error().what();
      EXPECT_TRUE(copy_of(*bytes) == plate->bytes());
    });
  }
  for (std::thread& reader : readers) reader.join();
}

TEST_F(BlockCacheTest, TwoProcessesShareADirectory) {
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

TEST_F(BlockCacheTest, ADownloadThatDoesNotEndIsLeftBehind) {
  class Deaf final : public ByteSource {
   public:
    const ContentId& id() const override { return id_; }
    std::optional<std::uint64_t> size() const override { return 100; }
    Result<void> fetch(ByteRange, const Sink&, const FetchContext&) override {
      begun = true;
      while (!released) std::this_thread::sleep_for(5ms);
      ended = true;
      return fail(Code::unavailable, "at last");
    }
    std::atomic<bool> begun{false}, released{false}, ended{false};

   private:
    const ContentId id_{"a", "", "deaf", "v1"};
  };
  const auto source = std::make_shared<Deaf>();
  cache().prefetch(source, {0, 100}, FetchContext{});
  ASSERT_TRUE(soon([&] { return source->begun.load(); }));
  const auto begun = std::chrono::steady_clock::now();
  close_cache();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 3s);
  source->released = true;
  EXPECT_TRUE(soon([&] { return source.use_count() == 1; })) << "it must end cleanly, and hold nothing";
}

TEST_F(BlockCacheTest, ReadsGoOnWhenTheDiskIsFull) {
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

TEST_F(BlockCacheTest, ADiskFilledByBlocksStillTakesRecordsIsSaidOnceAndIsClearedForGood) {
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

TEST_F(BlockCacheTest, ABatchThatTheIndexLostGivesItsSpaceBack) {
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
  cache().clear();
  EXPECT_EQ(cache().stat().bytes, 0u);
  EXPECT_TRUE(store.put_durably(saved, "a question", Bytes(10)));
  EXPECT_TRUE(store.get(saved, "a question"));
}

TEST_F(BlockCacheTest, AFileWithoutARecordIsRemovedUnlessSomebodyHasItOpen) {
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

TEST_F(BlockCacheTest, AFileLargerThanTheCacheLeavesItsBeginningAndNeverMoreThanTheLimit) {
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

TEST_F(BlockCacheTest, RefusesToReadBehindTheEnd) {
  const auto source = memory_source(pattern(100));
  EXPECT_EQ(read(source, {50, 51}).error().code(), Code::invalid);
  EXPECT_EQ(read(source, {100, 0})->size(), 0u);
}

}  // namespace
}  // namespace skymount::cache::test
