// SPDX-License-Identifier: MIT
//
// HTTP requests and answers as values, and the header fields that we understand.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/result.h"
#include "vo/http/url.h"

#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

class HttpHeaders {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void clear() { fields_.clear(); }
  /// First field of that name, compared without case.
  std::optional<std::string> get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Metadata may share one multiplexed connection (HTTP/2); data goes over HTTP/1.1 connections of its own, because
/// HTTP/2 streams would share one TCP flow.
enum class Traffic { metadata, data };

/// When a credential goes with a request that may carry it. What anybody may have is known to be public, and kept for
/// everybody, when it was asked for without.
enum class CredentialUse {
  at_once,
  after_refusal,      ///< only where it is refused without; at once where that was so several times in a row
  after_any_refusal,  ///< only where this very request is refused without
};

/// PEM files to prove with who asks (TLS client authentication), and the key's passphrase.
struct ClientCertificate {
  std::string certificate, key, passphrase;
};

struct HttpRequest {
  std::string method = "GET";
  Url url;
  HttpHeaders headers;
  std::string body;                ///< with POST; content type in `headers`
  std::optional<ByteRange> range;  ///< sent as a closed bytes=a-b; Accept-Encoding is then identity
  Traffic traffic = Traffic::metadata;
  bool identity = false;       ///< ask for identity encoding also without a range
  std::uint64_t max_body = 0;  ///< 0: no limit; beyond it the transfer ends with too_large
  bool bare = false;           ///< no credential goes with it: a redirect led here from another origin
  CredentialUse credential = CredentialUse::at_once;
  std::optional<ClientCertificate> certificate = std::nullopt;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  Url final_url;  ///< after redirects
  /// Values of secret parameters in the URLs on the way; an error page may repeat them.
  std::vector<std::string> secrets = {};
  /// Of a refusal (401, 403): what became of the credential, and what to do. Empty where there is none.
  std::string about_credential = {};
  /// Whom the answer is meant for: HttpClient::identity() of the credential that went with the request or with one that
  /// led to it. Empty: none did, so anybody gets it.
  std::string shown_as = {};
  /// `words` of the answer without them, nor those of final_url.
  std::string without_secrets(std::string words) const;

  /// Of the body as sent. Nothing when it is absent, unreadable or contradicted, and with a Transfer-Encoding, which
  /// overrides it (RFC 9112 6.3).
  std::optional<std::uint64_t> content_length() const;
  /// Content-Length is there and says nothing certain: no number, or several that differ. RFC 9112 6.3: such an answer
  /// is not to be used.
  bool contradicts_its_length() const;
  std::string content_type() const;  ///< media type in lower case without parameters; empty when absent
  std::optional<std::string> strong_etag() const;
  /// Content-Disposition, RFC 6266/8187; no directories, no control bytes.
  std::optional<std::string> filename() const;
  std::optional<std::int64_t> last_modified() const;  ///< seconds since 1970, UTC
};

/// Content-Range: bytes a-b/total, or "bytes * / total" of a 416 (then range is empty).
struct ContentRange {
  ByteRange range;
  std::optional<std::uint64_t> total;
  static std::optional<ContentRange> parse(std::string_view text);
};

/// A media type and its parameters, as in access_format: "application/x-votable+xml; content=datalink". All lower case
/// but parameter values.
struct MediaType {
  std::string type;
  std::vector<std::pair<std::string, std::string>> parameters;
  static MediaType parse(std::string_view text);
  std::string parameter(std::string_view name) const;
};

/// IMF-fixdate, RFC 850 and asctime forms (RFC 9110 5.6.7), to seconds since 1970.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace skymount::vo
