// SPDX-License-Identifier: MIT
//
// The client that one archive is asked with, its credential included.
#pragma once

#include "vo/archive_options.h"
#include "vo/auth/credential.h"
#include "vo/http/retry.h"

#include <memory>

namespace skymount::vo {

struct ArchiveClient {
  std::shared_ptr<HttpClient> http;
  CredentialPtr credential;  ///< null: the archive is asked without
};

/// Null: the archive is asked without.
CredentialPtr make_credential(const ArchiveOptions& archive, const Clock& clock);

/// `http` as for make_http_client; the archive's own unless given otherwise. `clock` outlives the client.
ArchiveClient make_archive_client(const ArchiveOptions& archive, const HttpOptions& http, RetryPolicy policy,
                                  const Clock& clock);

/// `skymount login`: a token for the name and password, by [auth] token_url.
/// Errors  invalid: token_url is plain http to another machine; as request_token.
Result<Token> obtain_token(const ArchiveOptions& archive, const std::string& username, const std::string& password,
                           const Clock& clock, const FetchContext& ctx);
/// Where a kept token may go: [auth] hosts, else the origin of [tap] url.
std::vector<HostRule> login_origins(const ArchiveOptions& archive);

}  // namespace skymount::vo
