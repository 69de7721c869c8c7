// SPDX-License-Identifier: MIT
//
// Tokens that are fetched with a password: how, how often, when they are renewed, and what a refusal leads to. And
// where secrets are read from.
#include "tests/auth/auth_fixture.h"
#include "vo/http/error_answer.h"

#include <atomic>
#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Kind = AuthOptions::Kind;

/// An OpenID provider at /sso/oidc/token as ESO has it, and data that want its newest token.
struct Provider {
  Provider() {
    origin.handle("/sso/oidc/token", [this](const demo::Request& request) { return answer(request); });
    origin.handle("/data", [this](const demo::Request& request) {
      const bool good = request.header("Authorization") == "Bearer token-" + std::to_string(newest);
      return demo::Reply::text(good ? 200 : 401, good ? "secret data" : "who are you?");
    });
  }
  demo::Reply answer(const demo::Request& request) {
    ++asked;
    if (down) return demo::Reply::text(503, "maintenance");
    if (get_only && request.method != "GET") return demo::Reply::text(405, "");
    const bool good = request.param("username") == "anna" && request.param("password") == "pass word&=";
    if (request.param("grant_type") != "password" || !request.param("client_id") || !good)
      return demo::Reply::text(401, R"({"error": "invalid_grant", "error_description": "bad password pass word&="})",
                               "application/json");
    return demo::Reply::text(200,
                             R"({"access_token": "x", "id_token": "token-)" + std::to_string(++newest) +
                                 R"(", "token_type": "bearer", "expires_in": 28800})",
                             "application/json");
  }

  std::atomic<bool> get_only{false}, down{false};
  std::atomic<int> newest{0}, asked{0};
  demo::Origin origin;
};

class Tokens : public testing::Test {
 protected:
  Tokens() { write_secret(file, "pass word&="); }
  AuthOptions options() {
    AuthOptions out = bound(Kind::oidc_password, provider.origin.url("/sso"), file);
    out.token_url = provider.origin.url("/sso/oidc/token");
    out.hosts = {HostRule::parse(provider.origin.url("")).value()};
    return out;
  }
  std::string ask(Asker& asker) {
    const auto answer = asker.get(provider.origin.url("/data"));
    return !answer                          ? answer.error().what()
           : answer->response.status == 200 ? answer->body
                                            : error_of(answer->response, answer->body).what();
  }

  TempDir dir;
  std::string file = dir.path() / "password";
  Provider provider;
};

TEST_F(Tokens, AreFetchedOnceAndRenewedBeforeTheyEnd) {
  Asker asker(options());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(asker), "secret data");
  EXPECT_EQ(provider.asked, 1);
  asker.clock.advance(7h + 45min);
  EXPECT_EQ(ask(asker), "secret data");
  EXPECT_EQ(provider.asked, 1);
  asker.clock.advance(6min);  // 9 before its end
  EXPECT_EQ(ask(asker), "secret data");
  EXPECT_EQ(provider.asked, 2);
  EXPECT_THAT(shown_to(provider.origin, "/data"), Not(testing::Contains("")));
}

TEST_F(Tokens, AreFetchedOnceForAllWhoNeedOne) {
  demo::Faults slow;
  slow.latency = 50ms;
  provider.origin.misbehave("/sso", slow);
  Asker asker(options());
  std::vector<std::thread> askers;
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) askers.emplace_back([&] { served += ask(asker) == "secret data"; });
  for (std::thread& thread : askers) thread.join();
  EXPECT_EQ(served, 8);
  EXPECT_EQ(provider.asked, 1);
}

TEST_F(Tokens, APasswordIsNeverInTheWayOfPublicDataNorTriedOften) {
  write_secret(file, "wrong");
  Asker asker(options());
  provider.origin.put("/public", "public data");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(asker.get(provider.origin.url("/public"))->body, "public data");
  EXPECT_EQ(provider.asked, 1) << "accounts get locked";
  EXPECT_THAT(ask(asker), HasSubstr("login refused: invalid_grant"));
  EXPECT_THAT(ask(asker), Not(HasSubstr("wrong")));
  EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::missing);
  write_secret(file, "pass word&=");
  asker.clock.advance(11min);
  EXPECT_EQ(ask(asker), "secret data");
}

TEST_F(Tokens, AProviderThatIsDownLeavesTheOldTokenInUse) {
  Asker asker(options());
  EXPECT_EQ(ask(asker), "secret data");
  provider.down = true;
  asker.clock.advance(7h + 55min);
  EXPECT_EQ(ask(asker), "secret data");
  asker.clock.advance(10min);  // past its end: the archive would still take it, but it is not sent
  EXPECT_THAT(ask(asker), HasSubstr("HTTP 503"));
  provider.down = false;
  asker.clock.advance(1min);
  EXPECT_EQ(ask(asker), "secret data");
}

TEST_F(Tokens, OneThatIsWithdrawnIsReplacedOnce) {
  Asker asker(options());
  EXPECT_EQ(ask(asker), "secret data");
  ++provider.newest;  // the archive forgets the token that it gave
  asker.clock.advance(5min);
  EXPECT_EQ(ask(asker), "secret data");
  EXPECT_EQ(provider.asked, 2);
}

TEST_F(Tokens, AProviderThatTakesGetOnlyIsAskedSo) {
  provider.get_only = true;
  Asker first(options());
  EXPECT_EQ(ask(first), "secret data");
  AuthOptions by_get = options();
  by_get.token_url += "?client_secret=clientSecret";  // a query of its own: GET at once
  provider.asked = 0;
  Asker second(by_get);
  EXPECT_EQ(ask(second), "secret data");
  EXPECT_EQ(provider.asked, 1);
}

TEST_F(Tokens, APasswordGoesToItsOriginAlone) {
  demo::Origin other;
  other.handle("/", [](const demo::Request&) { return demo::Reply::text(200, "{}"); });
  demo::Faults away;
  away.redirect_to = other.url("/token");
  away.redirect_status = 307;
  provider.origin.misbehave("/sso", away);
  Asker asker(options());
  EXPECT_THAT(ask(asker), HasSubstr("a password goes to no other address"));
  EXPECT_TRUE(other.requests().empty());

  AuthOptions elsewhere = options();  // an archive's file that names another provider than the user bound
  elsewhere.token_url = other.url("/token");
  Asker tricked(elsewhere);
  EXPECT_THAT(ask(tricked), HasSubstr("no user name and password are bound for " + other.url("")));
  EXPECT_TRUE(other.requests().empty());
}

TEST(TokenAnswers, AreReadWithBoundsAndHoldOnlyWhatAHeaderMayHave) {
  const WallTime now(1000s);
  EXPECT_EQ(parse_token_answer(R"({"access_token": "a", "expires_in": 10})", now)->expires, now + 10s);
  EXPECT_EQ(parse_token_answer(R"({"access_token": "a.eyJleHAiOjEwMDAwMDAwMDB9.b"})", now)->expires,
            WallTime(1'000'000'000s));
  for (const char* bad : {"", "[]", "{}", "null", "<html>", R"({"id_token": 3})", R"({"id_token": ""})",
                          R"({"id_token": "a\r\nX: y"})", R"({"id_token": "a b"})", R"({"error": ""})"})
    EXPECT_FALSE(parse_token_answer(bad, now)) << bad;
  EXPECT_FALSE(parse_token_answer(R"({"access_token": "a", "expires_in": -1e300})", now)->expires);
  for (const char* odd : {"", ".", "..", "a.!!.c", "a.bnVsbA.c", "a.e30.c", "a.eyJleHAiOiJ4In0.c"})
    EXPECT_FALSE(expiry_of_jwt(odd)) << odd;
  EXPECT_FALSE(parse_token_answer(std::string(100'000, '['), now));
}

TEST(KeptTokens, ArePrivateAndComeBackAsTheyWere) {
  TempDir dir;
  const auto file = dir.path() / "state" / "tokens" / "eso.json";
  const Token token{"abc", WallTime(1'700'000'000s), {HostRule::parse("https://archive.eso.org").value()}};
  ASSERT_TRUE(keep_token(file, token));
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(stat(file.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  const Result<Token> again = kept_token(file);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->value, "abc");
  EXPECT_EQ(again->expires, token.expires);
  EXPECT_EQ(again->origins, token.origins);
  chmod(file.c_str(), 0640);
  EXPECT_THAT(kept_token(file).error().what(), HasSubstr("chmod 600"));
}

TEST(KeptTokens, AreUsedWhereTheLoginWasForAndNowhereElse) {
  TempDir dir;
  demo::Origin origin, other;
  guard(origin, "/", "Bearer abc");
  guard(other, "/", "Bearer abc");
  AuthOptions options;
  options.kind = Kind::bearer;
  options.token_file = dir.path() / "state" / "eso.json";
  Asker asker(options);
  EXPECT_EQ(asker.get(origin.url("/x"))->response.status, 401);
  ASSERT_TRUE(keep_token(options.token_file, {"abc", {}, {HostRule::parse(origin.url("")).value()}}));
  EXPECT_EQ(asker.get(origin.url("/x"))->response.status, 200) << "a login is noticed while the mount runs";
  EXPECT_EQ(asker.get(other.url("/x"))->response.status, 401);
  EXPECT_THAT(shown_to(other), Each(""));
}

TEST(KeptTokens, OneThatExpiredIsNotSentAndANewLoginIsTakenUp) {
  TempDir dir;
  demo::Origin origin;
  guard(origin, "/", "Bearer new");
  AuthOptions options;
  options.kind = Kind::oidc_password;
  options.token_url = origin.url("/token");
  options.hosts = {HostRule::parse(origin.url("")).value()};
  options.token_file = dir.path() / "state" / "eso.json";
  Asker asker(options);
  ASSERT_TRUE(keep_token(options.token_file, {"old", asker.clock.now() + 1h, options.hosts}));
  EXPECT_EQ(asker.get(origin.url("/x"))->response.status, 401);
  asker.clock.advance(2h);
  origin.clear_requests();
  const auto refused = asker.get(origin.url("/x"));
  EXPECT_THAT(shown_to(origin), ElementsAre("")) << "and nobody is asked for another one without a password";
  EXPECT_THAT(error_of(refused->response, refused->body).what(), HasSubstr("expired on "));
  EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::expired);
  ASSERT_TRUE(keep_token(options.token_file, {"new", asker.clock.now() + 1h, options.hosts}));
  EXPECT_EQ(asker.get(origin.url("/x"))->response.status, 200);

  guard(origin, "/", "Bearer newest");  // withdrawn before its time
  EXPECT_EQ(asker.get(origin.url("/x"))->response.status, 401);
  ASSERT_TRUE(keep_token(options.token_file, {"newest", asker.clock.now() + 2h, options.hosts}));
  EXPECT_EQ(asker.get(origin.url("/x"))->response.status, 200);
}

TEST(Secrets, AreReadFromPrivateFilesVariablesAndCommands) {
  TempDir dir;
  const std::string file = dir.path() / "s";
  write_secret(file, "abc\r\n");
  EXPECT_EQ(file_secret(file)->read().value(), "abc");
  for (const mode_t mode : {0644, 0640, 0604, 0660}) {
    write_secret(file, "abc", mode);
    const auto refused = file_secret(file)->read();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::denied);
    EXPECT_THAT(refused.error().what(), HasSubstr("run: chmod 600 " + file));
  }
  setenv("SKYMOUNT_TEST_SECRET", "from outside", 1);
  EXPECT_EQ(Secret(Secret::Kind::environment, {"SKYMOUNT_TEST_SECRET"}).read().value(), "from outside");
  unsetenv("SKYMOUNT_TEST_SECRET");
  EXPECT_THAT(Secret(Secret::Kind::environment, {"SKYMOUNT_TEST_SECRET"}).read().error().what(),
              HasSubstr("is empty or not set"));
  EXPECT_EQ(Secret(Secret::Kind::command, {"printf", "%s\\n", "a;b $HOME"}).read().value(), "a;b $HOME");
  EXPECT_THAT(Secret(Secret::Kind::command, {"false"}).read().error().what(), HasSubstr("exit 1"));
  EXPECT_FALSE(Secret(Secret::Kind::command, {"/nowhere/at/all"}).read());
  EXPECT_FALSE(output_of({"sleep", "60"}, 100ms));
  EXPECT_FALSE(output_of({"yes"}, 5s));
  EXPECT_FALSE(Secret(Secret::Kind::command, {"printf", "a\\nb"}).read()) << "a second line would be a second header";
}

}  // namespace
}  // namespace skymount::vo
