// SPDX-License-Identifier: MIT
//
// What goes with every call that may reach the network: how urgent it is, for whom, until when, and who may stop it.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

namespace skymount {

enum class Priority { demand, prefetch };

/// Copied freely. `stop` and `deadline` are honoured by everything that waits; `cause` only appears in logs and status.
struct FetchContext {
  using Steady = std::chrono::steady_clock;

  Priority priority = Priority::demand;
  std::string cause;  ///< for people: "open /gavo/pos=156.01,48.14/x.fits"
  Steady::time_point deadline = Steady::time_point::max();
  std::stop_token stop;

  static FetchContext within(std::chrono::milliseconds budget, std::string cause, std::stop_token stop = {}) {
    return {Priority::demand, std::move(cause), Steady::now() + budget, std::move(stop)};
  }
  bool stopped() const { return stop.stop_requested(); }
  bool expired() const { return Steady::now() >= deadline; }
};

}  // namespace skymount
