// SPDX-License-Identifier: MIT
//
// An archive without ObsCore: its listings come from SSA or SIA (vo/protocol/discovery).
#pragma once

#include "vo/archive_options.h"
#include "vo/listing.h"
#include "vo/protocol/discovery.h"

#include <memory>
#include <optional>

namespace skymount::vo {

/// Which of the two the configuration names; nothing: neither, or there is a TAP service, which is asked instead.
std::optional<DiscoveryKind> discovery_of(const ArchiveOptions& options);
/// The address of what answers questions: [tap], [ssa] or [sia] url.
const std::string& discovery_url(const ArchiveOptions& options);

/// Thread-safe.
class DiscoveryService {
 public:
  DiscoveryService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http, const Clock& clock);
  /// Errors  as Archive::query.
  Result<Listing> listing(DiscoveryKind kind, const Query& query, const FetchContext& ctx) const;

 private:
  const ArchiveOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const Clock& clock_;
};

}  // namespace skymount::vo
