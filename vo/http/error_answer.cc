// SPDX-License-Identifier: MIT
//
// One table from HTTP status to Code.
#include "vo/http/error_answer.h"

#include "cache/base/log.h"
#include "cache/base/text.h"
#include "vo/http/redact.h"

namespace skymount::vo {
namespace {

constexpr std::size_t kLongestGist = 300;

std::string without_tags(std::string_view body) {
  std::string out;
  bool tag = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (!tag && body[i] == '<' && i + 1 < body.size() &&
        (body[i + 1] == '/' || body[i + 1] == '!' || body[i + 1] == '?' ||
         std::isalpha(static_cast<unsigned char>(body[i + 1])))) {
      tag = true;
      out += ' ';
      // What style sheets and scripts say is not for people.
      for (const std::string_view skipped : {"style", "script"})
        if (body.substr(i + 1, skipped.size()) == skipped) {
          const std::size_t end = body.find("</", i + 1);
          i = end == std::string_view::npos ? body.size() - 1 : end;
          break;
        }
    } else if (tag) {
      tag = body[i] != '>';
    } else {
      out += body[i];
    }
  }
  return out;
}

/// `computed`: the answer of a service, whose parameters somebody typed. Nobody typed the address of a file.
Code code_of(int status, bool computed, bool about_parameters) {
  switch (status) {
    case 401:
    case 403:
    case 407:
    case 451: return Code::denied;
    case 404:
    case 410: return about_parameters ? Code::invalid : Code::not_found;
    case 408:
    case 425:
    case 429: return Code::unavailable;
    case 413: return Code::too_large;
    default: break;
  }
  if (status >= 500) return Code::unavailable;
  return status >= 400 && computed ? Code::invalid : Code::corrupt;
}

}  // namespace

std::string gist_of(std::string_view body) {
  // A picture that comes with a 404 has nothing to say in words.
  if (body.find('\0') != std::string_view::npos || utf8_length(body) == 0) return "";
  std::string out;
  for (const char c : without_tags(body)) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
    if (out.size() >= 2 * kLongestGist) break;
  }
  out = redact_text(out).substr(0, kLongestGist);
  while (!out.empty() && (out.back() == ' ' || (out.back() & 0x80) != 0)) out.pop_back();  // nor half a character
  return printable(out);
}

Error error_of(const HttpResponse& response, std::string_view body, bool computed) {
  std::string what = response.final_url.redacted() + ": HTTP " + std::to_string(response.status);
  if (const std::string words = gist_of(response.without_secrets(std::string(body))); !words.empty())
    what += ": " + words;
  if (!response.about_credential.empty()) what += " (" + printable(response.about_credential) + ")";
  const bool about_parameters = computed && body.find("UsageError") != std::string_view::npos;
  return {code_of(response.status, computed, about_parameters), std::move(what)};
}

}  // namespace skymount::vo
