// SPDX-License-Identifier: MIT
//
// URLs as archives really write them: with raw blanks, brackets, pipes and a second '?' in them. A URL that was given to us
// is kept verbatim except for characters that are illegal on the wire; a URL that we build is encoded fully.
#pragma once

#include "cache/base/result.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skymount::vo {

/// http or https only. Source: RFC 3986; deviations as above.
class Url {
 public:
  /// Errors  invalid: another scheme, no host, control bytes, a bad port, over 64 KiB.
  static Result<Url> parse(std::string_view text);

  const std::string& text() const { return text_; }  ///< as it goes on the wire, with illegal characters escaped
  std::string origin() const;                        ///< "https://host:port", lower case, default port left out
  std::string host() const { return host_; }         ///< lower case, IPv6 without brackets
  std::string scheme() const { return scheme_; }
  int port() const { return port_; }
  std::string path() const;                          ///< without query, still encoded, at least "/"
  std::string query() const;                         ///< without '?'
  std::string last_segment() const;                  ///< of the path, percent-decoded; may be empty

  /// A reference found in a document or a Location header, resolved against this URL (RFC 3986 section 5).
  Result<Url> resolve(std::string_view reference) const;
  /// This URL with parameters appended, encoded, after an existing query or not.
  Url with_parameters(const std::vector<std::pair<std::string, std::string>>& parameters) const;
  /// Without userinfo and without signature and token parameters: the stable part, for identities.
  std::string without_signature() const;
  /// For people and logs: userinfo, signatures and tokens replaced by "***".
  std::string redacted() const;

  friend bool operator==(const Url& a, const Url& b) { return a.text_ == b.text_; }

 private:
  std::string text_, scheme_, host_;
  int port_ = 0;
  std::size_t path_at_ = 0;
};

/// Percent-encodes all but unreserved characters (RFC 3986 2.3).
std::string percent_encode(std::string_view text);
/// Errors  invalid: '%' without two hex digits.
Result<std::string> percent_decode(std::string_view text);
/// a=1&b=2, encoded for a query or an application/x-www-form-urlencoded body.
std::string form_encode(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace skymount::vo
