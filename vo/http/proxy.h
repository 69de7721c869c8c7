// SPDX-License-Identifier: MIT
//
// Which proxy a URL goes through. curl could find out by itself, but then nobody would know whether the address it
// connects to is the proxy's (exempt from the private-address rule) or the archive's.
#pragma once

#include "vo/http/url.h"

#include <string>

namespace skymount::vo {

/// The configured proxy, else the environment's (http_proxy, https_proxy, all_proxy and no_proxy; capitals too, except
/// HTTP_PROXY, which a CGI caller could set). Empty: none. A configured proxy also yields to no_proxy.
std::string proxy_for(const Url& url, const std::string& configured);

/// no_proxy rules: "*", host names and the domains below them ("gavo.example", ".gavo.example"), literal addresses.
bool bypasses_proxy(const std::string& host, std::string_view no_proxy);

}  // namespace skymount::vo
