// SPDX-License-Identifier: MIT
//
// The warm read path by itself: blocks that are on disk, read through cache::ContentReader as the mount reads them. Run
// under callgrind with --toggle-collect='warm_loop*' it yields instructions per block, which repeat from run to run and
// machine to machine where times do not.
#include "cache/block_cache.h"
#include "cache/content_reader.h"
#include "cache/lmdb.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using namespace skymount;

/// A file of bytes that depend on their place, delivered at once.
class Pattern : public cache::ByteSource {
 public:
  explicit Pattern(std::uint64_t size) : size_(size), id_{"bench", "", "pattern", "v1"} {}
  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return size_; }
  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext&) override {
    Bytes piece(64_KiB);
    for (std::uint64_t at = range.offset; at < range.end();) {
      const std::uint64_t n = std::min<std::uint64_t>(piece.size(), range.end() - at);
      for (std::uint64_t i = 0; i < n; ++i) piece[i] = static_cast<std::byte>((at + i) * 2654435761U >> 13);
      if (auto kept = sink(at, ByteView(piece.data(), n)); !kept) return kept;
      at += n;
    }
    return {};
  }

 private:
  const std::uint64_t size_;
  const cache::ContentId id_;
};

}  // namespace

/// Not inlined and of external linkage: callgrind counts between its entry and its return.
extern "C" __attribute__((noinline)) std::uint64_t warm_loop(cache::ContentReader* reader, std::uint64_t size,
                                                             std::uint64_t block, bool jump) {
  std::uint64_t sum = 0;
  const std::uint64_t blocks = size / block;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t at = (jump ? i * 7919 % blocks : i) * block;  // a prime: each block once, far apart
    const auto bytes = reader->try_read({at, block});
    if (!bytes || bytes->size() != block) std::abort();
    sum += static_cast<std::uint64_t>(bytes->view()[0]);
  }
  return sum;
}

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: warm_reads CACHE_DIR MIB BLOCK_KIB scan|random\n");
    return 2;
  }
  const std::filesystem::path dir = argv[1];
  const std::uint64_t size = std::strtoull(argv[2], nullptr, 10) * 1_MiB;
  const std::uint64_t block = std::strtoull(argv[3], nullptr, 10) * 1_KiB;
  const bool jump = std::string(argv[4]) == "random";
  auto lmdb = cache::Lmdb::open(dir);
  if (!lmdb) {
    std::fprintf(stderr, "warm_reads: %s\n", lmdb.error().what().c_str());
    return 1;
  }
  auto blocks = cache::BlockCache::open({.dir = dir}, *lmdb);
  if (!blocks) {
    std::fprintf(stderr, "warm_reads: %s\n", blocks.error().what().c_str());
    return 1;
  }
  const auto source = std::make_shared<Pattern>(size);
  {
    cache::ContentReader filling(source, size, **blocks);
    const FetchContext ctx = FetchContext::within(std::chrono::minutes(5), "fill");
    for (std::uint64_t at = 0; at < size; at += 1_MiB) {
      if (!filling.read({at, 1_MiB}, ctx)) return 1;
    }
  }
  (*blocks)->flush();
  // A second round through a fresh cache object: what memory holds of the filling is not what is measured.
  blocks->reset();
  blocks = cache::BlockCache::open({.dir = dir}, *lmdb);
  if (!blocks) return 1;
  cache::ContentReader reader(source, size, **blocks);
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t sum = warm_loop(&reader, size, block, jump);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("{\"blocks\": %llu, \"bytes\": %llu, \"seconds\": %.6f, \"sum\": %llu}\n",
              static_cast<unsigned long long>(size / block), static_cast<unsigned long long>(size), seconds,
              static_cast<unsigned long long>(sum));
  return 0;
}
