// SPDX-License-Identifier: MIT
//
// [[route]]: an archive's own tables and services as paths. A route is a pattern of folder names with typed holes, and
// what fills the folder: the rows of a query, a table, or a file that a service makes. Values: what was typed goes to
// the archive as data, quoted by its type, never as a part of the question.
#pragma once

#include "vo/query/query.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// {x} or {x:str}, :int, :float, :date, :name, :interval (6.5..6.6), :band (650nm..660nm, or numbers of metres)
enum class HoleType { text, whole, real, date, name, interval, band };

/// One name of a route's path: "product={product_id}", "source", "{id:name}.fits".
struct RouteComponent {
  std::string prefix, suffix;  ///< around the hole; without one all is in prefix
  std::string hole;            ///< empty: a literal
  HoleType type = HoleType::text;

  /// Errors  invalid: more than one hole, an open or empty one, an unknown type, a '/'.
  static Result<RouteComponent> parse(std::string_view text);
  bool literal() const { return hole.empty(); }
  std::string text() const;
  /// The value in a name that fits, decoded; intervals as "LOW HIGH" (DALI), bands in metres. Nothing: the name does
  /// not fit prefix and suffix.
  /// Errors  invalid: it fits, and its value is not of the type; the message says what is expected.
  std::optional<Result<std::string>> match(std::string_view name) const;
  /// Whether some name fits both.
  bool may_clash(const RouteComponent& other) const;
  /// The name with this value in the hole: what ls shows.
  std::string name_for(std::string_view value) const;
  friend bool operator==(const RouteComponent&, const RouteComponent&) = default;
};

/// What ls shows of a hole: the values of a column of a CSV file.
struct RouteList {
  std::string csv;        ///< absolute path; empty: none
  std::string users_csv;  ///< where the user may put it instead, when it is not there; empty: nowhere
  std::map<std::string, std::string> columns;  ///< hole -> column
  std::string strip;                           ///< taken off the values' beginning
};

struct Route {
  enum class Rows { files, datasets, table, service };
  std::vector<RouteComponent> path;
  std::string written;  ///< the path as configured: the route's name
  std::string where;    ///< "eso.toml:12"
  Rows rows = Rows::files;
  std::string adql, language, mode;                                   ///< language and mode empty: those of [tap]
  std::uint64_t maxrec = 0;                                           ///< 0: that of [tap]
  std::string name, id, url, links, size, group, date, content_type;  ///< templates of a row's columns
  std::vector<std::pair<std::string, std::string>> params;            ///< rows = service: templates of the holes
  RouteList list;
  std::string description, example;
};
using RoutePtr = std::shared_ptr<const Route>;

/// The question of a routed folder: the route's ADQL with its holes filled, each escaped by its type.
/// Errors  invalid: a hole without a value.
Result<std::string> route_adql(const Route& route, const RouteCall& call);
/// Asks how many rows that question has, and the sum of the column of sizes where the route names one alone ("{c} kB");
/// `sums`: whether to ask for that, too.
/// Errors  as route_adql.
Result<std::string> route_count_adql(const Route& route, const RouteCall& call, bool sums);
/// What one of that column is in bytes; nothing: the sizes of the route are no plain column.
std::optional<double> size_unit(const Route& route);
/// The holes of a template, in order: "{a} x {b:int}" -> a, b.
/// Errors  invalid: an open brace.
Result<std::vector<std::string>> holes_of(std::string_view text);
/// A template with its holes filled as they are; what has no value is empty.
std::string filled(std::string_view text, const RouteCall& call);

/// The holes in a URL that could choose whom it leads to: in its scheme, host or port.
std::vector<std::string> holes_of_origin(std::string_view url);

/// "1.5 kB", "1024" -> bytes; nothing when it says none.
std::optional<std::uint64_t> bytes_of_size(std::string_view text);

/// Where a path stands among the routes: those that fit so far, and what their holes hold.
struct RouteSpot {
  struct One {
    RoutePtr route;
    std::vector<std::pair<std::string, std::string>> values;
  };
  std::vector<One> routes;  ///< more of their path may be to come
  std::size_t depth = 0;    ///< components passed

  /// The route that ends here; null: none does.
  const One* ending() const;
  RouteCall call(const One& one) const { return {one.route->written, one.values}; }
};
using RouteSpotPtr = std::shared_ptr<const RouteSpot>;

/// All routes of an archive: checked against each other. Errors  invalid: two routes that can match one path; a hole in
/// a template or in the ADQL that no component has.
Result<void> check_routes(const std::vector<RoutePtr>& routes);
/// The top: all routes, nothing passed.
RouteSpotPtr route_root(const std::vector<RoutePtr>& routes);
/// The spot below `spot` under this name. Null: no route goes there. Literal names beat holes.
/// Errors  invalid: a route goes there, but the value is not of its type.
Result<RouteSpotPtr> route_step(const RouteSpot& spot, std::string_view name);

/// The values that the list of a route's hole has; empty without one, and when the file is missing (then `fault` says
/// so). At most 100,000. `partly` becomes true when the file names more; `fault` says why they are not among them.
std::vector<std::string> listed_values(const RouteList& list, std::string_view hole, std::string* fault = nullptr,
                                       bool* partly = nullptr);

}  // namespace skymount::vo
