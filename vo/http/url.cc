// SPDX-License-Identifier: MIT
//
// Reading URLs leniently and writing them strictly. What an archive gave us stays as it is, byte for byte, except where
// a byte may not appear on the wire; servers do compare spellings, so %7E is not turned into ~ and back.
#include "vo/http/url.h"

#include "cache/base/hidden_words.h"
#include "cache/base/text.h"
#include "vo/http/redact.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace skymount::vo {
namespace {

// Longer ones are refused by every server we know, and a hostile document must not make us carry megabytes around.
constexpr std::size_t kLongestUrl = 64 * 1024;

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void append_escaped(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

/// Escapes what RFC 3986 allows nowhere in a path or query; a '%' that begins no escape is such a byte too.
std::string wire_form(std::string_view text) {
  constexpr std::string_view kAllowed = "-._~!$&'()*+,;=:@/?";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escape = c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (is_alpha(c) || is_digit(c) || escape || kAllowed.find(c) != std::string_view::npos)
      out += c;
    else
      append_escaped(out, c);
  }
  return out;
}

/// Length of "scheme:" at the start, 0 when there is none.
std::size_t scheme_length(std::string_view text) {
  if (text.empty() || !is_alpha(text[0])) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':') return i + 1;
    if (!is_alpha(text[i]) && !is_digit(text[i]) && text[i] != '+' && text[i] != '-' && text[i] != '.') return 0;
  }
  return 0;
}

Result<int> parse_port(std::string_view text, std::string_view scheme, std::string_view url) {
  const int usual = scheme == "https" ? 443 : 80;
  if (text.empty()) return usual;
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535)
    return fail(Code::invalid, "bad port in URL '" + redact_text(url) + "'");
  return port;
}

struct HostPort {
  std::string host;  // lower case, without brackets
  std::string_view port;
};

Result<HostPort> split_authority(std::string_view authority, std::string_view url) {
  HostPort out;
  if (!authority.empty() && authority[0] == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos)
      return fail(Code::invalid, "no closing bracket in URL '" + redact_text(url) + "'");
    out.host = lower(authority.substr(1, close - 1));
    const auto legal = [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; };
    if (out.host.find(':') == std::string::npos || !std::all_of(out.host.begin(), out.host.end(), legal))
      return fail(Code::invalid, "bad IPv6 address in URL '" + redact_text(url) + "'");
    authority.remove_prefix(close + 1);
    if (!authority.empty() && authority[0] != ':')
      return fail(Code::invalid, "bad host in URL '" + redact_text(url) + "'");
    out.port = authority.empty() ? authority : authority.substr(1);
    return out;
  }
  const std::size_t colon = authority.find(':');
  out.host = lower(authority.substr(0, colon));
  out.port = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon + 1);
  if (out.host.empty()) return fail(Code::invalid, "no host in URL '" + redact_text(url) + "'");
  if (!std::all_of(out.host.begin(), out.host.end(), is_unreserved))
    return fail(Code::invalid, "bad host name in URL '" + redact_text(url) + "'");
  return out;
}

/// RFC 3986 5.2.4.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);  // with its leading slash
    const bool last = end == path.size();
    path.remove_prefix(end);
    if (segment == "/..") {
      out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
      if (last) out += '/';
    } else if (segment == "/.") {
      if (last) out += '/';
    } else {
      out += segment;
    }
  }
  return out.empty() ? "/" : out;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  text = trimmed(text);
  if (text.size() > kLongestUrl)
    return fail(Code::invalid, "URL of " + std::to_string(text.size()) + " bytes is too long");
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return fail(Code::invalid, "control byte in a URL");
  const std::string_view given = text;
  const std::size_t scheme_end = text.find("://");
  Url url;
  url.scheme_ = scheme_end == std::string_view::npos ? "" : lower(text.substr(0, scheme_end));
  if (url.scheme_ != "http" && url.scheme_ != "https")
    return fail(Code::invalid, "not an http or https URL: '" + redact_text(given.substr(0, 200)) + "'");
  text.remove_prefix(scheme_end + 3);
  text = text.substr(0, text.find('#'));

  const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  const std::string_view rest = text.substr(authority_end);
  std::string userinfo;
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    userinfo = wire_form(authority.substr(0, at)) + "@";
    std::replace(userinfo.begin(), userinfo.end() - 1, '@', '_');  // a second '@' would move the host
    authority.remove_prefix(at + 1);
  }
  auto split = split_authority(authority, given);
  if (!split) return fail(split.error());
  auto port = parse_port(split->port, url.scheme_, given);
  if (!port) return fail(port.error());
  url.host_ = std::move(split->host);
  url.port_ = *port;
  const bool ipv6 = url.host_.find(':') != std::string::npos;
  url.text_ = url.scheme_ + "://" + userinfo + (ipv6 ? "[" + url.host_ + "]" : url.host_);
  if (!split->port.empty()) url.text_ += ":" + std::to_string(url.port_);
  url.path_at_ = url.text_.size();
  if (rest.empty() || rest[0] != '/') url.text_ += '/';
  url.text_ += wire_form(rest);
  return url;
}

std::string Url::origin() const {
  std::string out = scheme_ + "://" + (host_.find(':') != std::string::npos ? "[" + host_ + "]" : host_);
  if (port_ != (scheme_ == "https" ? 443 : 80)) out += ":" + std::to_string(port_);
  return out;
}

std::string Url::path() const {
  const std::size_t query_at = std::min(text_.find('?', path_at_), text_.size());
  return text_.substr(path_at_, query_at - path_at_);
}

std::string Url::query() const {
  const std::size_t at = text_.find('?', path_at_);
  return at == std::string::npos ? std::string() : text_.substr(at + 1);
}

std::string Url::last_segment() const {
  const std::string all = path();
  const std::string segment = all.substr(all.rfind('/') + 1);
  return percent_decode(segment).value_or(segment);
}

Result<Url> Url::resolve(std::string_view reference) const {
  reference = trimmed(reference);
  if (const std::size_t length = scheme_length(reference); length != 0) {
    // Dotted ids with times in them ("SPHER.2016-09-26T03:04:09") look like a scheme to the letter of RFC 3986.
    const std::string scheme = lower(reference.substr(0, length - 1));
    bool absolute = reference.substr(length).starts_with("//");
    for (const std::string_view known :
         {"http", "https", "ftp", "file", "data", "mailto", "javascript", "urn", "about"})
      absolute = absolute || scheme == known;
    if (absolute) return parse(reference);
  }
  reference = reference.substr(0, reference.find('#'));
  const std::string authority = text_.substr(0, path_at_);
  if (reference.empty()) return *this;
  if (reference.starts_with("//")) return parse(scheme_ + ":" + std::string(reference));
  if (reference[0] == '?') return parse(authority + path() + std::string(reference));
  const std::size_t query_at = std::min(reference.find('?'), reference.size());
  std::string target(reference.substr(0, query_at));
  if (target[0] != '/') {
    const std::string base = path();
    target = base.substr(0, base.rfind('/') + 1) + target;
  }
  return parse(authority + without_dot_segments(target) + std::string(reference.substr(query_at)));
}

Url Url::with_parameters(const std::vector<std::pair<std::string, std::string>>& parameters) const {
  if (parameters.empty()) return *this;
  Url out = *this;
  if (out.text_.find('?', path_at_) == std::string::npos)
    out.text_ += '?';
  else if (out.text_.back() != '?' && out.text_.back() != '&')
    out.text_ += '&';
  out.text_ += form_encode(parameters);
  return out;
}

std::string Url::without_signature() const {
  const std::string kept = query_without_secrets(query(), Secrets::drop);
  return origin() + path_without_session(path(), Secrets::drop) + (kept.empty() ? "" : "?" + kept);
}

std::string Url::redacted() const {
  const bool userinfo = text_.substr(0, path_at_).find('@') != std::string::npos;
  const std::string from = origin();
  const std::size_t host_at = from.find("://") + 3;
  std::string out = from.substr(0, host_at) + (userinfo ? "***@" : "") + from.substr(host_at);
  out += path_without_session(path(), Secrets::blank);
  if (text_.find('?', path_at_) != std::string::npos) out += "?" + query_without_secrets(query(), Secrets::blank);
  return without_hidden_words(out);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c))
      out += c;
    else
      append_escaped(out, c);
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)
      return fail(Code::invalid, "'%' without two hexadecimal digits in '" + std::string(text.substr(0, 200)) + "'");
    out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

std::string form_encode(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + "=" + percent_encode(value);
  }
  return out;
}

}  // namespace skymount::vo
