// SPDX-License-Identifier: MIT
//
// At most three questions for one request: with the credential, with a newer one where it can be renewed, and without.
#include "vo/auth/authorizing_transport.h"

namespace skymount::vo {
namespace {

// A refusal that is not the last word is read to its end so that its connection can be used again, unless it is longer.
constexpr std::size_t kSwallow = 64 * 1024;

bool is_refusal(int status) {
  return status == 401 || status == 403;
}

}  // namespace

/// One question: its result, or a refusal that the caller has not seen.
struct AuthorizingTransport::Asked {
  WireResult result;
  int refused_with = 0;  ///< 0: the caller has the answer
};

AuthorizingTransport::Asked AuthorizingTransport::ask(const HttpRequest& request, const std::string& note, bool last,
                                                      const std::vector<std::string>& secrets,
                                                      const HttpClient::OnHeader& on_header,
                                                      const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  int refused_with = 0;
  std::size_t swallowed = 0;
  const auto tell = [&](const HttpResponse& response) {
    HttpResponse told = response;
    told.secrets.insert(told.secrets.end(), secrets.begin(), secrets.end());
    if (is_refusal(response.status)) told.about_credential = note;
    return told;
  };
  const auto header = [&](const HttpResponse& response) -> Result<void> {
    if (!last && is_refusal(response.status)) {
      refused_with = response.status;
      return {};
    }
    return on_header ? on_header(tell(response)) : Result<void>();
  };
  const auto body = [&](ByteView piece) -> Result<void> {
    if (refused_with == 0) return on_body ? on_body(piece) : Result<void>();
    swallowed += piece.size();
    return swallowed > kSwallow ? Result<void>(fail(Code::denied, "not read")) : Result<void>();
  };
  WireResult result = below_->exchange(request, header, body, ctx);
  if (result && refused_with == 0) result = tell(*result);
  return {std::move(result), refused_with};
}

/// With the credential, and once more with a newer one.
struct AuthorizingTransport::Dressed {
  std::optional<Asked> asked;  ///< nothing: the credential cannot be had
  std::string note;            ///< why it did not help
};

AuthorizingTransport::Dressed AuthorizingTransport::dressed(const HttpRequest& request, const Url& where,
                                                            const HttpClient::OnHeader& on_header,
                                                            const HttpClient::OnBody& on_body,
                                                            const FetchContext& ctx) {
  for (bool renewed = false;; renewed = true) {
    Result<Stamp> stamp = credential_->stamp(where, *below_, ctx);
    if (!stamp) return {std::nullopt, stamp.error().what()};
    HttpRequest carrying = request;
    carrying.url = where;
    if (!stamp->header.empty()) carrying.headers.add(stamp->header, stamp->value);
    carrying.certificate = stamp->certificate;
    Asked asked = ask(carrying, "", /*last=*/false, stamp->secrets, on_header, on_body, ctx);
    if (asked.refused_with == 0) {
      if (asked.result) credential_->accepted(*stamp);
      return {std::move(asked), ""};
    }
    const std::string note = credential_->advice(request, asked.refused_with, true);
    if (!credential_->refused(*stamp, asked.refused_with) || renewed) return {std::move(asked), note};
  }
}

WireResult AuthorizingTransport::exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                                          const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  const std::optional<Url> where = credential_->destination(request);
  if (!where) {
    return ask(request, credential_->advice(request, 401, false), true, {}, on_header, on_body, ctx).result;
  }
  // Where it was refused and not needed lately, it is tried second.
  if (credential_->doubted(*where)) {
    Asked bare = ask(request, "", false, {}, on_header, on_body, ctx);
    if (bare.refused_with == 0) return std::move(bare.result);
  }
  Dressed with = dressed(request, *where, on_header, on_body, ctx);
  if (with.asked && with.asked->refused_with == 0) return std::move(with.asked->result);
  if (ctx.stopped())
    return wire_failure(WireFailure::Kind::cancelled, Code::cancelled, request.url.redacted() + ": cancelled");
  // Once without: public data never depends on a credential.
  Asked bare = ask(request, with.note, true, {}, on_header, on_body, ctx);
  if (with.asked && bare.result && !is_refusal(bare.result->status)) credential_->doubt(*where);
  return std::move(bare.result);
}

}  // namespace skymount::vo
