// SPDX-License-Identifier: MIT
//
// Names of dataset folders from a template: "{t_min:date}_{obs_collection:slug}_{obs_id:tail}" makes
// "1890-05-03_DASCH_i00811". Source: docs/SEMANTICS.md "Datasets" (contract).
#pragma once

#include "cache/base/result.h"
#include "vo/file_names.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// Immutable; safe from many threads.
class NameTemplate {
 public:
  /// Text with holes {column} or {column:filter:filter}. Filters:
  ///   date   an MJD or ISO 8601 text as YYYY-MM-DD; "undated" without
  ///   year   its year; "undated" without
  ///   tail   id_tail()
  ///   slug   letters, digits, '.' and '-' kept, each run of others one '-'
  ///   lower  ASCII lower case
  /// Errors  invalid: an open or empty hole, a stray brace, an unknown filter, with the position (1-based) and the
  /// nearest
  ///         filter.
  static Result<NameTemplate> parse(std::string_view text);

  /// The name of one row: safe, at most kMaxDatasetName bytes. Columns without a value read "unknown".
  /// `text_of` gives a column's text, "" for null or absent.
  std::string name_of(const std::function<std::string(std::string_view column)>& text_of) const;

  /// The columns that the template asks for, in order, without repetition.
  std::vector<std::string> columns() const;

 private:
  enum class Filter { date, year, tail, slug, lower };
  struct Piece {
    std::string text;  ///< a column when `hole`, else itself
    bool hole = false;
    std::vector<Filter> filters;
  };
  static Result<Piece> parse_hole(std::string_view whole, std::size_t at, std::string_view inside);
  static std::string apply(Filter filter, const std::string& value);

  std::vector<Piece> pieces_;
};

/// Shorter than a name may be: flat folders add ".preview-image.jpeg" and a twin's suffix to a dataset's name.
inline constexpr std::size_t kMaxDatasetName = 200;

/// unique_names() for folders: "~" and 6 hex of the id at the end of twins.
inline std::vector<std::string> unique_dataset_names(const std::vector<NameWish>& wishes) {
  return unique_names(wishes, Suffix::at_end);
}

}  // namespace skymount::vo
