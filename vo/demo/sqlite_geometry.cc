// SPDX-License-Identifier: MIT
//
// A geometry value is its text ("Circle ICRS 1 2 0.5") with a mark that tells it from a column of text: that is how
// centres_only can refuse s_region as PostgreSQL refuses a string where it wants a polygon.
#include "vo/demo/sqlite_geometry.h"

#include "vo/demo/footprint.h"
#include "vo/demo/votable_text.h"

#include <sqlite3.h>

#include <cstdint>

namespace skymount::demo {
namespace {

constexpr unsigned kGeometryMark = 'G';

std::string text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

bool is_null(sqlite3_value* value) {
  return sqlite3_value_type(value) == SQLITE_NULL;
}

void fail_with(sqlite3_context* context, const std::string& message) {
  sqlite3_result_error(context, message.c_str(), static_cast<int>(message.size()));
}

/// POINT, CIRCLE, BOX, POLYGON: the user data is the word that starts the text. The coordinate system is optional, as
/// in ADQL 2.1.
void construct(sqlite3_context* context, int count, sqlite3_value** args) {
  std::string text = static_cast<const char*>(sqlite3_user_data(context));
  text += " ICRS";
  for (int i = 0; i < count; ++i) {
    if (i == 0 && sqlite3_value_type(args[0]) == SQLITE_TEXT) continue;
    if (is_null(args[i])) return sqlite3_result_null(context);
    text += " " + number_text(sqlite3_value_double(args[i]));
  }
  if (!parse_footprint(text)) return fail_with(context, "not a region: " + text);
  sqlite3_result_text(context, text.c_str(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  sqlite3_result_subtype(context, kGeometryMark);
}

struct Predicate {
  const char* name;
  bool (*holds)(const Footprint& first, const Footprint& second);
  bool columns;  ///< text columns are understood as regions
};

void predicate(sqlite3_context* context, int, sqlite3_value** args) {
  const auto* what = static_cast<const Predicate*>(sqlite3_user_data(context));
  if (is_null(args[0]) || is_null(args[1])) return sqlite3_result_null(context);  // a row without a centre
  for (int i = 0; i < 2; ++i) {
    if (!what->columns && sqlite3_value_subtype(args[i]) != kGeometryMark) {
      return fail_with(context, std::string("function ") + what->name + "(geometry, text) is not defined");
    }
  }
  const auto first = parse_footprint(text_of(args[0])), second = parse_footprint(text_of(args[1]));
  if (!first || !second) return sqlite3_result_null(context);
  sqlite3_result_int(context, what->holds(*first, *second) ? 1 : 0);
}

/// DISTANCE(point, point) and, since ADQL 2.1, DISTANCE(lon1, lat1, lon2, lat2).
void distance(sqlite3_context* context, int count, sqlite3_value** args) {
  for (int i = 0; i < count; ++i) {
    if (is_null(args[i])) return sqlite3_result_null(context);
  }
  if (count == 4) {
    const auto at = [&](int i) { return sqlite3_value_double(args[i]); };
    return sqlite3_result_double(context, separation({at(0), at(1)}, {at(2), at(3)}));
  }
  if (count != 2) return fail_with(context, "DISTANCE wants two points or four numbers");
  const auto first = parse_footprint(text_of(args[0])), second = parse_footprint(text_of(args[1]));
  if (!first || !second) return sqlite3_result_null(context);
  sqlite3_result_double(context, separation((*first)[0].at[0], (*second)[0].at[0]));
}

void coordinate(sqlite3_context* context, int, sqlite3_value** args) {
  const auto point = is_null(args[0]) ? std::nullopt : parse_footprint(text_of(args[0]));
  if (!point) return sqlite3_result_null(context);
  const Sky at = (*point)[0].at[0];
  sqlite3_result_double(context, sqlite3_user_data(context) == nullptr ? at.ra : at.dec);
}

// ADQL says CONTAINS(inner, outer).
constexpr auto kInside = [](const Footprint& inner, const Footprint& outer) { return contains(outer, inner); };
const Predicate kContains{"CONTAINS", kInside, true};
const Predicate kContainsGeometry{"CONTAINS", kInside, false};
const Predicate kIntersects{"INTERSECTS", intersects, true};

void define(sqlite3* db, const char* name, int count, const void* data,
            void (*function)(sqlite3_context*, int, sqlite3_value**)) {
  // Not DETERMINISTIC: SQLite would compute constants once and lose their mark.
  sqlite3_create_function(db, name, count, SQLITE_UTF8, const_cast<void*>(data), function, nullptr, nullptr);
}

}  // namespace

void define_geometry(sqlite3* db, Geometry geometry) {
  if (geometry == Geometry::none) return;
  define(db, "POINT", -1, "Position", construct);
  define(db, "CIRCLE", -1, "Circle", construct);
  define(db, "BOX", -1, "Box", construct);
  define(db, "POLYGON", -1, "Polygon", construct);
  define(db, "DISTANCE", -1, nullptr, distance);
  define(db, "COORD1", 1, nullptr, coordinate);
  define(db, "COORD2", 1, "dec", coordinate);
  define(db, "CONTAINS", 2, geometry == Geometry::centres_only ? &kContainsGeometry : &kContains, predicate);
  if (geometry == Geometry::all) define(db, "INTERSECTS", 2, &kIntersects, predicate);
}

}  // namespace skymount::demo
