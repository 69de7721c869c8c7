// SPDX-License-Identifier: MIT
//
// What was learned of a file may prove wrong, and what came may not be kept: the next open must find its way by itself.
#include "cache/lmdb.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/vo/fake_service.h"
#include "vo/sources.h"
#include "vo/watched_source.h"

#include <gmock/gmock.h>

#include <fstream>

namespace skymount::vo {
namespace {

using test::soon;

std::string content(std::size_t size, unsigned seed = 1) {
  return std::string(as_text(skymount::test::pattern(size, seed)));
}

class ChangingSources : public testing::Test {
 protected:
  void mount() {
    sources.reset();
    blocks.reset();
    store.reset();
    lmdb.reset();
    options.dir = dir.path() / "cache";
    lmdb = cache::Lmdb::open(options.dir).value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    blocks = cache::BlockCache::open(options, lmdb).value();
    HttpOptions http;
    http.allow_private = true;
    sources = std::make_unique<Sources>("fake", Limits{}, Lifetimes{}, 50'000'000, make_http_client(http), store,
                                        *blocks, clock);
  }
  Entry entry(const std::string& path, bool computed = false) const {
    Entry out;
    out.name = path.substr(1);
    out.url = origin.url(path);
    out.identity = "id:" + path;
    if (computed) out.service = ServiceCall{origin.url(path), {{"ID", "x"}}};
    return out;
  }
  /// Answers of `size` bytes; the n-th is made of seed n.
  void compute(const std::string& path, std::size_t size, bool length = false) {
    origin.handle(path, [this, size, length](auto&) {
      demo::Reply reply = demo::Reply::text(200, content(size, ++answers), "application/octet-stream");
      reply.no_length = !length;
      return reply;
    });
  }
  std::string all(const std::shared_ptr<cache::ContentReader>& reader) const {
    const auto bytes = reader->read({0, reader->size()}, soon());
    return bytes ? std::string(as_text(bytes->view())) : "failed: " + bytes.error().what();
  }
  /// Every new file and every longer one fails from now on, as on a full disk; works as root, too.
  void fill_disk() {
    std::filesystem::remove_all(options.dir / "blocks");
    std::ofstream(options.dir / "blocks") << "no folder";
  }

  skymount::test::TempDir dir;
  ManualClock clock;
  demo::Origin origin;
  std::atomic<unsigned> answers{0};
  cache::BlockCacheOptions options;
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::unique_ptr<cache::BlockCache> blocks;
  std::unique_ptr<Sources> sources;
};

TEST_F(ChangingSources, AFileThatChangesAtTheArchiveIsReadAnewAtTheNextOpen) {
  for (const bool remounted : {false, true}) {
    SCOPED_TRACE(remounted);
    mount();
    const std::string path = remounted ? "/b.bin" : "/a.bin";
    origin.put(path, content(3'000'000, 1), "application/octet-stream", "\"v1\"");
    auto reader = sources->open(entry(path), soon()).value();
    const std::string old_version = sources->known(entry(path)).version;
    origin.put(path, content(2'000'000, 2), "application/octet-stream", "\"v2\"");
    const auto gone = reader->read({2'500'000, 1000}, soon());
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code(), Code::stale);
    EXPECT_EQ(sources->open_in_memory(entry(path)), nullptr);
    EXPECT_FALSE(sources->known(entry(path)).exact);
    EXPECT_TRUE(reader->try_read({0, 1000})) << "what is here stays for who has it open";
    if (remounted) {
      reader.reset();
      mount();
    }
    origin.clear_requests();
    const auto again = sources->open(entry(path), soon());
    ASSERT_TRUE(again) << again.error().what();
    EXPECT_EQ(all(*again), content(2'000'000, 2));
    reader.reset();
    EXPECT_EQ(blocks->cached_bytes(sources->content_id(entry(path), old_version)), 0u);
  }
}

TEST_F(ChangingSources, AReaderOfAVersionThatIsGoneAsksNoMore) {
  mount();
  origin.put("/a.bin", content(3'000'000, 1), "application/octet-stream", "\"v1\"");
  const auto reader = sources->open(entry("/a.bin"), soon()).value();
  origin.put("/a.bin", content(3'000'000, 2), "application/octet-stream", "\"v2\"");
  EXPECT_FALSE(reader->read({2'000'000, 1000}, soon()));
  origin.clear_requests();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reader->read({2'000'000, 1000}, soon()).error().code(), Code::stale);
  EXPECT_EQ(origin.count("/a.bin"), 0u);
}

TEST_F(ChangingSources, WithoutValidatorsNoTwoVersionsAreMixedAndAFileThatNeverRestsIsReadableAtTheSecondTry) {
  mount();
  std::atomic<unsigned> version{0};
  origin.handle("/a.bin", [&](auto&) {  // the same head and the same length each time, as in a reprocessed image
    demo::Reply reply =
        demo::Reply::text(200, content(100'000) + std::string(2'900'000, static_cast<char>('a' + ++version % 26)),
                          "application/octet-stream");
    reply.ranges = true;
    return reply;
  });
  {
    const auto reader = sources->open(entry("/a.bin"), soon()).value();
    EXPECT_EQ(reader->read({2'500'000, 1000}, soon()).error().code(), Code::stale);
  }
  const auto again = sources->open(entry("/a.bin"), soon());
  ASSERT_TRUE(again) << again.error().what();
  const std::string bytes = all(*again);
  EXPECT_EQ(bytes.substr(100'000), std::string(2'900'000, bytes.back()));
  EXPECT_EQ(version, 3u);
}

TEST_F(ChangingSources, WithoutValidatorsWhatIsHereAsAWholeIsNotFetchedAgainWhenItsHeadIsTheSame) {
  mount();
  const std::string bytes = content(3'000'000);
  origin.put("/a.bin", bytes);
  EXPECT_EQ(all(sources->open(entry("/a.bin"), soon()).value()), bytes);
  EXPECT_EQ(origin.count("/a.bin"), 2u);
  const std::string version = sources->known(entry("/a.bin")).version;
  mount();
  clock.advance(std::chrono::hours(48));
  EXPECT_EQ(all(sources->open(entry("/a.bin"), soon()).value()), bytes);
  EXPECT_EQ(origin.count("/a.bin"), 3u);
  EXPECT_EQ(sources->known(entry("/a.bin")).version, version);
}

TEST_F(ChangingSources, AServerThatStopsHonouringRangesIsReadAsAWholeAtTheNextOpen) {
  mount();
  const std::string bytes = content(3'000'000);
  origin.put("/a.bin", bytes, "application/octet-stream", "\"v1\"");
  const auto reader = sources->open(entry("/a.bin"), soon()).value();
  origin.misbehave("/a.bin", {.ignore_range = true});
  EXPECT_FALSE(reader->read({2'500'000, 1000}, soon()));
  origin.clear_requests();
  const auto again = sources->open(entry("/a.bin"), soon());
  ASSERT_TRUE(again) << again.error().what();
  EXPECT_EQ(all(*again), bytes);
  EXPECT_EQ(origin.count("/a.bin"), 1u);
}

TEST_F(ChangingSources, AFileThatWasRemovedIsAskedForAgain) {
  mount();
  origin.put("/a.bin", content(3'000'000), "application/octet-stream", "\"v1\"");
  const auto reader = sources->open(entry("/a.bin"), soon()).value();
  origin.remove("/a.bin");
  EXPECT_EQ(reader->read({2'500'000, 1000}, soon()).error().code(), Code::not_found);
  EXPECT_EQ(sources->open(entry("/a.bin"), soon()).error().code(), Code::not_found);
  origin.put("/a.bin", content(3'000'000), "application/octet-stream", "\"v1\"");
  EXPECT_EQ(all(sources->open(entry("/a.bin"), soon()).value()), content(3'000'000));
}

TEST_F(ChangingSources, ACutoutIsReadableThoughTheDiskTakesNothing) {
  mount();
  fill_disk();
  for (const bool length : {false, true}) {
    SCOPED_TRACE(length);
    const std::string path = length ? "/long" : "/soda";
    compute(path, 5'000'000, length);
    ASSERT_TRUE(sources->open(entry(path, true), soon()));  // and let go of at once, as an open that gives ESTALE does
    const auto again = sources->open(entry(path, true), soon());
    ASSERT_TRUE(again) << again.error().what();
    EXPECT_EQ(all(*again), content(5'000'000, answers));
    EXPECT_EQ(origin.count(path), 1u);
    EXPECT_EQ(sources->known(entry(path, true)).version, (*again)->id().version);
  }
}

TEST_F(ChangingSources, ACutoutLargerThanItsCacheIsReadable) {
  options.max_bytes = 1'000'000;
  mount();
  compute("/soda", 5'000'000);
  const auto reader = sources->open(entry("/soda", true), soon());
  ASSERT_TRUE(reader) << reader.error().what();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the janitor's time
  EXPECT_EQ(all(*reader), content(5'000'000, 1));
}

TEST_F(ChangingSources, ACutoutThatNothingCanKeepFailsWithNoSpaceAndSaysWhatToDo) {
  options.memory_bytes = 2'000'000;
  mount();
  fill_disk();
  compute("/soda", 5'000'000);
  const auto reader = sources->open(entry("/soda", true), soon());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Code::no_space) << reader.error().what();
  EXPECT_THAT(reader.error().what(), ::testing::HasSubstr("--cache"));
  EXPECT_EQ(origin.count("/soda"), 1u);
}

TEST_F(ChangingSources, ACutoutWhoseBytesAreGoneIsMadeAgainAndNotPromisedBefore) {
  mount();
  compute("/soda", 700'000);
  ASSERT_TRUE(sources->open(entry("/soda", true), soon()));
  const KnownFile before = sources->known(entry("/soda", true));
  EXPECT_TRUE(before.exact);
  mount();
  blocks->drop(sources->content_id(entry("/soda", true), before.version));
  const KnownFile after = sources->known(entry("/soda", true));
  EXPECT_EQ(after.size, 700'000u);
  EXPECT_FALSE(after.exact);
  EXPECT_EQ(after.version, "");
  EXPECT_EQ(all(sources->open(entry("/soda", true), soon()).value()), content(700'000, 2));
}

TEST_F(ChangingSources, ACutoutWhoseFileWasDeletedUnderTheCacheIsMadeAgain) {
  mount();
  compute("/soda", 700'000);
  ASSERT_TRUE(sources->open(entry("/soda", true), soon()));
  mount();
  for (const auto& file : std::filesystem::recursive_directory_iterator(options.dir / "blocks"))
    if (file.is_regular_file()) std::filesystem::resize_file(file.path(), 0);
  EXPECT_EQ(all(sources->open(entry("/soda", true), soon()).value()), content(700'000, 2));
}

TEST_F(ChangingSources, ABodyWithoutLengthIsRefusedBeyondTheCachesLimit) {
  options.max_bytes = 1'000'000;
  options.memory_bytes = 2'000'000;
  mount();
  // Several, because the download may end before or after its opener begins to wait for it.
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/endless" + std::to_string(i) + ".dat";
    origin.put(path, content(9'000'000));
    origin.misbehave(path, {.no_length = true});
    const auto reader = sources->open(entry(path), soon());
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().code(), Code::too_large) << reader.error().what();
    EXPECT_EQ(origin.count(path), 1u);
  }
}

/// Sends zeros until its sink has had enough.
class EndlessSource final : public cache::ByteSource {
 public:
  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  bool whole_only() const override { return true; }
  Result<void> fetch(ByteRange, const Sink& sink, const FetchContext&) override {
    const Bytes piece(100'000);
    for (std::uint64_t at = 0; at < 100'000'000; at += piece.size())
      if (auto taken = sink(at, piece); !taken) return taken;
    return {};
  }

 private:
  const cache::ContentId id_{"a", "", "endless", "v1"};
};

class Attention final : public SourceKeeper {
 public:
  explicit Attention(int pieces) : pieces_(pieces) {}
  bool wanted(const cache::ContentId&) const override { return pieces_-- > 0; }
  void ended(const cache::ByteSource&, const Result<void>&) override {}

 private:
  mutable int pieces_;  ///< wanted for so many pieces
};

TEST(WatchedSource, ADownloadIsStoppedSomeBytesAfterItsLastWaiterLeft) {
  const auto attention = std::make_shared<Attention>(100);
  WatchBounds bounds;
  bounds.unknown_length = 1'000'000'000;
  bounds.unwanted_bytes = 2'000'000;
  const auto source = watched(std::make_shared<EndlessSource>(), attention, bounds, nullptr);
  std::uint64_t got = 0;
  const auto outcome = source->fetch(
      {0, 1},
      [&](std::uint64_t, ByteView piece) -> Result<void> {
        got += piece.size();
        return {};
      },
      soon());
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::cancelled);
  EXPECT_EQ(got, 12'000'000u);
}

}  // namespace
}  // namespace skymount::vo
