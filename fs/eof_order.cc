// SPDX-License-Identifier: MIT
#include "fs/eof_order.h"

namespace skymount::fs {
namespace {

// The kernel sends the read that spans the end first, but another thread of ours may take it up later: so long it has.
constexpr std::chrono::milliseconds kGrace{20};

}  // namespace

void EofOrder::begin() {
  state_.with([](State& state) { ++state.under_way; });
}

void EofOrder::end() {
  state_.with([](State& state) {
    --state.under_way;
    state.told = true;
  });
  flush(true);
}

void EofOrder::after_end(std::function<void()> answer, Deadlines& deadlines) {
  const bool told = state_.with([&](State& state) {
    if (!state.told) state.waiting.push_back(answer);
    return state.told;
  });
  if (told) return answer();
  deadlines.at(Deadlines::Steady::now() + kGrace, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush(false);
  });
}

/// Without the end told, only when nobody is about to tell it.
void EofOrder::flush(bool told) {
  std::vector<std::function<void()>> ready;
  state_.with([&](State& state) {
    if (told || state.under_way == 0) ready.swap(state.waiting);
  });
  for (const auto& answer : ready) answer();
}

}  // namespace skymount::fs
