// SPDX-License-Identifier: MIT
//
// Clips at the end of the file, asks the prefetcher for advice, and leaves the rest to the block cache.
#include "cache/content_reader.h"

#include "cache/prefetcher.h"

namespace skymount::cache {

class ContentReader::Impl {
 public:
  Impl(std::shared_ptr<ByteSource> source, std::uint64_t size, BlockCache& cache,
       std::shared_ptr<const LayoutHint> hint)
      : cache_(cache), prefetcher_(std::move(source), size, cache, std::move(hint)) {}

  BlockCache& cache_;
  Prefetcher prefetcher_;
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

std::optional<SharedBytes> ContentReader::try_read(ByteRange range) {
  range = clipped(range, size_);
  if (range.empty()) return SharedBytes();
  const Prefetcher::Advice advice = impl_->prefetcher_.on_read(range);
  std::optional<SharedBytes> bytes = impl_->cache_.read_cached(id(), range);
  if (bytes && advice.look_at_bytes) impl_->prefetcher_.seen(range.offset, bytes->view());
  return bytes;
}

Result<SharedBytes> ContentReader::read(ByteRange range, const FetchContext& ctx) {
  range = clipped(range, size_);
  if (range.empty()) return SharedBytes();
  const Prefetcher::Advice advice = impl_->prefetcher_.on_read(range);
  Result<SharedBytes> bytes = impl_->cache_.read(source_, range, advice.fetch, ctx);
  if (bytes && advice.look_at_bytes) impl_->prefetcher_.seen(range.offset, bytes->view());
  return bytes;
}

}  // namespace skymount::cache
