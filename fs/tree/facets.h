// SPDX-License-Identifier: MIT
//
// The datasets of an answer, sorted by what their rows say: collection, year, instrument, type, band. From the rows
// alone, so that a sorting costs no request; made when it is first looked at, and once for all spellings of a question.
#pragma once

#include "cache/base/synchronized.h"
#include "fs/tree/node.h"

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::fs {

inline constexpr FacetKind kFacets[] = {FacetKind::collection, FacetKind::year, FacetKind::instrument, FacetKind::type,
                                        FacetKind::band};
/// "by-year"
std::string_view facet_name(FacetKind kind);
std::optional<FacetKind> facet_named(std::string_view name);

/// Folder name of a value -> indexes into Listing::datasets, ascending. A dataset whose rows differ is in several.
using Facet = std::map<std::string, std::vector<std::uint32_t>, std::less<>>;
using FacetPtr = std::shared_ptr<const Facet>;

/// Values become names as datasets' do ({value:slug}); different values have different names; a missing one is
/// `unknown`. Years are those of t_min, UTC: a dataset over several years is where it began. Bands are band_word().
/// Pure.
Facet sort_by(FacetKind kind, const vo::Listing& listing);

/// The part of the spectrum around the geometric mean of two wavelengths in metres (that of both ends in frequency or
/// energy, too): "radio", "millimeter", "infrared", "optical", "uv", "euv", "x-ray", "gamma-ray". One wavelength stands
/// for both. Empty without any.
/// Source  IVOA vocabulary "messenger", whose limits are those of VOResource 1.0 ("Coverage: Spectral").
std::string_view band_word(std::optional<double> em_min_m, std::optional<double> em_max_m);

/// The sortings that were looked at last. Thread-safe; nothing is sorted under its lock.
class FacetShelf {
 public:
  /// Null when it was not made yet, or is forgotten.
  FacetPtr find(FacetKind kind, const vo::Listing& listing) const;
  FacetPtr get(FacetKind kind, const vo::Listing& listing);

 private:
  struct Kept {
    std::uint64_t version;
    FacetKind kind;
    FacetPtr facet;
    std::size_t weight;
  };
  mutable Synchronized<std::list<Kept>> kept_;  ///< the one used last comes first
};

}  // namespace skymount::fs
