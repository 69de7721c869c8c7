// SPDX-License-Identifier: MIT
#include "tests/cache/memory_source.h"

namespace skymount::cache::test {

MemorySource::MemorySource(Bytes bytes, ContentId id, Behaviour behaviour)
    : bytes_(std::move(bytes)),
      id_(std::move(id)),
      behaviour_(behaviour),
      whole_only_(behaviour.whole_only),
      fails_left_(behaviour.fail_at ? behaviour.fails : 0) {}

std::optional<std::uint64_t> MemorySource::size() const {
  if (!behaviour_.size_known) return std::nullopt;
  return bytes_.size();
}

Result<void> MemorySource::fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) {
  {
    std::lock_guard lock(mutex_);
    fetches_.push_back(range);
    changed_.notify_all();
  }
  ++running_;
  Result<void> result = deliver(whole_only_ ? ByteRange{0, bytes_.size()} : range, sink, ctx);
  --running_;
  if (!result && ctx.stopped()) ++stopped_;
  return result;
}

Result<void> MemorySource::deliver(ByteRange range, const Sink& sink, const FetchContext& ctx) {
  if (!pause(behaviour_.first_byte, ctx)) return fail(Code::cancelled, "stopped before the first byte");
  const std::uint64_t end = std::min<std::uint64_t>(range.end(), bytes_.size());
  for (std::uint64_t at = range.offset; at < end;) {
    std::uint64_t to = std::min<std::uint64_t>(at + behaviour_.piece, end);
    const bool failing = behaviour_.fail_at && at <= *behaviour_.fail_at && *behaviour_.fail_at < to && fails_left_ > 0;
    if (failing) to = *behaviour_.fail_at;
    {
      std::unique_lock lock(mutex_);
      if (gate_ && to > *gate_ && !changed_.wait(lock, ctx.stop, [&] { return !gate_ || to <= *gate_; })) {
        return fail(Code::cancelled, "stopped at the gate");
      }
    }
    if (ctx.stopped()) return fail(Code::cancelled, "stopped");
    if (to > at) {
      delivered_ += to - at;
      if (auto taken = sink(at, ByteView(bytes_).subspan(at, to - at)); !taken) return taken;
    }
    if (failing) {
      --fails_left_;
      if (behaviour_.silent_end) return {};
      return fail(behaviour_.code, "the line went dead at byte " + std::to_string(to));
    }
    at = to;
    if (!pause(behaviour_.between_pieces, ctx)) return fail(Code::cancelled, "stopped between pieces");
  }
  return {};
}

bool MemorySource::pause(std::chrono::microseconds time, const FetchContext& ctx) {
  if (time.count() == 0) return !ctx.stopped();
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, ctx.stop, time, [] { return false; });
  return !ctx.stopped();
}

void MemorySource::close_gate(std::uint64_t offset) {
  std::lock_guard lock(mutex_);
  gate_ = offset;
}

void MemorySource::open_gate() {
  std::lock_guard lock(mutex_);
  gate_.reset();
  changed_.notify_all();
}

bool MemorySource::wait_for_fetches(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return fetches_.size() >= count; });
}

std::vector<ByteRange> MemorySource::fetches() const {
  std::lock_guard lock(mutex_);
  return fetches_;
}

std::shared_ptr<MemorySource> memory_source(Bytes bytes, MemorySource::Behaviour behaviour, std::string archive) {
  static std::atomic<int> count{0};
  ContentId id{std::move(archive), "", "file " + std::to_string(++count), "v1"};
  return std::make_shared<MemorySource>(std::move(bytes), std::move(id), behaviour);
}

}  // namespace skymount::cache::test
