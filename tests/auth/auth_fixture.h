// SPDX-License-Identifier: MIT
//
// What the tests of this room share: an origin with a door, secrets that are really files and variables, and a client
// that carries a credential.
#pragma once

#include "tests/http/http_fixture.h"
#include "tests/support/temp_dir.h"
#include "vo/auth/authorizing_transport.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <cstdlib>
#include <fstream>

namespace skymount::vo {

using test::TempDir;

inline std::string header_of(const demo::RequestRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.headers)
    if (demo::same_ignoring_case(key, name)) return value;
  return "";
}

/// The Authorization of each request, in order; "" where there was none.
inline std::vector<std::string> shown_to(const demo::Origin& origin, std::string_view path = "/") {
  std::vector<std::string> out;
  for (const auto& record : origin.requests())
    if (record.target.starts_with(path)) out.push_back(header_of(record, "Authorization"));
  return out;
}

/// 200 to who says `password`, else 401; `repeat` lets the refusal repeat what it was shown.
inline void guard(demo::Origin& origin, const std::string& path, const std::string& password, int refusal = 401) {
  origin.handle(path, [password, refusal](const demo::Request& request) {
    const std::string shown = request.header("Authorization");
    if (shown == password) return demo::Reply::text(200, "secret data");
    return demo::Reply::text(refusal, "not for you: " + shown);
  });
}

inline void write_secret(const std::string& file, const std::string& text, mode_t mode = 0600) {
  std::ofstream(file, std::ios::trunc) << text;
  chmod(file.c_str(), mode);
}

inline SecretPtr file_secret(const std::string& file) {
  return std::make_shared<Secret>(Secret::Kind::file, std::vector{file});
}

/// An archive's credential bound to `origin`, its secret in `file`.
inline AuthOptions bound(AuthOptions::Kind kind, const std::string& origin, const std::string& file) {
  AuthOptions options;
  options.kind = kind;
  SecretBinding binding;
  binding.origin = HostRule::parse(origin).value();
  binding.where = "secrets.toml:1";
  binding.username = "anna";
  binding.password = binding.token = file_secret(file);
  options.hosts = {binding.origin};
  options.bindings = {binding};
  return options;
}

struct Asker {
  explicit Asker(AuthOptions options, const std::string& tap = "http://127.0.0.1:1/tap",
                 HttpOptions http = local_options())
      : credential(std::make_shared<Credential>(std::move(options), "eso", tap, clock)),
        client(make_http_client(http, hurried(), [&](std::shared_ptr<Transport> below) {
          return std::make_shared<AuthorizingTransport>(std::move(below), credential);
        })) {}

  Result<HttpClient::Whole> get(const std::string& url, Traffic traffic = Traffic::metadata) {
    HttpRequest request = vo::get(url);
    request.traffic = traffic;
    return client->get_whole(request, soon());
  }

  ManualClock clock;
  CredentialPtr credential;
  std::shared_ptr<HttpClient> client;
};

}  // namespace skymount::vo
