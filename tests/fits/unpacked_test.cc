// SPDX-License-Identifier: MIT
//
// What is inside a compressed file comes out whole or as an error: sums, ends and false beginnings are noticed.
#include "vo/fits/unpacked.h"
#include "tests/fits/fits_files.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace skymount::vo {
namespace {

using test::File;

std::string gzipped(const std::string& text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()) + 100, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

/// Of "skymount skymount skymount\n" 2000 times, by bzip2(1).
const std::string kBzip2(
    "\102\132\150\071\061\101\131\046\123\131\171\211\054\044\000\104\133\321\200\000\020\100\000\000\013"
    "\216\040\040\000\160\100\014\002\225\101\211\352\160\052\124\340\124\251\201\122\246\005\112\234\012"
    "\225\066\011\125\260\225\137\005\112\230\025\052\140\124\251\370\273\222\051\302\204\203\314\111\141"
    "\040",
    76);

Result<std::string> inside(const std::string& packed) {
  File file(packed);
  Unpacked unpacked(packed.size(), file.reader());
  std::string out;
  Bytes piece(10'000);
  for (;;) {
    const Result<std::size_t> came = unpacked.next(piece);
    if (!came) return fail(came.error());
    if (*came == 0) return out;
    out += as_text(ByteView(piece).first(*came));
  }
}

std::string noise(std::size_t size) {
  std::string out;
  unsigned state = 7;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>((state = state * 1'103'515'245 + 12'345) >> 16);
  return out;
}

void expect_corrupt(const std::string& packed, const char* what) {
  const auto out = inside(packed);
  ASSERT_FALSE(out) << what << ": " << out->size() << " bytes came";
  EXPECT_EQ(out.error().code(), Code::corrupt) << what;
}

TEST(Unpacked, OfGzipEveryMember) {
  const std::string a = noise(300'000), b = noise(70'001);
  EXPECT_TRUE(*inside(gzipped(a)) == a);
  EXPECT_TRUE(*inside(gzipped(a) + gzipped(b)) == a + b);
  EXPECT_TRUE(*inside(gzipped(a) + std::string(200'000, '\0')) == a) << "filled up to a tape's block";
  EXPECT_TRUE(*inside(gzipped("")) == "");
}

TEST(Unpacked, AGzipFileWithAWrongSumOrLengthIsAnError) {
  const std::string good = gzipped(noise(300'000));
  for (const std::size_t at : {good.size() - 8, good.size() - 1}) {
    std::string bad = good;
    bad[at] ^= 0x10;
    expect_corrupt(bad, "trailer");
    expect_corrupt(bad + gzipped("more"), "trailer of the first member");
  }
  expect_corrupt(good.substr(0, good.size() - 8) + std::string(8, '\0'), "no sum");
  std::string flipped = good;
  flipped[good.size() / 2] ^= 1;
  expect_corrupt(flipped, "a flipped bit");
}

TEST(Unpacked, AFileThatEndsEarlyOrGoesOnAsSomethingElseIsAnError) {
  const std::string gz = gzipped(noise(300'000));
  for (const std::size_t kept : {std::size_t{3}, std::size_t{12}, gz.size() / 2, gz.size() - 8, gz.size() - 1})
    expect_corrupt(gz.substr(0, kept), "gzip, cut");
  expect_corrupt(gz + "some words", "words behind it");
  EXPECT_EQ(inside(kBzip2)->size(), 54'000U);
  for (const std::size_t kept : {std::size_t{4}, kBzip2.size() / 2, kBzip2.size() - 1})
    expect_corrupt(kBzip2.substr(0, kept), "bzip2, cut");
}

TEST(Unpacked, ABeginningAloneMakesNoCompressedFile) {
  expect_corrupt("BZh9" + noise(5'000), "BZh9 and noise");
  expect_corrupt("BZh9", "BZh9");
  expect_corrupt("\x1f\x8b" + noise(5'000), "gzip's magic and noise");
  expect_corrupt("SIMPLE  = ", "nothing compressed");
  expect_corrupt("", "nothing");
}

TEST(Unpacked, WhatIsInsideIsBounded) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  EXPECT_EQ(most_inside(1'000'000, 100 * kGiB), 4 * kGiB);
  EXPECT_EQ(most_inside(kGiB / 10, 100 * kGiB), kGiB / 10 * 100) << "a hundred times the file";
  EXPECT_EQ(most_inside(50 * kGiB, 1000 * kGiB), 64 * kGiB);
  EXPECT_EQ(most_inside(50 * kGiB, 2 * kGiB), kGiB) << "half of the cache";
}

}  // namespace
}  // namespace skymount::vo
