// SPDX-License-Identifier: MIT
//
// How the rest of vo/ asks the network: one blocking call that streams the body to its caller. Implementations stack:
// curl_client does the transfer, retry repeats it politely, and tests bring what they like.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/fetch_context.h"
#include "vo/http/message.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skymount::vo {

/// An origin whose last requests found no connection or no answer, or that asked to be left alone.
struct SickOrigin {
  std::string origin;     ///< "https://host:port"
  unsigned failures = 0;  ///< in a row; 0: it answers, and asked to be left alone (Retry-After)
  std::string reason;     ///< of the last one, in words
  std::chrono::milliseconds since_failure{0};
  std::chrono::milliseconds until_next_try{0};  ///< 0: it may be asked now
};

/// What a credential may be meant for ([auth] scope).
enum class AskedFor { files, links, tap };

/// Thread-safe.
class HttpClient {
 public:
  /// Called once, on the caller's thread, when the final answer's header is here and before its body. An error ends the
  /// transfer and comes back from send(): that is how an unwanted body is refused early.
  using OnHeader = std::function<Result<void>(const HttpResponse&)>;
  /// Called on the caller's thread with each piece of the body. May block: the transfer is paused meanwhile. An error
  /// ends the transfer and comes back from send().
  using OnBody = std::function<Result<void>(ByteView)>;

  virtual ~HttpClient() = default;

  /// Sends and follows redirects (at most 10, http and https, GET after 303). Any status is a success here; the caller
  /// judges it. A body shorter than its Content-Length is corrupt.
  /// Errors  unavailable (DNS, refused, reset, private address), timed_out (connect, first byte, stall, ctx.deadline),
  ///         cancelled (ctx.stop), too_large, corrupt (broken framing), or what a callback returned.
  virtual Result<HttpResponse> send(const HttpRequest& request, const OnHeader& on_header, const OnBody& on_body,
                                    const FetchContext& ctx) = 0;

  /// Who does not answer just now; never waits. Whoever wraps a client hands this on.
  virtual std::vector<SickOrigin> sick_origins() const { return {}; }

  /// Whom answers to such requests may be meant for alone, just now: a hash of who the credential says we are; empty
  /// without one. What was answered to somebody is kept for nobody else. Waits for no network; whoever wraps a client
  /// hands this on.
  virtual std::string identity(AskedFor) const { return {}; }

  struct Whole {
    HttpResponse response;
    std::string body;
  };
  /// For small answers: the body as text, at most request.max_body (default 16 MiB) bytes.
  Result<Whole> get_whole(HttpRequest request, const FetchContext& ctx);
};

/// From [limits], [network], [tls], [proxy] of the configuration.
struct HttpOptions {
  unsigned connections = 4;          ///< TCP connections to a host; one of them is kept for metadata
  double requests_per_second = 0;    ///< 0: no limit of ours
  std::uint64_t bytes_per_hour = 0;  ///< of all answers; 0: no limit of ours
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds first_byte{60'000};  ///< from the request being sent to the first byte of the answer
  std::chrono::milliseconds stall{30'000};       ///< no byte for so long
  bool allow_private = false;                    ///< loopback, link-local and private addresses may be connected to
  std::string ca_file;                           ///< empty: the system's
  std::string proxy;                             ///< empty: from the environment
  /// Origin rewrites (--map): "host[:port]" of a URL -> base URL that takes its place. Exempt from allow_private.
  std::vector<std::pair<std::string, std::string>> map;
};

/// One client an archive: a dead archive cannot hold up another. `retries` as in vo/http/retry.
std::shared_ptr<HttpClient> make_http_client(const HttpOptions& options);

}  // namespace skymount::vo
