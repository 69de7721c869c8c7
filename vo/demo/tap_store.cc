// SPDX-License-Identifier: MIT
//
// Connections, statements, and the mapping of SQLite's results to typed fields.
#include "vo/demo/tap_store.h"

#include "vo/demo/sqlite_geometry.h"

#include <sqlite3.h>

#include <atomic>
#include <map>
#include <stdexcept>

namespace skymount::demo {
namespace {

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Db = std::unique_ptr<sqlite3, CloseDb>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

void run(sqlite3* db, const std::string& sql) {
  char* message = nullptr;
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return;
  const std::string why = message == nullptr ? "unknown" : message;
  sqlite3_free(message);
  throw std::runtime_error("demo database: " + why + " in " + sql.substr(0, 200));
}

void bind(sqlite3_stmt* statement, int index, const Cell& cell) {
  if (const auto* i = std::get_if<std::int64_t>(&cell)) {
    sqlite3_bind_int64(statement, index, *i);
  } else if (const auto* d = std::get_if<double>(&cell)) {
    sqlite3_bind_double(statement, index, *d);
  } else if (const auto* s = std::get_if<std::string>(&cell)) {
    sqlite3_bind_text(statement, index, s->data(), static_cast<int>(s->size()), SQLITE_TRANSIENT);
  } else {
    sqlite3_bind_null(statement, index);
  }
}

const char* sql_type(const Field& field) {
  if (field.datatype == "double") return "REAL";
  return field.datatype == "int" || field.datatype == "long" ? "INTEGER" : "TEXT";
}

/// A query may read tables and call functions, nothing else.
int allow_reading_only(void*, int action, const char* table, const char*, const char*, const char*) {
  if (action == SQLITE_READ && std::string_view(table).starts_with("sqlite_")) return SQLITE_DENY;
  const bool harmless =
      action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION || action == SQLITE_RECURSIVE;
  return harmless ? SQLITE_OK : SQLITE_DENY;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// SQLite's words, as an ADQL service would say them.
std::string readable(std::string message) {
  constexpr std::string_view kNoFunction = "no such function: ";
  if (message.starts_with(kNoFunction)) return "function " + message.substr(kNoFunction.size()) + " is not defined";
  constexpr std::string_view kNoTable = "no such table: ";
  if (message.starts_with(kNoTable)) return "table " + message.substr(kNoTable.size()) + " does not exist";
  constexpr std::string_view kNoColumn = "no such column: ";
  if (message.starts_with(kNoColumn)) return "column " + message.substr(kNoColumn.size()) + " does not exist";
  return message;
}

}  // namespace

struct TapStore::Impl {
  std::string prefix;  ///< of the shared in-memory databases' names
  std::vector<TableInfo> tables;
  std::vector<std::string> schemas;
  std::map<std::string, Field> known;  ///< by "schema.table.column" in lower case
  Geometry geometry = Geometry::all;
  Db keeper;  ///< in-memory databases live as long as one connection to them

  Db connect() const {
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX;
    const int status = sqlite3_open_v2(":memory:", &raw, flags, nullptr);
    Db db(raw);
    if (status != SQLITE_OK) throw std::runtime_error("demo database: cannot open");
    for (const std::string& schema : schemas) {
      run(db.get(), "ATTACH 'file:" + prefix + schema + "?mode=memory&cache=shared' AS \"" + schema + "\"");
    }
    return db;
  }

  void fill(const TableInfo& table, const std::function<void(const TableSource::Add&)>& rows);
};

void TapStore::Impl::fill(const TableInfo& table, const std::function<void(const TableSource::Add&)>& rows) {
  std::string columns, marks;
  for (const ColumnInfo& column : table.columns) {
    columns += (columns.empty() ? "" : ", ") + ("\"" + column.field.name + "\" ") + sql_type(column.field);
    marks += marks.empty() ? "?" : ", ?";
    known[lower(table.full_name() + "." + column.field.name)] = column.field;
  }
  const std::string name = "\"" + table.schema + "\".\"" + table.name + "\"";
  run(keeper.get(), "CREATE TABLE " + name + " (" + columns + ")");
  run(keeper.get(), "BEGIN");
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v2(keeper.get(), ("INSERT INTO " + name + " VALUES (" + marks + ")").c_str(), -1, &raw, nullptr);
  const Statement insert(raw);
  rows([&](const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) bind(insert.get(), static_cast<int>(i) + 1, row[i]);
    if (sqlite3_step(insert.get()) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(keeper.get()));
    sqlite3_reset(insert.get());
  });
  run(keeper.get(), "COMMIT");
}

namespace {

class SqliteCursor final : public Cursor {
 public:
  SqliteCursor(Db db, const std::string& sql, const std::map<std::string, Field>& known) : db_(std::move(db)) {
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int status = sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, &rest);
    statement_.reset(raw);
    if (status != SQLITE_OK) throw QueryError{readable(sqlite3_errmsg(db_.get()))};
    if (raw == nullptr) throw QueryError{"the query is empty"};
    have_row_ = step();
    for (int i = 0; i < sqlite3_column_count(raw); ++i) fields_.push_back(field_of(i, known));
  }

  const std::vector<Field>& fields() const override { return fields_; }

  bool next(Row& row) override {
    if (!have_row_) return false;
    row.clear();
    for (int i = 0; i < static_cast<int>(fields_.size()); ++i) row.push_back(cell(i));
    have_row_ = step();
    return true;
  }

 private:
  bool step() {
    const int status = sqlite3_step(statement_.get());
    if (status == SQLITE_ROW) return true;
    if (status != SQLITE_DONE) throw QueryError{readable(sqlite3_errmsg(db_.get()))};
    return false;
  }

  Cell cell(int i) const {
    sqlite3_stmt* s = statement_.get();
    switch (sqlite3_column_type(s, i)) {
      case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(s, i)};
      case SQLITE_FLOAT: return sqlite3_column_double(s, i);
      case SQLITE_NULL: return {};
      default: break;
    }
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
    return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(s, i)));
  }

  /// A column of a table keeps its description; an expression is typed by its first value.
  Field field_of(int i, const std::map<std::string, Field>& known) const {
    sqlite3_stmt* s = statement_.get();
    const char* schema = sqlite3_column_database_name(s, i);
    const char* table = sqlite3_column_table_name(s, i);
    const char* column = sqlite3_column_origin_name(s, i);
    Field field;
    if (schema != nullptr && table != nullptr && column != nullptr) {
      const auto found = known.find(lower(std::string(schema) + "." + table + "." + column));
      if (found != known.end()) field = found->second;
    } else if (have_row_) {
      const int type = sqlite3_column_type(s, i);
      field.datatype = type == SQLITE_INTEGER ? "long" : type == SQLITE_TEXT ? "char" : "double";
    }
    field.name = sqlite3_column_name(s, i);
    if (field.name.size() > 2 && field.name.front() == '"') field.name = field.name.substr(1, field.name.size() - 2);
    return field;
  }

  Db db_;
  Statement statement_;  // before its connection goes
  std::vector<Field> fields_;
  bool have_row_ = false;
};

}  // namespace

TapStore::TapStore(const TableSource& source, Geometry geometry) : impl_(std::make_unique<Impl>()) {
  static std::atomic<unsigned> instances = 0;
  impl_->prefix = "skymount-demo-" + std::to_string(++instances) + "-";
  impl_->geometry = geometry;
  impl_->tables = source.tables;
  for (const TableInfo& table : impl_->tables) {
    if (std::find(impl_->schemas.begin(), impl_->schemas.end(), table.schema) == impl_->schemas.end()) {
      impl_->schemas.push_back(table.schema);
    }
  }
  impl_->keeper = impl_->connect();
  for (const TableInfo& table : impl_->tables) {
    impl_->fill(table, [&](const auto& add) { source.rows(table, add); });
  }
}

TapStore::~TapStore() = default;

std::unique_ptr<Cursor> TapStore::query(const std::string& adql) const {
  Db db = impl_->connect();
  define_geometry(db.get(), impl_->geometry);
  run(db.get(), "PRAGMA case_sensitive_like = ON");  // as ADQL's LIKE is
  // Without these SQLite takes an unknown "column" for a string.
  sqlite3_db_config(db.get(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db.get(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_set_authorizer(db.get(), allow_reading_only, nullptr);
  return std::make_unique<SqliteCursor>(std::move(db), sqlite_from_adql(adql), impl_->known);
}

const std::vector<TableInfo>& TapStore::tables() const {
  return impl_->tables;
}

}  // namespace skymount::demo
