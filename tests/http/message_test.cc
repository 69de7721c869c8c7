// SPDX-License-Identifier: MIT
//
// Header fields as archives send them.
#include "vo/http/message.h"

#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

std::string name_in(const std::string& disposition) {
  HttpResponse response;
  response.headers.add("Content-Disposition", disposition);
  return response.filename().value_or("-");
}

TEST(ContentDisposition, GivesTheNameInEveryFormThatArchivesUse) {
  EXPECT_EQ(name_in("attachment; filename=ADP.2016-09-26T03:04:09.308.fits.Z"), "ADP.2016-09-26T03:04:09.308.fits.Z");
  EXPECT_EQ(name_in("attachment; filename=\"a;b \\\"c\\\".fits\""), "a;b \"c\".fits");
  EXPECT_EQ(name_in("attachment; filename=plain.fits; filename*=UTF-8''%e2%82%ac%20rates.fits"), "\u20ac rates.fits");
  EXPECT_EQ(name_in("attachment;filename*=iso-8859-1'en'%A3.fits"), "\u00a3.fits");
  EXPECT_EQ(name_in("inline; FileName = \"x.vot\""), "x.vot");
  EXPECT_EQ(name_in("attachment; filename=two words.fits"), "two words.fits");
}

TEST(ContentDisposition, NeverGivesADirectoryOrAControlByte) {
  EXPECT_EQ(name_in("attachment; filename=\"../../etc/passwd\""), "passwd");
  EXPECT_EQ(name_in("attachment; filename=\"C:\\\\data\\\\x.fits\""), "x.fits");
  EXPECT_EQ(name_in("attachment; filename*=UTF-8''a%2F..%2Fb%00%1b%5Bm.fits"), "b[m.fits");
  EXPECT_EQ(name_in("attachment; filename=\"..\""), "-");
  EXPECT_EQ(name_in("attachment; filename=\"\""), "-");
  EXPECT_EQ(name_in("attachment; filename*=UTF-8''%zz; filename=good.fits"), "good.fits");
  EXPECT_EQ(name_in("attachment"), "-");
  EXPECT_EQ(name_in("attachment; filename=\"\xe9.fits\""), "\u00e9.fits") << "bytes that are no UTF-8 are Latin-1";
}

TEST(ContentRange, IsReadStrictly) {
  const auto part = ContentRange::parse("bytes 10-19/200");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->range, (ByteRange{10, 10}));
  EXPECT_EQ(part->total, 200U);
  EXPECT_EQ(ContentRange::parse("bytes 0-0/*")->total, std::nullopt);
  EXPECT_EQ(ContentRange::parse("bytes */0")->total, 0U);
  EXPECT_TRUE(ContentRange::parse("bytes */0")->range.empty());
  for (const char* bad :
       {"", "bytes", "10-19/200", "bytes 19-10/200", "bytes 0-200/200", "bytes -1-5/9", "bytes 0-/9", "bytes 0-1",
        "bytes 0-18446744073709551615/*", "bytes 0-99999999999999999999/*", "items 0-1/2"})
    EXPECT_FALSE(ContentRange::parse(bad)) << bad;
}

TEST(MediaType, ReadsBothSpellingsOfTheBlank) {
  EXPECT_EQ(MediaType::parse("application/x-votable+xml;content=datalink").parameter("content"), "datalink");
  EXPECT_EQ(MediaType::parse("Application/X-VOTable+XML; Content=\"datalink\"; x").parameter("content"), "datalink");
  EXPECT_EQ(MediaType::parse("Application/X-VOTable+XML; a=b").type, "application/x-votable+xml");
  EXPECT_EQ(MediaType::parse("").type, "");
}

TEST(HttpDate, IsReadInAllThreeForms) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), 784111777);
  for (const char* bad :
       {"", "0", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "yesterday at five o'clock"})
    EXPECT_FALSE(parse_http_date(bad)) << bad;
}

TEST(HttpResponse, BelievesOnlyAPlainContentLengthAndAStrongTag) {
  HttpResponse response;
  response.headers.add("content-length", "42");
  response.headers.add("etag", "W/\"a\"");
  EXPECT_EQ(response.content_length(), 42U);
  EXPECT_FALSE(response.strong_etag());
  HttpResponse odd;
  odd.headers.add("Content-Length", "-1");
  odd.headers.add("ETag", "\"a\"");
  EXPECT_FALSE(odd.content_length());
  EXPECT_EQ(odd.strong_etag(), "\"a\"");
}

}  // namespace
}  // namespace skymount::vo
