// SPDX-License-Identifier: MIT
//
// Asynchronous queries: UWS 1.1 under /tap/async. A job "runs" for DemoOptions::job_duration; its result is computed
// when it is fetched.
#pragma once

#include "vo/demo/message.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace skymount::demo {

struct Services;

class TapJobs {
 public:
  Reply answer(const std::shared_ptr<Services>& services, const Request& request);
  /// Jobs that were neither deleted nor aborted.
  std::size_t alive() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    Fields params;
    std::string phase = "PENDING";  ///< as last set; EXECUTING ends by time
    std::string error;
    Clock::time_point ends{};
  };

  Reply create(Services& services, const Request& request);
  Reply job_answer(const std::shared_ptr<Services>& services, const std::string& id, std::string_view rest,
                   const Request& request);
  Reply result(const std::shared_ptr<Services>& services, const std::string& id);
  Reply document(const Services& services, const std::string& id, const Request& request);
  void run(Services& services, Job& job);
  std::string phase_of(const Job& job) const;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Job> jobs_;
  int next_ = 1;
};

}  // namespace skymount::demo
