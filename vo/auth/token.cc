// SPDX-License-Identifier: MIT
#include "vo/auth/token.h"

#include "cache/base/text.h"
#include "vo/auth/hidden_secret.h"
#include "vo/http/error_answer.h"
#include "vo/http/redact.h"
#include "vo/votable/base64.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>

namespace skymount::vo {
namespace {

using Json = nlohmann::json;

// Real tokens have one to four kilobytes.
constexpr std::size_t kLongestToken = 64 * 1024;
constexpr std::uint64_t kLongestAnswer = 256 * 1024;
// The year 2286: what lies behind is no expiry but a placeholder.
constexpr double kLatest = 9'999'999'999.0;

Json parsed(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

std::optional<WallTime> time_of(const Json& seconds) {
  if (!seconds.is_number()) return std::nullopt;
  const auto value = seconds.get<double>();
  if (!(value >= 0) || value > kLatest) return std::nullopt;
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(value * 1000)));
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// It goes into a header line.
bool usable(const std::string& token) {
  return !token.empty() && token.size() <= kLongestToken &&
         std::none_of(token.begin(), token.end(), [](char c) { return is_control(c) || c == ' '; });
}

struct Answer {
  int status = 0;
  std::string body;
};

Result<Answer> ask(Transport& transport, const HttpRequest& request, const FetchContext& ctx) {
  Answer out;
  const auto header = [&](const HttpResponse& response) -> Result<void> {
    out.status = response.status;
    return {};
  };
  const auto body = [&](ByteView piece) -> Result<void> {
    out.body += as_text(piece);
    return {};
  };
  WireResult result = transport.exchange(request, header, body, ctx);
  if (!result) return fail(std::move(result.error().error));
  return out;
}

/// Its claims, unproved: whether they are true is the archive's business.
Json claims_of(std::string_view token) {
  if (token.size() > kLongestToken) return {};
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  std::string payload(token.substr(first + 1, second - first - 1));
  std::replace(payload.begin(), payload.end(), '-', '+');
  std::replace(payload.begin(), payload.end(), '_', '/');
  std::string text;
  Base64Decoder decoder;
  if (!decoder.feed(payload, text) || !decoder.finish(text)) return {};
  Json claims = parsed(text);
  return claims.is_object() ? claims : Json();
}

}  // namespace

std::optional<WallTime> expiry_of_jwt(std::string_view token) {
  const Json claims = claims_of(token);
  return claims.contains("exp") ? time_of(claims["exp"]) : std::nullopt;
}

std::string subject_of_jwt(std::string_view token) {
  const Json claims = claims_of(token);
  if (!claims.is_object()) return "";
  const std::string subject = text_at(claims, "sub");
  return subject.empty() ? "" : text_at(claims, "iss") + "\n" + subject;
}

Result<Token> parse_token_answer(std::string_view json, WallTime now) {
  const Json answer = parsed(json);
  if (!answer.is_object()) return fail(Code::corrupt, "its answer is no JSON object");
  for (const char* key : {"id_token", "access_token", "refresh_token"}) hide_secret(text_at(answer, key));
  Token out;
  out.value = text_at(answer, "id_token");
  if (out.value.empty()) out.value = text_at(answer, "access_token");
  if (out.value.empty()) {
    const std::string error = text_at(answer, "error");
    if (error.empty()) return fail(Code::corrupt, "its answer has neither id_token nor access_token");
    std::string words = text_at(answer, "error_description");
    if (words.empty()) words = text_at(answer, "message");
    return fail(Code::denied, "login refused: " + gist_of(error + (words.empty() ? "" : ": " + words)));
  }
  if (!usable(out.value)) return fail(Code::corrupt, "its token has characters that no header may have");
  out.expires = expiry_of_jwt(out.value);
  if (!out.expires) {
    if (const auto lasts = time_of(answer.value("expires_in", Json()))) out.expires = now + lasts->time_since_epoch();
  }
  return out;
}

Result<Token> request_token(Transport& transport, const std::string& token_url, const std::string& client_id,
                            const std::string& username, const std::string& password, WallTime now,
                            const FetchContext& ctx) {
  const Result<Url> url = Url::parse(token_url);
  if (!url) return fail(url.error());
  const std::string where = url->redacted() + ": ";
  std::vector<std::pair<std::string, std::string>> parameters = {
      {"grant_type", "password"}, {"client_id", client_id}, {"username", username}, {"password", password}};
  HttpRequest post;
  post.method = "POST";
  post.url = *url;
  post.max_body = kLongestAnswer;
  post.headers.add("Content-Type", "application/x-www-form-urlencoded");
  post.headers.add("Accept", "application/json");
  parameters.emplace_back("scope", "openid");
  post.body = form_encode(parameters);
  HttpRequest get = post;
  get.method = "GET";
  get.body.clear();
  get.headers.clear();
  get.headers.add("Accept", "application/json");
  parameters.back() = {"response_type", "id_token token"};
  get.url = url->with_parameters(parameters);

  const bool by_get = !url->query().empty();
  Result<Answer> answer = ask(transport, by_get ? get : post, ctx);
  if (!answer) return fail(std::move(answer).error());
  // Who does not know the form has not looked at the password, so asking otherwise is no second try with it.
  const bool no_form = answer->status == 404 || answer->status == 405 || answer->status == 415 ||
                       answer->status == 501 || (answer->status == 400 && !parsed(answer->body).is_object());
  if (!by_get && no_form) answer = ask(transport, get, ctx);
  if (!answer) return fail(std::move(answer).error());
  if (answer->status >= 300 && answer->status < 400) {
    return fail(Code::denied, where + "redirects, and a password goes to no other address than [auth] token_url");
  }
  Result<Token> token = parse_token_answer(answer->body, now);
  if (token) return token;
  std::string words = token.error().what();
  Code code = token.error().code();
  if (code != Code::denied && answer->status != 200) {
    code = answer->status >= 500 ? Code::unavailable : Code::denied;
    words = gist_of(answer->body);
  }
  words = blank_word(blank_word(std::move(words), password), percent_encode(password));
  return fail(code, where + "HTTP " + std::to_string(answer->status) + (words.empty() ? "" : ": " + words));
}

Result<void> keep_token(const std::filesystem::path& file, const Token& token) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path().parent_path(), error);
  if (mkdir(file.parent_path().c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Code::unavailable, file.parent_path().string() + ": cannot be made: " + std::strerror(errno));
  }
  Json kept = {{"token", token.value}, {"origins", Json::array()}};
  if (!token.user.empty()) kept["user"] = token.user;
  if (token.expires) kept["expires"] = token.expires->time_since_epoch().count() / 1000;
  for (const HostRule& rule : token.origins) {
    kept["origins"].push_back((rule.scheme.empty() ? "" : rule.scheme + "://") +
                              (rule.host.find(':') == std::string::npos ? rule.host : "[" + rule.host + "]") +
                              (rule.port == 0 ? "" : ":" + std::to_string(rule.port)) + rule.path);
  }
  const std::string text = kept.dump() + "\n";
  const std::string fresh = file.string() + ".new";
  unlink(fresh.c_str());
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool closed = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  if (!written || !closed || rename(fresh.c_str(), file.c_str()) != 0) {
    const Error why(Code::unavailable, file.string() + ": cannot be written: " + std::strerror(errno));
    unlink(fresh.c_str());
    return fail(why);
  }
  return {};
}

Result<Token> kept_token(const std::filesystem::path& file) {
  if (Result<void> safe = check_private(file); !safe) return fail(safe.error());
  std::ifstream in(file, std::ios::binary);
  std::string text(2 * kLongestToken, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const Json kept = parsed(text);
  const auto broken = [&] { return fail(Code::corrupt, file.string() + ": is no token that skymount login has kept"); };
  if (!kept.is_object()) return broken();
  Token out;
  out.value = text_at(kept, "token");
  if (!usable(out.value)) return broken();
  hide_secret(out.value);
  out.user = text_at(kept, "user");
  if (kept.contains("expires")) out.expires = time_of(kept["expires"]);
  for (const Json& origin : kept.value("origins", Json::array())) {
    const Result<HostRule> rule = HostRule::parse(origin.is_string() ? origin.get<std::string>() : "");
    if (!rule) return broken();
    out.origins.push_back(*rule);
  }
  return out;
}

Result<bool> forget_token(const std::filesystem::path& file) {
  if (unlink(file.c_str()) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return fail(Code::unavailable, file.string() + ": cannot be removed: " + std::strerror(errno));
}

}  // namespace skymount::vo
