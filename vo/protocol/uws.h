// SPDX-License-Identifier: MIT
//
// Asynchronous jobs: made, started, waited for, and always cleared away. One class for TAP's /async and every other
// service that works so. Source: IVOA UWS 1.1 sections 2.1 (phases) and 2.2 (REST binding); 1.0 services, which do not
// know WAIT, are polled.
#pragma once

#include "cache/base/fetch_context.h"
#include "vo/http/client.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymount::vo {

/// What a job document says.
struct UwsState {
  /// As sent, in capitals: PENDING QUEUED EXECUTING COMPLETED ERROR ABORTED UNKNOWN HELD SUSPENDED ARCHIVED.
  std::string phase;
  std::string version;  ///< of UWS; "1.0" when not said
  struct Result {
    std::string id, href;
  };
  std::vector<Result> results;
  std::string error_message;  ///< of the errorSummary; empty without one
  bool error_transient = false;

  bool terminal() const {
    return phase == "COMPLETED" || phase == "ERROR" || phase == "ABORTED" || phase == "ARCHIVED";
  }
};

/// Errors  corrupt: no job document.
Result<UwsState> parse_job(std::string_view document);

/// Times, passed in so that tests need not wait.
struct UwsPace {
  std::chrono::milliseconds first_poll{1000};  ///< grows by a fifth each time (pyvo's habit, which archives know)
  std::chrono::milliseconds longest_poll{30'000};
  /// Asked of a service that knows WAIT, once a phase: a short job is seen to end at once. No longer, because a request
  /// that waits takes one of the few connections to the archive, and others want to list meanwhile. 0: never.
  std::chrono::seconds wait{3};
};

/// Thread-safe; immutable.
class UwsService {
 public:
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  /// Called with each phase that is new, on the caller's thread.
  using OnPhase = std::function<void(const std::string& phase)>;

  /// `list`: where jobs are made, ".../tap/async".
  UwsService(std::shared_ptr<HttpClient> http, Url list, UwsPace pace = {});

  /// Makes a job (PENDING). Its URL. `execution_duration` is asked for when it is not 0.
  /// Errors  unsupported: nothing makes jobs there (404, 405, 501); else as the service answers.
  Result<Url> create(const Parameters& parameters, std::chrono::seconds execution_duration,
                     const FetchContext& ctx) const;
  /// PHASE=RUN.
  Result<void> start(const Url& job, const FetchContext& ctx) const;
  /// Waits for the end of the job; a HELD one is started once more. Returns the last state, COMPLETED or ARCHIVED.
  /// Errors  the job's own error as error_of_status has it; timed_out: ctx.deadline, the job goes on; cancelled;
  ///         not_found: it vanished.
  Result<UwsState> wait(const Url& job, const OnPhase& on_phase, const FetchContext& ctx) const;
  /// Where the result is: the one called "result", else the only one, else the first, else the usual place.
  static Result<Url> result_url(const Url& job, const UwsState& state);
  /// Deletes it, which ends one that runs (UWS 1.1 section 2.2.3.2). Never later than ctx.deadline; what remains ends
  /// at the archive's own destruction time.
  Result<void> remove(const Url& job, const FetchContext& ctx) const;

 private:
  Result<int> status_of_delete(const Url& job, const FetchContext& ctx) const;
  Result<HttpClient::Whole> post(const Url& url, const Parameters& parameters, const FetchContext& ctx) const;
  Result<UwsState> ask(const Url& job, const std::string& phase, bool with_wait, const FetchContext& ctx) const;
  Result<Error> words_of_failure(const Url& job, const UwsState& state, const FetchContext& ctx) const;

  const std::shared_ptr<HttpClient> http_;
  const Url list_;
  const UwsPace pace_;
};

}  // namespace skymount::vo
