// SPDX-License-Identifier: MIT
//
// Inside a dataset: its files, a folder for each further semantics term, cutouts by name, and the links documents that
// its links lead to, which look the same from inside.
#include "fs/tree/generated.h"
#include "fs/tree/namespace.h"
#include "vo/cutout_services.h"
#include "vo/cutouts.h"
#include "vo/derived_files.h"
#include "vo/fits_entries.h"

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

/// What names a dataset, or a document that its links lead to, over sessions, whatever query it was found by.
std::string stable_id(const Place& place) {
  const vo::Dataset& dataset = place.dataset_row();
  std::string id = place.archive->name() + "\n";
  id.append(dataset.publisher_did).append("\n").append(dataset.access_url);
  for (const vo::Entry& step : place.way()) id += "\n> " + step.identity;
  return id;
}

std::vector<GeneratedKind> texts_of(const Place& place, const vo::DatasetFolder& folder) {
  std::vector<GeneratedKind> out;
  if (!place.trail) out.push_back(GeneratedKind::dataset_json);
  if (!folder.links_document.empty()) out.push_back(GeneratedKind::links_vot);
  if (!folder.faults.empty()) out.push_back(GeneratedKind::errors_txt);
  return out;
}

/// The archive's reports that belong into this folder; of two that bear one name the first.
std::vector<Place> reports_in(const Place& folder, const vo::DatasetFolder& links) {
  std::vector<Place> out;
  if (links.links_document.empty() || !folder.folder.empty()) return out;
  const std::vector<vo::LinkReport>& reports = folder.archive->options().reports;
  const bool term_folder = folder.trail && !folder.trail->back().folder.empty();
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (!vo::applies(reports[i], folder.path, term_folder) || !names.insert(reports[i].file).second) continue;
    Place place = below(folder, reports[i].file, PlaceKind::generated);
    place.generated = GeneratedKind::link_report;
    place.report = static_cast<std::uint32_t>(i);
    out.push_back(std::move(place));
  }
  return out;
}

std::string_view last_name(const Place& place) {
  return std::string_view(place.path).substr(place.path.rfind('/') + 1);
}

/// A link as its place: a file, or the folder of the document that it leads to.
Place place_of(const Place& folder, const vo::Entry& entry) {
  if (!entry.links_document) return data_below(folder, entry.name, entry);
  Place place = below(folder, entry.name, PlaceKind::links_folder);
  vo::LinksTrail way = folder.way();
  way.push_back(entry);
  place.trail = std::make_shared<const vo::LinksTrail>(std::move(way));
  place.folder.clear();
  return place;
}

/// What is made of a file and shown beside it; an archive's own file of that name comes first.
std::optional<vo::Entry> headers_beside(const vo::DatasetFolder& links, const vo::Entry& entry) {
  std::optional<vo::Entry> headers = vo::header_entry(entry);
  const auto same = [&](const vo::Entry& e) { return e.folder == entry.folder && e.name == headers->name; };
  if (headers && std::any_of(links.entries.begin(), links.entries.end(), same)) headers.reset();
  return headers;
}

bool has_cutouts(const Place& folder, const vo::DatasetFolder& links) {
  return !links.services.empty() ||
         vo::can_be_cut_here(links, folder.dataset_row(), vo::cut_defaults(folder.archive->options()));
}

/// Used cutouts of cutout/, or of the folder of one service in it.
std::string cutouts_id(const Place& place) {
  return stable_id(place) + (place.folder.empty() ? "" : "\nservice " + place.folder);
}

bool is_service_folder(const vo::DatasetFolder& links, std::string_view name) {
  const std::vector<std::string> names = vo::service_folders(links);
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// cutout.fits is of the dataset itself.
Result<vo::Entry> field_cutout(const Place& folder, const vo::DatasetFolder& links) {
  if (folder.trail) return fail(Code::not_found, "cutout.fits is in the dataset's own folder");
  return folder.archive->archive->field_cutout(links, folder.dataset_row(), *folder.query);
}

/// "cutout.fits" for "cutout.fits.png", and for itself.
std::string_view without_picture(std::string_view name) {
  constexpr std::string_view kPicture = ".png";
  return name.ends_with(".fits.png") ? name.substr(0, name.size() - kPicture.size()) : name;
}

Result<Place> cutout_or_picture(const Place& folder, std::string_view name, Result<vo::Entry> cutout) {
  if (!cutout) return fail(std::move(cutout).error());
  if (without_picture(name) == name) return data_below(folder, name, std::move(*cutout));
  std::optional<vo::Entry> picture = vo::picture_entry(*cutout);
  if (!picture) return fail(Code::not_found, "no picture is made of " + cutout->name);
  return data_below(folder, name, std::move(*picture));
}

}  // namespace

Result<vo::DatasetFolderPtr> Namespace::folder_of(const Place& place, Patience patience, vo::Siblings siblings) const {
  const vo::Dataset& dataset = place.dataset_row();
  vo::Catalog& catalog = place.archive->catalog;
  const vo::LinksTrail way = place.way();
  if (patience != nullptr) return catalog.folder(place.listing, dataset, way, siblings, *patience);
  if (vo::DatasetFolderPtr known = catalog.folder_in_memory(*place.listing, dataset, way)) return known;
  return fail(Code::would_wait, "the links of " + place.path + " are not in memory");
}

vo::Renew Namespace::renewal_of(const Place& file) {
  // Only what links and rows list can be listed anew; a cutout is made by its name.
  const auto listed = [&](std::string_view prefix) { return file.entry && file.entry->identity.starts_with(prefix); };
  const bool cuts = file.entry && file.entry->local != nullptr;  // then it is about the file that is cut
  if (!file.listing || (!cuts && !listed("link:") && !listed("url:") && !listed("service:"))) return {};
  return [archive = file.archive, listing = file.listing, dataset = file.dataset, way = file.way()](
             const vo::Entry& entry, const Error& why, const FetchContext& ctx) {
    return archive->catalog.renewed(listing, listing->datasets[dataset], way, entry, why, ctx);
  };
}

Result<Place> Namespace::child_of_dataset(const Place& folder, std::string_view name, Patience patience) const {
  if (folder.kind == PlaceKind::dataset && name == file_name(GeneratedKind::dataset_json)) {
    return generated_below(folder, GeneratedKind::dataset_json);
  }
  Result<vo::DatasetFolderPtr> links = folder_of(folder, patience);
  if (!links) return fail(std::move(links).error());
  for (Place& report : reports_in(folder, **links))
    if (last_name(report) == name) return std::move(report);
  for (const vo::Entry& entry : (*links)->entries) {
    if (entry.folder != folder.folder) continue;
    if (entry.name == name) return place_of(folder, entry);
  }
  // What is inside x.fits.gz, as x.fits, is not listed, because whoever copies the folder would copy both. Nor is a
  // picture: whoever shows the folder would have it made.
  for (const vo::Entry& entry : (*links)->entries) {
    if (entry.folder != folder.folder) continue;
    for (std::optional<vo::Entry> made :
         {headers_beside(**links, entry), vo::unpacked_entry(entry), vo::picture_entry(entry)}) {
      if (made && made->name == name) return data_below(folder, name, std::move(*made));
    }
  }
  if (!folder.folder.empty()) return no_such(folder, name);
  for (const GeneratedKind kind : texts_of(folder, **links)) {
    if (name == file_name(kind)) return generated_below(folder, kind);
  }
  if (name == kCutoutFolder && has_cutouts(folder, **links)) return below(folder, name, PlaceKind::cutout_folder);
  if (without_picture(name) == kFieldCutout) return cutout_or_picture(folder, name, field_cutout(folder, **links));
  if (name.starts_with("best")) {
    std::optional<Place> best = best_of(folder, **links);
    if (best && best->path.ends_with("/" + std::string(name))) return std::move(*best);
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
    if (entry.folder != folder.folder) continue;
    add(place_of(folder, entry), entry.name);
    if (std::optional<vo::Entry> headers = headers_beside(**links, entry))
      add(data_below(folder, headers->name, std::move(*headers)), entry.name + ".hdr");
  }
  if (!folder.folder.empty()) return out;
  for (const GeneratedKind kind : texts_of(folder, **links)) add(generated_below(folder, kind), file_name(kind));
  for (const Place& report : reports_in(folder, **links)) add(report, last_name(report));
  for (const std::string& name : sub_folders(**links)) add(below(folder, name, PlaceKind::semantics_folder), name);
  if (has_cutouts(folder, **links)) add(below(folder, kCutoutFolder, PlaceKind::cutout_folder), kCutoutFolder);
  if (Result<vo::Entry> entry = field_cutout(folder, **links)) {
    add(data_below(folder, kFieldCutout, std::move(*entry)), kFieldCutout);
  }
  if (const std::optional<Place> best = best_of(folder, **links)) {
    const std::string name(last_name(*best));
    const auto same = [&](const FolderItem& item) { return item.name == name; };
    if (std::none_of(out.items.begin(), out.items.end(), same)) out.items.push_back(item_for(*best, name));
  }
  return out;
}

Result<Place> Namespace::child_of_cutouts(const Place& folder, std::string_view name, Patience patience) const {
  if (name == file_name(GeneratedKind::cutout_readme)) return generated_below(folder, GeneratedKind::cutout_readme);
  Result<vo::DatasetFolderPtr> links = folder_of(folder, patience);
  if (!links) return fail(std::move(links).error());
  if (folder.folder.empty() && is_service_folder(**links, name)) {
    Place place = below(folder, name, PlaceKind::cutout_folder);
    place.folder = name;
    return place;
  }
  // All there is, or the service that the folder is named after.
  std::optional<vo::DatasetFolder> one;
  if (!folder.folder.empty() && !(one = vo::with_service(**links, folder.folder)))
    return fail(Code::not_found, "the archive does not offer the service " + folder.folder + " any more");
  return cutout_or_picture(
      folder, name, folder.archive->archive->cutout(one ? *one : **links, folder.dataset_row(), without_picture(name)));
}

Result<FolderContents> Namespace::contents_of_cutouts(const Place& folder, Patience patience) const {
  Result<vo::DatasetFolderPtr> links = folder_of(folder, patience);
  if (!links) return fail(std::move(links).error());
  FolderContents out;
  out.items.push_back({"README.txt", false, generated_below(folder, GeneratedKind::cutout_readme).ino()});
  if (folder.folder.empty())
    for (const std::string& name : vo::service_folders(**links))
      out.items.push_back({name, true, below(folder, name, PlaceKind::cutout_folder).ino()});
  for (const std::string& name : folder.archive->used_cutouts.of(cutouts_id(folder))) {
    if (Result<Place> place = child_of_cutouts(folder, name, patience))
      out.items.push_back({name, false, place->ino()});
  }
  return out;
}

void Namespace::remember_cutout(const Place& file) {
  if (!file.listing || !file.entry || file.entry->folder != kCutoutFolder) return;
  if (without_picture(file.path) != file.path) return;
  file.archive->used_cutouts.remember(cutouts_id(file), std::string(last_name(file)));
}

}  // namespace skymount::fs
