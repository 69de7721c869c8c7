// SPDX-License-Identifier: MIT
//
// The answer of a query: the table behind the folder, and its datasets under their folder names.
#pragma once

#include "cache/base/clock.h"
#include "vo/entry.h"
#include "vo/packed_datasets.h"
#include "vo/query/query.h"
#include "vo/votable/table.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

/// Why a listing may lack rows or hold too many. Each becomes a paragraph of INCOMPLETE.txt.
struct Shortfall {
  enum class Kind {
    overflow,           ///< the archive holds more rows than were fetched
    limit_asked,        ///< the query's own limit
    degraded_geometry,  ///< the position was tested in a weaker way than asked
    fault,              ///< the archive broke off behind the rows that it sent, or contradicts itself
    remark,             ///< the archive's own warning about its answer
    shortened,          ///< all rows are there, but some of their cells are not whole
    unreachable,        ///< the rows are older than their time to live, and the archive could not be asked anew
    budget,             ///< the same, because its answer took longer than the caller's time
  } kind;
  std::string words;  ///< how many, why, what to do
};

/// Immutable once built; shared by all spellings and handles.
struct Listing {
  Query query;
  std::string adql;         ///< what was asked
  std::string service_url;  ///< of which service
  WallTime asked_at{};
  std::uint64_t version = 0;  ///< hash of query, time and rows: names generated files' inodes
  Table table;
  PackedDatasets datasets;   ///< in row order
  std::vector<Entry> files;  ///< of a route with rows = "files", in row order; folder: their group
  std::vector<Shortfall> shortfalls;
  std::uint64_t rows_hash = 0;  ///< of the packed table
  std::string links_id{};       ///< no row has it, but the links service knows it: the one dataset, which has no rows
  bool stale = false;           ///< past its time to live, shown because the archive cannot be reached

  /// As PackedDatasets::find.
  const Dataset* find(std::string_view name) const { return datasets.find(name); }
  /// The file of a group ("" of none); null: there is none of that name.
  const Entry* file(std::string_view group, std::string_view name) const;
  std::vector<std::uint32_t> files_by_name;  ///< files in the order of group and name
};

/// One links answer, turned into what the dataset folder shows.
struct DatasetFolder {
  std::vector<Entry> entries;  ///< files, in sub-folders where entry.folder says so
  std::vector<LinkFault> faults;
  std::string links_document;  ///< as received, secrets blanked; empty when there is no links service
  std::string source{};        ///< where the document was asked for, without signatures; empty as above
  WallTime asked_at{};
  bool stale = false;  ///< as in Listing
  /// A service with parameters to be set (SODA, or the archive's own), ready to be called; see vo/protocol/soda.
  struct CutoutService {
    std::string name, description, access_url, content_type;
    std::vector<std::pair<std::string, std::string>> fixed;  ///< constants and ref'd inputs, always sent
    std::vector<Field> parameters;                           ///< declared, to be set by the user
  };
  std::vector<CutoutService> services;
};

}  // namespace skymount::vo
