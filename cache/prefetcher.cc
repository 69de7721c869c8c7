// SPDX-License-Identifier: MIT
#include "cache/prefetcher.h"

#include <utility>

namespace skymount::cache {
namespace {

// What a layout may ask for after one read: a next header and the first pixels, not the file.
constexpr std::size_t kMaxHints = 4;
constexpr std::uint64_t kMaxHintLength = 1_MiB;
// From where on a reader of what an open has brought is on its way to what comes after.
constexpr std::uint64_t kHalfWay = 128_KiB;
// Of a source that does not say: the usual limit of 4 connections, one of which is kept for metadata.
constexpr unsigned kParallel = 3;

}  // namespace

Prefetcher::Prefetcher(std::shared_ptr<ByteSource> source, std::uint64_t size, BlockCache& cache,
                       std::shared_ptr<const LayoutHint> hint)
    : source_(std::move(source)),
      size_(size),
      cache_(cache),
      hint_(std::move(hint)),
      pattern_(size, source_->parallel_fetches() > 0 ? source_->parallel_fetches() : kParallel) {}

Prefetcher::~Prefetcher() {
  closed_.request_stop();
  for (auto& [stream, stop] : running_) stop.request_stop();
}

bool Prefetcher::wants_head(ByteRange range) {
  if (hint_ == nullptr || source_->whole_only() || range.offset >= kOpenBrings || range.end() <= kHalfWay) return false;
  std::lock_guard lock(mutex_);
  return !std::exchange(head_seen_, true);
}

Prefetcher::Advice Prefetcher::on_read(ByteRange range) {
  if (source_->whole_only()) return {range};  // its one download brings everything in order
  const std::optional<std::uint64_t> worth_asking = cache_.worth_asking(source_->id());
  AccessPattern::Plan plan;
  std::vector<std::stop_source> over;
  std::stop_token token;
  {
    std::lock_guard lock(mutex_);
    plan = pattern_.on_read(range, FetchContext::Steady::now(), worth_asking);
    for (const std::uint64_t stream : plan.ended) {
      if (auto found = running_.extract(stream)) over.push_back(std::move(found.mapped()));
    }
    if (!plan.ahead.empty()) token = running_[plan.stream].get_token();
  }
  for (std::stop_source& stop : over) stop.request_stop();  // runs callbacks of the cache: not under our lock
  start(plan.ahead, token);
  // Who reads a file's first bytes may want no more than that (`file`, a header listing), and the open has brought
  // enough of them; who comes to a further place has walked there and will walk on.
  return {plan.fetch, plan.fresh && range.offset != 0 && hint_ != nullptr};
}

void Prefetcher::seen(std::uint64_t offset, ByteView bytes) {
  if (!hint_) return;
  std::vector<ByteRange> likely = hint_->likely_next(offset, bytes, size_);
  if (likely.size() > kMaxHints) likely.resize(kMaxHints);
  for (ByteRange& range : likely) {
    range = ByteRange{range.offset, std::min(range.length, kMaxHintLength)}.intersection({0, size_});
  }
  start(likely, closed_.get_token());
}

void Prefetcher::head(ByteView bytes) {
  const std::uint64_t reaches = std::min(hint_ ? hint_->header_reaches(bytes) : 0, size_);
  if (reaches <= bytes.size()) return;
  {
    std::lock_guard lock(mutex_);
    pattern_.expect_no_scan_before(reaches);
  }
  start({ByteRange{bytes.size(), reaches - bytes.size()}}, closed_.get_token());
}

void Prefetcher::start(const std::vector<ByteRange>& ranges, std::stop_token stop) {
  FetchContext ctx;
  ctx.priority = Priority::prefetch;
  ctx.cause = "reading ahead";
  ctx.stop = std::move(stop);
  for (const ByteRange range : ranges) {
    if (!range.empty()) cache_.prefetch(source_, range, ctx);
  }
}

}  // namespace skymount::cache
