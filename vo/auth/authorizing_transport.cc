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
  int refused_with = 0;    ///< 0: the caller has the answer
  HttpResponse refusal{};  ///< else what it was, and
  Bytes words{};           ///< its text
  bool began = false;      ///< an answer came

  bool nothing_came() const {
    using Kind = WireFailure::Kind;
    return !result && !began && (result.error().kind == Kind::connect || result.error().kind == Kind::broken);
  }
};

AuthorizingTransport::Asked AuthorizingTransport::ask(const HttpRequest& request, const std::string& note, bool last,
                                                      const Stamp& stamp, const HttpClient::OnHeader& on_header,
                                                      const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  int refused_with = 0;
  bool began = false;
  HttpResponse refusal;
  Bytes words;
  const auto tell = [&](const HttpResponse& response) {
    HttpResponse told = response;
    told.secrets.insert(told.secrets.end(), stamp.secrets.begin(), stamp.secrets.end());
    told.shown_as = stamp.identity;
    if (is_refusal(response.status)) told.about_credential = note;
    return told;
  };
  const auto header = [&](const HttpResponse& response) -> Result<void> {
    began = true;
    if (!last && is_refusal(response.status)) {
      refused_with = response.status;
      refusal = response;
      return {};
    }
    return on_header ? on_header(tell(response)) : Result<void>();
  };
  const auto body = [&](ByteView piece) -> Result<void> {
    if (refused_with == 0) return on_body ? on_body(piece) : Result<void>();
    words.insert(words.end(), piece.begin(), piece.end());
    return words.size() > kSwallow ? Result<void>(fail(Code::denied, "not read")) : Result<void>();
  };
  WireResult result = below_->exchange(request, header, body, ctx);
  if (result && refused_with == 0) result = tell(*result);
  return {std::move(result), refused_with, std::move(refusal), std::move(words), began};
}

/// A refusal that turned out to be the last word, with what became of the credential.
WireResult AuthorizingTransport::handed_on(Asked refused, const std::string& note,
                                           const HttpClient::OnHeader& on_header, const HttpClient::OnBody& on_body) {
  refused.refusal.about_credential = note;
  Result<void> taken = on_header ? on_header(refused.refusal) : Result<void>();
  if (taken && on_body && !refused.words.empty()) taken = on_body(refused.words);
  if (!taken) return tl::unexpected<WireFailure>({WireFailure::Kind::refused, std::move(taken.error())});
  return std::move(refused.refusal);
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
    Asked asked = ask(carrying, "", /*last=*/false, *stamp, on_header, on_body, ctx);
    if (stamp->certificate && asked.nothing_came()) {
      // A server that does not accept a certificate says so by ending the connection (RFC 8446 section 6.2).
      static_cast<void>(credential_->refused(*stamp, 401, request.traffic == Traffic::data));
      asked.refused_with = 401;
      std::string note = "with the client certificate there is no connection: " + asked.result.error().error.what();
      return {std::move(asked), std::move(note)};
    }
    if (asked.refused_with == 0) {
      if (asked.result) credential_->accepted(*stamp);
      return {std::move(asked), ""};
    }
    const std::string note = credential_->advice(request, asked.refused_with, true);
    const bool file = request.traffic == Traffic::data;
    if (!credential_->refused(*stamp, asked.refused_with, file) || renewed) return {std::move(asked), note};
  }
}

WireResult AuthorizingTransport::exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                                          const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  const std::optional<Url> where = credential_->destination(request);
  if (!where) {
    return ask(request, credential_->advice(request, 401, false), true, {}, on_header, on_body, ctx).result;
  }
  // A file is the same for all who get it, so where it was refused and not needed lately it is tried second; so is it
  // for what may be public. An answer to a question may be shorter without it: only its own refusal leads to that.
  const bool file = request.traffic == Traffic::data;
  const bool bare_first = (file && credential_->doubted(*where)) ||
                          request.credential == CredentialUse::after_any_refusal ||
                          (request.credential == CredentialUse::after_refusal && !credential_->surely_needed(*where));
  std::optional<Asked> refused;
  if (bare_first) {
    refused = ask(request, "", false, {}, on_header, on_body, ctx);
    if (refused->refused_with == 0) {
      if (refused->result) credential_->needed(*where, false);
      return std::move(refused->result);
    }
  }
  Dressed with = dressed(request, *where, on_header, on_body, ctx);
  if (with.asked && with.asked->refused_with == 0) {
    if (bare_first && with.asked->result) credential_->needed(*where, true);
    return std::move(with.asked->result);
  }
  if (ctx.stopped())
    return wire_failure(WireFailure::Kind::cancelled, Code::cancelled, request.url.redacted() + ": cancelled");
  if (refused) {
    if (with.asked) credential_->of_no_use(with.asked->refused_with);
    return handed_on(std::move(*refused), with.note, on_header, on_body);
  }
  // Once without: public data never depends on a credential.
  const auto told = [&](const HttpResponse& response) {
    HttpResponse out = response;
    if (!file && !is_refusal(response.status)) out.about_credential = with.note;
    return out;
  };
  const auto header = [&](const HttpResponse& response) {
    return on_header ? on_header(told(response)) : Result<void>();
  };
  Asked bare = ask(request, with.note, true, {}, header, on_body, ctx);
  if (!bare.result) return std::move(bare.result);
  if (with.asked && is_refusal(bare.result->status)) credential_->of_no_use(with.asked->refused_with);
  if (with.asked && file && !is_refusal(bare.result->status)) credential_->doubt(*where);
  return told(*bare.result);
}

}  // namespace skymount::vo
