// SPDX-License-Identifier: MIT
//
// Politeness and patience over a Transport: a pace, second tries with growing pauses, Retry-After, and a circuit
// breaker per origin, so that a dead archive answers at once instead of making every call wait its full time.
#pragma once

#include "cache/base/clock.h"
#include "vo/http/circuit_breaker.h"
#include "vo/http/transport.h"

#include <mutex>

namespace skymount::vo {

struct RetryPolicy {
  unsigned tries = 3;
  /// Pause before the second try, doubling; each is shortened at random by up to half, so that many callers do not come
  /// back in step.
  std::chrono::milliseconds first_pause{500}, longest_pause{8'000};
  double requests_per_second = 0;  ///< 0: no limit
  CircuitBreaker::Policy breaker;
  std::function<double()> random;      ///< in [0, 1); empty: a real one
  std::function<WallTime()> wall_now;  ///< for Retry-After dates; empty: the system's
};

/// Thread-safe. What is tried again: GET and HEAD after a failed or broken connection and after 429, 500, 502, 503,
/// 504; other methods only when nothing was sent, or when the origin asks for it (429, 503 with Retry-After). Nothing
/// is tried again once on_header was called, and nothing beyond ctx.deadline: a Retry-After that does not fit fails at
/// once. While one runs, no other call goes to that origin either: it waits, or fails at once.
class RetryingTransport final : public Transport {
 public:
  RetryingTransport(std::shared_ptr<Transport> wire, RetryPolicy policy);
  WireResult exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                      const HttpClient::OnBody& on_body, const FetchContext& ctx) override;
  std::vector<SickOrigin> sick_origins() const override { return breaker_.sick(); }

 private:
  struct Attempt;
  using Steady = FetchContext::Steady;
  Attempt attempt(const HttpRequest& request, bool last, const HttpClient::OnHeader& on_header,
                  const HttpClient::OnBody& on_body, const FetchContext& ctx);
  std::optional<WireFailure> wait_for_rest(const HttpRequest& request, const std::string& origin,
                                           const FetchContext& ctx);
  void note_rest(const std::string& origin, const Attempt& answer, unsigned number);
  std::optional<WireFailure> wait_for_turn(const HttpRequest& request, const FetchContext& ctx);
  std::chrono::milliseconds pause_before(unsigned next_try) const;

  const std::shared_ptr<Transport> wire_;
  const RetryPolicy policy_;
  CircuitBreaker breaker_;
  std::mutex pace_mutex_;
  Steady::time_point next_turn_{};
};

/// Puts something between the redirects and the retries: what each hop of a request passes (vo/auth).
using Dress = std::function<std::shared_ptr<Transport>(std::shared_ptr<Transport>)>;

/// make_http_client with other patience; options.requests_per_second still decides the pace.
std::shared_ptr<HttpClient> make_http_client(const HttpOptions& options, RetryPolicy policy, const Dress& dress = {});

}  // namespace skymount::vo
