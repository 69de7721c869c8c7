// SPDX-License-Identifier: MIT
//
// What a VOTable says about itself beside its rows: fields, parameters, infos, service descriptors.
// Source: IVOA VOTable 1.1 to 1.5. Names are compared locally, namespaces are ignored.
#pragma once

#include "cache/base/result.h"
#include "vo/votable/value.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

enum class Datatype {
  boolean,
  bit,
  unsigned_byte,
  short_int,
  int32,
  int64,
  character,
  unicode_char,
  float32,
  float64,
  float_complex,
  double_complex,
  unknown
};

/// arraysize: "", "1", "5", "*", "8*", "2x3", "10x*". First axis varies fastest.
struct ArraySize {
  std::vector<std::uint64_t> fixed;  ///< the fixed axes, in order; of "8*" none
  bool variable = false;             ///< the last axis is '*'
  std::uint64_t limit = 0;           ///< of "8*": 8; 0: none. A hint, not enforced.
  bool scalar() const { return fixed.empty() && !variable; }
  /// Elements of a fixed cell, or of one slice along the variable axis.
  std::uint64_t elements() const;
  /// Unparsable text counts as "*" (real services write "m").
  static ArraySize parse(std::string_view text);
};

struct Option {
  std::string name, value;
};

/// A FIELD, or a PARAM with its value.
struct Field {
  std::string id, name, unit, ucd, utype, xtype, ref, description;
  std::string datatype_text, arraysize_text;  ///< as written, for writing it again
  Datatype datatype = Datatype::character;
  ArraySize arraysize;
  std::optional<std::string> null_text;  ///< VALUES/@null
  std::string min, max;                  ///< VALUES MIN and MAX
  std::vector<Option> options;           ///< VALUES OPTION
  std::string value;                     ///< PARAM only, as written
};

struct Info {
  std::string id, name, value, text;
};

/// DALI QUERY_STATUS; the last one in the document wins. absent when there is none.
struct QueryStatus {
  enum class Kind { absent, ok, overflow, error } kind = Kind::absent;
  std::string message;
};

/// A service descriptor (IVOA DataLink 1.1 section 4): RESOURCE utype="adhoc:service".
struct ServiceDescriptor {
  std::string id, name, description;
  std::string standard_id, access_url, resource_identifier, content_type;
  std::vector<Field> inputs;  ///< inputParams: constants, ref'd and user parameters, in document order
};

/// All but the rows.
struct TableMeta {
  std::string table_name, description;
  std::vector<Field> fields;
  std::vector<Field> params;  ///< of the table and of its RESOURCE: columns with one value for all rows
  std::vector<Info> infos;    ///< of the document, the results RESOURCE and the table
  QueryStatus status;
  std::vector<ServiceDescriptor> services;
  std::uint64_t row_count = 0;
  bool has_table = false;
  /// What contradicts itself in the document, a sentence each, for whom rows matter. Known at its end; not kept by
  /// Table::pack().
  std::vector<std::string> oddities;
  /// How many single values are not of their column's type and became null, with the first of them; empty: none. As
  /// oddities otherwise.
  std::string misfits;

  /// Column by name (no case), then ID; nothing when absent.
  std::optional<std::size_t> column(std::string_view name) const;
  /// Column by utype, ignoring case and the prefix up to ':'.
  std::optional<std::size_t> column_by_utype(std::string_view utype) const;
  /// Column by UCD, ignoring case.
  std::optional<std::size_t> column_by_ucd(std::string_view ucd) const;
};

}  // namespace skymount::vo
