// SPDX-License-Identifier: MIT
//
// by-collection/, by-year/ and so on: a folder for each value, in it symlinks to the datasets' folders beside. Nothing
// is there twice for programs that walk through a tree, since they do not follow symlinks unless told to.
#include "fs/tree/namespace.h"

#include <algorithm>

namespace skymount::fs {
namespace {

// Sorting so many takes some milliseconds; more are never sorted on the kernel's threads.
constexpr std::size_t kSortedAtOnce = 2000;

/// From by-year/1890 up to the question's folder.
Place link_to(const Place& folder, const vo::Dataset& dataset) {
  return symlink_below(folder, dataset.name, "../../" + std::string(dataset.name));
}

}  // namespace

Result<FacetPtr> Namespace::facet_of(const Place& folder, const vo::Listing& listing, Patience patience) const {
  if (FacetPtr known = facets_.find(folder.facet, listing)) return known;
  if (patience == nullptr && listing.datasets.size() > kSortedAtOnce) {
    return fail(Code::would_wait, folder.path + " is not sorted yet");
  }
  return facets_.get(folder.facet, listing);
}

Result<Place> Namespace::child_of_facet(const Place& folder, std::string_view name, Patience patience) const {
  Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(std::move(listing).error());
  Result<FacetPtr> facet = facet_of(folder, **listing, patience);
  if (!facet) return fail(std::move(facet).error());
  if (folder.kind == PlaceKind::facet) {
    if (!(*facet)->contains(name)) return no_such(folder, name);
    Place place = below(folder, name, PlaceKind::facet_value);
    place.facet_value = name;
    return place;
  }
  const auto group = (*facet)->find(folder.facet_value);
  const vo::Dataset* dataset = (*listing)->find(name);
  if (group == (*facet)->end() || dataset == nullptr || dataset->name != name) return no_such(folder, name);
  const auto index = static_cast<std::uint32_t>(dataset - (*listing)->datasets.data());
  if (!std::binary_search(group->second.begin(), group->second.end(), index)) return no_such(folder, name);
  Place place = link_to(folder, *dataset);
  place.dataset = index;  // a symlink bears its dataset's date
  place.listing = std::move(*listing);
  return place;
}

Result<FolderContents> Namespace::contents_of_facet(const Place& folder, Patience patience) const {
  Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(std::move(listing).error());
  Result<FacetPtr> facet = facet_of(folder, **listing, patience);
  if (!facet) return fail(std::move(facet).error());
  FolderContents out;
  out.version = (*listing)->version;
  if (folder.kind == PlaceKind::facet) {
    for (const auto& [name, datasets] : **facet) add_folder(out, folder, name, PlaceKind::facet_value);
    return out;
  }
  const auto group = (*facet)->find(folder.facet_value);
  if (group == (*facet)->end()) return fail(Code::not_found, "no dataset is in " + folder.path + " any more");
  out.items.reserve(group->second.size());
  for (const std::uint32_t index : group->second) {
    const vo::Dataset& dataset = (*listing)->datasets[index];
    out.items.push_back(item_for(link_to(folder, dataset), dataset.name));
  }
  return out;
}

}  // namespace skymount::fs
