// SPDX-License-Identifier: MIT
#include "vo/fits/cutout_header.h"

#include "vo/fits/coordinate_keys.h"
#include "vo/fits/header_tables.h"

#include <algorithm>
#include <array>
#include <set>

namespace skymount::vo {
namespace {

// Sums and extremes of all pixels, and sections in coordinates of the whole chip. FITS 4.0 section 4.4.2.7; NOAO.
constexpr std::array<std::string_view, 16> kStale = {
    "CHECKSUM", "DATASUM", "ZHECKSUM", "ZDATASUM", "DATASEC", "BIASSEC", "TRIMSEC", "CCDSEC",
    "DETSEC",   "AMPSEC",  "CCDSIZE",  "DETSIZE",  "DATAMIN", "DATAMAX", "INHERIT", "NEXTEND"};
// What makes an extension one, and what only a primary header of a file with extensions says.
constexpr std::array<std::string_view, 5> kOfPlace = {"XTENSION", "PCOUNT", "GCOUNT", "EXTEND", "SIMPLE"};

template <class Words>
bool is_one_of(std::string_view key, const Words& words) {
  return std::find(words.begin(), words.end(), key) != words.end();
}

/// "CRPIX12B" of stem "CRPIX": axis 12, alternate 'B'. Axis 0: it is none.
struct Indexed {
  std::size_t axis = 0;
  char alternate = ' ';
};
Indexed indexed(std::string_view key, std::string_view stem, bool alternates) {
  if (!key.starts_with(stem)) return {};
  key.remove_prefix(stem.size());
  Indexed out;
  while (!key.empty() && key.front() >= '0' && key.front() <= '9' && out.axis < 1000) {
    out.axis = out.axis * 10 + static_cast<std::size_t>(key.front() - '0');
    key.remove_prefix(1);
  }
  if (alternates && key.size() == 1 && key.front() >= 'A' && key.front() <= 'Z') {
    out.alternate = key.front();
    key.remove_prefix(1);
  }
  return key.empty() ? out : Indexed{};
}

/// Of which a second card would contradict the first.
bool is_structural(std::string_view key) {
  return key == "BITPIX" || key == "NAXIS" || indexed(key, "NAXIS", false).axis != 0;
}

class Shifts {
 public:
  explicit Shifts(const std::vector<PixelSpan>& box) : box_(box) {}

  /// How many pixels before the first kept one are cut off.
  double before(std::size_t axis) const {
    return axis >= 1 && axis <= box_.size() ? static_cast<double>(box_[axis - 1].first - 1) : 0;
  }
  std::int64_t length(std::size_t axis) const { return box_[axis - 1].second - box_[axis - 1].first + 1; }
  std::size_t axes() const { return box_.size(); }

  Card apply(const Card& card) const {
    const std::string_view key = keyword(card);
    if (const auto n = indexed(key, "NAXIS", false); n.axis >= 1 && n.axis <= axes())
      return with_number(card, length(n.axis));
    const auto real = real_value(card);
    if (!real) return card;
    for (const std::string_view stem : {"CRPIX", "LTV"}) {
      const auto n = indexed(key, stem, stem == "CRPIX");
      if (const double shift = before(n.axis); n.axis != 0 && shift != 0) return with_number(card, *real - shift);
    }
    const auto n = indexed(key, "CNPIX", false);
    if (const double shift = before(n.axis); n.axis != 0 && shift != 0) {
      const auto whole = integer_value(card);  // the Digitized Sky Survey writes integers
      return whole ? with_number(card, *whole + static_cast<std::int64_t>(shift)) : with_number(card, *real + shift);
    }
    return card;
  }

 private:
  const std::vector<PixelSpan>& box_;
};

/// 2 of "LTM2_1"; 0: it is none.
std::size_t row_of_ltm(std::string_view key) {
  const std::size_t bar = key.find('_');
  return bar == std::string_view::npos ? 0 : indexed(key.substr(0, bar), "LTM", false).axis;
}

/// Reference pixels that are 0 because nobody gives them: after the cut they must be given.
void add_missing_references(std::vector<Card>& cards, const Shifts& shifts) {
  std::set<std::string> present;
  for (const Card& card : cards) present.emplace(keyword(card));
  std::vector<Card> missing;
  for (const Card& card : cards) {
    const std::size_t physical = row_of_ltm(keyword(card));
    const std::string offset = "LTV" + std::to_string(physical);
    if (physical != 0 && shifts.before(physical) != 0 && present.insert(offset).second)
      missing.push_back(make_card(offset, -shifts.before(physical)));
    const Indexed type = indexed(keyword(card), "CTYPE", true);
    if (type.axis == 0 || shifts.before(type.axis) == 0) continue;
    std::string key = "CRPIX" + std::to_string(type.axis);
    if (type.alternate != ' ') key += type.alternate;
    if (!present.contains(key)) missing.push_back(make_card(key, -shifts.before(type.axis)));
  }
  cards.insert(cards.end(), missing.begin(), missing.end());
}

bool is_comment(std::string_view key) {
  return key.empty() || key == "COMMENT" || key == "HISTORY";
}

/// FITS 4.0 section 4.4.2.6: what the extension does not say itself holds as the primary header says it; never where
/// its pixels are and what they mean.
void inherit(std::vector<Card>& cards, const std::vector<Card>& primary) {
  std::set<std::string> own;
  for (const Card& card : cards) own.emplace(keyword(card));
  bool taken = false;
  for (const Card& card : primary) {
    const std::string_view key = keyword(card);
    if (key != "CONTINUE") {
      const bool structural = key == "BITPIX" || key.starts_with("NAXIS") || key == "GROUPS" || key == "BLOCKED" ||
                              key == "BSCALE" || key == "BZERO" || key == "BLANK" || key.starts_with("EXT") ||
                              is_one_of(key, kOfPlace) || is_one_of(key, kStale) || names_distortion(key) ||
                              names_coordinates(key);
      taken = !structural && !is_comment(key) && !own.contains(std::string(key));
    }
    if (taken) cards.push_back(card);
  }
}

Card simple_card() {
  Card card = "SIMPLE  =                    T / a cutout made by skymount";
  card.resize(80, ' ');
  return card;
}

}  // namespace

std::vector<Card> cutout_cards(const std::vector<Card>& original, const std::vector<Card>& primary,
                               const std::vector<PixelSpan>& box) {
  const Shifts shifts(box);
  std::vector<Card> out = {simple_card()};
  bool left_out = false, inherits = false;
  std::set<std::string> structural;
  for (const Card& card : original) {
    const std::string_view key = keyword(card);
    if (key == "INHERIT") inherits = value_text(card) == "T";
    // A long string goes on in CONTINUE cards, which belong to what was before them.
    if (key != "CONTINUE") left_out = is_one_of(key, kOfPlace) || is_one_of(key, kStale);
    if (is_structural(key) && !structural.emplace(key).second) continue;
    if (!left_out) out.push_back(shifts.apply(card));
  }
  if (inherits) inherit(out, primary);
  add_missing_references(out, shifts);
  return out;
}

void add_provenance(std::vector<Card>& cards, const CutSpec& spec, const CutProvenance& provenance, int hdu,
                    const std::vector<PixelSpan>& box, const std::vector<std::string>& warnings) {
  std::string section;
  for (const auto& [first, last] : box)
    section += (section.empty() ? "[" : ",") + std::to_string(first) + ":" + std::to_string(last);
  add_history(cards,
              std::string("skymount ") + SKYMOUNT_VERSION + " cut this out of a larger image at " + provenance.date);
  add_history(cards, "skymount source: " + provenance.source);
  add_history(cards, "skymount region: " + spec.canonical);
  add_history(cards, "skymount pixels: " + section + "] of HDU " + std::to_string(hdu));
  for (const std::string& warning : warnings) add_history(cards, warning);
}

}  // namespace skymount::vo
