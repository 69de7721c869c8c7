// SPDX-License-Identifier: MIT
//
// Who gets the connections: a reader that waits, a scan, a header, and nobody for what is not wanted any more.
#include "cache/content_reader.h"

#include "tests/cache/fixture.h"

namespace skymount::cache::test {
namespace {

class Scheduling : public CacheTest {
 protected:
  static Bytes read(ContentReader& reader, ByteRange range) {
    if (const auto bytes = reader.try_read(range)) return copy_of(*bytes);
    const auto bytes = reader.read(range, patient());
    EXPECT_TRUE(bytes) << bytes.error().what();
    return bytes ? copy_of(*bytes) : Bytes();
  }
  FetchContext ahead() {
    return {Priority::prefetch, "ahead", FetchContext::Steady::time_point::max(), stop_.get_token()};
  }
  std::stop_source stop_;
};

TEST_F(Scheduling, ALongRequestAheadGivesWayToAReaderOfAnotherFile) {
  options_.fetch_threads_per_archive = 2;  // one connection for what is fetched ahead
  const auto bulk = memory_source(pattern(16'000'000), {.piece = 50'000, .between_pieces = 1ms});
  cache().prefetch(bulk, {0, 16'000'000}, ahead());
  ASSERT_TRUE(soon([&] { return bulk->delivered() > 0; }));
  EXPECT_TRUE(reads_right(memory_source(pattern(100'000)), {0, 100'000}));
  EXPECT_TRUE(soon([&] { return bulk->running() == 0; }));
  EXPECT_LT(bulk->delivered(), 8'000'000u) << "its connection was held to the end";
  EXPECT_TRUE(reads_right(bulk, {0, 16'000'000})) << "what was given up is fetched when it is wanted";
  EXPECT_LE(bulk->delivered(), 16'100'000u) << "what had come was fetched again";
}

TEST_F(Scheduling, ARequestThatSomebodyWaitsForDoesNotGiveWay) {
  options_.fetch_threads_per_archive = 2;
  const auto bulk = memory_source(pattern(12'000'000), {.piece = 20'000, .between_pieces = 200us});
  cache().prefetch(bulk, {0, 12'000'000}, ahead());
  ASSERT_TRUE(soon([&] { return bulk->delivered() > 0; }));
  std::thread waiting([&] { EXPECT_TRUE(reads_right(bulk, {0, 12'000'000})); });
  ASSERT_TRUE(soon([&] { return cache().stat().misses == 1; })) << "it does not wait yet";
  EXPECT_TRUE(reads_right(memory_source(pattern(100'000)), {0, 100'000}));
  waiting.join();
  EXPECT_EQ(bulk->fetches().size(), 1u);
}

/// As the layout of a FITS file whose header goes on behind what the open brought.
class LongHeader final : public LayoutHint {
 public:
  std::vector<ByteRange> likely_next(std::uint64_t, ByteView, std::uint64_t) const override { return {}; }
  std::uint64_t header_reaches(ByteView head) const override { return head.size() + 1_MiB; }
};

TEST_F(Scheduling, AHeaderOfThreeHundredBlocksCostsOneRequestBesideTheOpen) {
  // What the kernel reads around a page of a file mapped anew depends on its readahead, and that on the machine.
  for (const std::uint64_t around : {32_KiB, 128_KiB, 256_KiB}) {
    for (const std::uint64_t step : {std::uint64_t{2880}, 64_KiB, 128_KiB, 240_KiB}) {
      SCOPED_TRACE(std::to_string(around) + " around, each " + std::to_string(step));
      const auto source = memory_source(pattern(64'000'000), {.first_byte = 2ms});
      cache().put(source->id(), 0, slice(source->bytes(), {0, 240_KiB}), 64'000'000);
      const auto reader = std::make_unique<ContentReader>(source, 64'000'000, cache(), std::make_shared<LongHeader>());
      for (std::uint64_t at = 0; at < 300 * 2880; at += step) {
        const std::uint64_t from = at - std::min(at, around / 2);
        EXPECT_TRUE(read(*reader, {from, around}) == slice(source->bytes(), {from, around}));
      }
      settle();
      EXPECT_EQ(source->fetches().size(), 1u);
      EXPECT_LE(source->delivered() + 240_KiB, 3 * 512_KiB);
    }
  }
}

TEST_F(Scheduling, AScanAsksForAsManyRangesAtOnceAsItsOriginAllows) {
  class Wide final : public ByteSource {
   public:
    const ContentId& id() const override { return id_; }
    std::optional<std::uint64_t> size() const override { return 200'000'000; }
    unsigned parallel_fetches() const override { return 8; }
    Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext&) override {
      const unsigned now = ++running;
      unsigned most = most_at_once;
      while (now > most && !most_at_once.compare_exchange_weak(most, now)) {
      }
      std::this_thread::sleep_for(5ms);
      const Bytes piece(64 * 1024);
      Result<void> taken;
      for (std::uint64_t at = range.offset; taken && at < range.end(); at += piece.size())
        taken = sink(at, ByteView(piece).first(std::min<std::uint64_t>(piece.size(), range.end() - at)));
      --running;
      return taken;
    }
    std::atomic<unsigned> running{0}, most_at_once{0};

   private:
    const ContentId id_{"a", "", "wide", "v1"};
  };
  const auto source = std::make_shared<Wide>();
  ContentReader reader(source, 200'000'000, cache());
  for (std::uint64_t at = 0; at < 30'000'000; at += 128_KiB) ASSERT_FALSE(read(reader, {at, 128_KiB}).empty());
  EXPECT_GE(source->most_at_once, 7u);
  EXPECT_LE(source->most_at_once, 9u);
}

TEST_F(Scheduling, WhatIsFetchedAheadIsBoundedByMemoryOverAllArchives) {
  options_.memory_bytes = 48_MiB;  // a quarter of it for four downloads of 3 MiB each
  std::vector<std::shared_ptr<MemorySource>> sources;
  for (int i = 0; i < 12; ++i) {
    sources.push_back(memory_source(pattern(400'000), {}, "archive " + std::to_string(i)));
    sources.back()->close_gate(200'000);
    cache().prefetch(sources.back(), {0, 400'000}, ahead());
  }
  EXPECT_TRUE(soon([&] { return cache().stat().running_transfers == 4; }));
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(cache().stat().running_transfers, 4u);
  EXPECT_TRUE(reads_right(memory_source(pattern(100'000), {}, "another"), {0, 100'000})) << "who waits is not held up";
  for (const auto& source : sources) source->open_gate();
  for (const auto& source : sources) {
    EXPECT_TRUE(soon([&] { return source->delivered() == 400'000; }));
    EXPECT_EQ(source->fetches().size(), 1u);
  }
}

TEST_F(Scheduling, AnInterruptedScanEndsItsTransfers) {
  const auto source = memory_source(pattern(60'000'000), {.piece = 20'000, .between_pieces = 100us});
  auto reader = std::make_unique<ContentReader>(source, 60'000'000, cache());
  for (std::uint64_t at = 0; at < 3'000'000; at += 128_KiB) read(*reader, {at, 128_KiB});
  std::stop_source interrupt;
  std::thread waiting([&, size = source->bytes().size()] {
    const auto bytes =
        reader->read({size - 1'000'000, 128_KiB}, FetchContext::within(20s, "cp", interrupt.get_token()));
    EXPECT_TRUE(bytes || bytes.error().code() == Code::cancelled);
  });
  interrupt.request_stop();
  waiting.join();
  reader = nullptr;  // the process ends, and the kernel closes its file
  EXPECT_TRUE(soon([&] { return source->running() == 0; }));
  const std::uint64_t then = source->delivered();
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(source->delivered(), then);
  EXPECT_LT(then, 40'000'000u);
}

}  // namespace
}  // namespace skymount::cache::test
