// SPDX-License-Identifier: MIT
//
// What the block cache promises to those who wait for bytes: each gets its own, its error, or the end of its time, and
// nobody waits for what others want.
#include "cache/block_cache.h"

#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

using testing::HasSubstr;

class BlockWaitingTest : public CacheTest {};

TEST_F(BlockWaitingTest, TwoReadersOfOneRangeCauseOneFetch) {
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

TEST_F(BlockWaitingTest, AnErrorGoesToThoseWhoseBytesDidNotArriveAndTheNextReadGoesOnFromThere) {
  const auto source = memory_source(pattern(400'000), {.fail_at = 150'001});
  const auto bytes = read(source, {0, 400'000});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), Code::unavailable);
  EXPECT_THAT(bytes.error().what(), HasSubstr("the line went dead at byte 150001"));
  EXPECT_TRUE(reads_right(source, {0, 400'000}));
  EXPECT_EQ(source->delivered(), 400'000u);
}

TEST_F(BlockWaitingTest, ReadersWhoseBytesCameBeforeTheErrorAreContent) {
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

TEST_F(BlockWaitingTest, AnAnswerThatEndsEarlyIsAnErrorNotAShortRead) {
  const auto source = memory_source(pattern(400'000), {.fail_at = 150'000, .silent_end = true});
  const auto bytes = read(source, {0, 400'000});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code(), Code::corrupt);
  EXPECT_TRUE(reads_right(source, {0, 400'000}));
}

TEST_F(BlockWaitingTest, ACallEndsAtItsDeadlineAndTheTransferThatNobodyWantsIsStopped) {
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

TEST_F(BlockWaitingTest, AReaderThatGoesAwayLeavesTheOthersAlone) {
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

TEST_F(BlockWaitingTest, ADeadArchiveDelaysNoOther) {
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

TEST_F(BlockWaitingTest, SomebodyWhoWaitsGoesBeforeWhatIsFetchedAhead) {
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

TEST_F(BlockWaitingTest, AReaderFarAheadOfAPrefetchDoesNotWaitForItToGetThere) {
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

TEST_F(BlockWaitingTest, NeighboursInTheQueueBecomeOneRequest) {
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

TEST_F(BlockWaitingTest, ClosesWithinMomentsWhateverIsRunning) {
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

TEST_F(BlockWaitingTest, AComputedFileThatReadsFilesOfItsOwnArchiveNeverBlocksItself) {
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

TEST_F(BlockWaitingTest, ADownloadThatDoesNotEndIsLeftBehind) {
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

}  // namespace
}  // namespace skymount::cache::test
