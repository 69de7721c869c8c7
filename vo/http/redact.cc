// SPDX-License-Identifier: MIT
//
// Secrets are known by their names alone; a name that is not in these lists is shown.
#include "vo/http/redact.h"

#include "cache/base/hidden_words.h"
#include "cache/base/text.h"
#include "vo/http/url.h"

#include <algorithm>
#include <array>
#include <vector>

namespace skymount::vo {
namespace {

constexpr std::string_view kBlank = "***";

// Parts of names, as AWS, Google, Azure and the archives write them ...
constexpr std::array<std::string_view, 8> kSecretParts = {"token",  "signature", "password", "passwd",
                                                          "secret", "apikey",    "api_key",  "authorization"};
// ... and whole names: "sig" must not blank "signal".
constexpr std::array<std::string_view, 16> kSecretNames = {
    "sig",       "pwd",       "jwt",        "auth",       "credential", "credentials", "cookie",      "jsessionid",
    "phpsessid", "sessionid", "session_id", "access_key", "accesskey",  "api-key",     "key-pair-id", "awsaccesskeyid"};
// Means something only beside a signature.
constexpr std::array<std::string_view, 15> kSignedAlong = {"expires", "policy", "se",  "sp",    "st",
                                                           "sv",      "sr",     "spr", "skoid", "sktid",
                                                           "skt",     "ske",    "sks", "skv",   "googleaccessid"};
// A key that grants something is at least 64 bits in hexadecimal; shorter ones are names of rows.
constexpr std::size_t kShortestKey = 16;
constexpr std::string_view kLongValue = "0123456789abcdef";

constexpr std::array<std::string_view, 5> kBeforeMail = {"mailto", "mail", "email", "e-mail", "contact"};

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == ']';
}

bool in_scheme(char c) {
  return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}

struct Parameter {
  std::string_view separator;  ///< before it; empty for the first
  std::string_view text;

  std::string_view raw_name() const { return text.substr(0, text.find('=')); }
  std::string name() const { return percent_decode(raw_name()).value_or(std::string(raw_name())); }
  bool has_value() const { return text.find('=') != std::string_view::npos; }
  std::string_view value() const { return has_value() ? text.substr(text.find('=') + 1) : std::string_view(); }
};

std::vector<Parameter> parameters_of(std::string_view query) {
  std::vector<Parameter> out;
  std::string_view separator;
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(query.find_first_of("&?", at), query.size());
    out.push_back({separator, query.substr(at, end - at)});
    if (end == query.size()) return out;
    separator = query.substr(end, query.substr(end).starts_with("&amp;") ? 5 : 1);
    at = end + separator.size();
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
  const std::size_t query = std::min(url.find('?', from), url.size());
  out += path_without_session(url.substr(from, query - from), Secrets::blank);
  if (query == url.size()) return;
  out += '?';
  out += query_without_secrets(url.substr(query + 1), Secrets::blank);
}

bool in_name(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}
bool ends_value(char c) {
  return static_cast<unsigned char>(c) <= ' ' || std::string_view("\"'<>&,;)]}").find(c) != std::string_view::npos;
}
std::size_t skip(std::string_view text, std::size_t at, std::string_view set) {
  return std::min(text.find_first_not_of(set, at), text.size());
}
std::size_t value_end(std::string_view text, std::size_t at) {
  while (at < text.size() && !ends_value(text[at])) ++at;
  return at;
}

bool is_scheme_of_login(std::string_view word) {
  return same_word(word, "bearer") || same_word(word, "basic");
}

struct Span {
  std::size_t begin = 0, end = 0;
};

/// "user:secret@host" without a scheme, around text[begin, end): all before its '@'; empty when that is not what stands
/// there. Addresses for mail have no password, but often a word and a colon before them.
Span login_at(std::string_view text, std::size_t begin, std::size_t end) {
  if (end >= text.size() || text[end] != ':' || is_one_of(lower(text.substr(begin, end - begin)), kBeforeMail))
    return {};
  const std::size_t to = value_end(text, end + 1);
  const std::size_t sign = text.substr(end, to - end).rfind('@');
  const std::size_t at = sign == std::string_view::npos ? sign : end + sign;
  const bool host_follows =
      at != std::string_view::npos && at + 1 < to && (is_letter(text[at + 1]) || is_digit(text[at + 1]));
  if (!host_follows || at <= end + 1 || text.substr(end, at - end).find('/') != std::string_view::npos) return {};
  return {begin, at};
}

/// The secret that belongs to the name text[begin, end); empty when there is none.
Span secret_after(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view name = text.substr(begin, end - begin);
  if (const Span login = login_at(text, begin, end); login.end > login.begin) return login;
  if (is_scheme_of_login(name)) {
    const std::size_t from = skip(text, end, " \t");
    const std::size_t to = value_end(text, from);
    return from > end && to - from >= kShortestKey ? Span{from, to} : Span{};
  }
  // "AuthorizationFault: not yours" (DataLink) and "AuthenticationError: ..." (SODA) say why, not what.
  const std::string word = lower(name);
  if (word.ends_with("fault") || word.ends_with("error")) return {};
  if (!hides_its_value(name, kLongValue)) return {};
  const std::size_t sign = skip(text, skip(text, end, "\"'"), " \t");
  if (sign >= text.size() || (text[sign] != '=' && text[sign] != ':')) return {};
  if (begin > 0 && text[begin - 1] == '/' && text[sign] == ':') return {};  // "https://a.example/secret: HTTP 404"
  std::size_t from = skip(text, sign + 1, " \t\"'");
  std::size_t to = value_end(text, from);
  const std::string_view value = text.substr(from, to - from);
  if (value.starts_with(kBlank) || !hides_its_value(name, value)) return {};
  if (is_scheme_of_login(value)) {
    from = skip(text, to, " \t");
    to = value_end(text, from);
  }
  // Parsers complain of an "unexpected token: SELECT"; behind a colon only what is long enough to be one is taken.
  const bool word_of_grammar = text[sign] == ':' && same_word(name, "token") && to - from < kShortestKey;
  return word_of_grammar ? Span{} : Span{from, to};
}

}  // namespace

bool names_a_secret(std::string_view name) {
  const std::string word = lower(name);
  if (word.starts_with("x-amz-") || word.starts_with("x-goog-")) return true;
  for (const std::string_view part : kSecretParts)
    if (word.find(part) != std::string::npos) return true;
  return is_one_of(word, kSecretNames);
}

bool hides_its_value(std::string_view name, std::string_view value) {
  return names_a_secret(name) || same_word(name, "session") || same_word(name, "ticket") ||
         (same_word(name, "key") && value.size() >= kShortestKey);
}

std::string query_without_secrets(std::string_view query, Secrets how) {
  const std::vector<Parameter> parameters = parameters_of(query);
  const bool is_signed = std::any_of(parameters.begin(), parameters.end(), [](const Parameter& parameter) {
    const std::string name = lower(parameter.name());
    return name == "sig" || name.find("signature") != std::string::npos;
  });
  std::string out;
  for (const Parameter& parameter : parameters) {
    const std::string name = parameter.name();
    const bool along = is_signed && is_one_of(lower(name), kSignedAlong);
    if (how == Secrets::drop && (along || names_a_secret(name))) continue;
    if (how == Secrets::blank || !out.empty()) out += parameter.separator;
    if (how == Secrets::blank && parameter.has_value() && (along || hides_its_value(name, parameter.value()))) {
      out += parameter.raw_name();
      out += '=';
      out += kBlank;
    } else {
      out += parameter.text;
    }
  }
  return out;
}

std::vector<std::string> secrets_in_query(std::string_view query) {
  std::vector<std::string> out;
  for (const Parameter& parameter : parameters_of(query)) {
    if (!parameter.has_value() || !hides_its_value(parameter.name(), parameter.value())) continue;
    out.emplace_back(parameter.value());
    if (const auto decoded = percent_decode(parameter.value()); decoded && *decoded != out.back())
      out.push_back(*decoded);
  }
  return out;
}

std::string path_without_session(std::string_view path, Secrets how) {
  const std::size_t at = lower(path).find(";jsessionid=");
  if (at == std::string::npos) return std::string(path);
  const std::size_t end = std::min(path.find_first_of("/;", at + 1), path.size());
  return std::string(path.substr(0, at)) + (how == Secrets::blank ? ";jsessionid=***" : "") +
         std::string(path.substr(end));
}

std::string blank_urls(std::string_view given) {
  const std::string known = without_hidden_words(given);
  const std::string_view text = known;
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t colon = text.find("://", at);
    if (colon == std::string_view::npos) break;
    std::size_t start = colon;
    while (start > at && in_scheme(text[start - 1])) --start;
    std::size_t end = colon + 3;
    if (start == colon) {  // no scheme, no URL
      out += text.substr(at, end - at);
      at = end;
      continue;
    }
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

std::string redact_text(std::string_view given) {
  const std::string text = blank_urls(given);
  std::string out;
  out.reserve(text.size());
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && in_name(text[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    if (const Span secret = secret_after(text, at, end); secret.end > secret.begin) {
      out.append(text, copied, secret.begin - copied);
      out += kBlank;
      copied = end = secret.end;
    }
    at = end;
  }
  out.append(text, copied);
  return out;
}

}  // namespace skymount::vo
