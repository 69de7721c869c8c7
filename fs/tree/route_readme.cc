// SPDX-License-Identifier: MIT
//
// What an archive's own folders are for, told from its [[route]]s.
#include "fs/tree/readable.h"
#include "fs/tree/readme.h"
#include "vo/file_names.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace skymount::fs {
namespace {

using Rows = vo::Route::Rows;

/// The rest of a route's path: "plate={plate_id:int}/source.csv".
std::string rest_of(const vo::Route& route, std::size_t depth) {
  std::string out;
  for (std::size_t i = depth; i < route.path.size(); ++i) out += (out.empty() ? "" : "/") + route.path[i].text();
  if (route.rows == Rows::table) out += ".csv (also .tsv .vot .fits)";
  if (route.rows == Rows::files || route.rows == Rows::datasets) out += "/";
  return out;
}

std::string purpose_of(const vo::Route& route) {
  if (!route.description.empty()) return route.description;
  switch (route.rows) {
    case Rows::files: return "files";
    case Rows::datasets: return "datasets, each with its links";
    case Rows::table: return "a table";
    case Rows::service: return "made by the archive on demand";
  }
  return "";
}

/// The example below `depth` names.
std::string example_of(const vo::Route& route, std::size_t depth) {
  std::string_view text = route.example;
  for (std::size_t i = 0; i < depth; ++i) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return "";
    text.remove_prefix(slash + 1);
  }
  return std::string(text);
}

/// Listed values that are not of the hole's type, or too long for a name.
std::size_t misfits(const vo::RouteComponent& component, const std::vector<std::string>& values) {
  return static_cast<std::size_t>(std::count_if(values.begin(), values.end(), [&](const std::string& value) {
    const std::string name = component.name_for(value);
    const auto matched = component.match(name);
    return name.size() > vo::kMaxNameBytes || !matched || !*matched;
  }));
}

/// In which words misfits are told; empty: there are none.
std::string misfits_told(const vo::Route& route, const vo::RouteComponent& component,
                         const std::vector<std::string>& values) {
  const std::size_t count = misfits(component, values);
  return count == 0 ? ""
                    : std::to_string(count) + " in " + readable(route.list.csv) + " are left out: they do not fit " +
                          readable(component.text()) + "\n";
}

/// A command that works in the folder that the text is about; empty without an example.
std::string try_line(const vo::Route& route, std::size_t depth) {
  const std::string example = example_of(route, depth);
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || std::strchr("=,.-+_%:@/", c) != nullptr; };
  if (example.empty() || readable(example) != example || example.find('\'') != std::string::npos) return "";
  const bool quoted = !std::all_of(example.begin(), example.end(), plain);
  const bool file = route.rows == Rows::service || route.rows == Rows::table;
  return std::string("  ") + (file ? "head -c 80 " : "ls ") + (quoted ? "'" + example + "'" : example) + "\n";
}

}  // namespace

std::string routes_text(const vo::RouteSpot& spot) {
  std::string out, tries;
  for (const vo::RouteSpot::One& one : spot.routes) {
    const vo::Route& route = *one.route;
    if (route.path.size() <= spot.depth) continue;
    tries += try_line(route, spot.depth);
    out += "  " + readable(rest_of(route, spot.depth)) + "\n      " + readable(purpose_of(route)) + "\n";
    for (std::size_t i = spot.depth; i < route.path.size(); ++i) {
      std::string fault;
      const std::vector<std::string> values = vo::listed_values(route.list, route.path[i].hole, &fault);
      const std::size_t listed = values.size() - misfits(route.path[i], values);
      if (listed > 0)
        out += "      " + std::to_string(listed) + " names are listed, from " + readable(route.list.csv) + "\n";
      if (listed < values.size()) out += "      " + misfits_told(route, route.path[i], values);
      if (!fault.empty()) out += "      " + readable(fault) + "\n";
    }
  }
  return out + (tries.empty() ? "" : "Try, in this folder:\n" + tries);
}

std::string unlisted_text(const vo::RouteSpot& spot) {
  std::string out;
  for (const vo::RouteSpot::One& one : spot.routes) {
    const vo::Route& route = *one.route;
    if (route.path.size() <= spot.depth || route.path[spot.depth].literal()) continue;
    std::string fault;
    bool partly = false;
    const auto values = vo::listed_values(route.list, route.path[spot.depth].hole, &fault, &partly);
    std::string told = partly ? readable(fault) + "\n" : "";
    told += misfits_told(route, route.path[spot.depth], values);
    if (!told.empty() && out.find(told) == std::string::npos) out += told;
  }
  return out.empty() ? "" : out + "What is known by name can still be opened.\n";
}

std::string route_readme(const vo::ArchiveOptions& options, const vo::RouteSpot& spot, const vo::Listing* listing) {
  std::string out;
  if (const vo::RouteSpot::One* here = spot.ending()) {
    out += readable(purpose_of(*here->route)) + "\n";
    for (const auto& [hole, value] : here->values) out += "  " + readable(hole) + " = " + readable(value) + "\n";
    out += "Of " + readable(options.title.empty() ? options.name : options.title) + ", by " +
           readable(here->route->where) + "; query.adql is what was asked.\n";
  }
  if (listing != nullptr) {
    std::uint64_t bytes = 0, sized = 0;
    const auto add = [&](const std::optional<std::uint64_t>& size) {
      bytes += size.value_or(0);
      sized += size ? 1 : 0;
    };
    for (const vo::Entry& file : listing->files) add(file.size_estimate);
    for (const vo::Dataset& dataset : listing->datasets) add(dataset.size_estimate);
    const std::size_t things = listing->files.size() + listing->datasets.size();
    out += "\ncount: " + std::to_string(things) +
           (spot.ending() != nullptr && spot.ending()->route->rows == Rows::datasets ? " datasets" : " files") +
           " in " + std::to_string(listing->table.size()) + " rows\n";
    out += "bytes: " +
           (sized == 0 ? "unknown"
                       : std::to_string(bytes) + ", as the archive estimates" +
                             (sized < things ? " for " + std::to_string(sized) + " of them" : "")) +
           "\n";
    if (!listing->shortfalls.empty()) out += "Read INCOMPLETE.txt: the answer is not the whole truth.\n";
  }
  const auto table = [&](const vo::RouteSpot::One& one) {
    return one.route->rows == Rows::table && one.route->path.size() == spot.depth + 1;
  };
  if (std::any_of(spot.routes.begin(), spot.routes.end(), table))
    out += "\nCOUNT.txt has the archive count the rows of the tables, before any is fetched.\n";
  if (listing == nullptr && !unlisted_text(spot).empty()) out += "Read INCOMPLETE.txt: not all names are listed.\n";
  const std::string below = routes_text(spot);
  if (!below.empty()) out += "\nCan be entered here:\n" + below;
  return out;
}

}  // namespace skymount::fs
