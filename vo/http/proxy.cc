// SPDX-License-Identifier: MIT
//
// The environment's proxy conventions, as curl and wget read them.
#include "vo/http/proxy.h"

#include <algorithm>
#include <cstdlib>

namespace skymount::vo {
namespace {

std::string variable(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return {};
}

}  // namespace

bool bypasses_proxy(const std::string& host, std::string_view no_proxy) {
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(", \t"), no_proxy.size());
    std::string rule(no_proxy.substr(0, end));
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
    std::transform(rule.begin(), rule.end(), rule.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (rule == "*") return true;
    if (rule.size() > 2 && rule.front() == '[' && rule.back() == ']') rule = rule.substr(1, rule.size() - 2);
    if (!rule.empty() && rule.front() == '.') rule.erase(0, 1);
    if (!rule.empty() && (host == rule || host.ends_with("." + rule))) return true;
  }
  return false;
}

std::string proxy_for(const Url& url, const std::string& configured) {
  std::string proxy = configured;
  if (proxy.empty())
    proxy = url.scheme() == "https" ? variable({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                                    : variable({"http_proxy", "all_proxy", "ALL_PROXY"});
  if (proxy.empty() || bypasses_proxy(url.host(), variable({"no_proxy", "NO_PROXY"}))) return {};
  return proxy;
}

}  // namespace skymount::vo
