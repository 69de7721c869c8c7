// SPDX-License-Identifier: MIT
#include "vo/fits/header_tables.h"

#include <algorithm>
#include <array>
#include <set>

namespace skymount::vo {
namespace {

constexpr std::array<std::string_view, 11> kDistortion = {
    "CPDIS", "D2IMDIS", "CPERR", "D2IMERR", "D2IMARR", "D2IMEXT", "NPOLEXT", "DP1", "DP2", "D2IM1", "D2IM2"};

/// The number behind a stem: "3" and "3A" of "CTYPE3A"; empty when it is another keyword.
std::string_view behind(std::string_view key, std::string_view stem) {
  if (!key.starts_with(stem)) return {};
  key.remove_prefix(stem.size());
  return !key.empty() && key.front() >= '0' && key.front() <= '9' ? key : std::string_view();
}

/// "3A" for a card that says that axis 3 of system A is listed in a table.
std::string_view tabulated(const Card& card) {
  const std::string_view axis = behind(keyword(card), "CTYPE");
  if (axis.empty() || !value_text(card).value_or("").ends_with("-TAB")) return {};
  return axis;
}

/// Parameters of an axis: PSi_ma, PVi_ma. `axis` is "3" or "3A".
bool is_parameter_of(std::string_view key, std::string_view axis) {
  const bool other = axis.back() >= 'A' && axis.back() <= 'Z';
  const std::string_view number = other ? axis.substr(0, axis.size() - 1) : axis;
  for (const std::string_view stem : {"PS", "PV"}) {
    const std::string_view rest = behind(key, stem);
    if (!rest.starts_with(number) || !rest.substr(number.size()).starts_with("_")) continue;
    const bool of_other = rest.back() >= 'A' && rest.back() <= 'Z';
    if (of_other == other && (!other || rest.back() == axis.back())) return true;
  }
  return false;
}

Card linear(const Card& card) {
  Card out = card.substr(0, 10) + "'LINEAR  '           / was " + value_text(card).value_or("") + " in the original";
  out.resize(80, ' ');
  return out;
}

}  // namespace

bool names_distortion(std::string_view key) {
  return std::any_of(kDistortion.begin(), kDistortion.end(), [&](std::string_view k) { return key.starts_with(k); });
}

std::vector<Card> without_tables(const std::vector<Card>& original) {
  std::set<std::string> listed;
  for (const Card& card : original) {
    if (const std::string_view axis = tabulated(card); !axis.empty()) listed.emplace(axis);
  }
  std::vector<Card> out;
  bool left_out = false;
  for (const Card& card : original) {
    const std::string_view key = keyword(card);
    // A long string goes on in CONTINUE cards, which belong to what was before them.
    if (key != "CONTINUE") {
      left_out = names_distortion(key) || std::any_of(listed.begin(), listed.end(), [&](const std::string& axis) {
                   return is_parameter_of(key, axis);
                 });
    }
    if (!left_out) out.push_back(tabulated(card).empty() ? card : linear(card));
  }
  return out;
}

std::vector<std::string> lost_tables(const std::vector<Card>& original) {
  std::vector<std::string> out;
  if (std::any_of(original.begin(), original.end(), [](const Card& c) { return names_distortion(keyword(c)); })) {
    out.emplace_back("skymount warning: the original corrects positions by tables in other");
    out.emplace_back("HDUs (CPDIS, D2IM), which are not here: positions differ slightly");
  }
  for (const Card& card : original) {
    if (const std::string_view axis = tabulated(card); !axis.empty())
      out.push_back("skymount warning: CTYPE" + std::string(axis) + " was " + value_text(card).value_or("") +
                    ", listed in another HDU, which is not here");
  }
  return out;
}

}  // namespace skymount::vo
