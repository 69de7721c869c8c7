// SPDX-License-Identifier: MIT
//
// `skymount login` and `skymount logout`. The first asks for a password or a token, without showing it, and keeps a token
// for the mounts of this user; the second removes it. A mount that runs notices both by itself.
#include "cache/base/log.h"
#include "fs/cli/commands.h"
#include "vo/archive_client.h"
#include "vo/http/url.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

namespace skymount::fs {
namespace {

using Kind = vo::AuthOptions::Kind;

/// The terminal without echo, as long as it lives.
class Hidden {
 public:
  Hidden() : changed_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Hidden() {
    if (!changed_) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::cerr << "\n";
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

/// One line of standard input, which may as well be a pipe.
Result<std::string> ask(const std::string& question, bool hidden) {
  if (isatty(STDIN_FILENO) != 0) std::cerr << question << ": " << std::flush;
  std::string line;
  {
    std::optional<Hidden> silence;
    if (hidden) silence.emplace();
    if (!std::getline(std::cin, line)) line.clear();
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  if (line.empty()) return fail(Code::invalid, question + ": nothing was entered");
  return line;
}

const vo::SecretBinding* binding_at(const vo::AuthOptions& auth, const vo::Url& url) {
  for (const vo::SecretBinding& binding : auth.bindings)
    if (binding.origin.matches(url)) return &binding;
  return nullptr;
}

Result<vo::Token> by_password(const vo::ArchiveOptions& archive, const Clock& clock) {
  const Result<vo::Url> url = vo::Url::parse(archive.auth.token_url);
  if (!url) return fail(url.error());
  const vo::SecretBinding* bound = binding_at(archive.auth, *url);
  Result<std::string> username = bound != nullptr ? bound->username : ask("User name at " + url->origin(), false);
  if (!username) return fail(username.error());
  Result<std::string> password = bound != nullptr && bound->password
                                     ? bound->password->read()
                                     : ask("Password of " + *username + " at " + url->origin(), true);
  if (!password) return fail(password.error());
  Result<vo::Token> token = vo::obtain_token(archive, *username, *password, clock,
                                             FetchContext::within(archive.limits.listing, "login " + archive.name));
  if (token) token->user = *username;
  return token;
}

Result<vo::Token> by_hand(const vo::ArchiveOptions& archive) {
  Result<std::string> token = ask("Token for " + archive.name, true);
  if (!token) return fail(token.error());
  for (const char c : *token)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      return fail(Code::invalid, "a token has no blanks and no control characters; this was something else");
  return vo::Token{*token, vo::expiry_of_jwt(*token)};
}

int no_token(const vo::ArchiveOptions& archive) {
  const std::string kind(vo::to_text(archive.auth.kind));
  if (archive.auth.kind == Kind::none) {
    return complain(Error(
        Code::invalid, archive.name + " is asked without credentials: " + archive.config_file + " has no [auth] kind"));
  }
  const bool certificate = archive.auth.kind == Kind::x509;
  return complain(Error(
      Code::invalid,
      archive.name + " takes " + kind + ", which has no token to be kept; bind it in ~/.config/skymount/secrets.toml " +
          "(chmod 600):\n  [" + archive.name + ".\"https://HOST\"]\n" +
          (certificate
               ? "  certificate = \"~/.skymount/cert.pem\""
               : "  username = \"NAME\"\n  password = { command = [\"pass\", \"show\", \"" + archive.name + "\"] }")));
}

}  // namespace

int run_login(const Command& command) {
  ConfigRequest request = command.config;
  request.only = {command.target};
  const Result<Configuration> config = load_configuration(request, process_environment());
  if (!config) return complain(config.error());
  const vo::ArchiveOptions& archive = config->archives.front();
  const bool takes_token = archive.auth.kind == Kind::bearer || archive.auth.kind == Kind::header ||
                           archive.auth.kind == Kind::oidc_password;
  if (!takes_token) return no_token(archive);
  const SystemClock clock;
  Result<vo::Token> token = archive.auth.kind == Kind::oidc_password ? by_password(archive, clock) : by_hand(archive);
  if (!token) return complain(std::move(token).error().during("login " + archive.name));
  if (token->expired(clock.now())) return complain(Error(Code::denied, "this token has expired already"));
  token->origins = vo::login_origins(archive);
  if (archive.auth.token_file.empty())
    return complain(Error(Code::unavailable, "there is no place for it: HOME is not set"));
  if (Result<void> kept = vo::keep_token(archive.auth.token_file, *token); !kept) return complain(kept.error());
  std::cout << "logged in to " << archive.name;
  if (token->expires) {
    const auto left = std::chrono::duration_cast<std::chrono::minutes>(*token->expires - clock.now()).count();
    std::cout << ", for " << left / 60 << " h " << left % 60 << " min";
  }
  std::cout << "; the token is in " << archive.auth.token_file.string() << " and goes to";
  for (const vo::HostRule& rule : token->origins) std::cout << " " << rule.host;
  std::cout << "\n";
  return kExitOk;
}

int run_logout(const Command& command) {
  ConfigRequest request = command.config;
  request.only = {command.target};
  const Result<Configuration> config = load_configuration(request, process_environment());
  if (!config) return complain(config.error());
  const vo::ArchiveOptions& archive = config->archives.front();
  if (!archive.auth.token_file.empty()) {
    const Result<bool> gone = vo::forget_token(archive.auth.token_file);
    if (!gone) return complain(gone.error());
    std::cout << (*gone ? "logged out of " : "there was no login to ") << archive.name << "\n";
  }
  for (const vo::SecretBinding& binding : archive.auth.bindings) {
    std::cout << binding.where << " binds a secret for it, which mounts go on using; remove it there and mount anew\n";
  }
  return kExitOk;
}

}  // namespace skymount::fs
