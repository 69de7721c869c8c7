// SPDX-License-Identifier: MIT
//
// One exchange on the wire: a request, an answer, no redirects and no second tries. The floors above it need to know
// more than HttpClient tells its callers: was anything sent, who gave up, may it be tried again.
#pragma once

#include "vo/http/client.h"

namespace skymount::vo {

struct WireFailure {
  enum class Kind {
    connect,     ///< no connection: DNS, refused, connect time over. Nothing was sent.
    forbidden,   ///< never to be tried again: private address, certificate, scheme
    first_byte,  ///< sent, and no answer in time
    stall,       ///< the answer stopped coming
    broken,      ///< the connection ended or garbled the answer
    deadline,    ///< ctx.deadline
    cancelled,   ///< ctx.stop
    refused,     ///< a callback ended it, or the body went over max_body
    unavailable  ///< the origin is not asked just now (circuit breaker, Retry-After)
  };
  Kind kind;
  Error error;
};

using WireResult = tl::expected<HttpResponse, WireFailure>;

inline tl::unexpected<WireFailure> wire_failure(WireFailure::Kind kind, Code code, std::string what) {
  return tl::unexpected<WireFailure>(WireFailure{kind, Error(code, std::move(what))});
}

/// Thread-safe. Callbacks, blocking and errors as HttpClient::send; ctx is read anew while waiting, so the caller's own
/// callback may move ctx.deadline (the callbacks run on the same thread).
class Transport {
 public:
  virtual ~Transport() = default;
  virtual WireResult exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                              const HttpClient::OnBody& on_body, const FetchContext& ctx) = 0;
  /// As HttpClient::sick_origins.
  virtual std::vector<SickOrigin> sick_origins() const { return {}; }
  /// As HttpClient::identity.
  virtual std::string identity(AskedFor) const { return {}; }
};

}  // namespace skymount::vo
