// SPDX-License-Identifier: MIT
//
// HttpClient over a Transport: follows redirects one by one, so that each hop passes the same gates (address, breaker,
// pace, map) as a request of our own, and drops secrets when a redirect leaves the origin.
#pragma once

#include "vo/http/transport.h"

namespace skymount::vo {

/// Thread-safe.
class RedirectingClient final : public HttpClient {
 public:
  explicit RedirectingClient(std::shared_ptr<Transport> transport) : transport_(std::move(transport)) {}
  Result<HttpResponse> send(const HttpRequest& request, const OnHeader& on_header, const OnBody& on_body,
                            const FetchContext& ctx) override;
  std::vector<SickOrigin> sick_origins() const override { return transport_->sick_origins(); }
  std::string identity(AskedFor what) const override { return transport_->identity(what); }

 private:
  const std::shared_ptr<Transport> transport_;
};

/// The request that a redirect asks for. Source: RFC 9110 15.4: 303 becomes GET, 301 and 302 turn POST into GET as all
/// clients do, 307 and 308 repeat the request.
/// Errors  unsupported: no usable Location, or neither http nor https.
Result<HttpRequest> redirected(const HttpRequest& request, const HttpResponse& response);

}  // namespace skymount::vo
