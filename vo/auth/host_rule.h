// SPDX-License-Identifier: MIT
//
// Where a credential may be sent. One rule names a host, or an origin, or a path below one; what no rule names gets
// nothing.
#pragma once

#include "vo/http/url.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// "archive.eso.org", "archive.eso.org:8443", "https://archive.eso.org/tap_obs". Without scheme: https, and plain http
/// where it cannot leave this machine (localhost, 127.0.0.0/8, ::1), there on any port. "http://..." allows plain http
/// by name.
struct HostRule {
  std::string scheme;  ///< empty: as above
  std::string host;    ///< lower case
  int port = 0;        ///< 0: the usual one
  std::string path;    ///< a prefix that ends at a '/'; empty: all

  /// Errors  invalid: no host, userinfo, a query, or a wildcard.
  static Result<HostRule> parse(std::string_view text);
  bool matches(const Url& url) const;
  friend bool operator==(const HostRule&, const HostRule&) = default;
};

bool any_matches(const std::vector<HostRule>& rules, const Url& url);
/// The same address over https, when it is plain http on the usual port; nothing otherwise.
std::optional<Url> over_https(const Url& url);

}  // namespace skymount::vo
