// SPDX-License-Identifier: MIT
//
// Callers that want one thing cause one piece of work. The work runs on threads of its own, so that each caller may
// leave at its own deadline while the work goes on for the others and for who comes next.
#pragma once

#include "cache/base/executor.h"
#include "cache/base/fetch_context.h"
#include "cache/base/result.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace skymount::vo {

/// T is copied to every caller: a shared_ptr, usually. Thread-safe. The destructor stops all work and waits for its
/// end.
template <class T>
class SingleFlight {
 public:
  using Work = std::function<Result<T>(const FetchContext&)>;

  SingleFlight(std::string name, std::size_t threads) : threads_(std::move(name), threads) {}
  ~SingleFlight() {
    std::lock_guard lock(mutex_);
    for (auto& [key, flight] : flights_) {
      flight->stop.request_stop();
      if (!flight->result) flight->result = fail(Code::cancelled, "shutting down");
      flight->landed.notify_all();
    }
    threads_.shutdown();
  }

  /// The result of `work`, begun now or joined. `limit` bounds the work itself. A caller that is stopped takes the work
  /// with it when it was the last and nobody left it running at a deadline. Errors  those of `work`; timed_out at
  /// ctx.deadline; cancelled when ctx.stop is requested.
  Result<T> run(const std::string& key, const FetchContext& ctx, std::chrono::milliseconds limit, Work work) {
    std::unique_lock lock(mutex_);
    std::shared_ptr<Flight> flight = flights_[key];
    if (!flight && ctx.stopped()) {  // nobody is there for whom to begin
      flights_.erase(key);
      return fail(Code::cancelled, "interrupted");
    }
    if (!flight) flight = depart(key, ctx, limit, std::move(work));
    ++flight->callers;
    // A day bounds every wait: the clock's maximum does not survive conversions.
    const auto until = std::min(ctx.deadline, FetchContext::Steady::now() + std::chrono::hours(24));
    flight->landed.wait_until(lock, ctx.stop, until, [&] { return flight->result.has_value(); });
    --flight->callers;
    if (flight->result) return *flight->result;
    if (!ctx.stopped()) {
      flight->wanted_later = true;
      return fail(Code::timed_out, "no answer within the budget; the request goes on");
    }
    if (flight->callers == 0 && !flight->wanted_later) {
      flight->stop.request_stop();
      forget(key, flight);  // who comes next must not join what is being stopped
    }
    return fail(Code::cancelled, "interrupted");
  }

  /// Begins `work` for nobody in particular; callers of run() may join it. False when it is under way already.
  bool start(const std::string& key, FetchContext ctx, std::chrono::milliseconds limit, Work work) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<Flight>& flight = flights_[key];
    if (flight) return false;
    flight = depart(key, ctx, limit, std::move(work));
    flight->wanted_later = true;
    return true;
  }

  bool running(const std::string& key) const {
    std::lock_guard lock(mutex_);
    return flights_.contains(key);
  }

 private:
  struct Flight {
    std::stop_source stop;
    std::condition_variable_any landed;
    std::optional<Result<T>> result;
    unsigned callers = 0;
    bool wanted_later = false;
  };

  /// Callers wait for a result, so there must be one even when memory runs out.
  static Result<T> guarded(const Work& work, const FetchContext& ctx) {
    try {
      return work(ctx);
    } catch (const std::exception& e) {
      return fail(Code::unavailable, std::string("the request could not be carried out: ") + e.what());
    }
  }

  std::shared_ptr<Flight> depart(const std::string& key, const FetchContext& ctx, std::chrono::milliseconds limit,
                                 Work work) {
    auto flight = std::make_shared<Flight>();
    flights_[key] = flight;
    threads_.submit([this, key, flight, cause = ctx.cause, priority = ctx.priority, limit, work = std::move(work)] {
      FetchContext own{priority, cause, FetchContext::Steady::now() + limit, flight->stop.get_token()};
      Result<T> result = guarded(work, own);
      std::lock_guard lock(mutex_);
      forget(key, flight);
      if (!flight->result) flight->result = std::move(result);
      flight->landed.notify_all();
    });
    return flight;
  }

  void forget(const std::string& key, const std::shared_ptr<Flight>& flight) {
    const auto it = flights_.find(key);
    if (it != flights_.end() && it->second == flight) flights_.erase(it);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
  Executor threads_;  // last: its destructor waits for work that uses the members above
};

}  // namespace skymount::vo
