// SPDX-License-Identifier: MIT
//
// What people see of an archive's words holds no secret, and still says what it said.
#include "vo/http/redact.h"
#include "vo/http/error_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

TEST(Redaction, BlanksSecretsOfUrlsWhateverTheyAreCalled) {
  for (const char* name :
       {"jwt", "sessionid", "session", "ticket", "apikey", "api_key", "auth", "password", "passwd", "pwd", "sig",
        "Signature", "access_token", "X-Amz-Credential", "credential", "%74oken", "client_secret"}) {
    const std::string url = std::string("https://a.example/f?v=1&") + name + "=";
    EXPECT_EQ(Url::parse(url + "geheim")->redacted(), url + "***");
    EXPECT_EQ(redact_text("see " + url + "geheim, or not"), "see " + url + "*** or not");
  }
}

TEST(Redaction, AKeyIsASecretOnlyWhenItIsLong) {
  EXPECT_EQ(Url::parse("http://a.example/f?key=M51")->redacted(), "http://a.example/f?key=M51");
  EXPECT_EQ(Url::parse("http://a.example/f?key=0123456789abcdef")->redacted(), "http://a.example/f?key=***");
}

TEST(Redaction, WhatMayNameAFileStaysInItsIdentity) {
  const Url one = Url::parse("http://a.example/f?session=1&key=plate-0000000000001&v=2").value();
  EXPECT_EQ(one.without_signature(), one.text()) << "two files must not become one";
  EXPECT_EQ(Url::parse("http://a.example/f?jwt=a.b.c&v=2")->without_signature(), "http://a.example/f?v=2");
}

TEST(Redaction, BlanksUserNamesBeforeHostsAndSessionsInPaths) {
  EXPECT_EQ(redact_text("go to ftp://joe:pw@a.example/x or <https://joe@b.example>"),
            "go to ftp://***@a.example/x or <https://***@b.example>");
  EXPECT_EQ(redact_text("http://a.example/x;jsessionid=77?a=1"), "http://a.example/x;jsessionid=***?a=1");
}

TEST(Redaction, BlanksBareWordsInTheArchivesOwnText) {
  EXPECT_EQ(redact_text("bad token=abc, password: hunter2; v=1"), "bad token=***, password: ***; v=1");
  EXPECT_EQ(redact_text(R"({"access_token": "abc", "user": "joe"})"), R"({"access_token": "***", "user": "joe"})");
  EXPECT_EQ(redact_text("Authorization: Bearer abc.def"), "Authorization: Bearer ***");
  EXPECT_EQ(redact_text("got Bearer 0123456789abcdef01 here"), "got Bearer *** here");
}

TEST(Redaction, BlanksALoginWithoutAScheme) {
  EXPECT_EQ(redact_text("cannot reach joe:geheim@db.example now"), "cannot reach ***@db.example now");
  EXPECT_EQ(redact_text("joe:a@b:geheim@db.example"), "***@db.example");
  for (const char* plain : {"mailto:help@a.example", "contact: help@a.example", "at 12:30 @noon", "a:b@"})
    EXPECT_EQ(redact_text(plain), plain);
}

TEST(Redaction, APathThatEndsInASecretsNameHidesNoWords) {
  EXPECT_EQ(redact_text("http://a.example/secret: HTTP 404"), "http://a.example/secret: HTTP 404");
}

TEST(Redaction, AnErrorPageThatRepeatsASignatureWithoutItsNameShowsItNot) {
  HttpResponse response;
  response.status = 500;
  response.final_url = Url::parse("https://a.example/f?X-Amz-Signature=geheim1&v=visible").value();
  response.secrets = {"geheim2"};
  const Error error = error_of(response, "<html>denied geheim1 and geheim2 for visible</html>");
  EXPECT_THAT(error.what(), testing::HasSubstr("denied *** and *** for visible"));
}

TEST(Redaction, LeavesOrdinaryWordsAlone) {
  for (const char* plain :
       {"", "unexpected token: SELECT", "signal=4 design=2 key=M51", "a basic error of the bearer", "token",
        "token=", "http://a.example/a@b?c", "://", "ivo://org.gavo.dc/~?plates/a.fits", "12:30:00 = noon"})
    EXPECT_EQ(redact_text(plain), plain);
}

TEST(Redaction, AnErrorPageThatEchoesTheRequestShowsNoSecretInTheMessage) {
  HttpResponse response;
  response.status = 403;
  response.final_url = Url::parse("https://u:p@a.example/f?jwt=geheim").value();
  const Error error =
      error_of(response, "<html>Refused https://u:geheim@a.example/f?a=1&amp;sig=geheim (token=geheim)</html>");
  EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("geheim")));
  EXPECT_THAT(error.what(), testing::HasSubstr("Refused https://***@a.example/f?a=1"));
}

TEST(Redaction, ALongErrorPageIsCutWithoutHalfACharacter) {
  const std::string words = gist_of("token=x " + std::string(290, 'a') + "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
  EXPECT_LE(words.size(), 300U);
  EXPECT_EQ(words.find('\\'), std::string::npos) << words;
}

TEST(Redaction, TheFaultsOfDataLinkAndSodaKeepTheirWords) {
  for (const char* words : {"AuthorizationFault: not yours", "AuthenticationError: log in first"}) {
    EXPECT_EQ(redact_text(words), words);
  }
}

}  // namespace
}  // namespace skymount::vo
