// SPDX-License-Identifier: MIT
//
// One kind of answer, remembered: in memory while used, in LMDB over remounts, asked of the archive when its time to
// live is over. Two callers that want one answer cause one question.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"
#include "vo/catalog_records.h"
#include "vo/lru.h"
#include "vo/single_flight.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

// Questions to one archive under way at once; its connection limit is the real bound.
inline constexpr std::size_t kShelfThreads = 8;
// How long an expired answer is shown before the archive that could not be reached is asked again.
inline constexpr std::chrono::minutes kStalePause{1};

/// An answer, or a refusal that is an answer too, and until when it holds.
template <class T>
struct Known {
  std::shared_ptr<const T> value;
  std::optional<Error> refusal;
  WallTime until{};
};

/// Its memory, its flights, its room in the store. Thread-safe.
template <class T>
class Shelf {
 public:
  using Ptr = std::shared_ptr<const T>;
  struct Rules {
    cache::MetaStore::Room room;
    std::string key_prefix;
    std::chrono::milliseconds lifetime, negative, limit;
    std::function<std::uint64_t(const T&)> weight;
  };

  Shelf(Rules rules, std::size_t items, std::uint64_t bytes, const char* name, std::shared_ptr<cache::MetaStore> store,
        const Clock& clock)
      : rules_(std::move(rules)),
        store_(std::move(store)),
        clock_(clock),
        memory_(Lru<Known<T>>(items, bytes)),
        flights_(name, kShelfThreads) {}

  /// Fresh and in memory, or null.
  Ptr in_memory(const std::string& key) const {
    const auto known = remembered(key);
    return known && clock_.now() < known->until ? known->value : nullptr;
  }

  /// Whether a question would find a fresh answer, in memory or on disk, or is being asked just now.
  bool at_hand(const std::string& key) const {
    if (const auto known = remembered(key); known && clock_.now() < known->until) return true;
    if (flights_.running(key)) return true;
    const auto stored = read(key);
    return stored && clock_.now() < stored->stored_at + rules_.lifetime;
  }

  /// Takes an answer that came together with another's.
  Ptr accept(const std::string& key, T value) {
    // Dropped when the store cannot take it; the answer is good all the same.
    if (store_) (void)store_->put(rules_.room, rules_.key_prefix + key, pack(value));
    auto shared = std::make_shared<const T>(std::move(value));
    keep(key, shared, clock_.now() + rules_.lifetime);
    return shared;
  }

  using Load = std::function<std::optional<T>(ByteView)>;
  using Ask = std::function<Result<T>(const FetchContext&)>;

  /// Asks whatever is remembered; an answer takes its place. Callers at once share one question.
  Result<Ptr> renew(const std::string& key, const FetchContext& ctx, const Ask& ask) {
    return flights_.run("renew\n" + key, ctx, rules_.limit, [=, this](const FetchContext& own) -> Result<Ptr> {
      Result<T> answer = ask(own);
      if (!answer) return fail(std::move(answer).error());
      return accept(key, std::move(*answer));
    });
  }

  Result<Ptr> get(const std::string& key, const FetchContext& ctx, const Load& load, const Ask& ask) {
    if (const auto known = remembered(key); known && clock_.now() < known->until) {
      if (known->refusal) return fail(*known->refusal);
      return known->value;
    }
    Result<Ptr> answer =
        flights_.run(key, ctx, rules_.limit, [=, this](const FetchContext& own) { return find(key, own, load, ask); });
    if (answer || answer.error().code() != Code::timed_out) return answer;
    if (Ptr old = expired(key, load)) return old;
    return answer;
  }

 private:
  std::optional<Known<T>> remembered(const std::string& key) const {
    return memory_.with([&](auto& memory) -> std::optional<Known<T>> {
      const Known<T>* known = memory.get(key);
      return known == nullptr ? std::nullopt : std::optional(*known);
    });
  }

  void keep(const std::string& key, Ptr value, WallTime until) {
    const std::uint64_t bytes = rules_.weight(*value);
    memory_.with([&](auto& memory) { memory.put(key, {std::move(value), std::nullopt, until}, bytes); });
  }

  /// On a flight's thread: disk, then the archive.
  Result<Ptr> find(const std::string& key, const FetchContext& ctx, const Load& load, const Ask& ask) {
    if (const auto stored = read(key)) {
      const WallTime until = stored->stored_at + rules_.lifetime;
      if (clock_.now() < until) {
        if (std::optional<T> value = load(stored->value)) {
          auto shared = std::make_shared<const T>(std::move(*value));
          keep(key, shared, until);
          return shared;
        }
      }
    }
    Result<T> answer = ask(ctx);
    if (answer) return accept(key, std::move(*answer));
    const Code code = answer.error().code();
    if (code == Code::not_found || code == Code::invalid) {
      memory_.with([&](auto& memory) {
        memory.put(key, {nullptr, answer.error(), clock_.now() + rules_.negative}, 400);
      });
    }
    if (code == Code::unavailable || code == Code::timed_out) {
      if (Ptr old = expired(key, load)) return old;
    }
    return fail(std::move(answer).error());
  }

  /// The last answer that is known, marked stale, kept for a moment so that the archive is not asked at every turn.
  Ptr expired(const std::string& key, const Load& load) {
    std::optional<T> value;
    if (const auto known = remembered(key); known && known->value) {
      value = *known->value;
    } else if (const auto stored = read(key)) {
      value = load(stored->value);
    }
    if (!value) return nullptr;
    value->stale = true;
    auto shared = std::make_shared<const T>(std::move(*value));
    keep(key, shared, clock_.now() + kStalePause);
    return shared;
  }

  std::optional<cache::MetaStore::Record> read(const std::string& key) const {
    return store_ ? store_->get(rules_.room, rules_.key_prefix + key) : std::nullopt;
  }

  const Rules rules_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  mutable Synchronized<Lru<Known<T>>> memory_;
  SingleFlight<Ptr> flights_;  // last: its work uses the members above
};

}  // namespace skymount::vo
