// SPDX-License-Identifier: MIT
#include "vo/fits/cutout_source.h"

#include "vo/fits/tile_memory.h"

#include <algorithm>
#include <vector>

namespace skymount::vo {
namespace {

// Rows that lie closer are fetched together with what is between them: at 50 ms a round trip and 20 MB/s a connection,
// a round trip costs as much as this.
constexpr std::uint64_t kWorthFetching = 1_MiB;
// One read of the original, of which the rows are then taken.
constexpr std::uint64_t kSpan = 4_MiB;
// A cutout whose rows are together no more is fetched as a whole when its first pixel is read: whoever reads one
// reads all, and waiting for the next read of 128 KiB would cost further round trips.
constexpr std::uint64_t kFetchedWhole = 64_MiB;

/// A stretch of the original, and the part of the cutout's pixels that lies in it.
struct Span {
  ByteRange from;  ///< of the original
  std::uint64_t first_run = 0, runs = 0;
};

/// How runs of neighbouring samples lie in the original.
class Runs {
 public:
  explicit Runs(const CutPlan& plan) : plan_(plan) {
    const std::vector<std::int64_t>& axes = plan.image.axes;
    run_bytes_ = plan.sample_bytes();
    std::uint64_t stride = plan.sample_bytes();
    bool whole = true;  // all axes before this one are kept whole: neighbours in the cutout are neighbours there
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto length = static_cast<std::uint64_t>(plan.box[i].second - plan.box[i].first + 1);
      first_ += stride * static_cast<std::uint64_t>(plan.box[i].first - 1);
      if (whole)
        run_bytes_ *= length;
      else
        outer_.push_back({length, stride});
      whole = whole && length == static_cast<std::uint64_t>(axes[i]);
      stride *= static_cast<std::uint64_t>(axes[i]);
    }
  }

  std::uint64_t run_bytes() const { return run_bytes_; }
  std::uint64_t count() const { return plan_.data_bytes() / run_bytes_; }
  ByteRange run(std::uint64_t number) const {
    std::uint64_t at = plan_.image.data_offset + first_;
    for (const auto& [length, stride] : outer_) {
      at += number % length * stride;
      number /= length;
    }
    return {at, run_bytes_};
  }

  /// All of them are fetched with what is between them.
  bool are_joined() const {
    // A step along an outer axis leaves a gap; the widest is the one at which most axes turn over.
    std::uint64_t step = 1;
    for (const auto& [length, stride] : outer_) {
      if (length > 1 && run(step).offset > run(step - 1).end() + kWorthFetching) return false;
      step *= length;
    }
    return true;
  }

  /// Runs from `first` on, before `end`, joined as far as that is worth it; no longer than kSpan unless one run is.
  Span span(std::uint64_t first, std::uint64_t end) const {
    Span out{run(first), first, 1};
    while (first + out.runs < end) {
      const ByteRange next = run(first + out.runs);
      if (next.offset > out.from.end() + kWorthFetching || next.end() - out.from.offset > kSpan) break;
      out.from.length = next.end() - out.from.offset;
      ++out.runs;
    }
    return out;
  }

 private:
  const CutPlan& plan_;
  std::uint64_t first_ = 0, run_bytes_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> outer_;  // length in the cutout, stride in the original
};

class PlainCutout final : public cache::ByteSource {
 public:
  PlainCutout(cache::ContentId id, std::shared_ptr<const CutPlan> plan, std::shared_ptr<cache::ContentReader> original)
      : id_(std::move(id)), plan_(std::move(plan)), original_(std::move(original)), runs_(*plan_) {}

  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return plan_->size(); }
  bool reads_others() const override { return true; }
  unsigned parallel_fetches() const override { return original_->source()->parallel_fetches(); }

  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) override {
    const std::uint64_t header = plan_->header.size(), pixels_end = header + plan_->data_bytes();
    if (range.offset < header) {
      const ByteRange part = range.intersection({0, header});
      if (Result<void> done = sink(part.offset, ByteView(plan_->header).subspan(part.offset, part.length)); !done)
        return done;
    }
    const ByteRange pixels = range.intersection({header, pixels_end - header});
    if (!pixels.empty()) {
      if (Result<void> done = fetch_pixels({pixels.offset - header, pixels.length}, sink, ctx); !done) return done;
    }
    const ByteRange padding = range.intersection({pixels_end, plan_->size() - pixels_end});
    if (padding.empty()) return {};
    return sink(padding.offset, Bytes(padding.length));
  }

 private:
  /// `range` of the pixels.
  Result<void> fetch_pixels(ByteRange range, const Sink& sink, const FetchContext& ctx) {
    const std::uint64_t run = runs_.run_bytes();
    const std::uint64_t first = range.offset / run, end = (range.end() + run - 1) / run;
    fetch_ahead(range, ctx);
    for (std::uint64_t at = first; at < end;) {
      const Span span = runs_.span(at, end);
      if (Result<void> done = deliver(span, range, sink, ctx); !done) return done;
      at += span.runs;
    }
    return {};
  }

  /// Everything at once, so that it comes over all connections.
  void fetch_ahead(ByteRange range, const FetchContext& ctx) {
    const FetchContext ahead{Priority::prefetch, ctx.cause, ctx.deadline, {}};
    const std::uint64_t run = runs_.run_bytes();
    const ByteRange all{runs_.run(0).offset, runs_.run(runs_.count() - 1).end() - runs_.run(0).offset};
    const bool small = all.length <= kFetchedWhole;
    if (small && runs_.are_joined()) return fetch_in_parts(all, ahead);
    if (small) range = {0, runs_.count() * run};
    const std::uint64_t end = (range.end() + run - 1) / run;
    std::uint64_t asked = 0;
    for (std::uint64_t at = range.offset / run; at < end && asked < kFetchedWhole;) {
      const Span span = runs_.span(at, end);
      ByteRange from = span.from;
      if (span.runs == 1) {  // of a run that is longer than what is read at once, only what is asked for
        const ByteRange part = range.intersection({at * run, run});
        from = {from.offset + part.offset - at * run, part.length};
      }
      for (std::uint64_t done = 0; done < from.length && asked < kFetchedWhole; done += kSpan) {
        const std::uint64_t length = std::min(kSpan, from.length - done);
        original_->fetch_ahead({from.offset + done, length}, ahead);
        asked += std::max(length, kWorthFetching / 8);  // many far rows are many requests
      }
      at += span.runs;
    }
  }

  /// One part a connection: they come to their ends together.
  void fetch_in_parts(ByteRange all, const FetchContext& ahead) {
    const std::uint64_t connections = std::max(1U, parallel_fetches());
    const std::uint64_t part = std::max((all.length + connections - 1) / connections, kWorthFetching);
    for (std::uint64_t done = 0; done < all.length; done += part)
      original_->fetch_ahead({all.offset + done, std::min(part, all.length - done)}, ahead);
  }

  /// What `range` (of the pixels) wants of a span. A run longer than kSpan is read in pieces.
  Result<void> deliver(const Span& span, ByteRange range, const Sink& sink, const FetchContext& ctx) {
    const std::uint64_t run = runs_.run_bytes(), header = plan_->header.size();
    if (span.runs == 1) {
      ByteRange part = range.intersection({span.first_run * run, run});
      while (!part.empty()) {
        const std::uint64_t length = std::min(part.length, kSpan);
        const Result<SharedBytes> bytes =
            original_->read_alone({span.from.offset + part.offset - span.first_run * run, length}, ctx);
        if (!bytes) return fail(bytes.error());
        if (Result<void> done = sink(header + part.offset, bytes->view()); !done) return done;
        part = {part.offset + length, part.length - length};
      }
      return {};
    }
    const Result<SharedBytes> bytes = original_->read_alone(span.from, ctx);
    if (!bytes) return fail(bytes.error());
    if (bytes->size() != span.from.length) return fail(Code::corrupt, "the original ends before its pixels do");
    Bytes rows;
    rows.reserve(span.runs * run);
    for (std::uint64_t i = span.first_run; i < span.first_run + span.runs; ++i) {
      const ByteView row = bytes->view().subspan(runs_.run(i).offset - span.from.offset, run);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    const ByteRange held{span.first_run * run, rows.size()};
    const ByteRange part = range.intersection(held);
    return sink(header + part.offset, ByteView(rows).subspan(part.offset - held.offset, part.length));
  }

  const cache::ContentId id_;
  const std::shared_ptr<const CutPlan> plan_;
  const std::shared_ptr<cache::ContentReader> original_;
  const Runs runs_;
};

/// Of an image compressed in tiles: unpacked behind the wall, as a whole and in order, because tiles overlap reads.
class TiledCutout final : public cache::ByteSource {
 public:
  TiledCutout(cache::ContentId id, std::shared_ptr<const CutPlan> plan, std::shared_ptr<cache::ContentReader> original,
              std::shared_ptr<Workers> workers)
      : id_(std::move(id)), plan_(std::move(plan)), original_(std::move(original)), workers_(std::move(workers)) {}

  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return plan_->size(); }
  bool whole_only() const override { return true; }
  bool reads_others() const override { return true; }
  unsigned parallel_fetches() const override { return original_->source()->parallel_fetches(); }

  Result<void> fetch(ByteRange, const Sink& sink, const FetchContext& ctx) override {
    const CutImage& image = plan_->image;
    if (Result<void> done = sink(0, plan_->header); !done) return done;
    std::uint64_t at = plan_->header.size();
    const std::uint64_t end = at + plan_->data_bytes();
    const auto take = [&](FrameKind kind, ByteView payload) -> Result<void> {
      if (kind != FrameKind::pixels || payload.size() > end - at)
        return fail(Code::corrupt, "more pixels came out of the compressed image than are in it");
      Result<void> done = sink(at, payload);
      at += payload.size();
      return done;
    };
    const auto read = [&](ByteRange range) -> Result<SharedBytes> {
      if (range.end() > image.unit_bytes)
        return fail(Code::corrupt, "bytes beyond the compressed image were asked for");
      return original_->read_alone({image.unit_offset + range.offset, range.length}, ctx);
    };
    const PixelsJob job{image.unit_bytes, image.bitpix, plan_->box, 1, image.tile_memory};
    const LargeTurn turn(image.alone, ctx);
    if (!turn.ok()) return turn.ok();
    const FetchContext ahead{Priority::prefetch, ctx.cause, ctx.deadline, {}};
    const auto soon = [&](ByteRange range) {
      if (range.end() <= image.unit_bytes)
        original_->fetch_ahead({image.unit_offset + range.offset, range.length}, ahead);
    };
    if (Result<void> ran = workers_->run(FrameKind::pixels, pack(job), read, take, ctx, soon); !ran) return ran;
    if (at != end) return fail(Code::corrupt, "fewer pixels came out of the compressed image than are in it");
    return plan_->size() == end ? Result<void>() : sink(end, Bytes(plan_->size() - end));
  }

 private:
  const cache::ContentId id_;
  const std::shared_ptr<const CutPlan> plan_;
  const std::shared_ptr<cache::ContentReader> original_;
  const std::shared_ptr<Workers> workers_;
};

}  // namespace

std::shared_ptr<cache::ByteSource> cutout_source(cache::ContentId id, std::shared_ptr<const CutPlan> plan,
                                                 std::shared_ptr<cache::ContentReader> original,
                                                 std::shared_ptr<Workers> workers) {
  if (plan->image.tiled)
    return std::make_shared<TiledCutout>(std::move(id), std::move(plan), std::move(original), std::move(workers));
  return std::make_shared<PlainCutout>(std::move(id), std::move(plan), std::move(original));
}

}  // namespace skymount::vo
