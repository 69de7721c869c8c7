// SPDX-License-Identifier: MIT
//
// Puts an archive's credential on the requests that may carry it, and sees to it that a bad one never keeps anybody
// from public data: what is refused with it is asked once without.
#pragma once

#include "vo/auth/credential.h"

namespace skymount::vo {

/// Thread-safe. Stands above the retries, so that a second try and a second question are different things, and below
/// the redirects, so that each hop is judged by itself.
class AuthorizingTransport final : public Transport {
 public:
  AuthorizingTransport(std::shared_ptr<Transport> below, CredentialPtr credential)
      : below_(std::move(below)), credential_(std::move(credential)) {}
  WireResult exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                      const HttpClient::OnBody& on_body, const FetchContext& ctx) override;
  std::vector<SickOrigin> sick_origins() const override { return below_->sick_origins(); }
  std::string identity(AskedFor what) const override { return credential_->identity(what); }

 private:
  struct Asked;
  Asked ask(const HttpRequest& request, const std::string& note, bool last, const Stamp& stamp,
            const HttpClient::OnHeader& on_header, const HttpClient::OnBody& on_body, const FetchContext& ctx);
  static WireResult handed_on(Asked refused, const std::string& note, const HttpClient::OnHeader& on_header,
                              const HttpClient::OnBody& on_body);
  struct Dressed;
  Dressed dressed(const HttpRequest& request, const Url& where, const HttpClient::OnHeader& on_header,
                  const HttpClient::OnBody& on_body, const FetchContext& ctx);

  const std::shared_ptr<Transport> below_;
  const CredentialPtr credential_;
};

}  // namespace skymount::vo
