// SPDX-License-Identifier: MIT
//
// demo.plates has a row a plate, demo.sources the stars of the first three, demo.products files of a "product" as
// phase3v2.product_files has them at ESO: what a [[route]] of a configuration asks for.
#include "vo/demo/tap_tables.h"

#include <cstdlib>

namespace skymount::demo {
namespace {

using Add = TableSource::Add;

ColumnInfo column(const char* name, const char* type, const char* description, const char* unit = "",
                  const char* ucd = "") {
  return {{name, type, unit, ucd, "", "", "", description}, false, false};
}

Cell integer(std::int64_t value) {
  return value;
}
Cell text(std::string value) {
  return value;
}

TableInfo plates_table() {
  return {"demo",
          "plates",
          "One row a plate",
          {column("plate_id", "int", "Number of the plate"), column("plate_name", "char", "Its name"),
           column("year", "int", "Of the exposure"), column("date_obs", "char", "Start, ISO"),
           column("s_ra", "double", "Centre", "deg"), column("s_dec", "double", "Centre", "deg"),
           column("filename", "char", "Name of the file"), column("access_url", "char", "The file"),
           column("datalink_url", "char", "Its links"), column("access_estsize", "long", "Size", "kbyte")}};
}

TableInfo sources_table() {
  return {
      "demo",
      "sources",
      "Stars seen on plates 1 to 3",
      {column("source_id", "long", "Number of the star"), column("plate_id", "int", "Number of the plate"),
       column("ra", "double", "Right ascension", "deg", "pos.eq.ra"),
       column("dec", "double", "Declination", "deg", "pos.eq.dec"), column("peak", "double", "Brightest pixel", "ct")}};
}

TableInfo products_table() {
  return {"demo",
          "products",
          "Files of products",
          {column("product_id", "char", "Product"), column("archive_id", "char", "File"),
           column("original_filename", "char", "Its name"), column("access_url", "char", "Its URL"),
           column("access_estsize", "long", "Size", "kbyte"), column("eso_category", "char", "Kind of file")}};
}

std::vector<TableInfo> schema_tables() {
  return {
      {"tap_schema",
       "schemas",
       "Schemas of this service",
       {column("schema_name", "char", ""), column("utype", "char", ""), column("description", "char", ""),
        column("schema_index", "int", "")}},
      {"tap_schema",
       "tables",
       "Tables of this service",
       {column("schema_name", "char", ""), column("table_name", "char", ""), column("table_type", "char", ""),
        column("utype", "char", ""), column("description", "char", ""), column("table_index", "int", "")}},
      {"tap_schema",
       "columns",
       "Columns of this service",
       {column("table_name", "char", ""), column("column_name", "char", ""), column("datatype", "char", ""),
        column("arraysize", "char", ""), column("xtype", "char", ""), column("size", "int", ""),
        column("description", "char", ""), column("utype", "char", ""), column("unit", "char", ""),
        column("ucd", "char", ""), column("indexed", "int", ""), column("principal", "int", ""),
        column("std", "int", ""), column("column_index", "int", "")}},
      {"tap_schema",
       "keys",
       "Foreign keys",
       {column("key_id", "char", ""), column("from_table", "char", ""), column("target_table", "char", ""),
        column("utype", "char", ""), column("description", "char", "")}},
      {"tap_schema",
       "key_columns",
       "Columns of foreign keys",
       {column("key_id", "char", ""), column("from_column", "char", ""), column("target_column", "char", "")}},
  };
}

void schema_rows(const TableInfo& table, const std::vector<TableInfo>& all, const Add& add) {
  std::int64_t index = 0;
  if (table.name == "schemas") {
    std::string last;
    for (const TableInfo& t : all) {
      if (t.schema != last) add({t.schema, Cell(), text("Schema " + t.schema), integer(index++)});
      last = t.schema;
    }
  } else if (table.name == "tables") {
    for (const TableInfo& t : all) {
      const bool obscore = same_ignoring_case(t.name, "obscore");
      add({t.schema, t.full_name(), text("table"),
           obscore ? Cell(std::string("ivo://ivoa.net/std/obscore#table-1.1")) : Cell(), t.description,
           integer(index++)});
    }
  } else if (table.name == "columns") {
    for (const TableInfo& t : all) {
      for (const ColumnInfo& c : t.columns) {
        const bool string = c.field.datatype == "char" || c.field.datatype == "unicodeChar";
        add({t.full_name(), c.field.name, c.field.datatype, string ? Cell(std::string("*")) : Cell(),
             c.field.xtype.empty() ? Cell() : Cell(c.field.xtype), Cell(), c.field.description, c.field.utype,
             c.field.unit, c.field.ucd, integer(c.indexed), integer(c.principal), integer(c.principal),
             integer(index++)});
      }
    }
  }
}

void plates_rows(const SkyModel& sky, const std::string& base_url, const Add& add) {
  std::int64_t id = 0;
  for (const Dataset& d : sky.datasets()) {
    if (d.collection != "DEMO_PLATES") continue;
    const std::string date = d.t_min ? iso_date(*d.t_min) : std::string();
    const std::string file = d.this_path.substr(d.this_path.rfind('/') + 1);
    add({integer(++id), d.obs_id, date.empty() ? Cell() : integer(std::atoi(date.c_str())),
         date.empty() ? Cell() : Cell(date), d.centre->ra, d.centre->dec, file, base_url + encoded_path(d.this_path),
         base_url + "/links?ID=" + url_encode(d.did),
         integer(static_cast<std::int64_t>(sky.file(d.this_path)->layout->size() / 1000))});
  }
}

void sources_rows(const SkyModel& sky, const Add& add) {
  std::int64_t source = 0;
  for (std::size_t plate = 0; plate < 3; ++plate) {
    for (const Star& star : stars_around(*sky.datasets()[plate].centre, 0.7)) {
      add({integer(++source), integer(static_cast<std::int64_t>(plate) + 1), star.sky.ra, star.sky.dec, star.peak});
    }
  }
}

void products_rows(const SkyModel& sky, const std::string& base_url, const Add& add) {
  int id = 0;
  for (const Dataset& d : sky.datasets()) {
    if (d.collection != "DEMO_PLATES") continue;
    const std::string product = "DEMO." + (d.t_min ? iso_date(*d.t_min) : "undated");
    const std::pair<const char*, std::string> kinds[] = {{"SCIENCE.IMAGE", d.this_path},
                                                         {"SCIENCE.FULL", d.full_path},
                                                         {"ANCILLARY.README", "/files/doc/plate-notes.txt"}};
    for (const auto& [kind, path] : kinds) {
      add({product, "ADP." + std::to_string(++id), path.substr(path.rfind('/') + 1), base_url + encoded_path(path),
           integer(static_cast<std::int64_t>(sky.file(path)->layout->size() / 1000)), std::string(kind)});
    }
  }
}

std::vector<TableInfo> demo_tables(const DemoOptions& options) {
  const std::size_t dot = options.obscore_table.find('.');
  return {{options.obscore_table.substr(0, dot), options.obscore_table.substr(dot + 1),
           "Everything here, in the columns of ObsCore 1.1", obscore_columns()},
          plates_table(),
          sources_table(),
          products_table()};
}

}  // namespace

TableSource with_schema(TableSource source) {
  for (TableInfo& table : schema_tables()) source.tables.push_back(std::move(table));
  source.rows = [own = std::move(source.rows), all = source.tables](const TableInfo& table, const Add& add) {
    if (table.schema == "tap_schema") return schema_rows(table, all, add);
    own(table, add);
  };
  return source;
}

TableSource demo_source(const SkyModel& sky, const DemoOptions& options, const std::string& base_url) {
  const auto rows = [&sky, options, base_url](const TableInfo& table, const Add& add) {
    if (table.schema == "demo" && table.name == "plates") return plates_rows(sky, base_url, add);
    if (table.schema == "demo" && table.name == "sources") return sources_rows(sky, add);
    if (table.schema == "demo" && table.name == "products") return products_rows(sky, base_url, add);
    for (const Dataset& dataset : sky.datasets()) add(obscore_row(sky, dataset, base_url));
    for (unsigned n = 0; n < options.extra_rows; ++n) add(obscore_row(sky, bulk_dataset(n), base_url));
  };
  return with_schema({demo_tables(options), rows});
}

}  // namespace skymount::demo
