// SPDX-License-Identifier: MIT
//
// What a content's transfers do just now, for `skymount status`.
#include "cache/live_content.h"

#include <algorithm>

namespace skymount::cache {

std::optional<BlockCache::Running> LiveContent::running() const {
  using Steady = FetchContext::Steady;
  const std::optional<std::uint64_t> size = stored_.size();
  std::lock_guard lock(mutex_);
  if (transfers_.empty()) return std::nullopt;
  BlockCache::Running out;
  out.size = size;
  out.wanted = 0;
  const auto now = Steady::now();
  for (const TransferPtr& transfer : transfers_) {
    out.archive = transfer->source->id().archive;
    if (out.cause.empty()) out.cause = transfer->cause;
    if (out.wanted && transfer->end != Transfer::kToTheEnd) {
      *out.wanted += transfer->end - transfer->begin;
    } else {
      out.wanted = std::nullopt;
    }
    if (transfer->state == Transfer::State::queued) {
      ++out.queued;
      continue;
    }
    ++out.transfers;
    const std::uint64_t received = transfer->assembly.received;
    const std::uint64_t came = received - std::min(received, transfer->begin);
    const std::chrono::duration<double> time = now - transfer->started;
    out.done += came;
    if (time.count() > 0) out.bytes_per_second += static_cast<double>(came) / time.count();
    out.running_for = std::max(out.running_for, std::chrono::duration_cast<std::chrono::milliseconds>(time));
  }
  // Who reads says which file it is; what is fetched ahead for them does not.
  if (!read_for_.empty()) out.cause = read_for_;
  return out;
}

}  // namespace skymount::cache
