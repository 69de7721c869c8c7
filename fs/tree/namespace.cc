// SPDX-License-Identifier: MIT
//
// The top of the tree and the way down: which folder answers for a name. Each level has a file of its own:
// archive_folders, query_folders, facet_folders, flat_folders, dataset_folders.
#include "fs/tree/namespace.h"

#include "cache/content_id.h"
#include "fs/tree/generated.h"
#include "fs/tree/readme.h"
#include "fs/tree/typing_slips.h"
#include "vo/cutout_services.h"
#include "vo/cutouts.h"
#include "vo/file_names.h"
#include "vo/query/grammar.h"

#include <algorithm>

namespace skymount::fs {

Place below(const Place& folder, std::string_view name, PlaceKind kind) {
  Place place = folder;
  place.kind = kind;
  if (place.path != "/") place.path += '/';
  place.path += name;
  return place;
}

Place generated_below(const Place& folder, GeneratedKind kind) {
  Place place = below(folder, file_name(kind), PlaceKind::generated);
  place.generated = kind;
  return place;
}

Place data_below(const Place& folder, std::string_view name, vo::Entry entry) {
  Place place = below(folder, name, PlaceKind::data);
  place.entry = std::make_shared<const vo::Entry>(std::move(entry));
  return place;
}

Place symlink_below(const Place& folder, std::string_view name, std::string target) {
  Place place = below(folder, name, PlaceKind::symlink);
  place.target = std::move(target);
  return place;
}

FolderItem item_for(const Place& place, std::string_view name) {
  return {std::string(name), place.is_folder(), place.ino(), place.is_symlink()};
}

void add_generated(FolderContents& contents, const Place& folder, GeneratedKind kind) {
  const Place place = generated_below(folder, kind);
  contents.items.push_back(item_for(place, file_name(kind)));
}

void add_folder(FolderContents& contents, const Place& folder, std::string_view name, PlaceKind kind) {
  contents.items.push_back(item_for(below(folder, name, kind), name));
}

void add_datasets(FolderContents& contents, const Place& folder, vo::ListingPtr listing) {
  contents.dataset_key = below(folder, "", PlaceKind::dataset).key();
  contents.listing = std::move(listing);
}

std::optional<std::uint32_t> FolderContents::dataset(std::size_t index) const {
  if (index < items.size()) return std::nullopt;
  return static_cast<std::uint32_t>(index - items.size());
}

std::string_view FolderContents::name(std::size_t index) const {
  if (const auto row = dataset(index)) return listing->datasets[*row].name;
  return items[index].name;
}

ShownItem FolderContents::item(std::size_t index) const {
  if (const auto row = dataset(index)) {
    const std::string_view dataset_name = listing->datasets[*row].name;
    return {dataset_name, true, ino_of_key(std::string(dataset_key).append(dataset_name))};
  }
  const FolderItem& one = items[index];
  return {one.name, one.folder, one.ino, one.symlink};
}

tl::unexpected<Error> no_such(const Place& folder, std::string_view name) {
  const bool asks = folder.kind == PlaceKind::archive || folder.kind == PlaceKind::query;
  if (const std::string slip = asks ? typing_slip(name) : ""; !slip.empty()) return fail(Code::not_found, slip);
  return fail(Code::not_found, "no '" + std::string(name) + "' in " + folder.path);
}

std::uint64_t version_of(const std::vector<FolderItem>& items) {
  std::string names;
  for (const FolderItem& item : items) names += item.name + "/";
  return cache::hash64(names) | 1;  // 0 would say that nothing is known
}

bool is_probe(std::string_view name) {
  return name.starts_with('.') || vo::is_probed_name(name);
}

namespace {

/// Where the question's target is; nothing when it names none.
std::optional<vo::Resolved> resolved_target(const Place& place) {
  if (!place.query->target || !place.archive->resolver) return std::nullopt;
  return place.archive->resolver->in_memory(*place.query->target);
}

/// The answer of the routed folder that a README lies in, when memory has it.
vo::ListingPtr route_listing(const Place& readme) {
  return readme.query ? readme.archive->catalog.listing_in_memory(*readme.query) : nullptr;
}

constexpr std::string_view kControlFolder = ".skymount";
constexpr GeneratedKind kControlFiles[] = {GeneratedKind::status_json, GeneratedKind::errors_log,
                                           GeneratedKind::config_toml};

}  // namespace

Namespace::Namespace(std::vector<std::shared_ptr<MountedArchive>> archives, ErrorJournal& journal)
    : archives_(std::move(archives)), journal_(journal) {}

Place Namespace::root() const {
  Place place;
  place.path = "/";
  return place;
}

Result<Place> Namespace::child(const Place& folder, std::string_view name, Patience patience) const {
  if (name.size() > vo::kMaxNameBytes)
    return fail(Code::name_too_long, "a name of " + std::to_string(name.size()) + " bytes (255 at most)");
  const bool control = folder.kind == PlaceKind::root && name == kControlFolder;
  if (name.empty() || (is_probe(name) && !control)) return no_such(folder, name);
  switch (folder.kind) {
    case PlaceKind::root: return child_of_root(folder, name);
    case PlaceKind::control_folder:
      for (const GeneratedKind kind : kControlFiles) {
        if (name == file_name(kind)) return generated_below(folder, kind);
      }
      return no_such(folder, name);
    case PlaceKind::archive: return child_of_archive(folder, name, patience);
    case PlaceKind::recent_folder: return child_of_recent(folder, name);
    case PlaceKind::route_folder: return child_of_route(folder, name, patience);
    case PlaceKind::route_group: return child_of_group(folder, name, patience);
    case PlaceKind::query: return child_of_query(folder, name, patience);
    case PlaceKind::facet:
    case PlaceKind::facet_value: return child_of_facet(folder, name, patience);
    case PlaceKind::flat_folder: return child_of_flat(folder, name, patience);
    case PlaceKind::dataset:
    case PlaceKind::links_folder:
    case PlaceKind::semantics_folder: return child_of_dataset(folder, name, patience);
    case PlaceKind::cutout_folder: return child_of_cutouts(folder, name, patience);
    case PlaceKind::symlink:
    case PlaceKind::generated:
    case PlaceKind::data: break;
  }
  return fail(Code::not_directory, folder.path + " is a file");
}

Result<Place> Namespace::item(const Place& folder, const FolderContents& contents, std::size_t index) const {
  const std::optional<std::uint32_t> dataset = contents.dataset(index);
  if (!dataset) return child(folder, contents.name(index), nullptr);
  Place place = below(folder, contents.name(index), PlaceKind::dataset);
  place.dataset = *dataset;
  place.listing = contents.listing;
  return place;
}

Result<FolderContents> Namespace::contents(const Place& folder, Patience patience) const {
  FolderContents out;
  switch (folder.kind) {
    case PlaceKind::root: return contents_of_root();
    case PlaceKind::control_folder:
      for (const GeneratedKind kind : kControlFiles) add_generated(out, folder, kind);
      out.version = 1;  // never changes
      return out;
    case PlaceKind::archive: return contents_of_archive(folder);
    case PlaceKind::recent_folder: return contents_of_recent(folder);
    case PlaceKind::route_folder:
    case PlaceKind::route_group: return contents_of_route(folder, patience);
    case PlaceKind::query: return contents_of_query(folder, patience);
    case PlaceKind::facet:
    case PlaceKind::facet_value: return contents_of_facet(folder, patience);
    case PlaceKind::flat_folder: return contents_of_flat(folder, patience);
    case PlaceKind::dataset:
    case PlaceKind::links_folder:
    case PlaceKind::semantics_folder: return contents_of_dataset(folder, patience);
    case PlaceKind::cutout_folder: return contents_of_cutouts(folder, patience);
    case PlaceKind::symlink:
    case PlaceKind::generated:
    case PlaceKind::data: break;
  }
  return fail(Code::not_directory, folder.path + " is a file");
}

Result<Place> Namespace::child_of_root(const Place& folder, std::string_view name) const {
  if (name == kControlFolder) return below(folder, name, PlaceKind::control_folder);
  if (name == file_name(GeneratedKind::root_readme)) return generated_below(folder, GeneratedKind::root_readme);
  std::vector<std::string_view> names;
  for (const auto& archive : archives_) {
    if (archive->name() == name) {
      Place place = below(folder, name, PlaceKind::archive);
      place.archive = archive.get();
      return place;
    }
    names.push_back(archive->name());
  }
  const std::string_view near = vo::nearest(name, names);
  return fail(Code::not_found, "no archive '" + std::string(name) + "' in this mount" +
                                   (near.empty() ? std::string() : "; did you mean '" + std::string(near) + "'?"));
}

FolderContents Namespace::contents_of_root() const {
  FolderContents out;
  add_generated(out, root(), GeneratedKind::root_readme);
  add_folder(out, root(), kControlFolder, PlaceKind::control_folder);
  for (const auto& archive : archives_) add_folder(out, root(), archive->name(), PlaceKind::archive);
  out.version = 1;  // archives are fixed when mounting
  return out;
}

Result<vo::ListingPtr> Namespace::listing_of(const Place& place, Patience patience) const {
  if (place.listing) return place.listing;
  if (vo::ListingPtr known = place.archive->catalog.listing_in_memory(*place.query)) return known;
  if (patience == nullptr) return fail(Code::would_wait, "the answer of " + place.path + " is not in memory");
  return place.archive->catalog.listing(*place.query, *patience);
}

Result<std::string> Namespace::text(const Place& file, Patience patience) const {
  const auto of_listing = [&](auto make) -> Result<std::string> {
    Result<vo::ListingPtr> listing = listing_of(file, patience);
    if (!listing) return fail(std::move(listing).error());
    return make(**listing);
  };
  const auto of_folder = [&](auto make) -> Result<std::string> {
    Result<vo::DatasetFolderPtr> folder = folder_of(file, patience);
    if (!folder) return fail(std::move(folder).error());
    return make(**folder);
  };
  switch (file.generated) {
    case GeneratedKind::root_readme: return root_readme(archives_);
    case GeneratedKind::archive_readme: return archive_readme(file.archive->options());
    case GeneratedKind::query_readme: {
      const vo::ListingPtr listing = file.archive->catalog.listing_in_memory(*file.query);
      const std::optional<vo::Resolved> resolved = resolved_target(file);
      return query_readme(*file.query, listing.get(), resolved ? &*resolved : nullptr);
    }
    case GeneratedKind::results_vot: return of_listing(results_vot);
    case GeneratedKind::results_csv: return of_listing(results_csv);
    case GeneratedKind::query_adql:
      return of_listing([&](const vo::Listing& listing) {
        const std::optional<vo::Resolved> resolved = resolved_target(file);
        return query_adql(listing, resolved ? &*resolved : nullptr);
      });
    case GeneratedKind::count_txt: return count_text(file, patience);
    case GeneratedKind::incomplete: {
      const vo::RouteSpotPtr spot = file.spot ? file.spot : vo::route_root(file.archive->options().routes);
      const std::string unlisted = file.spot || !file.query ? unlisted_text(*spot) : "";
      if (!file.query) return unlisted;
      return of_listing([&](const vo::Listing& listing) { return incomplete_text(listing) + unlisted; });
    }
    case GeneratedKind::dataset_json:
      return of_listing([&](const vo::Listing& listing) { return dataset_json(listing, file.dataset_row()); });
    case GeneratedKind::links_vot: return of_folder([](const vo::DatasetFolder& f) { return f.links_document; });
    case GeneratedKind::errors_txt: return of_folder(errors_text);
    case GeneratedKind::cutout_readme:
      return of_folder([&](const vo::DatasetFolder& folder) {
        if (const auto one = vo::with_service(folder, file.folder))
          return cutout_readme(*one, file.dataset_row(), /*cut_here=*/false, std::nullopt);
        const bool cut_here =
            vo::can_be_cut_here(folder, file.dataset_row(), vo::cut_defaults(file.archive->options()));
        const bool takes_field =
            file.archive->archive->field_cutout(folder, file.dataset_row(), *file.query).has_value();
        return cutout_readme(folder, file.dataset_row(), cut_here, takes_field ? file.query->position : std::nullopt);
      });
    case GeneratedKind::route_readme:
      return route_readme(file.archive->options(), *file.spot, route_listing(file).get());
    case GeneratedKind::link_report:
      return of_folder([&](const vo::DatasetFolder& folder) {
        const vo::LinksTrail way = file.way();
        return link_report_text(file.archive->options().reports[file.report], folder,
                                way.empty() ? std::string_view() : std::string_view(way.back().semantics));
      });
    case GeneratedKind::flat_errors: return flat_errors_text(file, patience);
    case GeneratedKind::status_json:
    case GeneratedKind::errors_log:
    case GeneratedKind::config_toml: break;
  }
  return fail(Code::not_found, file.path + " is written elsewhere");
}

}  // namespace skymount::fs
