// SPDX-License-Identifier: MIT
#include "vo/links_habits.h"

#include <algorithm>
#include <charconv>

namespace skymount::vo {
namespace {

using Room = cache::MetaStore::Room;

// A service that learns to take several is found out again after so long.
constexpr std::chrono::hours kHolds{24 * 7};
// Services that put more than the ID into their URLs look like one service a dataset.
constexpr std::size_t kMostServices = 10'000;

// A server may fail once for reasons of its own; twice with several IDs and never with one is a habit.
constexpr unsigned kStumblesOfHabit = 2;

}  // namespace

unsigned LinksHabits::batch(const std::string& service) const {
  if (service.empty()) return 1;
  const unsigned most = configured_ == 0 ? kMostIds : std::min(configured_, kMostIds);
  if (most < 2) return 1;
  return memory_.with([&](auto& memory) {
    const auto it = memory.find(service);
    if (it != memory.end() && clock_.now() < it->second.until) return std::min(most, it->second.ids);
    Habit habit{kMostIds, clock_.now() + kHolds};
    if (const auto stored = store_ ? store_->get(Room::services, key(service)) : std::nullopt) {
      const std::string_view text = as_text(stored->value);
      unsigned ids = 0;
      const bool read = std::from_chars(text.data(), text.data() + text.size(), ids).ec == std::errc();
      if (read && ids > 0 && clock_.now() < stored->stored_at + kHolds) habit = {ids, stored->stored_at + kHolds};
    }
    if (memory.size() >= kMostServices) memory.clear();
    memory[service] = habit;
    return std::min(most, habit.ids);
  });
}

void LinksHabits::takes_only(const std::string& service, std::size_t ids) {
  const unsigned taken = static_cast<unsigned>(std::clamp<std::size_t>(ids, 1, kMostIds));
  // Dropped when the store cannot take it: then the next mount finds out again.
  if (store_) (void)store_->put(Room::services, key(service), as_bytes(std::to_string(taken)));
  memory_.with([&](auto& memory) { memory[service] = {taken, clock_.now() + kHolds}; });
}

void LinksHabits::stumbled(const std::string& service) {
  (void)batch(service);  // what is known of it is in memory then
  const unsigned stumbles = memory_.with([&](auto& memory) { return ++memory[service].stumbles; });
  if (stumbles >= kStumblesOfHabit) takes_only(service, 1);
}

void LinksHabits::took_several(const std::string& service) {
  memory_.with([&](auto& memory) {
    if (const auto it = memory.find(service); it != memory.end()) it->second.stumbles = 0;
  });
}

}  // namespace skymount::vo
