// SPDX-License-Identifier: MIT
#include "vo/protocol/dali.h"

#include "cache/base/log.h"
#include "cache/base/text.h"
#include "vo/http/redact.h"
#include "vo/votable/reader.h"

#include <algorithm>
#include <initializer_list>

namespace skymount::vo {
namespace {

bool mentions_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != std::string::npos; });
}

/// What the words of an archive are about; invalid when nothing else is recognised.
Code code_of_words(std::string_view message) {
  const std::string text = lower(message);
  if (mentions_any(text, {"timed out", "timeout", "time out", "time limit", "took too long", "canceling statement",
                          "execution duration", "exceeded the allowed time", "query aborted"})) {
    return Code::timed_out;
  }
  if (mentions_any(text, {"not authori", "unauthori", "permission denied", "forbidden", "authenticat", "access denied",
                          "login required", "authorizationfault", "authorizationerror"})) {
    return Code::denied;
  }
  if (mentions_any(text, {"too many requests", "too many connections", "too many queries", "too many jobs", "overload",
                          "try again", "temporarily", "service unavailable", "maintenance", "connection refused",
                          "out of memory", "no more connections", "transientfault"})) {
    return Code::unavailable;
  }
  return Code::invalid;
}

/// A 5xx in plain words may still be about the query: some services have no other way to say so.
bool speaks_of_the_query(std::string_view body) {
  return mentions_any(lower(body.substr(0, 4096)),
                      {"syntax", "unknown ", "not defined", "unsupported", "not supported", "does not exist",
                       "parse error", "not implemented", "no such", "usageerror", "usagefault"});
}

bool is_html(std::string_view body) {
  const std::string head = lower(body.substr(0, 1024));
  return head.find("<html") != std::string::npos || head.find("<!doctype html") != std::string::npos;
}

Code code_of_http(int status, std::string_view body) {
  switch (status) {
    case 400:
    case 422: return code_of_words(is_html(body) ? std::string_view{} : body.substr(0, 4096));
    case 401:
    case 403: return Code::denied;
    case 404:
    case 410: return Code::not_found;
    case 408:
    case 504: return Code::timed_out;
    case 413:
    case 414: return Code::too_large;
    default: break;
  }
  if (status >= 200 && status < 300) return Code::corrupt;
  if (status == 500 && !is_html(body)) {
    const Code words = code_of_words(body.substr(0, 4096));
    if (words == Code::timed_out || speaks_of_the_query(body)) return words;
  }
  return status >= 500 || status == 429 ? Code::unavailable : Code::invalid;
}

/// The message of a VOTable error document; nothing when the body is none.
std::optional<std::string> votable_message(std::string_view body) {
  if (!looks_like_votable(as_bytes(body))) return std::nullopt;
  const Result<Table> table = read_votable(as_bytes(body), {.document_bytes = 4 << 20, .row_bytes = 1 << 20});
  if (!table || table->meta.status.kind != QueryStatus::Kind::error) return std::nullopt;
  return table->meta.status.message;
}

}  // namespace

std::string words_of(std::string_view text, std::size_t limit) {
  std::string folded;
  bool blank = false;
  for (const char c : text.substr(0, std::min<std::size_t>(text.size(), 4 * limit))) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      blank = !folded.empty();
      continue;
    }
    if (blank) folded += ' ';
    blank = false;
    folded += c;
  }
  std::string out = printable(redact_text(folded));
  if (out.size() <= limit) return out;
  out.resize(limit);
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
  if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
  return out + "...";
}

std::string first_words(std::string_view body) {
  if (is_html(body)) {
    const std::string lowered = lower(body.substr(0, 8192));
    const std::size_t open = lowered.find("<title");
    const std::size_t from = open == std::string::npos ? open : lowered.find('>', open);
    const std::size_t to = from == std::string::npos ? from : lowered.find('<', from);
    if (to == std::string::npos) return "an HTML page";
    return "an HTML page, \"" + words_of(body.substr(from + 1, to - from - 1), 200) + "\"";
  }
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return "an empty answer";
  return words_of(body.substr(start, body.find_first_of("\r\n", start) - start), 300);
}

Error error_of_status(std::string_view message) {
  const Code code = code_of_words(message);
  const std::string words = words_of(message);
  return {code, words.empty() ? "the archive reports an error and gives no reason" : "the archive says: " + words};
}

Error error_of_answer(int status, std::string_view body) {
  if (const auto message = votable_message(body)) {
    Error error = error_of_status(*message);
    // A document that says nothing of rights or load still came with a status that does.
    const bool status_decides = status == 401 || status == 403 || status == 429 || status == 503 || status == 504;
    if (error.code() == Code::invalid && status_decides) return {code_of_http(status, body), error.what()};
    return error;
  }
  const std::string number = "HTTP " + std::to_string(status);
  if (status == 206) return {Code::corrupt, number + ": a part came where the whole answer was asked for"};
  if (status > 200 && status < 300) return {Code::corrupt, number + " where 200 was expected: " + first_words(body)};
  return {code_of_http(status, body), (status == 200 ? "not a VOTable" : number) + ": " + first_words(body)};
}

Error error_of_answer(const HttpResponse& response, std::string_view body) {
  Error error = error_of_answer(response.status, response.without_secrets(std::string(body)));
  if (response.about_credential.empty()) return error;
  return {error.code(), error.what() + " (" + response.about_credential + ")"};
}

Result<FetchedDocument> get_document(HttpClient& client, const Url& url, const FetchContext& ctx) {
  HttpRequest request;
  request.url = url;
  auto whole = client.get_whole(std::move(request), ctx);
  if (!whole) return fail(std::move(whole).error().during(url.redacted()));
  return document_of(std::move(*whole), url);
}

Result<FetchedDocument> document_of(HttpClient::Whole whole, const Url& url) {
  const HttpResponse& response = whole.response;
  if (response.status == 204) return fail(Code::no_data, url.redacted() + ": HTTP 204, no content");
  if (response.status < 200 || response.status >= 300) {
    const std::string body = response.without_secrets(std::move(whole.body));
    return fail(error_of_answer(response, body).during(url.redacted()));
  }
  return FetchedDocument{std::move(whole.body), response.content_type(), response.final_url};
}

Result<std::optional<FetchedDocument>> get_document_if_small(HttpClient& client, const Url& url,
                                                             std::uint64_t max_bytes, const FetchContext& ctx,
                                                             DocumentTypes types) {
  HttpRequest request;
  request.url = url;
  FetchedDocument document;
  bool given_up = false;
  const auto give_up = [&]() -> Result<void> {
    given_up = true;
    return fail(Code::cancelled, "no document");
  };
  const auto on_header = [&](const HttpResponse& response) -> Result<void> {
    const std::string type = response.content_type();
    const bool may_be = types == DocumentTypes::any || type.empty() || type.starts_with("text/") ||
                        type.find("xml") != std::string::npos;
    if (response.status == 200 && (!may_be || response.content_length().value_or(0) > max_bytes)) return give_up();
    return {};
  };
  const auto on_body = [&](ByteView piece) -> Result<void> {
    if (document.body.size() + piece.size() > max_bytes) return give_up();
    document.body += as_text(piece);
    return {};
  };
  auto response = client.send(request, on_header, on_body, ctx);
  if (given_up) return std::nullopt;
  if (!response) return fail(std::move(response).error().during(url.redacted()));
  if (response->status < 200 || response->status >= 300) {
    const std::string body = response->without_secrets(std::move(document.body));
    return fail(error_of_answer(*response, body).during(url.redacted()));
  }
  document.content_type = response->content_type();
  document.url = response->final_url;
  return document;
}

}  // namespace skymount::vo
