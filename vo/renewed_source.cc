// SPDX-License-Identifier: MIT
#include "vo/renewed_source.h"

#include "cache/base/synchronized.h"

namespace skymount::vo {
namespace {

class RenewingSource final : public cache::ByteSource {
 public:
  RenewingSource(std::shared_ptr<cache::ByteSource> inner, Entry entry, Renew renew, SourceOfEntry make)
      : id_(inner->id()),
        renew_(std::move(renew)),
        make_(std::move(make)),
        today_(Today{std::move(inner), std::move(entry)}) {}

  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return inner()->size(); }
  bool whole_only() const override { return inner()->whole_only(); }
  unsigned parallel_fetches() const override { return inner()->parallel_fetches(); }
  bool reads_others() const override { return inner()->reads_others(); }

  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) override {
    const Today then = today_.with([](const Today& today) { return today; });
    std::uint64_t delivered = 0;
    const auto counted = [&](std::uint64_t offset, ByteView piece) {
      delivered += piece.size();
      return sink(offset, piece);
    };
    Result<void> outcome = then.source->fetch(range, counted, ctx);
    if (outcome || !may_have_expired(outcome.error().code())) return outcome;
    Result<std::optional<Entry>> newer = renew_(then.entry, outcome.error(), ctx);
    if (!newer && newer.error().code() == Code::stale) return fail(newer.error());
    if (!newer || !*newer) return outcome;
    const auto source = take_over(std::move(**newer));
    if (!source) return outcome;
    if (source->whole_only()) return source->fetch(range, sink, ctx);
    return source->fetch({range.offset + delivered, range.length - delivered}, sink, ctx);
  }

 private:
  struct Today {
    std::shared_ptr<cache::ByteSource> source;
    Entry entry;
  };

  std::shared_ptr<cache::ByteSource> inner() const {
    return today_.with([](const Today& today) { return today.source; });
  }

  /// Null when what is listed now is another version or no file.
  std::shared_ptr<cache::ByteSource> take_over(Entry entry) {
    std::shared_ptr<cache::ByteSource> source = make_(entry);
    if (!source || !(source->id() == id_)) return nullptr;
    today_.with([&](Today& today) { today = {source, std::move(entry)}; });
    return source;
  }

  const cache::ContentId id_;
  const Renew renew_;
  const SourceOfEntry make_;
  Synchronized<Today> today_;
};

}  // namespace

std::shared_ptr<cache::ByteSource> renewing(std::shared_ptr<cache::ByteSource> inner, Entry entry, Renew renew,
                                            SourceOfEntry make) {
  if (!renew) return inner;
  return std::make_shared<RenewingSource>(std::move(inner), std::move(entry), std::move(renew), std::move(make));
}

Renew RenewalGate::guard(Renew renew) {
  return [gate = shared_from_this(), renew = std::move(renew)](
             const Entry& entry, const Error& why, const FetchContext& ctx) -> Result<std::optional<Entry>> {
    std::shared_lock lock(gate->open_for_);
    if (!gate->open_) return std::nullopt;
    return renew(entry, why, {ctx.priority, ctx.cause, ctx.deadline, gate->stop_.get_token()});
  };
}

void RenewalGate::close() {
  stop_.request_stop();
  std::unique_lock lock(open_for_);
  open_ = false;
}

bool may_have_expired(Code code) {
  return code == Code::denied || code == Code::not_found;
}

}  // namespace skymount::vo
