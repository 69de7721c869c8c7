// SPDX-License-Identifier: MIT
#include "fs/tree/facets.h"

#include "cache/base/text.h"
#include "vo/dataset_names.h"
#include "vo/query/interval.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace skymount::fs {
namespace {

constexpr std::string_view kUnknown = "unknown";
constexpr std::string_view kNames[] = {"by-collection", "by-year", "by-instrument", "by-type", "by-band"};

// All sortings of one answer of 65,000 datasets, or of many small answers.
constexpr std::size_t kMostDatasets = 5 * 65'536;

std::string year_of(const vo::Value& t_min) {
  const std::optional<double> mjd = vo::to_number(t_min);
  if (!mjd || !std::isfinite(*mjd)) return {};
  const std::string date = vo::mjd_to_date(*mjd);
  return date.substr(0, date.find('-', 1));  // from 1: a year before Christ has a sign
}

/// What a row is sorted by; empty: unknown.
class ValueOf {
 public:
  ValueOf(FacetKind kind, const vo::Table& table) : kind_(kind), table_(table) {
    switch (kind) {
      case FacetKind::collection: column_ = table.meta.column("obs_collection"); break;
      case FacetKind::year: column_ = table.meta.column("t_min"); break;
      case FacetKind::instrument: column_ = table.meta.column("instrument_name"); break;
      case FacetKind::type: column_ = table.meta.column("dataproduct_type"); break;
      case FacetKind::band:
        column_ = table.meta.column("em_min");
        second_ = table.meta.column("em_max");
        break;
    }
  }

  std::string operator()(std::uint32_t row) const {
    const vo::Value value = table_.cell(row, column_);
    switch (kind_) {
      case FacetKind::year: return year_of(value);
      case FacetKind::band:
        return std::string(band_word(vo::to_number(value), vo::to_number(table_.cell(row, second_))));
      default: return std::string(trim(vo::to_text(value)));
    }
  }

 private:
  FacetKind kind_;
  const vo::Table& table_;
  std::optional<std::size_t> column_, second_;
};

using Groups = std::map<std::string, std::vector<std::uint32_t>>;

/// Values as names. A value that reads "unknown" is told apart from none.
Facet named(Groups groups) {
  static const vo::NameTemplate slug = vo::NameTemplate::parse("{value:slug}").value();
  Facet out;
  std::vector<std::string> taken;
  if (const auto none = groups.find(""); none != groups.end()) {
    out.emplace(kUnknown, std::move(none->second));
    taken.emplace_back(kUnknown);
    groups.erase(none);
  }
  std::vector<vo::NameWish> wishes;
  for (const auto& [value, datasets] : groups) {
    wishes.push_back({slug.name_of([&](std::string_view) { return value; }), value});
  }
  const std::vector<std::string> names = vo::unique_names(wishes, vo::Suffix::at_end, taken);
  std::size_t i = 0;
  for (auto& [value, datasets] : groups) out.emplace(names[i++], std::move(datasets));
  return out;
}

std::size_t weight_of(const Facet& facet) {
  std::size_t weight = 16;
  for (const auto& [name, datasets] : facet) weight += datasets.size() + 16;
  return weight;
}

}  // namespace

std::string_view facet_name(FacetKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<FacetKind> facet_named(std::string_view name) {
  for (const FacetKind kind : kFacets) {
    if (facet_name(kind) == name) return kind;
  }
  return std::nullopt;
}

Facet sort_by(FacetKind kind, const vo::Listing& listing) {
  const ValueOf value_of(kind, listing.table);
  Groups groups;
  for (std::uint32_t i = 0; i < listing.datasets.size(); ++i) {
    if (listing.datasets[i].rows.empty()) groups[""].push_back(i);  // known to the links service alone
    for (const std::uint32_t row : listing.datasets[i].rows) {
      std::vector<std::uint32_t>& group = groups[value_of(row)];
      if (group.empty() || group.back() != i) group.push_back(i);
    }
  }
  return named(std::move(groups));
}

std::string_view band_word(std::optional<double> em_min_m, std::optional<double> em_max_m) {
  const auto usable = [](std::optional<double> metres) { return metres && std::isfinite(*metres) && *metres > 0; };
  if (!usable(em_min_m)) em_min_m = em_max_m;
  if (!usable(em_max_m)) em_max_m = em_min_m;
  if (!usable(em_min_m)) return {};
  const double metres = std::sqrt(*em_min_m) * std::sqrt(*em_max_m);
  // Longest first; a limit belongs to the shorter waves. VOResource 1.0 leaves a gap between millimetres (from 0.1 mm)
  // and nothing: its infrared ends where they begin.
  constexpr std::pair<double, std::string_view> kLongerThan[] = {
      {1e-2, "radio"}, {1e-4, "millimeter"}, {1e-6, "infrared"}, {3e-7, "optical"},
      {1e-7, "uv"},    {1e-8, "euv"},        {1e-11, "x-ray"}};
  for (const auto& [limit, word] : kLongerThan) {
    if (metres > limit) return word;
  }
  return "gamma-ray";
}

FacetPtr FacetShelf::find(FacetKind kind, const vo::Listing& listing) const {
  return kept_.with([&](const std::list<Kept>& kept) -> FacetPtr {
    for (const Kept& each : kept) {
      if (each.version == listing.version && each.kind == kind) return each.facet;
    }
    return nullptr;
  });
}

FacetPtr FacetShelf::get(FacetKind kind, const vo::Listing& listing) {
  if (FacetPtr known = find(kind, listing)) return known;
  auto made = std::make_shared<const Facet>(sort_by(kind, listing));
  kept_.with([&](std::list<Kept>& kept) {
    kept.push_front({listing.version, kind, made, weight_of(*made)});
    std::size_t weight = 0;
    for (auto it = kept.begin(); it != kept.end();) {
      weight += it->weight;
      // The newest stays whatever it weighs: somebody is looking at it.
      it = weight > kMostDatasets && it != kept.begin() ? kept.erase(it) : std::next(it);
    }
  });
  return made;
}

}  // namespace skymount::fs
