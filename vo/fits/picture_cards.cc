// SPDX-License-Identifier: MIT
#include "vo/fits/picture_cards.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

constexpr std::array<std::string_view, 25> kOfTable = {
    "XTENSION", "BITPIX",   "NAXIS",    "PCOUNT",   "GCOUNT",   "TFIELDS",  "THEAP",  "ZIMAGE", "ZSIMPLE",
    "ZTENSION", "ZEXTEND",  "ZBLOCKED", "ZPCOUNT",  "ZGCOUNT",  "ZBITPIX",  "ZNAXIS", "ZSCALE", "ZZERO",
    "ZCMPTYPE", "ZMASKCMP", "ZQUANTIZ", "ZDITHER0", "ZHECKSUM", "ZDATASUM", "ZBLANK"};
constexpr std::array<std::string_view, 10> kNumbered = {"NAXIS", "TTYPE",  "TFORM", "TUNIT", "TDISP",
                                                        "TDIM",  "ZNAXIS", "ZTILE", "ZNAME", "ZVAL"};

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool of_table(std::string_view key) {
  return std::find(kOfTable.begin(), kOfTable.end(), key) != kOfTable.end() ||
         std::any_of(kNumbered.begin(), kNumbered.end(), [&](std::string_view stem) {
           return key.starts_with(stem) && is_number(key.substr(stem.size()));
         });
}

/// The card of `from` under the name `to`.
Card renamed(const Card& from, std::string_view to) {
  std::string name(to);
  name.resize(8, ' ');
  return name + from.substr(8);
}

}  // namespace

std::vector<Card> picture_cards(const std::vector<Card>& table) {
  Card simple = "SIMPLE  =                    T";
  simple.resize(80, ' ');
  std::vector<Card> out = {simple};
  const auto translate = [&](const std::string& from, std::string_view to) {
    if (const Card* card = find_card(table, from)) out.push_back(renamed(*card, to));
  };
  translate("ZBITPIX", "BITPIX");
  translate("ZNAXIS", "NAXIS");
  for (int axis = 1; axis <= 9; ++axis) translate("ZNAXIS" + std::to_string(axis), "NAXIS" + std::to_string(axis));
  bool left_out = false;
  for (const Card& card : table) {
    const std::string_view key = keyword(card);
    if (key != "CONTINUE") left_out = of_table(key) || (key == "EXTNAME" && value_text(card) == "COMPRESSED_IMAGE");
    if (!left_out) out.push_back(card);
  }
  // Integers keep their null value; floating-point images had none, and got one only for being quantised.
  const Card* bitpix = find_card(table, "ZBITPIX");
  const bool whole = bitpix != nullptr && integer_value(*bitpix).value_or(-1) > 0;
  if (whole && find_card(table, "BLANK") == nullptr) translate("ZBLANK", "BLANK");
  return out;
}

}  // namespace skymount::vo
