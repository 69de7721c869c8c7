// SPDX-License-Identifier: MIT
#include "vo/auth/host_rule.h"

#include "cache/base/text.h"

#include <algorithm>

namespace skymount::vo {
namespace {

bool stays_here(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

/// A server may read "/a/../b" or "/a/%2e%2e/b" as "/b", which is not below "/a".
bool climbs(const std::string& path) {
  const std::string text = lower(path);
  return text.find("/..") != std::string::npos || text.find("%2e") != std::string::npos ||
         text.find("%2f") != std::string::npos || text.find("%5c") != std::string::npos ||
         text.find('\\') != std::string::npos;
}

}  // namespace

Result<HostRule> HostRule::parse(std::string_view text) {
  const bool has_scheme = text.find("://") != std::string_view::npos;
  const std::string whole = (has_scheme ? "" : "https://") + std::string(text);
  const auto bad = [&](const std::string& why) {
    return fail(Code::invalid, "\"" + std::string(text) + "\" " + why +
                                   "; write a host (archive.eso.org) or an origin (https://archive.eso.org)");
  };
  if (text.empty() || text.find_first_of("*@?# \\") != std::string_view::npos) return bad("is no host");
  const Result<Url> url = Url::parse(whole);
  if (!url || url->host().empty()) return bad("is no host");
  HostRule out;
  out.scheme = has_scheme ? url->scheme() : "";
  out.host = url->host();
  const std::size_t authority = whole.find("://") + 3;
  const std::size_t end = std::min(whole.find('/', authority), whole.size());
  const std::string_view written = std::string_view(whole).substr(authority, end - authority);
  const std::size_t colon = written.rfind(':');
  const bool with_port = colon != std::string_view::npos && written.find(']', colon) == std::string_view::npos;
  if (with_port || has_scheme) out.port = url->port();
  if (const std::string path = url->path(); path != "/") {
    if (climbs(path)) return bad("has a path that is not plain");
    out.path = path.ends_with('/') ? path : path + "/";
  }
  return out;
}

bool HostRule::matches(const Url& url) const {
  if (url.host() != host) return false;
  if (scheme.empty() ? url.scheme() != "https" && !stays_here(host) : url.scheme() != scheme) return false;
  // A host alone is its web server, not whoever may listen on another port of it; on this machine that is ourselves.
  if (port != 0 ? url.port() != port : url.port() != 443 && !stays_here(host)) return false;
  if (path.empty()) return true;
  const std::string asked = url.path();
  return !climbs(asked) && (asked + "/").starts_with(path);
}

bool any_matches(const std::vector<HostRule>& rules, const Url& url) {
  return std::any_of(rules.begin(), rules.end(), [&](const HostRule& rule) { return rule.matches(url); });
}

std::optional<Url> over_https(const Url& url) {
  if (url.scheme() != "http" || url.port() != 80) return std::nullopt;
  std::string text = url.text().substr(std::string_view("http://").size());
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  if (text.substr(0, end).ends_with(":80")) text.erase(end - 3, 3);
  Result<Url> out = Url::parse("https://" + text);
  if (!out) return std::nullopt;
  return std::move(*out);
}

}  // namespace skymount::vo
