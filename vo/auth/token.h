// SPDX-License-Identifier: MIT
//
// A token and its time: as a JSON Web Token tells it (RFC 7519), as an OpenID provider hands it out (RFC 6749 section
// 4.3, and ESO's older way), and as `skymount login` keeps it in a file.
#pragma once

#include "cache/base/clock.h"
#include "vo/auth/auth_options.h"
#include "vo/http/transport.h"

#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

struct Token {
  std::string value;
  std::optional<WallTime> expires;  ///< nothing: not known
  std::vector<HostRule> origins{};  ///< of a kept token: where it may go
  std::string user{};               ///< of a kept token: who logged in; empty: the token may say it

  bool expired(WallTime now) const { return expires && *expires <= now; }
};

/// The time that the `exp` of a JSON Web Token names; nothing when it is none or has none. Its signature is the
/// archive's business.
std::optional<WallTime> expiry_of_jwt(std::string_view token);

/// Whom it is about: its `iss` and `sub`; empty when it is none or does not say.
std::string subject_of_jwt(std::string_view token);

/// id_token, else access_token; the time from the token itself, else from expires_in.
/// Errors  denied: the provider's own refusal (error, error_description); corrupt: neither token nor error.
Result<Token> parse_token_answer(std::string_view json, WallTime now);

/// Asks the provider with name and password: a form by POST; by GET, the parameters in the URL, when token_url has a
/// query of its own or POST is not known there. Redirects are not followed: the password is for this origin alone.
/// Errors  denied: refused, or not over https; as the transport; messages hold neither password nor token.
Result<Token> request_token(Transport& transport, const std::string& token_url, const std::string& client_id,
                            const std::string& username, const std::string& password, WallTime now,
                            const FetchContext& ctx);

/// What `skymount login` keeps: a file of mode 0600 in a folder of mode 0700.
/// Errors  unavailable: it cannot be written.
Result<void> keep_token(const std::filesystem::path& file, const Token& token);
/// Errors  not_found: there is none; denied: others may read it; corrupt.
Result<Token> kept_token(const std::filesystem::path& file);
/// What `skymount logout` does. True when there was one.
/// Errors  unavailable: it cannot be removed.
Result<bool> forget_token(const std::filesystem::path& file);

}  // namespace skymount::vo
