// SPDX-License-Identifier: MIT
//
// Inside a dataset: its files, a folder for each further semantics term, and cutouts by name.
#include "fs/tree/generated.h"
#include "fs/tree/namespace.h"

#include <algorithm>
#include <set>

namespace skymount::fs {
namespace {

constexpr std::string_view kCutoutFolder = "cutout";
constexpr std::string_view kFieldCutout = "cutout.fits";

/// What a dataset folder, or one of its semantics folders, shows beside the texts made here.
std::set<std::string> sub_folders(const vo::DatasetFolder& folder) {
  std::set<std::string> out;
  for (const vo::Entry& entry : folder.entries) {
    if (!entry.folder.empty()) out.insert(entry.folder);
  }
  return out;
}

/// What names a dataset over sessions, whatever query it was found by.
std::string stable_id(const Place& place) {
  const vo::Dataset& dataset = place.dataset_row();
  return place.archive->name() + "\n" + dataset.publisher_did + "\n" + dataset.access_url;
}

std::vector<GeneratedKind> texts_of(const vo::DatasetFolder& folder) {
  std::vector<GeneratedKind> out{GeneratedKind::dataset_json};
  if (!folder.links_document.empty()) out.push_back(GeneratedKind::links_vot);
  if (!folder.faults.empty()) out.push_back(GeneratedKind::errors_txt);
  return out;
}

}  // namespace

Result<vo::DatasetFolderPtr> Namespace::folder_of(const Place& place, Patience patience) const {
  const vo::Dataset& dataset = place.dataset_row();
  if (vo::DatasetFolderPtr known = place.archive->catalog.folder_in_memory(*place.listing, dataset)) return known;
  if (patience == nullptr) return fail(Code::would_wait, "the links of " + place.path + " are not in memory");
  return place.archive->catalog.folder(place.listing, dataset, *patience);
}

Result<Place> Namespace::child_of_dataset(const Place& folder, std::string_view name, Patience patience) const {
  if (folder.folder.empty() && name == file_name(GeneratedKind::dataset_json)) {
    return generated_below(folder, GeneratedKind::dataset_json);
  }
  Result<vo::DatasetFolderPtr> links = folder_of(folder, patience);
  if (!links) return fail(std::move(links).error());
  for (const vo::Entry& entry : (*links)->entries) {
    if (entry.folder == folder.folder && entry.name == name) return data_below(folder, name, entry);
  }
  if (!folder.folder.empty()) return no_such(folder, name);
  for (const GeneratedKind kind : texts_of(**links)) {
    if (name == file_name(kind)) return generated_below(folder, kind);
  }
  if (name == kCutoutFolder && !(*links)->services.empty()) return below(folder, name, PlaceKind::cutout_folder);
  if (name == kFieldCutout) {
    Result<vo::Entry> entry = folder.archive->archive->field_cutout(**links, folder.dataset_row(), *folder.query);
    if (!entry) return fail(std::move(entry).error());
    return data_below(folder, name, std::move(*entry));
  }
  if (sub_folders(**links).contains(std::string(name))) {
    Place place = below(folder, name, PlaceKind::semantics_folder);
    place.folder = name;
    return place;
  }
  return no_such(folder, name);
}

Result<FolderContents> Namespace::contents_of_dataset(const Place& folder, Patience patience) const {
  Result<vo::DatasetFolderPtr> links = folder_of(folder, patience);
  if (!links) return fail(std::move(links).error());
  FolderContents out;
  const auto add = [&](const Place& place, std::string_view name) {
    out.items.push_back({std::string(name), place.is_folder(), place.ino()});
  };
  for (const vo::Entry& entry : (*links)->entries) {
    if (entry.folder == folder.folder) add(data_below(folder, entry.name, entry), entry.name);
  }
  if (!folder.folder.empty()) return out;
  for (const GeneratedKind kind : texts_of(**links)) add(generated_below(folder, kind), file_name(kind));
  for (const std::string& name : sub_folders(**links)) add(below(folder, name, PlaceKind::semantics_folder), name);
  if (!(*links)->services.empty()) add(below(folder, kCutoutFolder, PlaceKind::cutout_folder), kCutoutFolder);
  if (auto entry = folder.archive->archive->field_cutout(**links, folder.dataset_row(), *folder.query)) {
    add(data_below(folder, kFieldCutout, std::move(*entry)), kFieldCutout);
  }
  return out;
}

Result<Place> Namespace::child_of_cutouts(const Place& folder, std::string_view name, Patience patience) const {
  if (name == file_name(GeneratedKind::cutout_readme)) return generated_below(folder, GeneratedKind::cutout_readme);
  Result<vo::DatasetFolderPtr> links = folder_of(folder, patience);
  if (!links) return fail(std::move(links).error());
  Result<vo::Entry> entry = folder.archive->archive->cutout(**links, folder.dataset_row(), name);
  if (!entry) return fail(std::move(entry).error());
  return data_below(folder, name, std::move(*entry));
}

Result<FolderContents> Namespace::contents_of_cutouts(const Place& folder, Patience patience) const {
  FolderContents out;
  out.items.push_back({"README.txt", false, generated_below(folder, GeneratedKind::cutout_readme).ino()});
  for (const std::string& name : folder.archive->used_cutouts.of(stable_id(folder))) {
    if (Result<Place> place = child_of_cutouts(folder, name, patience))
      out.items.push_back({name, false, place->ino()});
  }
  return out;
}

void Namespace::remember_cutout(const Place& file) {
  const std::size_t slash = file.path.rfind('/');
  if (!file.path.substr(0, slash).ends_with("/" + std::string(kCutoutFolder)) || !file.listing) return;
  file.archive->used_cutouts.remember(stable_id(file), file.path.substr(slash + 1));
}

}  // namespace skymount::fs
