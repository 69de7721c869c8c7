// SPDX-License-Identifier: MIT
//
// Whether a service's questions are asked directly or as jobs ([tap] mode). "auto" asks directly first; what took too
// long there is asked again as a job, and when that worked the service's next questions are jobs at once, for a while:
// nobody waits for the same time limit twice.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"
#include "vo/archive_options.h"
#include "vo/protocol/tap.h"

#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

/// Thread-safe.
class TapModes {
 public:
  /// `store` may be null.
  TapModes(const ArchiveOptions& options, std::shared_ptr<cache::MetaStore> store, const Clock& clock);

  /// How the next question is asked.
  TapMode first() const;
  /// How to ask again what failed so; nothing: it has failed. Only a time limit leads to a job, and only a service
  /// without jobs back; never a refusal, nor when the caller's own time is up.
  std::optional<TapMode> after(TapMode asked, const Error& why, const FetchContext& ctx) const;
  /// What the second try was: null when it was answered.
  void learn(TapMode second, const Error* why);

  /// `ask(mode)` in the first mode and, when that is worth it, in the other. `fault(answer)`: what is wrong with an
  /// answer that has come, or nothing; a second answer is then better only when it has none.
  template <class T, class Ask, class Fault>
  Result<T> run(const FetchContext& ctx, const Ask& ask, const Fault& fault) {
    const TapMode mode = first();
    Result<T> answer = ask(mode);
    const std::optional<Error> why = answer ? std::optional<Error>(fault(*answer)) : std::optional(answer.error());
    if (!why) return answer;
    const std::optional<TapMode> other = after(mode, *why, ctx);
    if (!other) return answer;
    Result<T> second = ask(*other);
    learn(*other, second ? nullptr : &second.error());
    if (second && (!answer || !fault(*second))) return second;
    if (answer || (!second && second.error().code() == Code::unsupported)) return answer;
    if (*other == TapMode::sync) return second;
    return fail(std::move(second).error().during("asked as a job, because the direct answer took too long"));
  }

 private:
  enum class Habit { none, jobs, no_jobs };
  struct Known {
    Habit habit = Habit::none;
    WallTime until{};
  };
  Habit habit() const;
  std::string key() const;

  const std::string archive_, base_, mode_;
  const std::chrono::milliseconds lifetime_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  Synchronized<Known> known_;
};

}  // namespace skymount::vo
