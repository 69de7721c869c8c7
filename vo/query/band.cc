// SPDX-License-Identifier: MIT
//
// Spectral intervals: what people type in nm, keV or GHz becomes metres in vacuum, as ObsCore counts (em_min, em_max).
#include "vo/query/interval.h"
#include "vo/query/words.h"

#include <array>
#include <cmath>

namespace skymount::vo {
namespace {

// Exact by the 2019 definition of the SI: c in m/s, and h*c/e in eV m.
constexpr double kLightSpeed = 299'792'458.0;
constexpr double kPhotonEnergyMetre = 6.62607015e-34 * kLightSpeed / 1.602176634e-19;

enum class Kind { length, frequency, energy };

/// `scale` multiplies, or with `divides` divides: a division by an exact power of ten is correctly rounded.
struct Unit {
  std::string_view name;
  Kind kind;
  double scale;
  bool divides;
};
constexpr std::array<Unit, 18> kUnits{{
    {"m", Kind::length, 1, false},
    {"cm", Kind::length, 1e2, true},
    {"mm", Kind::length, 1e3, true},
    {"um", Kind::length, 1e6, true},
    {"\xC2\xB5m", Kind::length, 1e6, true},
    {"\xCE\xBCm", Kind::length, 1e6, true},  // both micro signs of Unicode
    {"nm", Kind::length, 1e9, true},
    {"A", Kind::length, 1e10, true},
    {"Angstrom", Kind::length, 1e10, true},
    {"Hz", Kind::frequency, 1, false},
    {"kHz", Kind::frequency, 1e3, false},
    {"MHz", Kind::frequency, 1e6, false},
    {"GHz", Kind::frequency, 1e9, false},
    {"THz", Kind::frequency, 1e12, false},
    {"eV", Kind::energy, 1, false},
    {"keV", Kind::energy, 1e3, false},
    {"MeV", Kind::energy, 1e6, false},
    {"GeV", Kind::energy, 1e9, false},
}};
constexpr std::string_view kUnitList = "m cm mm um nm A, Hz kHz MHz GHz THz, eV keV MeV";

struct Amount {
  std::string_view number, unit;
};
Amount split_unit(std::string_view text) {
  // The unit begins at the first letter that is no exponent: "1e-7m", "5eV" (an 'e' before a letter is a unit).
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (is_digit(c) || c == '.' || c == '+' || c == '-' || c == ' ') continue;
    const bool exponent = (c == 'e' || c == 'E') && at > 0 && at + 1 < text.size() &&
                          (is_digit(text[at + 1]) || ((text[at + 1] == '-' || text[at + 1] == '+') &&
                                                      at + 2 < text.size() && is_digit(text[at + 2])));
    if (!exponent) break;
  }
  return {trim(text.substr(0, at)), trim(text.substr(at))};
}

const Unit* unit_named(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

tl::unexpected<Error> bad_band(std::string_view whole, std::string why) {
  return fail(Code::invalid, "band=" + std::string(whole) + ": " + std::move(why));
}

struct End {
  double metres;
  Kind kind;
};

/// `fallback` is the unit of the other end, for "400..700nm".
Result<End> read_end(std::string_view whole, const Amount& amount, std::string_view fallback) {
  const std::string_view name = amount.unit.empty() ? fallback : amount.unit;
  const auto number = parse_number(amount.number);
  if (!number) {
    return bad_band(whole, "'" + std::string(amount.number) + "' is no number; expected something like 400nm..700nm");
  }
  if (name.empty()) {
    return bad_band(whole,
                    "no unit; perhaps " + std::string(amount.number) + "nm (units: " + std::string(kUnitList) + ")");
  }
  const Unit* unit = unit_named(name);
  if (unit == nullptr) {
    for (const Unit& near : kUnits) {
      if (same_word(near.name, name)) {
        return bad_band(whole, "unknown unit '" + std::string(name) + "'; perhaps " + std::string(near.name));
      }
    }
    return bad_band(whole, "unknown unit '" + std::string(name) + "'; known: " + std::string(kUnitList));
  }
  if (*number <= 0)
    return bad_band(whole, "a wavelength, frequency or energy is above zero; leave the end open instead");
  const double scaled = unit->divides ? *number / unit->scale : *number * unit->scale;
  double metres = scaled;
  if (unit->kind == Kind::frequency) metres = kLightSpeed / scaled;
  if (unit->kind == Kind::energy) metres = kPhotonEnergyMetre / scaled;
  // 15 digits survive the way through a double, so 0.4um and 400nm become the same one. Plain metres stay as they are.
  if (unit->scale != 1 || unit->kind != Kind::length) metres = round_to_significant(metres, 15);
  if (!std::isfinite(metres) || metres <= 0) return bad_band(whole, "outside what a number can hold");
  return End{metres, unit->kind};
}

}  // namespace

Result<Interval> parse_band(std::string_view whole) {
  const std::string_view text = trim(whole);
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    const Result<End> end = read_end(whole, split_unit(text), {});
    if (!end) return fail(end.error());
    return Interval{end->metres, end->metres};
  }
  const Amount first = split_unit(trim(text.substr(0, dots))), second = split_unit(trim(text.substr(dots + 2)));
  const bool has_first = !first.number.empty() || !first.unit.empty();
  const bool has_second = !second.number.empty() || !second.unit.empty();
  if (!has_first && !has_second) return bad_band(whole, "an interval needs at least one end");
  Interval out;
  std::optional<End> from, to;
  if (has_first) {
    const Result<End> end = read_end(whole, first, second.unit);
    if (!end) return fail(end.error());
    from = *end;
  }
  if (has_second) {
    const Result<End> end = read_end(whole, second, first.unit);
    if (!end) return fail(end.error());
    to = *end;
  }
  // Energy and frequency fall as wavelength rises. Two ends of different kinds have no order of their own: take them as
  // a set.
  const bool mixed = from && to && from->kind != to->kind;
  const bool reversed = (from ? from->kind : to->kind) != Kind::length;
  if (mixed ? from->metres > to->metres : reversed) std::swap(from, to);
  if (from) out.low = from->metres;
  if (to) out.high = to->metres;
  if (out.low > out.high) return bad_band(whole, "ends before it begins; perhaps the two are swapped");
  return out;
}

std::string canonical_band(const Interval& metres) {
  if (metres.low == metres.high) return fixed_shortest(metres.low) + "m";
  return (std::isinf(metres.low) ? "" : fixed_shortest(metres.low) + "m") + ".." +
         (std::isinf(metres.high) ? "" : fixed_shortest(metres.high) + "m");
}

}  // namespace skymount::vo
