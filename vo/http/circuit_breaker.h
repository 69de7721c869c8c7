// SPDX-License-Identifier: MIT
//
// Remembers which origins do not answer, or asked to be left alone. After some failures in a row an origin is left
// alone for a while; then one caller may probe it, and the others learn from that. What Retry-After asks for holds for
// all callers, not only for the one that was told.
#pragma once

#include "cache/base/fetch_context.h"
#include "cache/base/result.h"
#include "vo/http/client.h"

#include <map>
#include <mutex>
#include <optional>

namespace skymount::vo {

/// Thread-safe.
class CircuitBreaker {
 public:
  using Steady = FetchContext::Steady;
  struct Policy {
    unsigned failures = 5;  ///< in a row, no connection or no answer in time
    std::chrono::milliseconds first_rest{10'000}, longest_rest{120'000};
  };
  explicit CircuitBreaker(Policy policy) : policy_(policy) {}

  /// Errors  unavailable, with the reason and the seconds to the next try. After success the caller owes one of the
  /// three
  ///         reports below.
  Result<void> enter(const std::string& origin, Steady::time_point now = Steady::now());
  void answered(const std::string& origin);
  void failed(const std::string& origin, std::string reason, Steady::time_point now = Steady::now());
  /// Neither: the caller went away, or the failure says nothing about the origin.
  void undecided(const std::string& origin);
  /// It answered, and asks all to come back later.
  void asked_to_wait(const std::string& origin, std::string reason, Steady::time_point until,
                     Steady::time_point now = Steady::now());
  struct Rest {
    Steady::time_point until{};
    std::string reason;
  };
  /// Until when it is left alone because it asked for that; nothing when it may be asked.
  std::optional<Rest> rest(const std::string& origin, Steady::time_point now = Steady::now());
  /// Those that failed or asked for a rest last, for people.
  std::vector<SickOrigin> sick(Steady::time_point now = Steady::now()) const;

 private:
  struct Origin {
    unsigned failures = 0;
    std::chrono::milliseconds rest{0};
    Steady::time_point closed_until{}, failed_at{};
    bool probing = false;
    std::string reason;
  };
  const Policy policy_;
  mutable std::mutex mutex_;
  std::map<std::string, Origin> origins_;
  struct Asked {
    Rest rest;
    Steady::time_point at{};
  };
  std::map<std::string, Asked> rests_;
};

}  // namespace skymount::vo
