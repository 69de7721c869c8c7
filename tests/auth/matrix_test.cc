// SPDX-License-Identifier: MIT
//
// Every kind of credential against everything that may become of it. What is asked of the archive is counted, and no
// secret may be in what a person is shown. (Client certificates need real TLS: tests/commands/login.)
#include "tests/auth/auth_fixture.h"
#include "vo/http/error_answer.h"
#include "vo/http/range_source.h"

#include <thread>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Kind = AuthOptions::Kind;

struct Case {
  Kind kind;
  std::string shown;
};
const std::vector<Case> kCases = {{Kind::basic, "Basic YW5uYTpzM2NyZXQtd29yZA=="},
                                  {Kind::bearer, "Bearer s3cret-word"},
                                  {Kind::header, "Token s3cret-word"},
                                  {Kind::oidc_password, "Bearer t0ken-word"}};

class Matrix : public testing::Test {
 protected:
  Matrix() {
    write_secret(file, "s3cret-word\n");
    origin.handle("/sso", [this](const demo::Request&) { return provider(); });
  }
  AuthOptions options(Kind kind) {
    AuthOptions out = bound(kind, origin.url(""), file);
    out.token_url = origin.url("/sso/token");
    return out;
  }
  demo::Reply provider() {
    return demo::Reply::text(200, R"({"id_token": "t0ken-word", "expires_in": 28800})", "application/json");
  }
  /// The words of a failure; empty when there was none.
  std::string words(const Result<HttpClient::Whole>& answer) {
    if (!answer) return answer.error().what();
    if (answer->response.status == 200) return "";
    const std::string out = error_of(answer->response, answer->body).what();
    for (const char* secret : {"s3cret", "t0ken", "YW5uYTp"}) EXPECT_THAT(out, Not(HasSubstr(secret)));
    return out;
  }

  TempDir dir;
  std::string file = dir.path() / "secret";
  demo::Origin origin;
};

TEST_F(Matrix, AGoodOneOpensWhatIsClosedAndIsShownToItsArchiveAlone) {
  demo::Origin other;
  guard(other, "/", "nobody");
  for (const auto& [kind, shown] : kCases) {
    SCOPED_TRACE(to_text(kind));
    guard(origin, "/mine", shown);
    Asker asker(options(kind));
    origin.clear_requests();
    const auto answer = asker.get(origin.url("/mine"));
    EXPECT_EQ(words(answer), "");
    EXPECT_EQ(answer->response.shown_as, asker.credential->identity(AskedFor::links));
    EXPECT_NE(answer->response.shown_as, "");
    EXPECT_THAT(shown_to(origin, "/mine"), ElementsAre(shown));
    EXPECT_NE(words(asker.get(other.url("/x"))), "");
  }
  EXPECT_THAT(shown_to(other), ElementsAre("", "", "", ""));
}

TEST_F(Matrix, WithoutOnePublicDataAreThereAndProtectedOnesSayWhatToDo) {
  origin.put("/open", "for all");
  for (const auto& [kind, shown] : kCases) {
    SCOPED_TRACE(to_text(kind));
    guard(origin, "/mine", shown);
    AuthOptions nothing = options(kind);
    nothing.bindings.clear();
    Asker asker(nothing);
    origin.clear_requests();
    EXPECT_EQ(words(asker.get(origin.url("/open"))), "");
    EXPECT_THAT(words(asker.get(origin.url("/mine"))), HasSubstr("skymount login eso"));
    EXPECT_EQ(origin.requests().size(), 2U);
    EXPECT_EQ(asker.credential->identity(AskedFor::files), "");
  }
}

TEST_F(Matrix, ARefusedOneIsTriedOnceWithoutAndTheReasonsAreToldApart) {
  for (const auto& [kind, shown] : kCases) {
    for (const int status : {401, 403}) {
      SCOPED_TRACE(std::string(to_text(kind)) + " " + std::to_string(status));
      guard(origin, "/others", "somebody else's", status);
      Asker asker(options(kind));
      origin.clear_requests();
      const auto refused = asker.get(origin.url("/others"));
      ASSERT_TRUE(refused);
      EXPECT_EQ(error_of(refused->response, refused->body).code(), Code::denied);
      EXPECT_THAT(words(refused), HasSubstr(status == 403 ? "no right" : "wrong, expired or withdrawn"));
      EXPECT_THAT(shown_to(origin, "/others"), ElementsAre(shown, ""));
      EXPECT_EQ(refused->response.shown_as, "");
    }
  }
}

TEST_F(Matrix, WhereAnybodyIsLetInItDoesNotMatterThatItIsBad) {
  for (const auto& [kind, shown] : kCases) {
    SCOPED_TRACE(to_text(kind));
    origin.handle("/open", [](const demo::Request& request) {
      return demo::Reply::text(request.header("Authorization").empty() ? 200 : 401, "x");
    });
    Asker asker(options(kind));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(words(asker.get(origin.url("/open"))), "");
    EXPECT_EQ(asker.credential->state().kind, CredentialState::Kind::refused);
  }
}

TEST_F(Matrix, AFileIsAskedForWithoutItFirstAndARefusalIsNotAskedForTwice) {
  for (const auto& [kind, shown] : kCases) {
    SCOPED_TRACE(to_text(kind));
    guard(origin, "/others", "somebody else's", 401);
    Asker asker(options(kind));
    origin.clear_requests();
    const auto opened = open_remote(asker.client, remote(origin.url("/others")), soon());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::denied);
    EXPECT_THAT(opened.error().what(), HasSubstr("not for you"));
    EXPECT_THAT(opened.error().what(), HasSubstr("wrong, expired or withdrawn"));
    EXPECT_THAT(shown_to(origin, "/others"), ElementsAre("", shown));
  }
}

TEST_F(Matrix, ScopeDecidesByWhatIsAskedFor) {
  struct Asked {
    const char* path;
    Traffic traffic;
    bool AuthOptions::*scope;
  };
  for (const auto& [kind, shown] : kCases) {
    for (const Asked& asked :
         {Asked{"/f.fits", Traffic::data, &AuthOptions::files}, Asked{"/links", Traffic::metadata, &AuthOptions::links},
          Asked{"/tap/sync", Traffic::metadata, &AuthOptions::tap}}) {
      SCOPED_TRACE(std::string(to_text(kind)) + " " + asked.path);
      guard(origin, asked.path, shown);
      AuthOptions without = options(kind);
      without.*asked.scope = false;
      Asker asker(without, origin.url("/tap"));
      EXPECT_THAT(words(asker.get(origin.url(asked.path), asked.traffic)), HasSubstr("scope"));
      Asker with(options(kind), origin.url("/tap"));
      EXPECT_EQ(words(with.get(origin.url(asked.path), asked.traffic)), "");
    }
  }
}

TEST_F(Matrix, AHostileOrBrokenProviderOfTokensIsNeverInTheWayAndNeverBelieved) {
  struct Broken {
    const char* what;
    std::function<demo::Reply()> answer;
  };
  const std::string deep = R"({"id_token": )" + std::string(100'000, '[');
  const std::vector<Broken> providers = {
      {"down", [] { return demo::Reply::text(503, "maintenance"); }},
      {"a page", [] { return demo::Reply::text(200, "<html>log in</html>", "text/html"); }},
      {"huge", [] { return demo::Reply::text(200, std::string(2'000'000, ' ') + "{}", "application/json"); }},
      {"nested", [&] { return demo::Reply::text(200, deep, "application/json"); }},
      {"nothing", [] { return demo::Reply::text(200, "", "application/json"); }},
      {"a list", [] { return demo::Reply::text(200, "[1, 2]", "application/json"); }},
      {"a number", [] { return demo::Reply::text(200, R"({"id_token": 7})", "application/json"); }},
      {"a header of its own",
       [] { return demo::Reply::text(200, R"({"id_token": "x\r\nHost: evil"})", "application/json"); }},
      {"expired", [] {
         return demo::Reply::text(200, R"({"id_token": "eyJhbGciOiJub25lIn0.eyJleHAiOjEwMDAwMDAwMDB9.x"})",
                                  "application/json");
       }}};
  origin.put("/open", "for all");
  for (const Broken& broken : providers) {
    SCOPED_TRACE(broken.what);
    origin.handle("/sso", [&](const demo::Request&) { return broken.answer(); });
    guard(origin, "/mine", "nobody");
    Asker asker(options(Kind::oidc_password));
    asker.clock.advance(std::chrono::hours(24 * 365 * 40));
    origin.clear_requests();
    EXPECT_EQ(words(asker.get(origin.url("/open"))), "");
    EXPECT_NE(words(asker.get(origin.url("/mine"))), "");
    EXPECT_THAT(shown_to(origin, "/mine"), ElementsAre("")) << "what is no token is not shown";
  }
}

TEST_F(Matrix, ATokenWithoutSignatureOrEndIsTheArchivesToJudge) {
  for (const char* token : {"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.", "no-jwt-at-all"}) {
    origin.handle("/sso", [&](const demo::Request&) {
      return demo::Reply::text(200, std::string(R"({"id_token": ")") + token + "\"}", "application/json");
    });
    guard(origin, "/mine", std::string("Bearer ") + token);
    Asker asker(options(Kind::oidc_password));
    EXPECT_EQ(words(asker.get(origin.url("/mine"))), "");
    asker.clock.advance(std::chrono::hours(24 * 365));
    EXPECT_EQ(words(asker.get(origin.url("/mine"))), "") << "as long as the archive takes it";
  }
}

TEST_F(Matrix, AProviderThatHangsHoldsUpWhatIsPublicForMomentsOnly) {
  demo::Faults silent;
  silent.silent = true;
  origin.misbehave("/sso", silent);
  origin.put("/open", "for all");
  ManualClock clock;
  const auto credential =
      std::make_shared<Credential>(options(Kind::oidc_password), "eso", origin.url("/tap"), clock, 300ms);
  const auto client = make_http_client(local_options(), hurried(), [&](std::shared_ptr<Transport> below) {
    return std::make_shared<AuthorizingTransport>(std::move(below), credential);
  });
  const long first = elapsed_ms([&] { EXPECT_EQ(words(client->get_whole(get(origin.url("/open")), soon())), ""); });
  EXPECT_LT(first, 3000);
  const std::size_t asked = origin.count("/sso");
  EXPECT_EQ(words(client->get_whole(get(origin.url("/open")), soon())), "");
  EXPECT_EQ(origin.count("/sso"), asked) << "nor is it asked again at once";
}

TEST_F(Matrix, TheSamePersonIsTheSameAfterARenewalAndAnotherIsNot) {
  const auto person = [&](const std::string& token) {
    AuthOptions out = options(Kind::bearer);
    out.bindings.clear();
    out.token_file = dir.path() / "t" / "eso.json";
    EXPECT_TRUE(keep_token(out.token_file, Token{token, {}, {HostRule::parse(origin.url("")).value()}}));
    return Asker(out).credential->identity(AskedFor::files);
  };
  // {"sub":"anna","exp":1} and {"sub":"anna","exp":2}; {"sub":"bert"}
  const std::string anna = person("h.eyJzdWIiOiJhbm5hIiwiZXhwIjoxfQ.s"), bert = person("h.eyJzdWIiOiJiZXJ0In0.s");
  EXPECT_EQ(person("h.eyJzdWIiOiJhbm5hIiwiZXhwIjoyfQ.s"), anna);
  EXPECT_NE(bert, anna);
  EXPECT_NE(person("opaque-1"), person("opaque-2"));
  EXPECT_THAT(anna, Not(HasSubstr("anna")));
}

}  // namespace
}  // namespace skymount::vo
