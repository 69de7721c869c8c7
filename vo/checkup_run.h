// SPDX-License-Identifier: MIT
//
// What the steps of a checkup hand to each other. Internal to vo/checkup*.
#pragma once

#include "vo/archive.h"
#include "vo/auth/credential.h"
#include "vo/checkup.h"
#include "vo/listing.h"

#include <memory>
#include <mutex>
#include <optional>

namespace skymount::vo {

/// Counts requests, refuses those beyond the limit, and notes what the archive takes for the time. Thread-safe.
class CheckedClient final : public HttpClient {
 public:
  CheckedClient(std::shared_ptr<HttpClient> http, const Clock& clock) : http_(std::move(http)), clock_(clock) {}
  Result<HttpResponse> send(const HttpRequest& request, const OnHeader& on_header, const OnBody& on_body,
                            const FetchContext& ctx) override;
  std::string identity(AskedFor what) const override { return http_->identity(what); }
  unsigned requests() const;
  /// The archive's clock minus ours, in seconds; nothing without a Date.
  std::optional<std::int64_t> skew_s() const;

 private:
  void note_date(const HttpResponse& response);

  const std::shared_ptr<HttpClient> http_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  unsigned requests_ = 0;
  std::optional<std::int64_t> skew_s_;
};

/// One checkup. Not thread-safe.
struct Checkup {
  Checkup(const ArchiveOptions& archive, const Clock& clock, const CheckupOptions& options);

  const Clock& clock;
  const CheckupOptions& options;
  ArchiveOptions archive;  ///< with the ObsCore table as it was found
  std::shared_ptr<CheckedClient> http;
  CredentialPtr credential;  ///< null: asked without
  std::vector<CheckStep> steps;

  std::string blocked;                     ///< why nothing further can be asked; empty while it can
  bool only_routes = false;                ///< blocked, but TAP answers: routes can be tried
  std::optional<std::uint64_t> hard_rows;  ///< the archive's own limit, from its capabilities
  std::optional<Listing> sample;           ///< some datasets, without any position
  bool sample_cut = false;                 ///< there were more rows than asked for
  std::optional<Listing> around;           ///< what a question about a position gave
  std::optional<DatasetFolder> folder;     ///< one dataset's files

  FetchContext within(const char* doing) const { return FetchContext::within(options.step, doing); }
  /// Runs `step` unless blocked, times and counts it.
  void run(const char* name, const std::function<CheckStep(Checkup&)>& step);
  void add(CheckStep step);
};

/// The steps; each fills what later ones need.
CheckStep check_tap(Checkup& run);
CheckStep check_obscore(Checkup& run);
CheckStep check_maxrec(Checkup& run);
CheckStep check_geometry(Checkup& run);
CheckStep check_links(Checkup& run);
CheckStep check_batch(Checkup& run);
CheckStep check_auth(Checkup& run);
CheckStep check_ranges(Checkup& run);
CheckStep check_clock(Checkup& run);
CheckStep check_routes_of(Checkup& run);

/// The step as it failed, with what to do about this kind of failure.
CheckStep failed_step(const Error& error, std::string advice = {});

}  // namespace skymount::vo
