// SPDX-License-Identifier: MIT
//
// `skymount check`: prints what vo/checkup finds out about an archive, or how a file of a mount is. Each line is
// printed as it becomes known, because a sick archive takes its time.
#include "cache/base/log.h"
#include "fs/cli/check_file.h"
#include "fs/cli/commands.h"
#include "vo/archive.h"
#include "vo/archive_client.h"
#include "vo/checkup.h"
#include "vo/discovery_service.h"
#include "vo/http/url.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

namespace skymount::fs {
namespace {

using vo::CheckStep;
using vo::Verdict;

void print_step(const CheckStep& step) {
  char begin[64];
  std::snprintf(begin, sizeof begin, "  %-9s %-14s ", std::string(vo::to_text(step.verdict)).c_str(),
                step.name.c_str());
  std::cout << begin << printable(step.words);
  if (step.requests > 0 || step.took.count() > 0) {
    std::cout << "  (" << step.took.count() << " ms";
    if (step.requests > 0) std::cout << ", " << step.requests << (step.requests == 1 ? " request" : " requests");
    std::cout << ")";
  }
  std::cout << "\n";
  if (!step.advice.empty()) std::cout << "            -> " << printable(step.advice) << "\n";
  std::cout.flush();
}

nlohmann::ordered_json json_of(const CheckStep& step) {
  return {{"step", step.name},
          {"verdict", vo::to_text(step.verdict)},
          {"words", step.words},
          {"advice", step.advice},
          {"seconds", static_cast<double>(step.took.count()) / 1000},
          {"requests", step.requests}};
}

/// Prints the end of the story; returns the exit code.
int conclude(const std::string& what, const std::vector<CheckStep>& steps, bool json) {
  unsigned requests = 0;
  std::string sick;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const CheckStep& step : steps) {
    requests += step.requests;
    if (step.verdict == Verdict::bad) sick += (sick.empty() ? "" : ", ") + step.name;
    list.push_back(json_of(step));
  }
  const bool well = vo::is_well(steps);
  if (json) {
    const nlohmann::ordered_json out = {{"what", what}, {"well", well}, {"requests", requests}, {"steps", list}};
    std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    std::cout << printable(what) << (well ? " is well" : " is not well: " + sick) << " (" << requests
              << (requests == 1 ? " request)\n" : " requests)\n");
  }
  return well ? kExitOk : kExitFailure;
}

CheckStep configured(const vo::ArchiveOptions& archive) {
  CheckStep out{"configuration", Verdict::ok, {}, {}, {}, 0};
  for (const std::string& file : archive.config_files) out.words += (out.words.empty() ? "" : ", then ") + file;
  return out;
}

/// An archive without TAP is asked for one dataset: all that its protocols have in common with a folder.
CheckStep listed_one(const vo::ArchiveOptions& archive, const Clock& clock) {
  constexpr std::chrono::seconds kBudget{15};  // a person waits
  CheckStep out{"listing", Verdict::ok, {}, {}, {}, 1};
  vo::Archive asked(archive, vo::make_archive_client(archive, archive.http, {}, clock).http, nullptr, clock);
  vo::Query one;
  one.limit = 1;
  const auto began = FetchContext::Steady::now();
  const Result<vo::Listing> listing = asked.query(one, FetchContext::within(kBudget, "check " + archive.name));
  out.took = std::chrono::duration_cast<std::chrono::milliseconds>(FetchContext::Steady::now() - began);
  if (listing) {
    out.words = listing->datasets.empty() ? "answers, and lists nothing"
                                          : "lists " + std::string(listing->datasets.front().name);
    if (listing->datasets.empty()) out.verdict = Verdict::warn;
  } else {
    out.verdict = Verdict::bad;
    out.words = listing.error().what();
    out.advice = "is the address in [ssa] or [sia] url right?";
  }
  return out;
}

int check_configured_archive(const Command& command, const ConfigRequest& request) {
  std::vector<CheckStep> steps;
  const auto tell = [&](const CheckStep& step) {
    if (!command.json) print_step(step);
  };
  const Result<Configuration> config = load_configuration(request, process_environment());
  if (!config) {
    steps.push_back({"configuration",
                     Verdict::bad,
                     config.error().what(),
                     "correct the file; `skymount archives` lists what is configured",
                     {},
                     0});
    tell(steps.back());
    return conclude(command.target, steps, command.json);
  }
  bool well = true;
  const SystemClock clock;
  for (const vo::ArchiveOptions& archive : config->archives) {
    const Result<vo::Url> url = vo::Url::parse(vo::discovery_url(archive));
    if (!command.json)
      std::cout << archive.name << ": " << printable(archive.title) << ", "
                << printable(url ? url->redacted() : vo::discovery_url(archive)) << std::endl;
    steps = {configured(archive)};
    tell(steps.back());
    if (archive.tap.url.empty()) {
      steps.push_back(listed_one(archive, clock));
      tell(steps.back());
      well = conclude(archive.name, steps, command.json) == kExitOk && well;
      continue;
    }
    vo::CheckupOptions options;
    options.on_step = tell;
    for (CheckStep& step : vo::check_archive(archive, clock, options)) steps.push_back(std::move(step));
    well = conclude(archive.name, steps, command.json) == kExitOk && well;
  }
  return well ? kExitOk : kExitFailure;
}

}  // namespace

int run_check(const Command& command) {
  const std::filesystem::path path = command.target;
  std::error_code error;
  ConfigRequest request = command.config;
  if (path.extension() == ".toml" && std::filesystem::exists(path, error)) {
    request.files = {path};
    return check_configured_archive(command, request);
  }
  if (const auto mounted = mount_of(path)) {
    const std::vector<CheckStep> steps = check_file(path, *mounted);
    if (!command.json)
      for (const CheckStep& step : steps) print_step(step);
    return conclude(command.target, steps, command.json);
  }
  if (command.target.find('/') != std::string::npos)
    return complain(Error(Code::not_found, command.target +
                                               ": neither an archive's name, nor a configuration (FILE.toml), nor a "
                                               "file below a skymount mount"));
  request.only = {command.target};
  return check_configured_archive(command, request);
}

}  // namespace skymount::fs
