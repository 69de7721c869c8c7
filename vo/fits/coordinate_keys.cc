// SPDX-License-Identifier: MIT
#include "vo/fits/coordinate_keys.h"

#include <algorithm>
#include <array>
#include <string>

namespace skymount::vo {
namespace {

// '#' stands for a number. All of them may have the letter of an alternate system behind.
constexpr std::array<std::string_view, 46> kCoordinates = {
    "WCSAXES",  "WCSNAME",  "CTYPE#",  "CUNIT#",   "CRPIX#",   "CRVAL#",  "CDELT#",  "CROTA#",  "CNAME#",  "CRDER#",
    "CSYER#",   "CD#_#",    "PC#_#",   "PC#",      "PV#_#",    "PS#_#",   "PROJP#",  "LONPOLE", "LATPOLE", "RADESYS",
    "RADECSYS", "EQUINOX",  "EPOCH",   "SPECSYS",  "SSYSOBS",  "SSYSSRC", "VELOSYS", "VELREF",  "VELANGL", "ZSOURCE",
    "RESTFRQ",  "RESTFREQ", "RESTWAV", "WAT#_#",   "WCSDIM",   "LTV#",    "LTM#_#",  "DTV#",    "DTM#_#",  "CNPIX#",
    "AMDX#",    "AMDY#",    "PPO#",    "XPIXELSZ", "YPIXELSZ", "PLTSCALE"};
// Distortions, whose terms have many indices, and the plates of the Digitized Sky Survey.
constexpr std::array<std::string_view, 10> kStems = {"A_",     "B_",    "AP_",   "BP_", "PLTRA",
                                                     "PLTDEC", "CQDIS", "CQERR", "DQ1", "DQ2"};

}  // namespace

bool names_coordinates(std::string_view key) {
  std::string pattern;
  for (const char c : key) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit || pattern.empty() || pattern.back() != '#') pattern += digit ? '#' : c;
  }
  const auto known = [](std::string_view text) {
    return std::find(kCoordinates.begin(), kCoordinates.end(), text) != kCoordinates.end();
  };
  if (known(pattern)) return true;
  const bool lettered = !pattern.empty() && pattern.back() >= 'A' && pattern.back() <= 'Z';
  if (lettered && known(std::string_view(pattern).substr(0, pattern.size() - 1))) return true;
  return std::any_of(kStems.begin(), kStems.end(), [&](std::string_view stem) { return key.starts_with(stem); });
}

}  // namespace skymount::vo
