// SPDX-License-Identifier: MIT
//
// The folders of [[route]]: each name is matched against the routes that fit so far; where one ends, its answer is what
// the folder shows. A name need not be listed to be entered.
#include "fs/tree/generated.h"
#include "fs/tree/namespace.h"
#include "fs/tree/readable.h"
#include "fs/tree/readme.h"
#include "vo/file_names.h"
#include "vo/route_listing.h"

#include <algorithm>
#include <set>

namespace skymount::fs {
namespace {

using Rows = vo::Route::Rows;
using Spot = vo::RouteSpot;

constexpr GeneratedKind kAnswerFiles[] = {GeneratedKind::results_vot, GeneratedKind::results_csv,
                                          GeneratedKind::query_adql};

/// The route whose answer the folder shows; null where the folder only leads on.
const Spot::One* answered_by(const Spot& spot) {
  const Spot::One* one = spot.ending();
  return one != nullptr && (one->route->rows == Rows::files || one->route->rows == Rows::datasets) ? one : nullptr;
}

/// Routes that end with the next name and are a file there: tables.
std::vector<const Spot::One*> tables_in(const Spot& spot) {
  std::vector<const Spot::One*> out;
  for (const Spot::One& one : spot.routes)
    if (one.route->rows == Rows::table && one.route->path.size() == spot.depth + 1) out.push_back(&one);
  return out;
}

/// Whether there is anything to be counted: an answer, or tables.
bool can_be_counted(const Place& folder) {
  return folder.query != nullptr || !tables_in(*folder.spot).empty();
}

/// Without the tables, whose last name is that of files.
Spot without_tables(const Spot& spot) {
  Spot out;
  out.depth = spot.depth;
  for (const Spot::One& one : spot.routes)
    if (one.route->rows != Rows::table || one.route->path.size() > spot.depth + 1) out.routes.push_back(one);
  return out;
}

vo::Query query_of(const Spot& spot, const Spot::One& one) {
  vo::Query query;
  query.route = spot.call(one);
  return query;
}

Place group_below(const Place& folder, const std::string& group) {
  Place place = below(folder, group, PlaceKind::route_group);
  place.folder = group;
  return place;
}

/// A file of a row. Its folder's question stays with it, not the answer: that has no datasets.
Place file_below(const Place& folder, const vo::Entry& entry) {
  Place place = data_below(folder, entry.name, entry);
  place.listing = nullptr;
  return place;
}

std::set<std::string> groups_of(const vo::Listing& listing) {
  std::set<std::string> out;
  for (const vo::Entry& entry : listing.files)
    if (!entry.folder.empty()) out.insert(entry.folder);
  return out;
}

}  // namespace

Result<std::optional<Place>> routed_child(const Place& folder, const Spot& spot, std::string_view name) {
  for (const Spot::One* one : tables_in(spot)) {
    const auto table = vo::table_name(one->route->path.back().prefix, name);
    if (!table) continue;
    return data_below(folder, name, vo::table_entry(*one->route, spot.call(*one), table->format, table->incomplete));
  }
  const Result<vo::RouteSpotPtr> next = vo::route_step(without_tables(spot), name);
  if (!next) return fail(next.error());
  if (!*next) return std::nullopt;
  const Spot::One* ending = (*next)->ending();
  if (ending != nullptr && ending->route->rows == Rows::service) {
    Result<vo::Entry> entry = vo::service_entry(*ending->route, (*next)->call(*ending), name);
    if (!entry) return fail(entry.error());
    return data_below(folder, name, std::move(*entry));
  }
  Place place = below(folder, name, PlaceKind::route_folder);
  place.spot = *next;
  place.query = nullptr;  // the folder above may have an answer of its own
  if (const Spot::One* one = answered_by(**next))
    place.query = std::make_shared<const vo::Query>(query_of(**next, *one));
  return place;
}

void add_routed(FolderContents& contents, const Place& folder, const Spot& spot) {
  std::set<std::string> names;
  for (const Spot::One& one : spot.routes) {
    if (one.route->path.size() <= spot.depth) continue;
    const vo::RouteComponent& component = one.route->path[spot.depth];
    const bool last = one.route->path.size() == spot.depth + 1;
    if (one.route->rows == Rows::table && last) {
      for (const std::string_view format : vo::kTableFormats)
        names.insert(component.prefix + "." + std::string(format));
      const vo::Entry incomplete = vo::table_entry(*one.route, spot.call(one), "csv", true);
      if (folder.archive->truncated_tables.has(incomplete)) names.insert(incomplete.name);
    } else if (component.literal()) {
      names.insert(component.prefix);
    } else {
      for (const std::string& value : vo::listed_values(one.route->list, component.hole))
        if (std::string name = component.name_for(value); name.size() <= vo::kMaxNameBytes)
          names.insert(std::move(name));
    }
  }
  for (const std::string& name : names) {
    if (is_probe(name)) continue;
    const Result<std::optional<Place>> place = routed_child(folder, spot, name);
    if (place && *place) contents.items.push_back(item_for(**place, name));
  }
}

Result<Place> Namespace::child_of_group(const Place& folder, std::string_view name, Patience patience) const {
  const Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(listing.error());
  const vo::Entry* file = (*listing)->file(folder.folder, name);
  return file != nullptr ? Result<Place>(file_below(folder, *file)) : no_such(folder, name);
}

Result<Place> Namespace::child_of_route(const Place& folder, std::string_view name, Patience patience) const {
  if (name == file_name(GeneratedKind::route_readme)) return generated_below(folder, GeneratedKind::route_readme);
  const bool asks_for_faults = name == file_name(GeneratedKind::incomplete);
  if (asks_for_faults && !unlisted_text(*folder.spot).empty())
    return generated_below(folder, GeneratedKind::incomplete);
  Result<std::optional<Place>> routed = routed_child(folder, *folder.spot, name);
  if (!routed) return fail(routed.error());
  if (*routed) return std::move(**routed);
  if (name == file_name(GeneratedKind::count_txt) && can_be_counted(folder))
    return generated_below(folder, GeneratedKind::count_txt);
  if (!folder.query) return no_such(folder, name);
  for (const GeneratedKind kind : kAnswerFiles)
    if (name == file_name(kind)) return generated_below(folder, kind);
  Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(std::move(listing).error());
  if (asks_for_faults && !(*listing)->shortfalls.empty()) return generated_below(folder, GeneratedKind::incomplete);
  if (const vo::Entry* file = (*listing)->file("", name)) return file_below(folder, *file);
  if (groups_of(**listing).contains(std::string(name))) return group_below(folder, std::string(name));
  const vo::Dataset* dataset = (*listing)->find(name);
  if (dataset == nullptr) return no_such(folder, name);
  Place place = below(folder, name, PlaceKind::dataset);
  place.dataset = static_cast<std::uint32_t>(dataset - (*listing)->datasets.data());
  place.listing = std::move(*listing);
  return place;
}

Result<std::string> Namespace::route_count_text(const Place& file, Patience patience) const {
  std::vector<std::pair<std::string, vo::Query>> counted;  // what it is called; empty: the folder itself
  if (file.query) counted.emplace_back("", *file.query);
  for (const Spot::One* one : tables_in(*file.spot))
    counted.emplace_back(one->route->path.back().prefix, query_of(*file.spot, *one));
  std::string out;
  for (const auto& [table, query] : counted) {
    const Result<vo::Count> count = count_of(file, query, patience);
    if (!count && count.error().code() == Code::would_wait) return fail(count.error());
    if (!count && counted.size() == 1) return fail(count.error());
    if (!out.empty()) out += "\n";
    if (!table.empty()) out += table + "\n";
    // One table that cannot be counted is no reason to be silent about the others.
    out += count ? count_txt(*count) : "not counted: " + readable(count.error().what()) + "\n";
  }
  return out;
}

Result<FolderContents> Namespace::contents_of_route(const Place& folder, Patience patience) const {
  FolderContents out;
  const bool group = folder.kind == PlaceKind::route_group;
  vo::ListingPtr listing;
  if (folder.query) {
    Result<vo::ListingPtr> answer = listing_of(folder, patience);
    if (!answer) return fail(std::move(answer).error());
    listing = *answer;
  }
  if (!group) {
    add_generated(out, folder, GeneratedKind::route_readme);
    if (can_be_counted(folder)) add_generated(out, folder, GeneratedKind::count_txt);
    if (listing)
      for (const GeneratedKind kind : kAnswerFiles) add_generated(out, folder, kind);
    if ((listing && !listing->shortfalls.empty()) || !unlisted_text(*folder.spot).empty())
      add_generated(out, folder, GeneratedKind::incomplete);
    add_routed(out, folder, *folder.spot);
  }
  if (listing) {
    if (!group)
      for (const std::string& name : groups_of(*listing))
        out.items.push_back(item_for(group_below(folder, name), name));
    for (const vo::Entry& entry : listing->files)
      if (entry.folder == (group ? folder.folder : ""))
        out.items.push_back(item_for(file_below(folder, entry), entry.name));
  }
  out.version = version_of(out.items) ^ (listing ? listing->version : 0);
  if (listing && !group && !listing->datasets.empty()) add_datasets(out, folder, std::move(listing));
  return out;
}

}  // namespace skymount::fs
