// SPDX-License-Identifier: MIT
//
// Rewriting is textual: the base takes the place of scheme, host and port; path and query stay as they are.
#include "vo/http/origin_map.h"

#include <algorithm>

namespace skymount::vo {
namespace {

bool stands_for(std::string key, const Url& url) {
  std::transform(key.begin(), key.end(), key.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  // origin() leaves the usual port out, so a bare host and "host:443" both fit https on its usual port.
  const std::string meant = url.origin().substr(url.scheme().size() + 3);
  return key == meant || key == url.host() + ":" + std::to_string(url.port());
}

}  // namespace

std::optional<Result<Url>> rewritten(const Url& url, const OriginRewrites& rewrites) {
  for (const auto& [key, base_text] : rewrites) {
    if (!stands_for(key, url)) continue;
    auto base = Url::parse(base_text);
    if (!base) return Result<Url>(fail(std::move(base.error()).during("map of " + key)));
    std::string text = base->origin() + base->path();
    if (text.back() == '/') text.pop_back();
    text += url.path();
    if (const std::string query = url.query(); !query.empty()) text += "?" + query;
    return Url::parse(text);
  }
  return std::nullopt;
}

WireResult MappedTransport::exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                                     const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  auto instead = rewritten(request.url, rewrites_);
  if (!instead) return wire_->exchange(request, on_header, on_body, ctx);
  if (!*instead)
    return tl::unexpected<WireFailure>(WireFailure{WireFailure::Kind::forbidden, std::move(instead->error())});
  HttpRequest mapped = request;
  mapped.url = std::move(**instead);
  const auto header = [&](const HttpResponse& response) -> Result<void> {
    HttpResponse meant = response;
    meant.final_url = request.url;
    return on_header ? on_header(meant) : Result<void>();
  };
  WireResult result = wire_->exchange(mapped, header, on_body, ctx);
  if (result) result->final_url = request.url;
  return result;
}

}  // namespace skymount::vo
