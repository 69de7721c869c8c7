// SPDX-License-Identifier: MIT
#include "vo/auth/hidden_secret.h"

#include "cache/base/hidden_words.h"
#include "vo/http/url.h"

#include <algorithm>
#include <cstdint>

namespace skymount::vo {
namespace {

std::string escaped(std::string_view text, std::string_view (*escape)(char)) {
  std::string out;
  for (const char c : text) {
    const std::string_view other = escape(c);
    if (other.empty())
      out += c;
    else
      out += other;
  }
  return out;
}

std::string_view in_xml(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return {};
  }
}

std::string_view in_xml_too(char c) {
  return c == '\'' ? "&apos;" : in_xml(c);
}

std::string_view in_json(char c) {
  return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : std::string_view();
}

void hide_as_written(std::string_view text) {
  hide_word(text);
  hide_word(percent_encode(text));
  for (const auto escape : {in_xml, in_xml_too, in_json}) hide_word(escaped(text, escape));
  // A form has '+' for a blank (application/x-www-form-urlencoded).
  std::string form = percent_encode(text);
  for (std::size_t at = 0; (at = form.find("%20", at)) != std::string::npos;) form.replace(at, 3, "+");
  hide_word(form);
}

void hide_base64(std::string_view bytes) {
  std::string text = base64_of(bytes);
  hide_as_written(text);
  // Some leave out what only fills it up, or use the digits for URLs (RFC 4648 section 5).
  while (text.ends_with('=')) text.pop_back();
  hide_as_written(text);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  hide_word(text);
}

}  // namespace

std::string base64_of(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) out += j <= n ? kDigits[bits >> (18 - 6 * j) & 63U] : '=';
  }
  return out;
}

void hide_secret(std::string_view secret) {
  hide_as_written(secret);
  // What is too short to be told from a word is so in base64 as well.
  if (secret.size() >= kShortestHidden) hide_base64(secret);
}

void hide_login(std::string_view username, std::string_view password) {
  hide_secret(password);
  hide_base64(std::string(username) + ":" + std::string(password));
}

}  // namespace skymount::vo
