// SPDX-License-Identifier: MIT
//
// A cache in a directory of its own, and the few things that every test about it does.
#pragma once

#include "cache/block_cache.h"
#include "cache/lmdb.h"
#include "tests/cache/memory_source.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::cache::test {

using namespace std::chrono_literals;
using skymount::test::pattern;
using skymount::test::random_ranges;
using skymount::test::seeds;

inline Bytes slice(const Bytes& whole, ByteRange range) {
  return {whole.begin() + static_cast<std::ptrdiff_t>(range.offset),
          whole.begin() + static_cast<std::ptrdiff_t>(range.end())};
}
inline Bytes copy_of(const SharedBytes& bytes) {
  return {bytes.view().begin(), bytes.view().end()};
}

class CacheTest : public testing::Test {
 protected:
  /// Opens the cache, again after close_cache(); the directory stays.
  BlockCache& cache() {
    std::lock_guard lock(opening_);  // readers on several threads may be the first
    if (!cache_) {
      options_.dir = dir_.path();
      auto lmdb = Lmdb::open(dir_.path());
      EXPECT_TRUE(lmdb) << (lmdb ? "" : lmdb.error().what());
      auto opened = BlockCache::open(options_, *lmdb);
      EXPECT_TRUE(opened) << (opened ? "" : opened.error().what());
      cache_ = std::move(*opened);
    }
    return *cache_;
  }
  void close_cache() { cache_ = nullptr; }

  Result<SharedBytes> read(const std::shared_ptr<MemorySource>& source, ByteRange range, FetchContext ctx = patient()) {
    return cache().read(source, range, range, ctx);
  }
  /// Reads and compares; says what went wrong.
  testing::AssertionResult reads_right(const std::shared_ptr<MemorySource>& source, ByteRange range) {
    const auto bytes = read(source, range);
    if (!bytes) return testing::AssertionFailure() << bytes.error().what();
    if (copy_of(*bytes) != slice(source->bytes(), range)) {
      return testing::AssertionFailure() << "wrong bytes at " << range.offset << "+" << range.length;
    }
    return testing::AssertionSuccess();
  }
  static FetchContext patient() { return FetchContext::within(20s, "test"); }

  /// Readers go as soon as their bytes are here; this waits until the bytes are also on disk.
  void settle() {
    EXPECT_TRUE(soon([&] { return cache().stat().running_transfers == 0; }));
  }
  /// The only file of data on disk.
  std::filesystem::path data_file() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path() / "blocks")) {
      if (entry.is_regular_file()) return entry.path();
    }
    return {};
  }
  template <class F>
  static bool soon(F&& condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  skymount::test::TempDir dir_;
  BlockCacheOptions options_;

 private:
  std::mutex opening_;
  std::unique_ptr<BlockCache> cache_;
};

}  // namespace skymount::cache::test
