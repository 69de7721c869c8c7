// SPDX-License-Identifier: MIT
//
// Where a credential goes, what a refusal leads to, and what is said about it.
#include "tests/auth/auth_fixture.h"
#include "vo/auth/hidden_secret.h"
#include "vo/http/error_answer.h"
#include "vo/http/redact.h"

namespace skymount::vo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Kind = AuthOptions::Kind;

class Credentials : public testing::Test {
 protected:
  Credentials() { write_secret(file, "s3cret-word\n"); }
  std::string origin_of(const demo::Origin& o) { return o.url(""); }

  TempDir dir;
  std::string file = dir.path() / "secret";
  demo::Origin origin;
};

TEST_F(Credentials, AreSentAsTheirKindWantsThem) {
  const std::vector<std::pair<Kind, std::string>> kinds = {{Kind::basic, "Basic YW5uYTpzM2NyZXQtd29yZA=="},
                                                           {Kind::bearer, "Bearer s3cret-word"},
                                                           {Kind::header, "Token s3cret-word"}};
  for (const auto& [kind, wanted] : kinds) {
    guard(origin, "/tap", wanted);
    Asker asker(bound(kind, origin_of(origin), file));
    const auto answer = asker.get(origin.url("/tap/sync"));
    ASSERT_TRUE(answer) << answer.error().what();
    EXPECT_EQ(answer->body, "secret data") << wanted;
    EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::accepted);
  }
  EXPECT_EQ(origin.requests().size(), kinds.size());
}

TEST_F(Credentials, AHeaderMayHaveAnyNameAndForm) {
  AuthOptions options = bound(Kind::header, origin_of(origin), file);
  options.header = "X-Api-Key: v1 {token};q";
  origin.handle("/", [](const demo::Request& r) { return demo::Reply::text(200, r.header("X-Api-Key")); });
  EXPECT_EQ(Asker(options).get(origin.url("/x"))->body, "v1 s3cret-word;q");
}

TEST_F(Credentials, AreNotSentToAHostOutsideTheirList) {
  demo::Origin other;
  guard(other, "/", "Bearer s3cret-word");
  Asker asker(bound(Kind::bearer, origin_of(origin), file));
  const auto answer = asker.get(other.url("/file"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->response.status, 401);
  EXPECT_THAT(shown_to(other), ElementsAre(""));
  EXPECT_THAT(error_of(answer->response, answer->body).what(), HasSubstr("is not among [auth] hosts"));
}

TEST_F(Credentials, AHostThatTheConfigurationAddsGetsNothingWithoutTheUsersWord) {
  demo::Origin other;  // an archive's file lists it; secrets.toml does not
  guard(other, "/", "Bearer s3cret-word");
  AuthOptions options = bound(Kind::bearer, origin_of(origin), file);
  options.hosts.push_back(HostRule::parse(other.url("")).value());
  EXPECT_EQ(Asker(options).get(other.url("/x"))->response.status, 401);
  EXPECT_THAT(shown_to(other), ElementsAre(""));
}

TEST_F(Credentials, AreDroppedOnARedirectToAnotherOriginEvenOneOnTheList) {
  demo::Origin other;
  guard(other, "/", "Bearer s3cret-word");
  AuthOptions options = bound(Kind::bearer, origin_of(origin), file);
  SecretBinding second = options.bindings.front();
  second.origin = HostRule::parse(other.url("")).value();
  options.hosts.push_back(second.origin);
  options.bindings.push_back(second);
  demo::Faults away;
  away.redirect_to = other.url("/there");
  origin.misbehave("/here", away);
  Asker asker(options);
  EXPECT_EQ(asker.get(origin.url("/here"))->response.status, 401);
  EXPECT_THAT(shown_to(origin), ElementsAre("Bearer s3cret-word"));
  EXPECT_THAT(shown_to(other), ElementsAre(""));
  EXPECT_EQ(asker.get(other.url("/there"))->body, "secret data") << "asked directly it may have it";
}

TEST_F(Credentials, StayOnARedirectWithinTheOrigin) {
  guard(origin, "/there", "Bearer s3cret-word");
  demo::Faults away;
  away.redirect_to = "/there";
  origin.misbehave("/here", away);
  EXPECT_EQ(Asker(bound(Kind::bearer, origin_of(origin), file)).get(origin.url("/here"))->body, "secret data");
}

TEST_F(Credentials, GoOnlyWhereScopeAndPathSay) {
  guard(origin, "/", "Bearer s3cret-word");
  AuthOptions options = bound(Kind::bearer, origin_of(origin), file);
  options.files = options.links = false;
  Asker scoped(options, origin.url("/tap"));
  EXPECT_EQ(scoped.get(origin.url("/tap/sync"))->response.status, 200);
  EXPECT_EQ(scoped.get(origin.url("/links"))->response.status, 401);
  EXPECT_EQ(scoped.get(origin.url("/f.fits"), Traffic::data)->response.status, 401);

  options = bound(Kind::bearer, origin_of(origin), file);
  options.hosts = {HostRule::parse(origin.url("/mine")).value()};
  Asker below(options);
  EXPECT_EQ(below.get(origin.url("/mine"))->response.status, 200);
  EXPECT_EQ(below.get(origin.url("/mine/x"))->response.status, 200);
  for (const char* path : {"/mine2/x", "/x", "/mine/../x", "/mine/%2e%2e/x", "/mine/..%2fx"})
    EXPECT_EQ(below.get(origin.url(path))->response.status, 401) << path;
}

TEST_F(Credentials, ABadOneNeverKeepsAnybodyFromPublicData) {
  // The archive refuses a login that it does not know, also where none is needed.
  origin.handle("/public", [](const demo::Request& request) {
    return request.header("Authorization").empty() ? demo::Reply::text(200, "public data")
                                                   : demo::Reply::text(401, "bad token");
  });
  Asker asker(bound(Kind::bearer, origin_of(origin), file));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(asker.get(origin.url("/public"), Traffic::data)->body, "public data");
  EXPECT_THAT(shown_to(origin), ElementsAre("Bearer s3cret-word", "", "", "")) << "the second try is made once";
  EXPECT_EQ(asker.get(origin.url("/public"))->body, "public data");
  EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::refused);
}

TEST_F(Credentials, OneThatCannotBeReadNeverKeepsAnybodyFromPublicData) {
  write_secret(file, "s3cret-word", 0644);
  origin.put("/public", "public data");
  Asker asker(bound(Kind::bearer, origin_of(origin), file));
  EXPECT_EQ(asker.get(origin.url("/public"))->body, "public data");
  EXPECT_THAT(shown_to(origin), ElementsAre(""));
  EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::missing);
  EXPECT_THAT(asker.credential->state().words, HasSubstr("run: chmod 600 " + file));
}

TEST_F(Credentials, AfterDoubtTheyAreTriedAgainWhereNothingElseHelps) {
  origin.handle("/public", [](const demo::Request& request) {
    return demo::Reply::text(request.header("Authorization").empty() ? 200 : 403, "x");
  });
  guard(origin, "/mine", "Bearer s3cret-word");
  Asker asker(bound(Kind::bearer, origin_of(origin), file));
  EXPECT_EQ(asker.get(origin.url("/public"), Traffic::data)->response.status, 200);
  origin.clear_requests();
  EXPECT_EQ(asker.get(origin.url("/mine"), Traffic::data)->body, "secret data");
  EXPECT_THAT(shown_to(origin), ElementsAre("", "Bearer s3cret-word"));
}

TEST_F(Credentials, AFileThatRefusesThemTakesThemFromNoQuestion) {
  const auto without_it = [](const demo::Request& request) {
    return demo::Reply::text(request.header("Authorization").empty() ? 200 : 401, "x");
  };
  origin.handle("/odd.fits", without_it);
  origin.put("/tap/sync", "rows");
  origin.put("/links", "links");
  Asker asker(bound(Kind::bearer, origin_of(origin), file), origin.url("/tap"));
  EXPECT_EQ(asker.get(origin.url("/tap/sync"))->response.status, 200);
  EXPECT_EQ(asker.get(origin.url("/odd.fits"), Traffic::data)->response.status, 200);
  EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::accepted) << "one file says nothing";
  for (const char* path : {"/tap/sync", "/links"}) {
    origin.clear_requests();
    const auto answer = asker.get(origin.url(path));
    EXPECT_THAT(shown_to(origin), ElementsAre("Bearer s3cret-word")) << path;
    EXPECT_EQ(answer->response.about_credential, "");
  }
  // Refused there itself it is asked without, each time anew, and the answer tells.
  origin.handle("/tap/odd", without_it);
  for (int i = 0; i < 2; ++i) {
    origin.clear_requests();
    const auto answer = asker.get(origin.url("/tap/odd"));
    EXPECT_EQ(answer->response.status, 200);
    EXPECT_THAT(answer->response.about_credential, HasSubstr("does not accept"));
    EXPECT_THAT(shown_to(origin), ElementsAre("Bearer s3cret-word", ""));
  }
  EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::refused);
}

TEST_F(Credentials, ARefusalTellsNoRightFromNotAccepted) {
  guard(origin, "/unknown", "another", 401);
  guard(origin, "/others", "another", 403);
  Asker asker(bound(Kind::bearer, origin_of(origin), file));
  auto answer = asker.get(origin.url("/unknown"));
  Error error = error_of(answer->response, answer->body);
  EXPECT_EQ(error.code(), Code::denied);
  EXPECT_THAT(error.what(), HasSubstr("wrong, expired or withdrawn; run: skymount login eso"));
  answer = asker.get(origin.url("/others"));
  error = error_of(answer->response, answer->body);
  EXPECT_EQ(error.code(), Code::denied);
  EXPECT_THAT(error.what(), HasSubstr("this account has no right to it"));
  EXPECT_THAT(error.what(), Not(HasSubstr("login")));
}

TEST_F(Credentials, WhatTheArchiveRepeatsIsNotShown) {
  guard(origin, "/", "another", 400);
  write_secret(file, "Q7vKx9");
  for (const Kind kind : {Kind::basic, Kind::bearer, Kind::header}) {
    Asker asker(bound(kind, origin_of(origin), file));
    const auto answer = asker.get(origin.url("/x"));
    const std::string words = error_of(answer->response, answer->body).what();
    EXPECT_THAT(words, HasSubstr("not for you"));
    EXPECT_THAT(words, Not(HasSubstr("Q7vKx9")));
    EXPECT_THAT(words, Not(HasSubstr("YW5uYTpRN3ZLeDk="))) << "the same in base64";
  }
}

TEST_F(Credentials, InUseTheyAreShownInNoForm) {
  write_secret(file, "in-use:1/2");
  for (const Kind kind : {Kind::basic, Kind::bearer, Kind::header}) {
    Asker asker(bound(kind, origin.url(""), file));
    ASSERT_TRUE(asker.get(origin.url("/open")));
  }
  for (const std::string& shown : {std::string("in-use:1/2"), base64_of("anna:in-use:1/2"), base64_of("in-use:1/2"),
                                   std::string("In-Use%3a1%2f2")})
    EXPECT_EQ(redact_text("the archive repeats " + shown + " here"), "the archive repeats *** here");
  write_secret(file, "pw-for-provider");
  AuthOptions oidc = bound(Kind::oidc_password, origin.url(""), file);
  oidc.token_url = origin.url("/sso/token");
  origin.handle("/sso", [](const demo::Request&) {
    return demo::Reply::text(200, R"({"id_token": "fresh-t0ken", "refresh_token": "r3fresh"})", "application/json");
  });
  ASSERT_TRUE(Asker(oidc).get(origin.url("/open")));
  EXPECT_EQ(redact_text("fresh-t0ken, pw-for-provider, r3fresh"), "***, ***, ***");
}

TEST_F(Credentials, AnExpiredTokenIsNotSentAndSaysSo) {
  // {"exp": 1000000000}: 2001
  write_secret(file, "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDAwMDAwMDB9.x");
  guard(origin, "/", "another");
  Asker asker(bound(Kind::bearer, origin_of(origin), file));
  const auto answer = asker.get(origin.url("/x"));
  EXPECT_THAT(shown_to(origin), ElementsAre(""));
  EXPECT_THAT(error_of(answer->response, answer->body).what(),
              HasSubstr("the token for eso expired on 2001-09-09 01:46 UTC; run: skymount login eso"));
  EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::expired);
}

TEST_F(Credentials, PlainHttpIsUpgradedAndNeverSeesThem) {
  // Through --map both schemes of the archive lead here; which one was asked shows in the answer's address.
  guard(origin, "/", "Bearer s3cret-word");
  HttpOptions http = local_options();
  http.map = {{"archive.example", origin.url("")}};
  Asker asker(bound(Kind::bearer, "archive.example", file), "http://archive.example/tap", http);
  const auto answer = asker.get("http://archive.example/x");
  EXPECT_EQ(answer->body, "secret data");
  EXPECT_EQ(answer->response.final_url.text(), "https://archive.example/x");

  Asker allowed(bound(Kind::bearer, "http://archive.example", file), "http://archive.example/tap", http);
  EXPECT_EQ(allowed.get("http://archive.example/x")->response.final_url.text(), "http://archive.example/x");
}

TEST(HostRules, NameHostsAndNothingElse) {
  for (const char* bad : {"", "*", "*.eso.org", "user@eso.org", "https://", "ftp://eso.org", "eso.org?x", "a b"})
    EXPECT_FALSE(HostRule::parse(bad)) << bad;
  const auto allows = [](const char* rule, const char* url) {
    return HostRule::parse(rule)->matches(Url::parse(url).value());
  };
  EXPECT_TRUE(allows("eso.org", "https://ESO.org/x"));
  EXPECT_FALSE(allows("eso.org", "http://eso.org/x"));
  EXPECT_FALSE(allows("eso.org", "https://eso.org:8443/x"));
  EXPECT_FALSE(allows("eso.org", "https://eso.org.evil.example/x"));
  EXPECT_FALSE(allows("eso.org", "https://evil.example/eso.org"));
  EXPECT_FALSE(allows("eso.org", "https://archive.eso.org/x"));
  EXPECT_FALSE(allows("eso.org", "https://eso.org@evil.example/x"));
  EXPECT_TRUE(allows("eso.org:8443", "https://eso.org:8443/x"));
  EXPECT_TRUE(allows("http://eso.org", "http://eso.org/x"));
  EXPECT_FALSE(allows("http://eso.org", "https://eso.org/x"));
  EXPECT_TRUE(allows("127.0.0.1", "http://127.0.0.1:8080/x"));
  EXPECT_FALSE(allows("127.evil.example", "http://127.evil.example/x"));
}

}  // namespace
}  // namespace skymount::vo
