// SPDX-License-Identifier: MIT
//
// Puts the floors of a client together: redirects over retries over unpacking over the map over curl. Each redirect hop
// is thus a request of its own to everything below, and the breaker and the pace speak of the origins that archives
// name.
#include "vo/http/client.h"

#include "vo/http/curl_client.h"
#include "vo/http/metered_transport.h"
#include "vo/http/origin_map.h"
#include "vo/http/redirect.h"
#include "vo/http/retry.h"
#include "vo/http/unpack.h"

namespace skymount::vo {
namespace {

// Listings of 20,000 rows are some 10 MB; documents larger than this belong into a stream.
constexpr std::uint64_t kLargestWhole = 16 * 1024 * 1024;

}  // namespace

Result<HttpClient::Whole> HttpClient::get_whole(HttpRequest request, const FetchContext& ctx) {
  if (request.max_body == 0) request.max_body = kLargestWhole;
  for (int attempt = 1;; ++attempt) {
    Whole whole;
    const auto body = [&](ByteView piece) -> Result<void> {
      whole.body += as_text(piece);
      return {};
    };
    auto response = send(request, nullptr, body, ctx);
    if (response) {
      whole.response = std::move(*response);
      return whole;
    }
    // A broken transfer of a small answer: once more, from the start.
    if (response.error().code() != Code::corrupt || request.method != "GET" || attempt == 2 || ctx.expired())
      return fail(std::move(response.error()));
  }
}

std::shared_ptr<HttpClient> make_http_client(const HttpOptions& options, RetryPolicy policy, const Dress& dress) {
  policy.requests_per_second = options.requests_per_second;
  std::shared_ptr<Transport> wire = std::make_shared<CurlClient>(options);
  if (!options.map.empty()) wire = std::make_shared<MappedTransport>(std::move(wire), options.map);
  if (options.bytes_per_hour > 0)
    wire = std::make_shared<MeteredTransport>(std::move(wire), options.bytes_per_hour, policy.wall_now);
  wire = std::make_shared<UnpackingTransport>(std::move(wire));
  wire = std::make_shared<RetryingTransport>(std::move(wire), std::move(policy));
  if (dress) wire = dress(std::move(wire));
  return std::make_shared<RedirectingClient>(std::move(wire));
}

std::shared_ptr<HttpClient> make_http_client(const HttpOptions& options) {
  return make_http_client(options, RetryPolicy{});
}

}  // namespace skymount::vo
