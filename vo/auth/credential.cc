// SPDX-License-Identifier: MIT
#include "vo/auth/credential.h"

#include "cache/base/text.h"
#include "vo/auth/hidden_secret.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;

// What was refused may have been put right meanwhile; until then each request would cost two.
constexpr auto kDoubt = 10min;
// Who opens so many protected files in a row has come for those: each further one is spared the question without.
constexpr unsigned kSurelyNeeded = 3;
// A provider that is down is asked again soon; one that refuses a password is not, since accounts get locked.
constexpr auto kAfterOutage = 30s;
constexpr auto kAfterRefusal = 10min;
// ESO's tokens live eight hours; a download that begins now must not end with an expired one.
constexpr auto kRenewBefore = std::chrono::milliseconds(10min);

constexpr std::array<std::string_view, 6> kKinds = {"none", "basic", "bearer", "header", "oidc-password", "x509"};
constexpr std::array<std::string_view, 5> kStates = {"unused", "accepted", "refused", "expired", "missing"};

std::string date_text(WallTime when) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  return text;
}

/// Whether a token is better renewed now. Short-lived ones are renewed in the last fifth of their time.
bool worn(const Token& token, WallTime fetched, WallTime now) {
  if (!token.expires) return false;
  const auto lifetime = std::max<std::chrono::milliseconds>(*token.expires - fetched, 0ms);
  return now >= *token.expires - std::min(kRenewBefore, lifetime / 5);
}

/// The part of "https://x/tap" that all requests of the service begin with.
std::string base_path(const Url& url) {
  std::string path = url.path();
  while (path.ends_with('/')) path.pop_back();
  return path + "/";
}

}  // namespace

std::string_view to_text(AuthOptions::Kind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string_view to_text(CredentialState::Kind kind) {
  return kStates[static_cast<std::size_t>(kind)];
}

Credential::Credential(AuthOptions options, std::string archive, const std::string& tap_url, const Clock& clock,
                       std::chrono::milliseconds patience)
    : options_(std::move(options)),
      archive_(std::move(archive)),
      tap_([&]() -> std::optional<Url> {
        Result<Url> url = Url::parse(tap_url);
        return url ? std::optional<Url>(*url) : std::nullopt;
      }()),
      clock_(clock),
      patience_(patience),
      identity_(options_) {}

bool Credential::in_scope(const HttpRequest& request) const {
  if (request.traffic == Traffic::data) return options_.files;
  const bool tap =
      tap_ && request.url.host() == tap_->host() && (request.url.path() + "/").starts_with(base_path(*tap_));
  return tap ? options_.tap : options_.links;
}

const SecretBinding* Credential::binding_for(const Url& url) const {
  for (const SecretBinding& binding : options_.bindings) {
    if (binding.origin.matches(url)) return &binding;
  }
  return nullptr;
}

std::optional<Token> Credential::kept() const {
  if (options_.token_file.empty()) return std::nullopt;
  Result<Token> token = kept_token(options_.token_file);
  if (!token) return std::nullopt;
  return std::move(*token);
}

bool Credential::may_go(const Url& url) const {
  if (!options_.hosts.empty() && !any_matches(options_.hosts, url)) return false;
  // The token that a provider gave goes to the hosts of the configuration; what the user bound, where he bound it.
  if (options_.kind == AuthOptions::Kind::oidc_password && !options_.bindings.empty()) return !options_.hosts.empty();
  if (binding_for(url) != nullptr) return true;
  const std::optional<Token> login = kept();
  return login && any_matches(login->origins, url);
}

std::optional<Url> Credential::destination(const HttpRequest& request) const {
  if (options_.kind == AuthOptions::Kind::none || request.bare || !in_scope(request)) return std::nullopt;
  if (may_go(request.url)) return request.url;
  std::optional<Url> safe = over_https(request.url);
  if (safe && may_go(*safe)) return safe;
  return std::nullopt;
}

Result<Stamp> Credential::token_stamp(const std::string& token, std::optional<WallTime> expires) const {
  Stamp out;
  out.secrets = {token};
  out.expires = expires;
  if (expires && *expires <= clock_.now()) {
    return fail(Code::denied, "the token for " + archive_ + " expired on " + date_text(*expires) + "; " + how_to_get());
  }
  if (options_.kind != AuthOptions::Kind::header) {
    out.header = "Authorization";
    out.value = "Bearer " + token;
    return out;
  }
  const std::size_t colon = options_.header.find(':');
  out.header = trim(options_.header.substr(0, colon));
  std::string text(trim(std::string_view(options_.header).substr(colon + 1)));
  if (const std::size_t hole = text.find("{token}"); hole != std::string::npos) text.replace(hole, 7, token);
  out.value = text;
  return out;
}

Result<Stamp> Credential::certificate_stamp(const SecretBinding& binding) const {
  Stamp out;
  out.certificate = ClientCertificate{binding.certificate, binding.key.empty() ? binding.certificate : binding.key, ""};
  if (Result<void> safe = check_private(out.certificate->key); !safe) return fail(Code::denied, safe.error().what());
  if (binding.passphrase) {
    Result<std::string> passphrase = binding.passphrase->read();
    if (!passphrase) return fail(std::move(passphrase).error());
    out.certificate->passphrase = *passphrase;
    out.secrets = {*passphrase};
  }
  return out;
}

Result<Stamp> Credential::plain_stamp(const SecretBinding& binding) const {
  if (options_.kind == AuthOptions::Kind::x509) return certificate_stamp(binding);
  const SecretPtr& secret = options_.kind == AuthOptions::Kind::basic ? binding.password : binding.token;
  if (!secret) {
    return fail(Code::denied, binding.where + " binds no " +
                                  (options_.kind == AuthOptions::Kind::basic ? "password" : "token") + ", which " +
                                  std::string(to_text(options_.kind)) + " needs");
  }
  Result<std::string> value = secret->read();
  if (!value) return fail(std::move(value).error());
  if (options_.kind != AuthOptions::Kind::basic) return token_stamp(*value, expiry_of_jwt(*value));
  Stamp out;
  out.header = "Authorization";
  out.value = "Basic " + base64_of(binding.username + ":" + *value);
  hide_login(binding.username, *value);
  out.secrets = {*value, out.value.substr(6)};
  return out;
}

Result<Stamp> Credential::stamp(const Url& url, Transport& transport, const FetchContext& ctx) {
  Result<Stamp> out = [&]() -> Result<Stamp> {
    if (options_.kind == AuthOptions::Kind::oidc_password) {
      const Result<Token> token = current_token(transport, ctx);
      if (!token) return fail(token.error());
      return token_stamp(token->value, token->expires);
    }
    // A login is newer than what was written down before it.
    if (const std::optional<Token> login = kept(); login && any_matches(login->origins, url)) {
      const bool usable = !login->expired(clock_.now()) || binding_for(url) == nullptr;
      if (usable) return token_stamp(login->value, login->expires);
    }
    const SecretBinding* binding = binding_for(url);
    if (binding == nullptr) return fail(Code::denied, "nothing is bound for " + url.origin() + "; " + how_to_get());
    return plain_stamp(*binding);
  }();
  identity_.changed();
  if (out) out->identity = identity_.now();
  if (!out && out.error().code() == Code::denied) {
    const bool expired = out.error().what().find(" expired on ") != std::string::npos;
    note(expired ? CredentialState::Kind::expired : CredentialState::Kind::missing, out.error().what());
  }
  return out;
}

std::string Credential::how_to_get() const {
  return "run: skymount login " + archive_;
}

Result<Token> Credential::fetch_token(Transport& transport, const FetchContext& ctx) const {
  const Result<Url> url = Url::parse(options_.token_url);
  if (!url) return fail(url.error());
  const SecretBinding* binding = binding_for(*url);
  if (binding == nullptr || !binding->password) {
    return fail(Code::denied, "no user name and password are bound for " + url->origin() + "; " + how_to_get());
  }
  const Result<std::string> password = binding->password->read();
  if (!password) return fail(password.error());
  Result<Token> token =
      request_token(transport, options_.token_url, options_.client_id, binding->username, *password, clock_.now(), ctx);
  if (!token && token.error().code() == Code::denied) binding->password->forget();
  return token;
}

/// With mutex_. A login takes the place of another one, and a logout ends it. A login that lasts longer than what the
/// provider gave is newer; an expired one only tells that there was one.
void Credential::take_up_login(WallTime now) {
  std::optional<Token> login = kept();
  if (!login) {
    if (std::exchange(of_login_, false)) token_.reset();
    return;
  }
  if (token_ && login->value == token_->value) return;
  const bool better = of_login_ || (!login->expired(now) && (!token_ || token_->expired(now) || !login->expires ||
                                                             (token_->expires && *login->expires > *token_->expires)));
  if (token_ && !better) return;
  token_ = std::move(login);
  of_login_ = true;
  fetched_at_ = now;
}

Result<Token> Credential::current_token(Transport& transport, const FetchContext& ctx) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const WallTime now = clock_.now();
    take_up_login(now);
    const bool good = token_ && !token_->expired(now);
    if (good && !worn(*token_, fetched_at_, now)) return *token_;
    const bool may_ask = !failure_ || now >= not_before_;
    if (!may_ask || (good && fetching_)) {
      if (good) return *token_;
      return fail(*failure_);
    }
    if (fetching_) {
      const bool woken = changed_.wait_until(lock, ctx.stop, ctx.deadline, [&] { return !fetching_; });
      if (ctx.stopped()) return fail(Code::cancelled, "waiting for a token was cancelled");
      if (!woken) return fail(Code::timed_out, "the time for this call ended while a token was asked for");
      continue;
    }
    fetching_ = true;
    lock.unlock();
    FetchContext brief = ctx;
    brief.deadline = std::min(ctx.deadline, FetchContext::Steady::now() + patience_);
    Result<Token> fresh = fetch_token(transport, brief);
    lock.lock();
    fetching_ = false;
    changed_.notify_all();
    if (fresh) {
      token_ = *fresh;
      of_login_ = false;
      fetched_at_ = clock_.now();
      failure_.reset();
      return *token_;
    }
    const Code code = fresh.error().code();
    // That a caller leaves says nothing about the provider.
    if (code == Code::cancelled || (code == Code::timed_out && ctx.expired())) return fresh;
    failure_ = code == Code::timed_out ? Error(Code::unavailable, fresh.error().what()) : fresh.error();
    not_before_ = clock_.now() + std::chrono::milliseconds(code == Code::denied ? kAfterRefusal : kAfterOutage);
    if (good) return *token_;
    if (token_ && code == Code::denied) {
      return fail(Code::denied, "the token for " + archive_ + " expired on " + date_text(*token_->expires) +
                                    ", and no other is to be had: " + fresh.error().what());
    }
    return fail(*failure_);
  }
}

void Credential::note(CredentialState::Kind kind, std::string words, std::optional<WallTime> expires) {
  state_.with([&](CredentialState& state) { state = {kind, std::move(words), expires}; });
}

void Credential::accepted(const Stamp& stamp) {
  note(CredentialState::Kind::accepted, "the archive accepts it", stamp.expires);
}

void Credential::of_no_use(int status) {
  if (status != 401) return;
  const std::string words = advice({}, status, true);
  state_.with([&](CredentialState& state) {
    if (state.kind != CredentialState::Kind::accepted) state = {CredentialState::Kind::refused, words, state.expires};
  });
}

bool Credential::refused(const Stamp& stamp, int status, bool file) {
  if (status == 403) return false;  // it was understood: this account may not
  if (!file) note(CredentialState::Kind::refused, advice({}, status, true), stamp.expires);
  for (const SecretBinding& binding : options_.bindings) {
    for (const SecretPtr& secret : {binding.password, binding.token}) {
      // A file or a variable is looked at again for nothing; a command may ask a person.
      if (secret && secret->kind() != Secret::Kind::command) secret->forget();
    }
  }
  if (options_.kind != AuthOptions::Kind::oidc_password) return false;
  std::lock_guard lock(mutex_);
  const bool was_current = token_ && !stamp.secrets.empty() && token_->value == stamp.secrets.front();
  if (!was_current) return token_.has_value();  // somebody renewed it meanwhile
  // Revoked before its time: one new token, unless this one is the newest that can be.
  if (options_.bindings.empty() || clock_.now() - fetched_at_ < 1min) return false;
  token_.reset();
  return true;
}

void Credential::doubt(const Url& url) {
  doubts_.with([&](auto& doubts) { doubts[url.origin()] = clock_.now() + std::chrono::milliseconds(kDoubt); });
}

bool Credential::doubted(const Url& url) const {
  return doubts_.with([&](const auto& doubts) {
    const auto found = doubts.find(url.origin());
    return found != doubts.end() && clock_.now() < found->second;
  });
}

void Credential::needed(const Url& url, bool needed) {
  needs_.with([&](auto& needs) {
    if (!needed) {
      needs.erase(url.origin());
      return;
    }
    Need& need = needs[url.origin()];
    ++need.in_a_row;
    need.until = clock_.now() + std::chrono::milliseconds(kDoubt);
  });
}

bool Credential::surely_needed(const Url& url) const {
  return needs_.with([&](const auto& needs) {
    const auto found = needs.find(url.origin());
    return found != needs.end() && found->second.in_a_row >= kSurelyNeeded && clock_.now() < found->second.until;
  });
}

std::string Credential::identity(AskedFor what) const {
  const bool in_scope = what == AskedFor::files   ? options_.files
                        : what == AskedFor::links ? options_.links
                                                  : options_.tap;
  return in_scope ? identity_.now() : "";
}

std::string Credential::advice(const HttpRequest& request, int status, bool was_sent) const {
  const std::string what = std::string(to_text(options_.kind)) + " credential of " + archive_;
  if (!was_sent) {
    if (request.bare) return "the " + what + " was not sent, because a redirect led here from another origin";
    if (!in_scope(request)) return "the " + what + " was not sent: [auth] scope leaves such requests out";
    if (!options_.hosts.empty() && !any_matches(options_.hosts, request.url)) {
      return "the " + what + " was not sent: " + request.url.origin() + " is not among [auth] hosts";
    }
    return "the " + what + " was not sent: nothing is bound for " + request.url.origin() + "; " + how_to_get() +
           ", or bind a secret in ~/.config/skymount/secrets.toml";
  }
  if (status == 403) return "the " + what + " was sent: this account has no right to it";
  return "the archive does not accept the " + what + ": it is wrong, expired or withdrawn; " + how_to_get() +
         ", or correct ~/.config/skymount/secrets.toml";
}

CredentialState Credential::state() const {
  CredentialState state = state_.with([](const CredentialState& known) { return known; });
  if (state.expires && *state.expires <= clock_.now() && state.kind == CredentialState::Kind::accepted &&
      options_.kind != AuthOptions::Kind::oidc_password) {
    state = {CredentialState::Kind::expired, "it expired on " + date_text(*state.expires) + "; " + how_to_get(),
             state.expires};
  }
  return state;
}

std::string Credential::described() const {
  std::string hosts;
  const auto add = [&](const HostRule& rule) {
    if (hosts.find(rule.host) == std::string::npos) hosts += (hosts.empty() ? "" : ", ") + rule.host;
  };
  for (const HostRule& rule : options_.hosts) add(rule);
  if (options_.hosts.empty())
    for (const SecretBinding& binding : options_.bindings) add(binding.origin);
  return std::string(to_text(options_.kind)) + (hosts.empty() ? "" : " for " + hosts);
}

}  // namespace skymount::vo
