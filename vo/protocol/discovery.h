// SPDX-License-Identifier: MIT
//
// Finding data where there is no ObsCore table: simple spectral access and simple image access. A question becomes the
// parameters that such a service knows, and its rows become rows of ObsCore, so that everything above sees one kind of
// answer. What the service cannot be asked is decided here, row by row.
// Source: IVOA SSA 1.1, SIA 1.0 (columns by UCD), SIA 2.0 (rows are ObsCore already).
#pragma once

#include "vo/protocol/tap.h"
#include "vo/query/query.h"
#include "vo/votable/table.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymount::vo {

enum class DiscoveryKind { ssa, sia1, sia2 };
/// "SSA", "SIA 1", "SIA 2".
std::string_view to_text(DiscoveryKind kind);

/// How far around a position without radius spectra are looked for: they have no footprint that could contain it.
inline constexpr double kSpectraAroundDeg = 1.0 / 60;

/// The parameters that ask for it.
std::vector<std::pair<std::string, std::string>> discovery_parameters(DiscoveryKind kind, const Query& query,
                                                                      std::uint64_t maxrec);

/// Rows of one answer as rows of ObsCore. Columns of the archive's own are kept behind those.
class DiscoveryRows {
 public:
  DiscoveryRows(DiscoveryKind kind, const TableMeta& meta);
  /// What the rows it makes look like. An INFO of the name kDiscoveryMark says where they came from.
  const TableMeta& meta() const { return out_; }
  Row row(const Row& cells) const;

 private:
  struct Source {
    std::optional<std::size_t> column;
    Value constant;  ///< of a PARAM
  };
  Source find(std::string_view utype, std::string_view ucd) const;
  Value value(const Source& source, const Row& cells) const;
  void add_column(const char* name, const char* type, const char* unit = "");
  void place(const Row& cells, Row& out) const;
  void times(const Row& cells, Row& out) const;

  const DiscoveryKind kind_;
  const TableMeta in_;
  TableMeta out_;
  Source url_, format_, size_, did_, title_, collection_, instrument_, target_, location_, ra_, dec_, time_, extent_,
      low_, high_, calibration_;
  double size_in_kb_ = 0.001;  ///< how many kB the unit of the size column is
};
inline constexpr std::string_view kDiscoveryMark = "found_by";

/// Whether rows of one publisher DID are one dataset, each row one of its files: told by kDiscoveryMark.
bool rows_are_files(const TableMeta& meta);

/// Whether the row, as DiscoveryRows makes it, overlaps the times, bands and texts of the query. What a row does not
/// tell decides nothing.
bool discovery_matches(const Query& query, const TableMeta& meta, const Row& row);
/// Whether the row says a place that cannot be meant by the query's position. Spectra are at one place (SSA 1.1,
/// section 4.1: POS and SIZE select it), so that a service which sends others has not looked; images have their
/// footprints.
bool lies_elsewhere(DiscoveryKind kind, const Query& query, const TableMeta& meta, const Row& row);

}  // namespace skymount::vo
