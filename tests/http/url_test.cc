// SPDX-License-Identifier: MIT
//
// URLs as archives write them.
#include "vo/http/url.h"

#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

std::string wire(std::string_view text) {
  auto url = Url::parse(text);
  return url ? url->text() : "invalid: " + url.error().what();
}

std::string resolved(std::string_view base, std::string_view reference) {
  auto url = Url::parse(base).value().resolve(reference);
  return url ? url->text() : "invalid";
}

TEST(Url, KeepsWhatTheArchiveWroteAndEscapesOnlyWhatIsIllegal) {
  EXPECT_EQ(wire("http://a.example/x?ID=ivo://a/b?c+d%2F~e"), "http://a.example/x?ID=ivo://a/b?c+d%2F~e");
  EXPECT_EQ(wire("http://a.example/two words[1]|x.fits"), "http://a.example/two%20words%5B1%5D%7Cx.fits");
  EXPECT_EQ(wire("http://a.example/100%"), "http://a.example/100%25");
  EXPECT_EQ(wire("http://a.example/\xc3\xa9"), "http://a.example/%C3%A9");
  EXPECT_EQ(wire("  http://a.example/x\n"), "http://a.example/x") << "table cells come with blanks around them";
}

TEST(Url, IsNormalisedInSchemeHostAndEmptyPathOnly) {
  EXPECT_EQ(wire("HTTP://DC.G-VO.org"), "http://dc.g-vo.org/");
  EXPECT_EQ(wire("https://a.example?x=1"), "https://a.example/?x=1");
  EXPECT_EQ(wire("http://a.example/A/../B"), "http://a.example/A/../B");
  EXPECT_EQ(wire("http://a.example/x#part"), "http://a.example/x");
}

TEST(Url, RefusesWhatIsNoHttpUrl) {
  for (const char* bad : {"", "ftp://a.example/x", "file:///etc/passwd", "//a.example/x", "http://", "http:///x",
                          "http://a b/x", "http://a.example:0/", "http://a.example:65536/", "http://a.example:8x/",
                          "http://[::1/x", "http://[zz]/", "http://a\r\nb/", "http://a.example/\x01"})
    EXPECT_EQ(Url::parse(bad).has_value(), false) << bad;
  EXPECT_FALSE(Url::parse("http://a.example/" + std::string(70'000, 'x')));
}

TEST(Url, TellsItsParts) {
  const Url url = Url::parse("https://user:pw@[2001:DB8::1]:8443/a%20b/c%2Fd.fits?x=1&y=2").value();
  EXPECT_EQ(url.host(), "2001:db8::1");
  EXPECT_EQ(url.port(), 8443);
  EXPECT_EQ(url.origin(), "https://[2001:db8::1]:8443");
  EXPECT_EQ(url.path(), "/a%20b/c%2Fd.fits");
  EXPECT_EQ(url.query(), "x=1&y=2");
  EXPECT_EQ(url.last_segment(), "c/d.fits");
  EXPECT_EQ(Url::parse("https://a.example:443/")->origin(), "https://a.example");
  EXPECT_EQ(Url::parse("http://a.example:443/")->origin(), "http://a.example:443");
}

TEST(Url, ResolvesReferencesAsRfc3986Does) {
  const char* base = "http://a.example/b/c/d?q";
  EXPECT_EQ(resolved(base, "g"), "http://a.example/b/c/g");
  EXPECT_EQ(resolved(base, "./g/."), "http://a.example/b/c/g/");
  EXPECT_EQ(resolved(base, "../../../g"), "http://a.example/g");
  EXPECT_EQ(resolved(base, "/g?x=../y"), "http://a.example/g?x=../y");
  EXPECT_EQ(resolved(base, "//other.example/g"), "http://other.example/g");
  EXPECT_EQ(resolved(base, "?y"), "http://a.example/b/c/d?y");
  EXPECT_EQ(resolved(base, ""), "http://a.example/b/c/d?q");
  EXPECT_EQ(resolved(base, "https://x.example/"), "https://x.example/");
  EXPECT_EQ(resolved(base, "file:///etc/passwd"), "invalid");
  EXPECT_EQ(resolved(base, "javascript:alert(1)"), "invalid");
}

TEST(Url, TakesADottedIdWithATimeForAPathAndNotForAScheme) {
  EXPECT_EQ(resolved("http://a.example/files/x", "SPHER.2016-09-26T03:04:09.308"),
            "http://a.example/files/SPHER.2016-09-26T03:04:09.308");
}

TEST(Url, AppendsParametersFullyEncoded) {
  EXPECT_EQ(
      Url::parse("http://a.example/s")->with_parameters({{"ID", "ivo://a/b?c#d+e"}, {"POS", "CIRCLE 1 2 3"}}).text(),
      "http://a.example/s?ID=ivo%3A%2F%2Fa%2Fb%3Fc%23d%2Be&POS=CIRCLE%201%202%203");
  EXPECT_EQ(Url::parse("http://a.example/s?x=1")->with_parameters({{"y", "2"}}).text(), "http://a.example/s?x=1&y=2");
  EXPECT_EQ(Url::parse("http://a.example/s?x=1&")->with_parameters({{"y", "2"}}).text(), "http://a.example/s?x=1&y=2");
  EXPECT_EQ(Url::parse("http://a.example/s?")->with_parameters({{"y", "2"}}).text(), "http://a.example/s?y=2");
}

TEST(Url, IdentitiesHoldNoSignatureAndMessagesNoSecret) {
  const Url url =
      Url::parse("https://u:p@a.example/f.fits?v=2&X-Amz-Signature=abc&X-Amz-Date=1&Expires=9&access_token=t").value();
  EXPECT_EQ(url.without_signature(), "https://a.example/f.fits?v=2");
  EXPECT_EQ(url.redacted(),
            "https://***@a.example/f.fits?v=2&X-Amz-Signature=***&X-Amz-Date=***&Expires=***&access_token=***");
  EXPECT_EQ(Url::parse("http://a.example/x;jsessionid=77?a=1")->without_signature(), "http://a.example/x?a=1");
  EXPECT_EQ(Url::parse("http://a.example/x?expires=2020&sp=3")->without_signature(),
            "http://a.example/x?expires=2020&sp=3")
      << "without a signature these are ordinary parameters";
}

TEST(PercentCoding, UndoesItselfForAllBytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)).value(), all);
  EXPECT_FALSE(percent_decode("%4"));
  EXPECT_FALSE(percent_decode("%zz"));
  EXPECT_EQ(percent_decode("a+b").value(), "a+b");
}

}  // namespace
}  // namespace skymount::vo
