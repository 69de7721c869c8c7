// SPDX-License-Identifier: MIT
//
// Answers whose end is not where they say: what is short, long or of another version never passes for the file.
#include "tests/http/http_fixture.h"
#include "tests/http/raw_origin.h"
#include "vo/demo/message.h"
#include "vo/http/file_version.h"

namespace skymount::vo {
namespace {

using testing::HasSubstr;

std::string ok(const std::string& fields, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", body.size());
  return size + body + "\r\n0\r\n\r\n";
}
std::string gzip_field() {
  return "Content-Encoding: gzip\r\n";
}

/// Opens and reads to the end.
Result<std::string> copy_of(const std::string& url, bool computed = false) {
  RemoteFile file = remote(url);
  file.computed = computed;
  auto opened = open_remote(local_client(), file, soon());
  if (!opened) return fail(opened.error());
  auto all = read(*opened->source, {0, opened->source->size().value_or(0)});
  if (!all) return fail(all.error());
  EXPECT_EQ(opened->source->size(), all->size());
  return text_of(*all);
}

std::string text(std::size_t size) {
  return text_of(test::pattern(size, 7));
}

TEST(Framing, ATruncatedGzipBodyWithoutLengthIsNoCompleteFile) {
  const std::string packed = demo::gzip(text(500'000));
  RawOrigin cut(ok(gzip_field(), packed.substr(0, packed.size() / 2)));
  auto copy = copy_of(cut.url());
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code(), Code::corrupt);
  EXPECT_THAT(copy.error().what(), HasSubstr("ends early"));
  RawOrigin without_checksum(ok(gzip_field(), packed.substr(0, packed.size() - 8)));
  EXPECT_FALSE(copy_of(without_checksum.url())) << "the trailer alone is missing";
  RawOrigin whole(ok(gzip_field(), packed));
  EXPECT_EQ(copy_of(whole.url()).value(), text(500'000));
}

TEST(Framing, ATruncatedGzipAnswerIsNoShorterDocument) {
  const std::string packed = demo::gzip(text(200'000));
  for (const std::size_t kept :
       {std::size_t{0}, std::size_t{1}, std::size_t{12}, packed.size() / 2, packed.size() - 1}) {
    SCOPED_TRACE(kept);
    RawOrigin cut(ok(gzip_field(), packed.substr(0, kept)));
    auto whole = local_client()->get_whole(get(cut.url()), soon());
    ASSERT_FALSE(whole);
    EXPECT_EQ(whole.error().code(), Code::corrupt) << whole.error().what();
  }
}

TEST(Framing, GzipMembersInARowAreOneBodyAndJunkBehindThemIsCorrupt) {
  const std::string two = demo::gzip("first ") + demo::gzip("second");
  RawOrigin members(ok(gzip_field(), two + std::string(512, '\0')));
  auto whole = local_client()->get_whole(get(members.url()), soon());
  ASSERT_TRUE(whole) << whole.error().what();
  EXPECT_EQ(whole->body, "first second");
  RawOrigin junk(ok(gzip_field(), two + "junk"));
  EXPECT_FALSE(local_client()->get_whole(get(junk.url()), soon()));
}

TEST(Framing, DeflateIsReadWithAndWithoutItsWrapper) {
  // "hello", as zlib and as raw deflate, stored.
  const std::string raw("\x01\x05\x00\xfa\xffhello", 10);
  const std::string wrapped = std::string("\x78\x01", 2) + raw + std::string("\x06\x2c\x02\x15", 4);
  for (const std::string& body : {raw, wrapped}) {
    RawOrigin origin(ok("Content-Encoding: deflate\r\n", body));
    auto whole = local_client()->get_whole(get(origin.url()), soon());
    ASSERT_TRUE(whole) << whole.error().what();
    EXPECT_EQ(whole->body, "hello");
    RawOrigin cut(ok("Content-Encoding: deflate\r\n", body.substr(0, body.size() - 1)));
    EXPECT_FALSE(local_client()->get_whole(get(cut.url()), soon()));
  }
}

TEST(Framing, WhatUnfoldsBeyondTheLimitIsStopped) {
  RawOrigin bomb(ok(gzip_field(), demo::gzip(std::string(20'000'000, 'x'))));
  HttpRequest request = get(bomb.url());
  request.max_body = 1'000'000;
  auto whole = local_client()->get_whole(request, soon());
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::too_large);
}

TEST(Framing, ChunkedWinsOverAContentLengthBesideIt) {
  const std::string body = text(300'000);
  for (const char* fields : {"Content-Length: 2880\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 2880\r\n",
                             "Content-Length: 5000000\r\nTransfer-Encoding: chunked\r\n"}) {
    SCOPED_TRACE(fields);
    RawOrigin origin(ok(fields, chunked(body)));
    auto copy = copy_of(origin.url());
    ASSERT_TRUE(copy) << copy.error().what();
    EXPECT_TRUE(*copy == body) << copy->size();
  }
}

TEST(Framing, ALengthBeyondAnyFileIsRefused) {
  RawOrigin origin(ok("Content-Length: 9223372036854775807\r\n", text(10'000)));
  auto copy = copy_of(origin.url());
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code(), Code::corrupt);
  EXPECT_THAT(copy.error().what(), ::testing::HasSubstr("claims 9223372036854775807 bytes"));
}

TEST(Framing, TwoContentLengthsThatDifferAreRefused) {
  const std::string body = text(10'000);
  for (const char* fields :
       {"Content-Length: 10000\r\nContent-Length: 2880\r\n", "Content-Length: 2880\r\nContent-Length: 10000\r\n",
        "Content-Length: 2880, 10000\r\n", "Content-Length: 99999999999999999999999\r\n"}) {
    SCOPED_TRACE(fields);
    RawOrigin origin(ok(fields, body));
    auto copy = copy_of(origin.url());
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code(), Code::corrupt) << copy.error().what();
  }
  RawOrigin twice(ok("Content-Length: 10000\r\nContent-Length: 10000\r\n", body));
  EXPECT_TRUE(copy_of(twice.url()).value() == body) << "the same said twice is no contradiction";
}

/// Ranges of `bytes`; `fields` of the n-th answer are the caller's.
RawOrigin::Answer ranges_with(const std::string& bytes, std::function<std::string(int)> fields) {
  return [=](int number, const std::string& request) {
    const std::size_t at = request.find("bytes=");
    if (at == request.npos)
      return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n" + fields(number) + "\r\n" +
             bytes;
    const std::size_t first = std::stoul(request.substr(at + 6));
    const std::size_t last = std::min(std::stoul(request.substr(request.find('-', at) + 1)), bytes.size() - 1);
    return "HTTP/1.1 206 Partial Content\r\nContent-Length: " + std::to_string(last - first + 1) +
           "\r\nContent-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
           std::to_string(bytes.size()) + "\r\n" + fields(number) + "\r\n" + bytes.substr(first, last - first + 1);
  };
}

Result<Bytes> later_range(const RawOrigin& origin) {
  auto opened = open_remote(local_client(), remote(origin.url()), soon());
  if (!opened) return fail(opened.error());
  return read(*opened->source, {400'000, 100});
}

TEST(Framing, ATagThatAppearsLaterIsAnotherVersionOfWhatComesInRanges) {
  const LearnedFile nothing;
  for (const char* tag : {"", "\"v2\"", "W/\"v2\""}) {
    SCOPED_TRACE(tag);
    HttpResponse later;
    if (*tag != 0) later.headers.add("ETag", tag);
    EXPECT_EQ(same_validators(nothing, later), *tag == 0);
  }
}

TEST(Framing, WhateverAppearsLaterWhatComesWholeIsComparedByItsBytes) {
  for (const char* later : {"", "ETag: \"v2\"\r\n", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"}) {
    SCOPED_TRACE(later);
    RawOrigin origin(ranges_with(text(1'000'000), [=](int number) { return std::string(number == 1 ? "" : later); }));
    EXPECT_TRUE(later_range(origin));
  }
}

TEST(Framing, AWebPageInThePlaceOfALaterRangeIsCorrupt) {
  RawOrigin origin(ranges_with(text(1'000'000), [](int number) {
    return std::string(number == 1 ? "Content-Type: image/fits\r\n" : "Content-Type: text/html; charset=utf-8\r\n");
  }));
  auto got = later_range(origin);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::corrupt);
  EXPECT_THAT(got.error().what(), HasSubstr("web page"));
  RawOrigin page(
      ranges_with(text(1'000'000), [](int) { return std::string("ETag: \"v1\"\r\nContent-Type: text/html\r\n"); }));
  EXPECT_TRUE(later_range(page)) << "a file that is HTML may come in ranges";
}

TEST(Framing, ARetryAfterBeyondAllNumbersFailsAtOnceAndSaysSo) {
  RawOrigin origin("HTTP/1.1 429 Too Many\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n");
  FetchContext patient = soon();
  patient.deadline = FetchContext::Steady::time_point::max();
  auto whole = local_client()->get_whole(get(origin.url()), patient);
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code(), Code::unavailable);
  EXPECT_THAT(whole.error().what(), HasSubstr("asks to come back in 2592000 s"));
  EXPECT_EQ(origin.requests(), 1);
}

}  // namespace
}  // namespace skymount::vo
