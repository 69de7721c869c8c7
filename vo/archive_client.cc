// SPDX-License-Identifier: MIT
#include "vo/archive_client.h"

#include "vo/auth/authorizing_transport.h"
#include "vo/discovery_service.h"

namespace skymount::vo {

CredentialPtr make_credential(const ArchiveOptions& archive, const Clock& clock) {
  if (archive.auth.kind == AuthOptions::Kind::none) return nullptr;
  return std::make_shared<Credential>(archive.auth, archive.name, archive.tap.url, clock);
}

ArchiveClient make_archive_client(const ArchiveOptions& archive, const HttpOptions& http, RetryPolicy policy,
                                  const Clock& clock) {
  ArchiveClient out;
  Dress dress;
  if ((out.credential = make_credential(archive, clock))) {
    dress = [credential = out.credential](std::shared_ptr<Transport> below) {
      return std::make_shared<AuthorizingTransport>(std::move(below), credential);
    };
  }
  out.http = make_http_client(http, std::move(policy), dress);
  return out;
}

Result<Token> obtain_token(const ArchiveOptions& archive, const std::string& username, const std::string& password,
                           const Clock& clock, const FetchContext& ctx) {
  const Result<Url> url = Url::parse(archive.auth.token_url);
  if (!url) return fail(url.error());
  const std::size_t authority = url->origin().find("://") + 3;
  const Result<HostRule> safe = HostRule::parse(url->origin().substr(authority));
  if (!safe || !safe->matches(*url)) {
    return fail(Code::invalid, "[auth] token_url is plain http (" + url->redacted() +
                                   "), and a password is not sent over that; write https://");
  }
  std::shared_ptr<Transport> wire;
  const auto client = make_http_client(archive.http, RetryPolicy{}, [&](std::shared_ptr<Transport> below) {
    wire = below;
    return below;
  });
  return request_token(*wire, archive.auth.token_url, archive.auth.client_id, username, password, clock.now(), ctx);
}

std::vector<HostRule> login_origins(const ArchiveOptions& archive) {
  if (!archive.auth.hosts.empty()) return archive.auth.hosts;
  const Result<Url> tap = Url::parse(discovery_url(archive));
  if (!tap) return {};
  const Result<HostRule> rule = HostRule::parse(tap->origin());
  return rule ? std::vector{*rule} : std::vector<HostRule>{};
}

}  // namespace skymount::vo
