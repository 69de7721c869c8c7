// SPDX-License-Identifier: MIT
//
// Remembers which origins do not answer. After some failures in a row an origin is left alone for a while; then one
// caller may probe it, and the others learn from that.
#pragma once

#include "cache/base/fetch_context.h"
#include "cache/base/result.h"
#include "vo/http/client.h"

#include <map>
#include <mutex>

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
  /// Those that failed last, for people.
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
};

}  // namespace skymount::vo
