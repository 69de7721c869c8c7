// SPDX-License-Identifier: MIT
//
// The tables behind the demo's TAP service: an in-memory SQLite database whose schemas are attached databases. Every
// query has a connection of its own, so a slow reader holds up nobody.
#pragma once

#include "vo/demo/archive.h"
#include "vo/demo/votable_text.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skymount::demo {

/// A column as TAP_SCHEMA tells it.
struct ColumnInfo {
  Field field;
  bool principal = false, indexed = false;
};

struct TableInfo {
  std::string schema, name, description;
  std::vector<ColumnInfo> columns;
  std::string full_name() const { return schema + "." + name; }
};

/// Tables and what is in them, asked for once.
struct TableSource {
  using Add = std::function<void(const Row&)>;
  std::vector<TableInfo> tables;
  std::function<void(const TableInfo&, const Add&)> rows;
};

/// A running SELECT. One thread at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual const std::vector<Field>& fields() const = 0;
  /// The next row into `row`; false at the end. Throws QueryError.
  virtual bool next(Row& row) = 0;
};

/// What a query did wrong, in words for the user.
struct QueryError {
  std::string message;
};

class TapStore {
 public:
  TapStore(const TableSource& source, Geometry geometry);
  ~TapStore();
  TapStore(const TapStore&) = delete;
  TapStore& operator=(const TapStore&) = delete;

  /// Runs ADQL. Throws QueryError. The cursor may outlive nothing but this store.
  std::unique_ptr<Cursor> query(const std::string& adql) const;
  const std::vector<TableInfo>& tables() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// ADQL as SQLite understands it: TOP and OFFSET become LIMIT. Throws QueryError for what ADQL does not have.
std::string sqlite_from_adql(const std::string& adql);

/// The ObsCore columns in their order, and a dataset as such a row.
const std::vector<ColumnInfo>& obscore_columns();
Row obscore_row(const SkyModel& sky, const Dataset& dataset, const std::string& base_url);

/// What the access_url of a dataset is; "" none.
std::string access_url_of(const Dataset& dataset, const std::string& base_url);
/// Percent-encodes everything of a path but its slashes and unreserved characters.
std::string encoded_path(std::string_view path);

}  // namespace skymount::demo
