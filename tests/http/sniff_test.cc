// SPDX-License-Identifier: MIT
//
// What may pass for what was promised.
#include "vo/http/error_answer.h"
#include "vo/http/range_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::optional<Error> complaint(std::string_view promise, std::string_view head) {
  auto verdict = sniff(promise, as_bytes(head));
  return verdict ? std::nullopt : std::optional(verdict.error());
}

constexpr const char* kLogin = "\n<!-- sso --><!DOCTYPE HTML><html><head><title>Sign in</title></head></html>";
constexpr const char* kErrorTable =
    "<?xml version='1.0'?><?xml-stylesheet href='x'?><vot:VOTABLE version=\"1.3\"><vot:RESOURCE type=\"results\">"
    "<vot:INFO name=\"QUERY_STATUS\" value=\"ERROR\">UsageError: no such "
    "dataset</vot:INFO></vot:RESOURCE></vot:VOTABLE>";

TEST(Sniff, AFitsPromiseIsKeptByFitsAndItsCompressedForms) {
  for (const char* promise : {"image/fits", "application/fits", "image/x-fits;name=x", "application/x-fits-bintable"})
    for (const std::string& head : {"SIMPLE  =                    T"s, "\x1f\x8b\x08 and so on"s,
                                    "\x1f\x9d\x90 and so on"s, "BZh91AY and so on"s})
      EXPECT_FALSE(complaint(promise, head)) << promise;
}

TEST(Sniff, ALoginPageIsNotAPlate) {
  for (const char* promise :
       {"image/fits", "image/jpeg", "application/x-votable+xml", "text/plain", "application/octet-stream", ""}) {
    const auto error = complaint(promise, kLogin);
    ASSERT_TRUE(error) << promise;
    EXPECT_EQ(error->code(), Code::corrupt);
    EXPECT_THAT(error->what(), HasSubstr("Sign in"));
  }
  EXPECT_FALSE(complaint("text/html", kLogin));
  EXPECT_FALSE(complaint("text/html; charset=utf-8", kLogin));
}

TEST(Sniff, AnErrorDocumentIsRefusedWithTheArchivesWords) {
  for (const char* promise : {"image/fits", "application/x-votable+xml", "text/csv", "image/png"}) {
    const auto error = complaint(promise, kErrorTable);
    ASSERT_TRUE(error) << promise;
    EXPECT_THAT(error->what(), HasSubstr("no such dataset"));
  }
  EXPECT_FALSE(complaint("application/x-votable+xml", "<VOTABLE><INFO name=\"QUERY_STATUS\" value=\"OK\"/></VOTABLE>"));
  EXPECT_FALSE(complaint("application/x-votable+xml", "<VOTABLE><INFO name=\"note\" value=\"ERROR\"/></VOTABLE>"));
}

TEST(Sniff, TextAndJsonUnderABinaryPromiseAreRefused) {
  for (const char* promise : {"image/fits", "image/jpeg", "application/gzip"}) {
    EXPECT_THAT(complaint(promise, "UsageError: the cutout is empty\n").value().what(),
                HasSubstr("the cutout is empty"));
    EXPECT_THAT(complaint(promise, "{\"error\": \"denied\"}").value().what(), HasSubstr("denied"));
  }
  EXPECT_FALSE(complaint("image/jpeg", "\xff\xd8\xff\xe0"s + std::string(4, '\0')));
  EXPECT_FALSE(complaint("application/octet-stream", "a table of text, served as anything"));
}

TEST(Sniff, WithoutAPromiseOnlyHtmlIsSuspect) {
  EXPECT_FALSE(complaint("", "plain text"));
  EXPECT_FALSE(complaint("", "{\"a\": 1}"));
  EXPECT_FALSE(complaint("", "\0\1\2"s));
}

TEST(Sniff, NothingIsNoData) {
  EXPECT_EQ(complaint("image/fits", "")->code(), Code::no_data);
  EXPECT_EQ(complaint("", "")->code(), Code::no_data);
}

TEST(Sniff, OtherBytesUnderAFitsPromiseAreShownEscaped) {
  const auto error = complaint("image/fits", "\x1b[2J\0\1binary"s);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("\\x1b"));
  EXPECT_TRUE(complaint("image/fits", "SIMPLE"));
}

TEST(Gist, IsOneSafeLine) {
  EXPECT_EQ(gist_of("<html><style>p{}</style><h1>No</h1>\n\n<p>such   file</p>"), "No such file");
  EXPECT_EQ(gist_of("UsageError: a < b"), "UsageError: a < b");
  EXPECT_LE(gist_of(std::string(10'000, 'x')).size(), 300U);
}

}  // namespace
}  // namespace skymount::vo
