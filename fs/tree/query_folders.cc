// SPDX-License-Identifier: MIT
//
// A question's folder: the texts about its answer, the sortings, one folder a dataset, and further questions below it.
#include "fs/tree/generated.h"
#include "fs/tree/namespace.h"
#include "vo/query/grammar.h"

namespace skymount::fs {
namespace {

constexpr std::pair<std::string_view, FlatKind> kFlats[] = {
    {"cutouts", FlatKind::cutouts}, {"images", FlatKind::images}, {"previews", FlatKind::previews}};
constexpr GeneratedKind kQueryFiles[] = {GeneratedKind::query_readme, GeneratedKind::results_vot,
                                         GeneratedKind::results_csv, GeneratedKind::query_adql,
                                         GeneratedKind::count_txt};

bool shows_flat(FlatKind kind, const vo::Query& query) {
  return kind != FlatKind::cutouts || query.position.has_value();  // without a position there is no field to cut out
}

}  // namespace

Result<Place> Namespace::child_of_query(const Place& folder, std::string_view name, Patience patience) const {
  if (vo::looks_like_term(name)) return query_below(folder, name, patience);
  for (const GeneratedKind kind : kQueryFiles) {
    if (name == file_name(kind)) return generated_below(folder, kind);
  }
  for (const auto& [word, kind] : kFlats) {
    if (name != word || !shows_flat(kind, *folder.query)) continue;
    Place place = below(folder, name, PlaceKind::flat_folder);
    place.flat = kind;
    return place;
  }
  if (const std::optional<FacetKind> facet = facet_named(name)) {
    Place place = below(folder, name, PlaceKind::facet);
    place.facet = *facet;
    return place;
  }
  Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(std::move(listing).error());
  if (name == file_name(GeneratedKind::incomplete)) {
    if ((*listing)->shortfalls.empty()) return no_such(folder, name);
    return generated_below(folder, GeneratedKind::incomplete);
  }
  const vo::Dataset* dataset = (*listing)->find(name);
  if (dataset == nullptr) return no_such(folder, name);
  Place place = below(folder, name, PlaceKind::dataset);
  place.dataset = static_cast<std::uint32_t>(dataset - (*listing)->datasets.data());
  place.listing = std::move(*listing);
  return place;
}

Result<FolderContents> Namespace::contents_of_query(const Place& folder, Patience patience) const {
  Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(std::move(listing).error());
  FolderContents out;
  for (const GeneratedKind kind : kQueryFiles) add_generated(out, folder, kind);
  if (!(*listing)->shortfalls.empty()) add_generated(out, folder, GeneratedKind::incomplete);
  for (const auto& [word, kind] : kFlats) {
    if (shows_flat(kind, *folder.query)) add_folder(out, folder, word, PlaceKind::flat_folder);
  }
  for (const FacetKind facet : kFacets) add_folder(out, folder, facet_name(facet), PlaceKind::facet);
  add_saved(out, folder);
  // What depends on this mount comes before the datasets: its names and the listing's version tell all.
  out.version = (*listing)->version ^ version_of(out.items);
  add_datasets(out, folder, std::move(*listing));
  return out;
}

Result<vo::Count> Namespace::count_of(const Place& file, const vo::Query& query, Patience patience) {
  vo::Catalog& catalog = file.archive->catalog;
  if (const std::optional<vo::Count> known = catalog.count_in_memory(query)) return *known;
  if (patience == nullptr) return fail(Code::would_wait, "nobody counted " + file.path + " yet");
  Result<vo::Count> count = catalog.count(query, *patience);
  if (!count) return fail(std::move(count).error().during("counting"));
  return count;
}

Result<std::string> Namespace::count_text(const Place& file, Patience patience) const {
  if (file.spot) return route_count_text(file, patience);
  const Result<vo::Count> count = count_of(file, *file.query, patience);
  if (!count) return fail(count.error());
  return count_txt(*count);
}

}  // namespace skymount::fs
