// SPDX-License-Identifier: MIT
#include "vo/tap_modes.h"

namespace skymount::vo {
namespace {

constexpr std::string_view kJobs = "jobs", kNoJobs = "no jobs";

}  // namespace

TapModes::TapModes(const ArchiveOptions& options, std::shared_ptr<cache::MetaStore> store, const Clock& clock)
    : archive_(options.name),
      base_(options.tap.url),
      mode_(options.tap.mode),
      lifetime_(options.ttl.listings),
      store_(std::move(store)),
      clock_(clock) {
  const auto record = store_ ? store_->get(cache::MetaStore::Room::services, key()) : std::nullopt;
  if (!record) return;
  const Habit habit = as_text(record->value) == kJobs ? Habit::jobs : Habit::no_jobs;
  // A clock that was set back must not keep a habit for ever.
  known_.with([&](Known& known) { known = {habit, std::min(record->stored_at, clock_.now()) + lifetime_}; });
}

std::string TapModes::key() const {
  return archive_ + "\n" + base_ + "\nway of asking";
}

TapModes::Habit TapModes::habit() const {
  return known_.with([&](const Known& known) { return clock_.now() < known.until ? known.habit : Habit::none; });
}

TapMode TapModes::first() const {
  if (mode_ == "async") return TapMode::async;
  return mode_ == "auto" && habit() == Habit::jobs ? TapMode::async : TapMode::sync;
}

std::optional<TapMode> TapModes::after(TapMode asked, const Error& why, const FetchContext& ctx) const {
  if (mode_ != "auto" || ctx.stopped() || ctx.expired()) return std::nullopt;
  if (asked == TapMode::sync && why.code() == Code::timed_out && habit() != Habit::no_jobs) return TapMode::async;
  if (asked == TapMode::async && why.code() == Code::unsupported) return TapMode::sync;
  return std::nullopt;
}

void TapModes::learn(TapMode second, const Error* why) {
  Habit habit = Habit::none;
  // A job that outlives our patience is a job all the same.
  if (second == TapMode::async && (why == nullptr || why->code() == Code::timed_out)) habit = Habit::jobs;
  if (second == TapMode::async && why != nullptr && why->code() == Code::unsupported) habit = Habit::no_jobs;
  if (second == TapMode::sync) habit = Habit::no_jobs;
  if (habit == Habit::none) return;
  known_.with([&](Known& known) { known = {habit, clock_.now() + lifetime_}; });
  const std::string_view words = habit == Habit::jobs ? kJobs : kNoJobs;
  // Dropped when the store cannot take it: then the next mount finds out again.
  if (store_) (void)store_->put(cache::MetaStore::Room::services, key(), as_bytes(words));
}

}  // namespace skymount::vo
