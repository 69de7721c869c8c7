// SPDX-License-Identifier: MIT
//
// What a FIELD means for its cells, worked out once per table: shape, null values. Internal to vo/votable.
// Nulls (VOTable 1.5 section 2.2 and practice): an empty cell; VALUES/@null; NaN; a number nobody can read. In an array
// a null element of a real is NaN and of a boolean -1; integers have no such value, so there only a wholly null array
// is null.
#pragma once

#include "vo/votable/fields.h"

#include <cstdint>
#include <optional>
#include <string>

namespace skymount::vo {

struct CellRules {
  explicit CellRules(const Field& field);

  Datatype type;
  ArraySize size;
  bool is_text;  ///< char, unicodeChar and what we do not know
  bool is_complex;
  bool is_array;        ///< more than one number, bit, boolean or string
  std::uint64_t width;  ///< of an array of strings: characters of each
  std::optional<std::int64_t> null_integer;
  std::optional<double> null_real;
  std::string null_text;  ///< of text; empty: none

  /// The same treatment wherever a cell came from: empty, all null and VALUES/@null become monostate.
  void store(Value& out, std::int64_t value) const;
  void store(Value& out, double value) const;
  void store(Value& out, std::string_view utf8) const;
  void store(Value& out, std::vector<std::int64_t> values) const;
  void store(Value& out, std::vector<double> values) const;
  void store(Value& out, std::vector<std::string> values) const;
};

/// Of a boolean array: the element that nobody knows.
inline constexpr std::int64_t kUnknownBoolean = -1;

}  // namespace skymount::vo
