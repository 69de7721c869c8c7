// SPDX-License-Identifier: MIT
#include "vo/watched_source.h"

#include "cache/base/log.h"
#include "vo/http/file_version.h"

#include <atomic>

namespace skymount::vo {
namespace {

using Steady = std::chrono::steady_clock;

class WatchedSource final : public cache::ByteSource {
 public:
  WatchedSource(std::shared_ptr<cache::ByteSource> inner, std::weak_ptr<SourceKeeper> keeper, const WatchBounds& bounds,
                std::shared_ptr<void> held)
      : inner_(std::move(inner)), keeper_(std::move(keeper)), bounds_(bounds), held_(std::move(held)) {}

  const cache::ContentId& id() const override { return inner_->id(); }
  std::optional<std::uint64_t> size() const override { return inner_->size(); }
  bool whole_only() const override { return inner_->whole_only(); }
  bool reads_others() const override { return inner_->reads_others(); }
  unsigned parallel_fetches() const override { return bounds_.parallel_fetches; }

  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) override {
    Result<void> outcome = whole_only() ? fetch_whole(range, sink, ctx) : fetch_part(range, sink, ctx);
    if (!outcome && outcome.error().code() == Code::stale) gone_ = true;
    if (outcome && whole_only()) came_ = true;
    if (const auto keeper = keeper_.lock()) keeper->ended(*this, outcome);
    return outcome;
  }

 private:
  Result<void> fetch_part(ByteRange range, const Sink& sink, const FetchContext& ctx) {
    if (gone_) return fail(Code::stale, "the archive now holds another version of this file; open it again");
    return inner_->fetch(range, sink, ctx);
  }

  Result<void> fetch_whole(ByteRange range, const Sink& sink, const FetchContext& ctx) {
    if (gone_) return fetch_part(range, sink, ctx);
    if (came_ && is_one_time(id().version)) return fail(answer_not_kept(size()));
    const bool endless = !size();
    Steady::time_point wanted_at = Steady::now();
    std::uint64_t unwanted = 0;
    const auto bounded = [&](std::uint64_t offset, ByteView piece) -> Result<void> {
      if (endless && offset + piece.size() > bounds_.unknown_length)
        return fail(Code::too_large, "the answer does not say its length and brings more than the " +
                                         std::to_string(bounds_.unknown_length) +
                                         " bytes that the cache may hold; raise [cache] size");
      const auto keeper = keeper_.lock();
      if (keeper && keeper->wanted(id())) {
        wanted_at = Steady::now();
        unwanted = 0;
      } else {
        unwanted += piece.size();
      }
      if (unwanted > bounds_.unwanted_bytes || Steady::now() - wanted_at > bounds_.unwanted_for) return stopped(offset);
      return sink(offset, piece);
    };
    return inner_->fetch(range, bounded, ctx);
  }

  Result<void> stopped(std::uint64_t offset) const {
    log(LogLevel::info, id().archive + ": a download that nobody waits for any more was stopped after " +
                            std::to_string(offset) + " bytes");
    return fail(Code::cancelled, "the download was stopped because nobody waited for it any more; open the file again");
  }

  const std::shared_ptr<cache::ByteSource> inner_;
  const std::weak_ptr<SourceKeeper> keeper_;
  const WatchBounds bounds_;
  const std::shared_ptr<void> held_;
  std::atomic<bool> gone_{false}, came_{false};
};

class EndingSource final : public cache::ByteSource {
 public:
  EndingSource(std::shared_ptr<cache::ByteSource> inner, std::stop_token given_up)
      : inner_(std::move(inner)), given_up_(std::move(given_up)) {}

  const cache::ContentId& id() const override { return inner_->id(); }
  std::optional<std::uint64_t> size() const override { return inner_->size(); }
  bool whole_only() const override { return inner_->whole_only(); }
  bool reads_others() const override { return inner_->reads_others(); }
  unsigned parallel_fetches() const override { return inner_->parallel_fetches(); }

  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) override {
    std::stop_source either;
    const auto end = [&] { either.request_stop(); };
    const std::stop_callback by_caller(ctx.stop, end), by_all(given_up_, end);
    FetchContext own = ctx;
    own.stop = either.get_token();
    return inner_->fetch(range, sink, own);
  }

 private:
  const std::shared_ptr<cache::ByteSource> inner_;
  const std::stop_token given_up_;
};

}  // namespace

std::shared_ptr<cache::ByteSource> until(std::shared_ptr<cache::ByteSource> inner, std::stop_token given_up) {
  return std::make_shared<EndingSource>(std::move(inner), std::move(given_up));
}

std::shared_ptr<cache::ByteSource> watched(std::shared_ptr<cache::ByteSource> inner, std::weak_ptr<SourceKeeper> keeper,
                                           const WatchBounds& bounds, std::shared_ptr<void> held) {
  return std::make_shared<WatchedSource>(std::move(inner), std::move(keeper), bounds, std::move(held));
}

Error answer_not_kept(std::optional<std::uint64_t> size) {
  return {Code::no_space,
          "the answer" + (size ? " of " + std::to_string(*size) + " bytes" : std::string()) +
              " came and could not be kept: the cache's disk is full or at its limit, and memory is too "
              "small for it; make room, raise size or memory in [cache], or choose another folder with "
              "--cache DIR"};
}

bool disproves_record(Code code) {
  return code == Code::stale || code == Code::corrupt || code == Code::not_found;
}

}  // namespace skymount::vo
