// SPDX-License-Identifier: MIT
#include "vo/auth/identity.h"

#include "cache/content_id.h"
#include "vo/auth/token.h"

#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <set>

namespace skymount::vo {
namespace {

using Kind = AuthOptions::Kind;

std::string token_origin(const AuthOptions& options) {
  const Result<Url> url = Url::parse(options.token_url);
  return url ? url->origin() : "";
}

std::string user_at(const std::string& user, const std::string& origin) {
  return "user " + user + "\n" + origin;
}

std::string origin_of(const HostRule& rule) {
  return rule.scheme + "://" + rule.host + ":" + std::to_string(rule.port) + rule.path;
}

/// A certificate that can be read, by its content: the same file may hold another person's tomorrow.
std::string certificate_in(const std::string& file) {
  constexpr std::size_t kLongest = 1 << 20;
  std::ifstream in(file, std::ios::binary);
  std::string text(kLongest, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text.empty() ? "" : "certificate " + cache::hash_hex(text);
}

/// Empty: what is bound cannot be had, so nobody is shown.
std::string owner_of_binding(const AuthOptions& options, const SecretBinding& binding) {
  if (options.kind == Kind::x509) return certificate_in(binding.certificate);
  const bool by_name = options.kind == Kind::basic || options.kind == Kind::oidc_password;
  const SecretPtr& secret = by_name ? binding.password : binding.token;
  const std::optional<std::string> value = secret ? secret->at_hand() : std::nullopt;
  if (!value) return "";
  if (!by_name) return owner_of(*value);
  if (options.kind == Kind::basic) return user_at(binding.username, origin_of(binding.origin));
  const Result<Url> provider = Url::parse(options.token_url);
  return provider && binding.origin.matches(*provider) ? user_at(binding.username, provider->origin()) : "";
}

}  // namespace

std::string owner_of(std::string_view token) {
  const std::string named = subject_of_jwt(token);
  return "token " + (named.empty() ? cache::hash_hex(token) : named);
}

Identity::Stamp Identity::login() const {
  struct stat info {};
  if (options_.token_file.empty() || stat(options_.token_file.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

std::string Identity::read() const {
  std::set<std::string> owners;
  for (const SecretBinding& binding : options_.bindings) owners.insert(owner_of_binding(options_, binding));
  if (!options_.token_file.empty()) {
    if (const Result<Token> kept = kept_token(options_.token_file))
      owners.insert(kept->user.empty() ? owner_of(kept->value) : user_at(kept->user, token_origin(options_)));
  }
  owners.erase("");
  std::string all;
  for (const std::string& owner : owners) all += owner + "\n\n";
  return all.empty() ? "" : cache::hash_hex(all);
}

std::string Identity::now() {
  if (options_.kind == Kind::none) return "";
  const Stamp login = this->login();
  std::lock_guard lock(mutex_);
  if (!known_ || !(login == login_)) {
    value_ = read();
    login_ = login;
    known_ = true;
  }
  return value_;
}

void Identity::changed() {
  std::lock_guard lock(mutex_);
  known_ = false;
}

}  // namespace skymount::vo
