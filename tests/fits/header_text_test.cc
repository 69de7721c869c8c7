// SPDX-License-Identifier: MIT
//
// The headers of a file as text: all of them, nothing but them, and a reason when there are none.
#include "vo/fits/header_text.h"
#include "tests/fits/fits_files.h"
#include "vo/fits/unpacked.h"

#include <gmock/gmock.h>
#include <zlib.h>

namespace skymount::vo {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using test::blocks;
using test::card;
using test::File;
using test::kPrimary;

const std::string kExtension = test::kImageExtension;

std::string unit(const std::string& first, std::size_t bytes, const std::vector<std::string>& cards = {}) {
  const std::string axis = std::to_string(bytes);
  std::string out = card(first) + card("BITPIX  =                    8") + card("NAXIS   =                    1") +
                    card("NAXIS1  = " + std::string(20 - axis.size(), ' ') + axis);
  for (const std::string& text : cards) out += card(text);
  return blocks(out + card("END"), ' ') + blocks(std::string(bytes, 'd'), '\0');
}

Result<std::string> headers_of(File& file) {
  return headers_as_text(file.bytes.size(), file.reader());
}

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

TEST(HeaderText, ShowsEachCardOfEachHeader) {
  File file(unit(kPrimary, 100, {"EXPTIME =                 60.0 / seconds", "", "HISTORY made  "}) +
            unit(kExtension, 10, {"EXTNAME = 'DATA'"}));
  const auto text = headers_of(file);
  ASSERT_TRUE(text) << text.error().what();
  EXPECT_EQ(*text,
            "SIMPLE  =                    T\nBITPIX  =                    8\nNAXIS   =                    1\n"
            "NAXIS1  =                  100\nEXPTIME =                 60.0 / seconds\n\nHISTORY made\nEND\n\n"
            "XTENSION= 'IMAGE   '\nBITPIX  =                    8\nNAXIS   =                    1\n"
            "NAXIS1  =                   10\nEXTNAME = 'DATA'\nEND\n");
}

TEST(HeaderText, ReadsNoDataBetweenTheHeaders) {
  File file(unit(kPrimary, 20'000'000) + unit(kExtension, 20'000'000) + unit(kExtension, 100'000));
  ASSERT_TRUE(headers_of(file));
  EXPECT_LE(file.reads, 4);
  EXPECT_LE(file.moved, 4 * 10 * kFitsBlock);
}

TEST(HeaderText, WhatFollowsTheLastUnitIsNoHeader) {
  File junk(unit(kPrimary, 100) + "trailing junk");
  ASSERT_TRUE(headers_of(junk));
  EXPECT_THAT(*headers_of(junk), EndsWith("END\n"));
  File cut(unit(kPrimary, 100'000).substr(0, 5000));
  ASSERT_TRUE(headers_of(cut)) << "the pixels are missing, the header is not";
}

TEST(HeaderText, AHeaderThatIsWrongIsAnErrorWithItsReason) {
  struct Case {
    std::string bytes;
    Code code;
    const char* words;
  };
  for (const Case& c :
       {Case{"<html>", Code::corrupt, "no FITS file"}, Case{"", Code::corrupt, "no FITS file"},
        Case{unit(kPrimary, 5).substr(0, 300), Code::corrupt, "ends inside the header at byte 0"},
        Case{unit(kPrimary, 5) + unit(kExtension, 5).substr(0, 300), Code::corrupt, "inside the header at byte 5760"},
        Case{blocks(card(kPrimary) + card("BITPIX  =                   64") + card("NAXIS   =                    2") +
                        card("NAXIS1  =  9223372036854775807") + card("NAXIS2  =  9223372036854775807") + card("END"),
                    ' '),
             Code::corrupt, "impossible"},
        Case{unit(kPrimary, 5, std::vector<std::string>(50'000, "HISTORY filler")), Code::too_large, "36000 cards"},
        Case{card(kPrimary) + std::string(5'000'000, ' '), Code::too_large, "no end"}}) {
    File file(c.bytes);
    const auto text = headers_of(file);
    ASSERT_FALSE(text) << c.words;
    EXPECT_EQ(text.error().code(), c.code) << text.error().what();
    EXPECT_THAT(text.error().what(), HasSubstr(c.words));
    EXPECT_LE(file.moved, 6'000'000U) << "a bounded look, whatever the header promises";
  }
}

TEST(HeaderText, AFileOfThousandsOfUnitsIsTooMuch) {
  std::string many = unit(kPrimary, 1);
  for (int i = 0; i < 2'001; ++i) many += unit(kExtension, 1);
  File file(std::move(many));
  const auto text = headers_of(file);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Code::too_large);
}

TEST(HeaderText, OfACompressedFileTheFirstHeaderAndThatItIsAllThatIsShown) {
  std::string image = unit(kPrimary, 3'000'000, {"OBJECT  = 'M31'"});
  for (std::size_t i = image.size() - 2'900'000; i < image.size(); ++i) image[i] = static_cast<char>(i * i % 251);
  File file(gzipped(image + unit(kExtension, 10)));
  const auto text = headers_of(file);
  ASSERT_TRUE(text) << text.error().what();
  EXPECT_THAT(*text, StartsWith("SIMPLE"));
  EXPECT_THAT(*text, HasSubstr("\nOBJECT  = 'M31'\nCOMMENT skymount: the first header of a file compressed with gzip"));
  EXPECT_THAT(*text, EndsWith("not shown here\nEND\n"));
  EXPECT_LE(file.moved, 200'000U) << "the prefix that unpacks to the header";
}

TEST(HeaderText, UnixCompressIsUnpackedToo) {
  // `compress` of a small header, made by its algorithm with 9-bit codes only: clear code never needed.
  const std::string image = unit(kPrimary, 0);
  std::string packed = "\x1f\x9d\x90";
  std::uint32_t bits = 0;
  int held = 0;
  // Literals alone: the dictionary of the reader grows all the same, so the code width grows after 255 codes.
  int next = 257, width = 9;
  int in_group = 0;
  for (const char c : image) {
    bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << held;
    held += width;
    while (held >= 8) {
      packed += static_cast<char>(bits & 0xff);
      bits >>= 8;
      held -= 8;
    }
    in_group = (in_group + 1) % 8;
    if (next == (1 << width) - 1 + 1 && width < 16) {
      // Codes come in groups of eight; the rest of a group is skipped when the width changes.
      while (in_group != 0) {
        held += width;
        while (held >= 8) {
          packed += static_cast<char>(bits & 0xff);
          bits >>= 8;
          held -= 8;
        }
        in_group = (in_group + 1) % 8;
      }
      ++width;
    }
    ++next;
  }
  if (held > 0) packed += static_cast<char>(bits & 0xff);
  File file(packed);
  const auto text = headers_of(file);
  ASSERT_TRUE(text) << text.error().what();
  EXPECT_THAT(*text, HasSubstr("compress (.Z)"));
}

TEST(HeaderText, ADamagedCompressedFileIsAnError) {
  std::string packed = gzipped(unit(kPrimary, 100'000));
  for (std::size_t i = 12; i < 60; ++i) packed[i] = static_cast<char>(0xff);
  File file(packed);
  const auto text = headers_of(file);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Code::corrupt);
  File page(gzipped("<html>not FITS</html>"));
  EXPECT_FALSE(headers_of(page));
}

TEST(HeaderText, ControlBytesAreShownAsNumbers) {
  File file(unit(kPrimary, 1, {std::string("OBJECT  = '\x1b[31m'")}));
  EXPECT_THAT(*headers_of(file), HasSubstr("\\x1b[31m"));
}

}  // namespace
}  // namespace skymount::vo
