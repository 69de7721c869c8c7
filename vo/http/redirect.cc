// SPDX-License-Identifier: MIT
//
// Redirects by hand; see the header.
#include "vo/http/redirect.h"

#include "cache/base/text.h"
#include "vo/http/redact.h"

#include <algorithm>

namespace skymount::vo {
namespace {

constexpr int kMostRedirects = 10;
constexpr std::size_t kSwallow = 64 * 1024;  // of a redirect's body; a longer one costs its connection

bool is_redirect(const HttpResponse& response) {
  switch (response.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return response.headers.get("Location").has_value();
    default: return false;
  }
}

HttpHeaders kept_headers(const HttpHeaders& headers, bool same_origin, bool same_body) {
  HttpHeaders out;
  for (const auto& [name, value] : headers.fields()) {
    const std::string key = lower(name);
    const bool secret = key == "authorization" || key == "cookie" || key == "proxy-authorization" ||
                        key.find("token") != std::string::npos;
    const bool about_body = key.starts_with("content-");
    if ((secret && !same_origin) || (about_body && !same_body)) continue;
    out.add(name, value);
  }
  return out;
}

}  // namespace

Result<HttpRequest> redirected(const HttpRequest& request, const HttpResponse& response) {
  const std::string location = response.headers.get("Location").value_or("");
  auto target = response.final_url.resolve(location);
  if (!target)
    return fail(Code::unsupported,
                request.url.redacted() + " redirects to what cannot be followed: " + target.error().what());
  HttpRequest next = request;
  const bool to_get = (response.status == 303 && request.method != "HEAD") ||
                      ((response.status == 301 || response.status == 302) && request.method == "POST");
  if (to_get) {
    next.method = "GET";
    next.body.clear();
  }
  const bool same_origin = target->origin() == response.final_url.origin();
  next.headers = kept_headers(request.headers, same_origin, !to_get);
  next.bare = request.bare || !same_origin;
  next.certificate.reset();
  next.url = std::move(*target);
  return next;
}

Result<HttpResponse> RedirectingClient::send(const HttpRequest& request, const OnHeader& on_header,
                                             const OnBody& on_body, const FetchContext& ctx) {
  HttpRequest current = request;
  std::vector<std::string> secrets;  // of the URLs on the way
  std::string shown_as;              // who was shown the way
  const auto with_story = [&](HttpResponse response) {
    response.secrets.insert(response.secrets.end(), secrets.begin(), secrets.end());
    if (response.shown_as.empty()) response.shown_as = shown_as;
    return response;
  };
  for (int hop = 0;; ++hop) {
    bool leads_on = false;
    bool too_long = false;
    std::size_t swallowed = 0;
    std::optional<HttpResponse> redirect;
    const auto header = [&](const HttpResponse& response) -> Result<void> {
      leads_on = is_redirect(response);
      if (leads_on) {
        redirect = response;
        return {};
      }
      if (!on_header) return {};
      return secrets.empty() && shown_as.empty() ? on_header(response) : on_header(with_story(response));
    };
    const auto body = [&](ByteView piece) -> Result<void> {
      if (!leads_on) return on_body ? on_body(piece) : Result<void>();
      swallowed += piece.size();
      too_long = swallowed > kSwallow;
      return too_long ? Result<void>(fail(Code::unavailable, "not read")) : Result<void>();
    };
    WireResult result = transport_->exchange(current, header, body, ctx);
    if (!leads_on) {
      if (!result) return fail(std::move(result.error().error));
      return with_story(std::move(*result));
    }
    // What became of a redirect's body matters to nobody, but a caller that left does.
    if (!result && !too_long && (ctx.stopped() || ctx.expired())) return fail(std::move(result.error().error));
    if (hop == kMostRedirects)
      return fail(Code::unavailable, request.url.redacted() + ": more than " + std::to_string(kMostRedirects) +
                                         " redirects, the last one to " +
                                         redact_text(redirect->headers.get("Location").value_or("")));
    auto next = redirected(current, *redirect);
    if (!next) return fail(std::move(next.error()));
    for (std::string& secret : secrets_in_query(current.url.query())) secrets.push_back(std::move(secret));
    if (!redirect->shown_as.empty()) shown_as = redirect->shown_as;
    current = std::move(*next);
  }
}

}  // namespace skymount::vo
