// SPDX-License-Identifier: MIT
//
// What one archive's requests may carry to prove who asks: a login, a token that is fetched and renewed, a client
// certificate. Decides where it may go, obtains it, and remembers how it fared. It never asks an archive itself; that
// is vo/auth/authorizing_transport.
#pragma once

#include "vo/auth/identity.h"
#include "vo/auth/token.h"

#include <condition_variable>
#include <map>
#include <mutex>

namespace skymount::vo {

/// What a request is dressed with.
struct Stamp {
  std::string header, value;  ///< "Authorization", "Bearer ..."; empty with a certificate alone
  std::optional<ClientCertificate> certificate;
  std::vector<std::string> secrets;  ///< what must not be shown if the archive repeats it
  std::optional<WallTime> expires;
  std::string identity;  ///< whom it shows, as identity()
};

/// How the credential fares, for status and check. No secret is in it.
struct CredentialState {
  enum class Kind {
    unused,    ///< nothing was asked with it yet
    accepted,  ///< the last answer to it was no refusal
    refused,   ///< the archive does not accept it
    expired,   ///< its time is over
    missing    ///< it cannot be had: not bound, no login, or the provider refuses
  } kind = Kind::unused;
  std::string words;  ///< one sentence, with what to do where something is to be done
  std::optional<WallTime> expires;
};
std::string_view to_text(CredentialState::Kind kind);

/// Thread-safe.
class Credential {
 public:
  // A provider that hangs must not hold up what needs no token for longer than a slow connection would.
  static constexpr std::chrono::milliseconds kPatience{10'000};

  /// `tap_url` tells requests of scope "tap" from others. `archive` is the name for messages. `patience`: how long the
  /// token's provider is waited for.
  Credential(AuthOptions options, std::string archive, const std::string& tap_url, const Clock& clock,
             std::chrono::milliseconds patience = kPatience);

  /// Where to send the request with the credential: its own address, or the same over https. Nothing: it gets none.
  std::optional<Url> destination(const HttpRequest& request) const;
  /// The credential for `url`, a destination(). May ask the token's provider over `transport`, once for all callers.
  /// Errors  denied: it cannot be had, with what to do; timed_out, cancelled: the caller's own time.
  Result<Stamp> stamp(const Url& url, Transport& transport, const FetchContext& ctx);

  /// The answer to a dressed request. `gist`: words of the refusal.
  void accepted(const Stamp& stamp);
  /// 401 or 403. True when another try with a newer credential is worth it.
  /// One `file` that is refused says nothing yet of the credential: see of_no_use().
  bool refused(const Stamp& stamp, int status, bool file);
  /// A file was refused with it and without it. Notes a 401, unless the archive is known to accept it elsewhere.
  void of_no_use(int status);
  /// Without it the archive answered with a file that it refused with it: files go without it first, for ten minutes.
  void doubt(const Url& url);
  bool doubted(const Url& url) const;
  /// How a request fared that was asked without it first. Where it was needed several times in a row, others need not
  /// try without it for ten minutes.
  void needed(const Url& url, bool needed);
  bool surely_needed(const Url& url) const;

  /// Whom answers to such requests may be meant for alone; empty: nobody is shown. See vo/auth/identity.
  std::string identity(AskedFor what) const;

  /// What a refused request should be told, in words; never empty.
  std::string advice(const HttpRequest& request, int status, bool was_sent) const;
  CredentialState state() const;
  const std::string& archive() const { return archive_; }
  /// "bearer for archive.eso.org".
  std::string described() const;

 private:
  bool in_scope(const HttpRequest& request) const;
  bool may_go(const Url& url) const;
  const SecretBinding* binding_for(const Url& url) const;
  Result<Stamp> plain_stamp(const SecretBinding& binding) const;
  Result<Stamp> token_stamp(const std::string& token, std::optional<WallTime> expires) const;
  Result<Stamp> certificate_stamp(const SecretBinding& binding) const;
  Result<Token> current_token(Transport& transport, const FetchContext& ctx);
  Result<Token> fetch_token(Transport& transport, const FetchContext& ctx) const;
  std::optional<Token> kept() const;
  void take_up_login(WallTime now);
  std::string how_to_get() const;
  void note(CredentialState::Kind kind, std::string words, std::optional<WallTime> expires = {});

  const AuthOptions options_;
  const std::string archive_;
  const std::optional<Url> tap_;
  const Clock& clock_;
  const std::chrono::milliseconds patience_;

  // The provider's token: one caller fetches, the others wait. Held for looks only.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool fetching_ = false;
  std::optional<Token> token_;
  std::optional<Error> failure_;  // and nobody asks again before not_before_
  WallTime not_before_{};
  bool of_login_ = false;  // token_ is that of `skymount login`
  WallTime fetched_at_{};

  Synchronized<CredentialState> state_;
  mutable Identity identity_;
  Synchronized<std::map<std::string, WallTime>> doubts_;  // by origin: until when
  struct Need {
    unsigned in_a_row = 0;
    WallTime until{};
  };
  Synchronized<std::map<std::string, Need>> needs_;  // by origin
};
using CredentialPtr = std::shared_ptr<Credential>;

}  // namespace skymount::vo
