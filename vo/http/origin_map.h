// SPDX-License-Identifier: MIT
//
// --map HOST=URL: asks another server in an origin's place (mirrors, tests). Nobody above notices: answers carry the
// URL that was meant, so relative references in them are resolved, and mapped, as if nothing had happened.
#pragma once

#include "vo/http/transport.h"

namespace skymount::vo {

using OriginRewrites = std::vector<std::pair<std::string, std::string>>;  ///< "host[:port]" -> base URL

/// The URL to ask instead; nothing when no rewrite applies. A key without port stands for the scheme's usual port.
/// Errors  invalid: the base is no http or https URL.
std::optional<Result<Url>> rewritten(const Url& url, const OriginRewrites& rewrites);

/// Thread-safe.
class MappedTransport final : public Transport {
 public:
  MappedTransport(std::shared_ptr<Transport> wire, OriginRewrites rewrites)
      : wire_(std::move(wire)), rewrites_(std::move(rewrites)) {}
  WireResult exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                      const HttpClient::OnBody& on_body, const FetchContext& ctx) override;

 private:
  const std::shared_ptr<Transport> wire_;
  const OriginRewrites rewrites_;
};

}  // namespace skymount::vo
