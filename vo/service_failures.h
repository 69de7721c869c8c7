// SPDX-License-Identifier: MIT
//
// What is known of the services that make cutouts at an archive: which failed lately and is left alone, and whether
// what one sent can be a cutout at all. In memory: after a remount each may try again.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/content_reader.h"
#include "vo/entry.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace skymount::vo {

/// Thread-safe. A service is its address without the query, which may bear a signature.
class ServiceFailures {
 public:
  ServiceFailures(std::chrono::milliseconds left_alone, const Clock& clock) : left_alone_(left_alone), clock_(clock) {}

  /// Why it is not asked just now; nothing when it may be.
  std::optional<Error> failure(const ServiceCall& service) const;
  /// It failed, whatever was asked: nobody asks it for a while.
  void failed(const ServiceCall& service, const Error& why);
  /// It refused one order that could be met here. That may be the order's fault; of several in a row it is not.
  void refused(const ServiceCall& service, const Error& why);
  void worked(const ServiceCall& service);

 private:
  struct State {
    std::optional<Error> why;  ///< until `until`
    WallTime until{};
    int refusals = 0;
  };
  const std::chrono::milliseconds left_alone_;
  const Clock& clock_;
  Synchronized<std::map<std::string, State>> states_;
};

/// The service itself failed, not only at this order.
bool is_failure_of_the_service(Code code);

/// Whether a service's answer has all the data that its FITS headers promise, and any; told without waiting for more
/// of it than its first 4 MiB. What is no FITS file passes. Errors  corrupt: it ends early; no_data: headers alone; as
/// reading.
Result<void> can_be_a_cutout(cache::ContentReader& answer, const FetchContext& ctx);

}  // namespace skymount::vo
