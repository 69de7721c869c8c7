// SPDX-License-Identifier: MIT
#include "vo/protocol/secrets.h"

#include "vo/protocol/dali.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

// Names of parameters that prove a right, as AWS, Google, Azure and the archives write them. Whole names: "sig" must
// not blank "signal".
constexpr std::array<std::string_view, 16> kSecretNames = {
    "sig",           "password",          "passwd",      "pwd",    "apikey",     "api_key",
    "access_key",    "awsaccesskeyid",    "key-pair-id", "policy", "credential", "x-amz-credential",
    "client_secret", "x-goog-credential", "jsessionid",  "auth"};

constexpr std::string_view kBlank = "***";

bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == ']';
}

/// Appends one "name=value" (without its separator), blanked when the name asks for it.
void append_parameter(std::string& out, std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  if (equals == std::string_view::npos || !names_a_secret(parameter.substr(0, equals))) {
    out += parameter;
    return;
  }
  out += parameter.substr(0, equals + 1);
  out += kBlank;
}

void append_query(std::string& out, std::string_view query) {
  std::size_t at = 0;
  while (at < query.size()) {
    std::size_t end = std::min(query.find_first_of("&?", at), query.size());
    append_parameter(out, query.substr(at, end - at));
    if (end == query.size()) return;
    const bool escaped = query.substr(end).starts_with("&amp;");
    const std::size_t separator = escaped ? 5 : 1;
    out += query.substr(end, separator);
    at = end + separator;
  }
}

void append_url(std::string& out, std::string_view url) {
  const std::size_t authority = url.find("//") + 2;
  const std::size_t path = std::min(url.find_first_of("/?#", authority), url.size());
  const std::size_t at_sign = url.substr(0, path).rfind('@');
  out += url.substr(0, authority);
  std::size_t from = authority;
  if (at_sign != std::string_view::npos && at_sign >= authority) {
    out += kBlank;
    from = at_sign;
  }
  const std::size_t query = url.find('?', from);
  if (query == std::string_view::npos) {
    out += url.substr(from);
    return;
  }
  out += url.substr(from, query + 1 - from);
  append_query(out, url.substr(query + 1));
}

}  // namespace

bool names_a_secret(std::string_view name) {
  const std::string word = lower(name);
  if (word.find("token") != std::string::npos || word.find("signature") != std::string::npos) return true;
  return std::find(kSecretNames.begin(), kSecretNames.end(), word) != kSecretNames.end();
}

std::string blank_urls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t scheme = text.find("://", at);
    if (scheme == std::string_view::npos) break;
    const std::string_view before = text.substr(at, scheme - at);
    const std::size_t letters = before.ends_with("https") ? 5 : before.ends_with("http") ? 4 : 0;
    if (letters == 0) {
      out += text.substr(at, scheme + 3 - at);
      at = scheme + 3;
      continue;
    }
    const std::size_t start = scheme - letters;
    std::size_t end = scheme;
    while (end < text.size() && !ends_url(text[end])) ++end;
    out += text.substr(at, start - at);
    append_url(out, text.substr(start, end - start));
    at = end;
  }
  out += text.substr(std::min(at, text.size()));
  return out;
}

std::string blank_word(std::string text, std::string_view secret) {
  if (secret.size() < 4) return text;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kBlank.size()) {
    text.replace(at, secret.size(), kBlank);
  }
  return text;
}

}  // namespace skymount::vo
