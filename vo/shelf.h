// SPDX-License-Identifier: MIT
//
// One kind of answer, remembered: in memory while used, in LMDB over remounts. Two callers that want one answer cause
// one question. An answer past its time to live is served at once and marked stale, and asked anew behind its readers;
// only what is very old is asked in front of them. What was once seen is replaced by another answer and by nothing
// else: when the archive cannot be asked, or refuses, the old answer stays and says so.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"
#include "vo/lru.h"
#include "vo/single_flight.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

// Questions to one archive under way at once; its connection limit is the real bound. So many because those that hang
// must leave room for one that goes to another of its services; after some failures the circuit breaker ends them.
inline constexpr std::size_t kShelfThreads = 16;
// Reading records takes milliseconds, and must not queue behind questions to an archive that does not answer.
inline constexpr std::size_t kLoadThreads = 2;
// Of the threads, so many may refresh what nobody waits for; the rest is refreshed when it is next looked at.
inline constexpr int kRefreshesBehind = 4;
// How long an answer is left alone after a try to refresh it.
inline constexpr std::chrono::minutes kStalePause{1};
// Up to so many lifetimes past its end an answer is shown before it is asked anew: whoever comes back within a week of
// days waits for nothing and sees the new rows a moment later. Whoever comes back after months would look at rows of
// another epoch first, and waits instead, as for a new question.
inline constexpr int kGraceLifetimes = 7;

/// The deadline of a caller who only wants what memory and disk hold: nothing is asked for it, and what would have to
/// be is `would_wait`.
inline constexpr FetchContext::Steady::time_point kAtHandOnly = FetchContext::Steady::time_point::min();

/// Why an answer past its time to live is shown.
struct Overdue {
  std::optional<Error> failure;  ///< nothing: it is asked anew just now
  WallTime failed_at{};          ///< the first failure since the answer was good
};

/// An answer, or a refusal that is an answer too, and until when it holds.
template <class T>
struct Known {
  enum class Mark { none, stale, failing };
  std::shared_ptr<const T> value;
  std::optional<Error> refusal;
  WallTime until{};
  Mark mark = Mark::none;  ///< what `value` says of itself
  WallTime next_try{};     ///< not refreshed before
};

/// Its memory, its flights, its room in the store. Thread-safe.
template <class T>
class Shelf {
 public:
  using Ptr = std::shared_ptr<const T>;
  using Load = std::function<std::optional<T>(const SharedBytes& record)>;
  using Ask = std::function<Result<T>(const FetchContext&)>;
  struct Rules {
    cache::MetaStore::Room room;
    std::string key_prefix;
    std::chrono::milliseconds lifetime, negative, limit;
    std::function<std::uint64_t(const T&)> weight;
    /// Tells an answer that it is overdue; by default it is `stale` then.
    std::function<void(T&, const Overdue&)> mark = [](T& value, const Overdue&) { value.stale = true; };
    /// For answers that hold shorter than others.
    std::function<std::chrono::milliseconds(const T&)> lifetime_of = nullptr;
    /// How long a caller waits for a new answer where an old one can be shown: what it takes to find out that an
    /// archive is not there ([limits] connect).
    std::chrono::milliseconds patience{10'000};
  };

  Shelf(Rules rules, std::size_t items, std::uint64_t bytes, const char* name, std::shared_ptr<cache::MetaStore> store,
        const Clock& clock)
      : rules_(std::move(rules)),
        store_(std::move(store)),
        clock_(clock),
        memory_(Lru<Known<T>>(items, bytes)),
        loads_(std::string(name) + " load", kLoadThreads),
        asks_(name, kShelfThreads) {}

  /// In memory and fresh, or marked as stale while its refresh is under way or has just failed; else null, and get()
  /// knows at once or asks.
  Ptr in_memory(const std::string& key) const {
    const auto known = remembered(key);
    if (!known || !known->value) return nullptr;
    return fresh(*known) || (known->mark != Mark::none && !due(*known)) ? known->value : nullptr;
  }

  /// Whether a question would find a fresh answer, in memory or on disk, or is being asked just now.
  bool at_hand(const std::string& key) const {
    if (const auto known = remembered(key); known && fresh(*known)) return true;
    if (asks_.running(key)) return true;
    const auto stored = read(key);
    return stored && clock_.now() < stored->stored_at + rules_.lifetime;
  }

  /// Takes an answer that came together with another's.
  Ptr accept(const std::string& key, T value) {
    // Dropped when the store cannot take it; the answer is good all the same.
    if (store_) (void)store_->put(rules_.room, rules_.key_prefix + key, pack(value));
    auto shared = std::make_shared<const T>(std::move(value));
    keep(key, {shared, std::nullopt, clock_.now() + lifetime(*shared)});
    return shared;
  }

  bool renewing(const std::string& key) const { return asks_.running(key); }

  /// Asks whatever is remembered; an answer takes its place. Callers at once share one question.
  Result<Ptr> renew(const std::string& key, const FetchContext& ctx, const Ask& ask) {
    if (ctx.deadline == kAtHandOnly) return not_at_hand();
    return asks_.run(key, ctx, rules_.limit, [=, this](const FetchContext& own) { return ask_now(key, own, ask); });
  }

  /// What memory or disk holds, however old; null when nothing is. Asks nobody.
  Ptr seen(const std::string& key, const FetchContext& ctx, const Load& load) {
    const auto known = recall(key, ctx, load);
    return known && *known ? (*known)->value : nullptr;
  }

  /// Memory, then disk, then `ask`. Errors  those of `ask`, when nothing was seen before; timed_out and cancelled as
  /// the caller's own; would_wait instead of asking when the caller's deadline is kAtHandOnly.
  Result<Ptr> get(const std::string& key, const FetchContext& ctx, const Load& load, const Ask& ask) {
    const Result<std::optional<Known<T>>> found = recall(key, ctx, load);
    if (!found) return fail(found.error());
    const auto work = [=, this](const FetchContext& own) -> Result<Ptr> {
      // It may have come between the look and the flight: with another's answer, or by a flight that just landed.
      if (const auto meanwhile = remembered(key); meanwhile && meanwhile->value && fresh(*meanwhile))
        return meanwhile->value;
      return ask_now(key, own, ask);
    };
    const bool must_ask = !*found || (!(*found)->value && !fresh(**found));
    if (must_ask && ctx.deadline == kAtHandOnly) return not_at_hand();
    if (must_ask) return asks_.run(key, ctx, rules_.limit, work);
    const Known<T>& known = **found;
    if (known.refusal) return fail(*known.refusal);
    if (fresh(known)) return known.value;
    if (!due(known)) return marked(key, known, {});
    if (!very_old(known)) {
      const Ptr old = marked(key, known, {});
      if (const auto now_known = remembered(key)) refresh_behind(key, *now_known, ask);
      return old;
    }
    if (ctx.deadline == kAtHandOnly) return not_at_hand();
    FetchContext brief = ctx;
    brief.deadline = std::min(ctx.deadline, FetchContext::Steady::now() + rules_.patience);
    Result<Ptr> answer = asks_.run(key, brief, rules_.limit, work);
    if (answer || ctx.stopped()) return answer;
    return marked(key, known, {answer.error(), clock_.now()});
  }

 private:
  using Mark = typename Known<T>::Mark;

  static tl::unexpected<Error> not_at_hand() { return fail(Code::would_wait, "nobody has asked for this yet"); }
  bool fresh(const Known<T>& known) const { return clock_.now() < known.until; }
  bool due(const Known<T>& known) const { return !fresh(known) && clock_.now() >= known.next_try; }
  bool very_old(const Known<T>& known) const { return clock_.now() >= known.until + kGraceLifetimes * rules_.lifetime; }
  std::chrono::milliseconds lifetime(const T& value) const {
    return rules_.lifetime_of ? rules_.lifetime_of(value) : rules_.lifetime;
  }

  std::optional<Known<T>> remembered(const std::string& key) const {
    return memory_.with([&](auto& memory) -> std::optional<Known<T>> {
      const Known<T>* known = memory.get(key);
      return known == nullptr ? std::nullopt : std::optional(*known);
    });
  }

  void keep(const std::string& key, Known<T> known) {
    // 400: a refusal's words and the entry itself.
    const std::uint64_t bytes = known.value ? rules_.weight(*known.value) : 400;
    memory_.with([&](auto& memory) { memory.put(key, std::move(known), bytes); });
  }

  /// Memory, then disk. A refusal that has expired counts as nothing.
  Result<std::optional<Known<T>>> recall(const std::string& key, const FetchContext& ctx, const Load& load) {
    if (auto known = remembered(key); known && (known->value || fresh(*known))) return known;
    if (!store_) return std::optional<Known<T>>{};
    FetchContext patient = ctx;
    if (ctx.deadline == kAtHandOnly) patient.deadline = FetchContext::Steady::time_point::max();  // the disk answers
    const Result<bool> loaded = loads_.run(key, patient, rules_.limit, [=, this](const FetchContext&) -> Result<bool> {
      auto stored = read(key);
      if (!stored) return false;
      std::optional<T> value = load(SharedBytes(std::move(stored->value)));
      if (!value) return false;
      // A clock that was set back must not make an answer young for ever.
      const WallTime since = std::min(stored->stored_at, clock_.now());
      const auto span = lifetime(*value);
      keep(key, {std::make_shared<const T>(std::move(*value)), std::nullopt, since + span});
      return true;
    });
    if (!loaded) return fail(loaded.error());
    if (!*loaded) return std::optional<Known<T>>{};
    return remembered(key);
  }

  /// On a flight's thread.
  Result<Ptr> ask_now(const std::string& key, const FetchContext& ctx, const Ask& ask) {
    Result<T> answer = ask(ctx);
    if (answer) return accept(key, std::move(*answer));
    const Code code = answer.error().code();
    const auto known = remembered(key);
    if (known && known->value) {
      if (code != Code::cancelled) (void)marked(key, *known, {answer.error(), clock_.now()});
    } else if (code == Code::not_found || code == Code::invalid) {
      keep(key, {nullptr, answer.error(), clock_.now() + rules_.negative});
    }
    return fail(std::move(answer).error());
  }

  template <class AskNow>
  void refresh_behind(const std::string& key, const Known<T>& known, AskNow ask) {
    if (behind_ >= kRefreshesBehind || asks_.running(key)) return;
    const bool mine = memory_.with([&](auto& memory) {
      Known<T>* now_known = memory.get(key);
      if (now_known == nullptr || now_known->next_try != known.next_try || fresh(*now_known)) return false;
      now_known->next_try = clock_.now() + kStalePause;
      return true;
    });
    if (!mine) return;
    ++behind_;
    FetchContext nobody;
    nobody.priority = Priority::prefetch;
    nobody.cause = "refresh";
    const bool begun = asks_.start(key, nobody, rules_.limit, [this, key, ask = Ask(ask)](const FetchContext& own) {
      Result<Ptr> answer = ask_now(key, own, ask);
      --behind_;
      return answer;
    });
    if (!begun) --behind_;
  }

  /// `known`'s value, telling of itself that it is overdue. Made once for each kind of it: readers keep their copy.
  Ptr marked(const std::string& key, const Known<T>& known, const Overdue& why) {
    const Mark mark = why.failure ? Mark::failing : Mark::stale;
    Known<T> next = known;
    if (why.failure) next.next_try = clock_.now() + kStalePause;
    if (known.mark < mark) {
      T value = *known.value;
      rules_.mark(value, why);
      next.value = std::make_shared<const T>(std::move(value));
      next.mark = mark;
    }
    const std::uint64_t bytes = rules_.weight(*next.value);
    return memory_.with([&](auto& memory) {
      const Known<T>* now_known = memory.get(key);
      // An answer that came meanwhile, or another's mark, stands.
      if (now_known != nullptr && now_known->value && now_known->value != known.value) return now_known->value;
      Ptr value = next.value;
      memory.put(key, std::move(next), bytes);
      return value;
    });
  }

  std::optional<cache::MetaStore::Record> read(const std::string& key) const {
    return store_ ? store_->get(rules_.room, rules_.key_prefix + key) : std::nullopt;
  }

  const Rules rules_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  mutable Synchronized<Lru<Known<T>>> memory_;
  std::atomic<int> behind_ = 0;
  SingleFlight<bool> loads_;  // these last: their work uses the members above
  SingleFlight<Ptr> asks_;
};

}  // namespace skymount::vo
