// SPDX-License-Identifier: MIT
//
// What the services of the archive share, and one function a service. Each takes a request and says what the whole
// answer is.
#pragma once

#include "vo/demo/archive.h"
#include "vo/demo/tap_store.h"

#include <map>
#include <mutex>

namespace skymount::demo {

class TapJobs;

struct Services {
  Services(DemoOptions opts, std::string url);
  /// With other tables than the demo's own.
  Services(DemoOptions opts, std::string url, const TableSource& tables);
  ~Services();

  const DemoOptions options;
  const std::string base;  ///< what URLs start with
  std::string tap_url() const { return base + options.tap_path; }
  const SkyModel sky;
  const TapStore store;
  const std::unique_ptr<TapJobs> jobs;
};

using ServicesPtr = std::shared_ptr<Services>;

/// /tap/sync, /tap/tables, /tap/capabilities, /tap/availability; /tap/async goes to the jobs.
Reply tap_answer(const ServicesPtr& services, const Request& request);
/// One query with the parameters of TAP, for sync and for the result of a job.
Reply tap_query(const ServicesPtr& services, const Fields& params);
Reply tap_error(const Services& services, const std::string& message);
Reply tap_capabilities(const Services& services);
Reply tap_tableset(const Services& services);

Reply links_answer(const ServicesPtr& services, const Request& request);
Reply soda_answer(const ServicesPtr& services, const Request& request);
Reply preview_answer(const ServicesPtr& services, const Request& request);
Reply ssa_answer(const ServicesPtr& services, const Request& request);
Reply sesame_answer(const ServicesPtr& services, const Request& request);

/// What SODA wants as TOKEN for a dataset.
std::string soda_token(std::string_view did);
/// Does the service descriptor of the dataset declare the parameter?
bool declares(const Services& services, const Dataset& dataset, std::string_view parameter);

std::optional<std::string> param(const Fields& params, std::string_view name);

}  // namespace skymount::demo
