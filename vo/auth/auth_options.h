// SPDX-License-Identifier: MIT
//
// [auth] of an archive's configuration and what secrets.toml binds to it, as values. fs/config reads them.
#pragma once

#include "vo/auth/host_rule.h"
#include "vo/auth/secret.h"

#include <filesystem>
#include <string>
#include <vector>

namespace skymount::vo {

/// What the user bound to one archive and one origin in secrets.toml.
struct SecretBinding {
  HostRule origin;
  std::string where;  ///< "secrets.toml:4", for messages
  std::string username;
  SecretPtr password, token;
  std::string certificate, key;  ///< PEM files; key empty: in the certificate's file
  SecretPtr passphrase;          ///< of the key; null: none
};

struct AuthOptions {
  enum class Kind { none, basic, bearer, header, oidc_password, x509 };
  Kind kind = Kind::none;
  std::vector<HostRule> hosts;  ///< where credentials may go; empty: the origins that secrets.toml names
  std::string header = "Authorization: Token {token}";  ///< kind header
  std::string token_url, client_id = "clientid";        ///< kind oidc_password
  bool files = true, links = true, tap = true;          ///< scope
  std::vector<SecretBinding> bindings;
  std::filesystem::path token_file;  ///< where `skymount login` leaves a token for this archive; empty: nowhere
};

/// "oidc-password".
std::string_view to_text(AuthOptions::Kind kind);

}  // namespace skymount::vo
