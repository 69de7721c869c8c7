// SPDX-License-Identifier: MIT
#include "fs/waiting_list.h"

namespace skymount::fs {

std::shared_ptr<void> WaitingList::begin(std::string cause, Steady::time_point until) {
  const std::uint64_t number = state_->with([&](State& state) {
    state.callers.emplace(state.next, Caller{std::move(cause), Steady::now(), until});
    return state.next++;
  });
  return {nullptr,
          [state = state_, number](void*) { state->with([&](State& list) { list.callers.erase(number); }); }};
}

std::vector<WaitingList::Caller> WaitingList::longest(std::size_t limit) const {
  return state_->with([&](const State& state) {
    std::vector<Caller> out;
    for (const auto& [number, caller] : state.callers) {
      if (out.size() == limit) break;
      out.push_back(caller);
    }
    return out;
  });
}

std::size_t WaitingList::count() const {
  return state_->with([](const State& state) { return state.callers.size(); });
}

}  // namespace skymount::fs
