// SPDX-License-Identifier: MIT
#include "vo/fits/promised_size.h"

#include "vo/fits/header_scan.h"

#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

std::string card(std::string text) {
  text.resize(80, ' ');
  return text;
}

/// One HDU with an 8-bit image of `bytes` bytes, padded.
std::string unit(const std::string& first, std::size_t bytes, int extra_cards = 0) {
  std::string out = card(first) + card("BITPIX  =                    8") + card("NAXIS   =                    1") +
                    card("NAXIS1  = " + std::string(20 - std::to_string(bytes).size(), ' ') + std::to_string(bytes));
  if (first.starts_with("XTENSION"))
    out += card("PCOUNT  =                    0") + card("GCOUNT  =                    1");
  for (int i = 0; i < extra_cards; ++i) out += card("HISTORY filler");
  out += card("END");
  out.resize((out.size() + kFitsBlock - 1) / kFitsBlock * kFitsBlock, ' ');
  out += std::string(bytes, 'd');
  out.resize((out.size() + kFitsBlock - 1) / kFitsBlock * kFitsBlock, '\0');
  return out;
}

bool complete(const std::string& file) {
  const Bytes bytes = to_bytes(file);
  return holds_what_its_headers_promise(bytes.size(),
                                        [&](ByteRange range) -> std::optional<SharedBytes> {
                                          return SharedBytes(bytes).part(range.offset, range.length);
                                        })
      .has_value();
}

const std::string kPrimary = "SIMPLE  =                    T";
const std::string kExtension = "XTENSION= 'IMAGE   '";

TEST(PromisedSize, EveryCutBeforeTheEndOfDataIsSeen) {
  const std::string file = unit(kPrimary, 5000, 500) + unit(kExtension, 4000);
  ASSERT_TRUE(complete(file));
  const std::size_t second = unit(kPrimary, 5000, 500).size();
  for (std::size_t cut : {std::size_t{2880}, second - 2880 - 1000, second + 100, second + 2880, second + 2880 + 3999}) {
    EXPECT_FALSE(complete(file.substr(0, cut))) << cut;
  }
}

TEST(PromisedSize, WhatRealServicesLeaveOutOrAddPasses) {
  const std::string file = unit(kPrimary, 5000);
  EXPECT_TRUE(complete(file.substr(0, 2880 + 5000))) << "the last padding";
  EXPECT_TRUE(complete(file + "something behind"));
  EXPECT_TRUE(complete("\x1f\x8b gzip"));
  EXPECT_TRUE(complete("<VOTABLE/>"));
  EXPECT_TRUE(complete(unit(kPrimary, 0)));
}

}  // namespace
}  // namespace skymount::vo
