// SPDX-License-Identifier: MIT
//
// Clips at the end of the file, asks the prefetcher for advice, and leaves the rest to the block cache.
#include "cache/content_reader.h"

#include <atomic>

#include "cache/prefetcher.h"

namespace skymount::cache {

class ContentReader::Impl {
 public:
  Impl(std::shared_ptr<ByteSource> source, std::uint64_t size, BlockCache& cache,
       std::shared_ptr<const LayoutHint> hint)
      : cache_(cache), prefetcher_(std::move(source), size, cache, std::move(hint)) {}

  /// Notes a read, also of the file's structure as far as it is here.
  Prefetcher::Advice note(const ContentId& id, ByteRange range, std::uint64_t size) {
    std::uint64_t farthest = farthest_;
    while (farthest < range.end() && !farthest_.compare_exchange_weak(farthest, range.end())) {
    }
    if (prefetcher_.wants_head(range)) {  // before the read counts: a header is not the beginning of a scan
      if (const auto head = cache_.read_cached(id, {0, std::min(kOpenBrings, size)})) prefetcher_.head(head->view());
    }
    return prefetcher_.on_read(range);
  }

  BlockCache& cache_;
  Prefetcher prefetcher_;
  std::atomic<std::uint64_t> farthest_{0};
};

namespace {

ByteRange clipped(ByteRange range, std::uint64_t size) {
  if (range.offset >= size) return {size, 0};
  return {range.offset, std::min(range.length, size - range.offset)};
}

}  // namespace

ContentReader::ContentReader(std::shared_ptr<ByteSource> source, std::uint64_t exact_size, BlockCache& cache,
                             std::shared_ptr<const LayoutHint> hint)
    : source_(std::move(source)),
      size_(exact_size),
      impl_(std::make_unique<Impl>(source_, exact_size, cache, std::move(hint))) {}

ContentReader::~ContentReader() = default;

std::uint64_t ContentReader::farthest() const {
  return impl_->farthest_;
}

std::optional<SharedBytes> ContentReader::try_read(ByteRange range) {
  range = clipped(range, size_);
  if (range.empty()) return SharedBytes();
  const Prefetcher::Advice advice = impl_->note(id(), range, size_);
  std::optional<SharedBytes> bytes = impl_->cache_.read_cached(id(), range);
  if (bytes && advice.look_at_bytes) impl_->prefetcher_.seen(range.offset, bytes->view());
  return bytes;
}

bool ContentReader::when_here(ByteRange range, const FetchContext& ctx, BlockCache::Then then) {
  range = clipped(range, size_);
  return !range.empty() && impl_->cache_.when_here(id(), range, ctx, std::move(then));
}

Result<SharedBytes> ContentReader::read(ByteRange range, const FetchContext& ctx) {
  range = clipped(range, size_);
  if (range.empty()) return SharedBytes();
  const Prefetcher::Advice advice = impl_->note(id(), range, size_);
  Result<SharedBytes> bytes = impl_->cache_.read(source_, range, advice.fetch, ctx);
  if (bytes && advice.look_at_bytes) impl_->prefetcher_.seen(range.offset, bytes->view());
  return bytes;
}

Result<SharedBytes> ContentReader::read_alone(ByteRange range, const FetchContext& ctx) {
  range = clipped(range, size_);
  if (range.empty()) return SharedBytes();
  return impl_->cache_.read(source_, range, range, ctx);
}

void ContentReader::fetch_ahead(ByteRange range, const FetchContext& ctx) {
  range = clipped(range, size_);
  if (!range.empty()) impl_->cache_.prefetch(source_, range, ctx);
}

}  // namespace skymount::cache
