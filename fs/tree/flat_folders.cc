// SPDX-License-Identifier: MIT
//
// cutouts/, images/ and previews/ of a query: one file a dataset, named <dataset>.<ext>, the same content (and inode)
// as in the dataset's own folder. What they list depends on each dataset's links, which are asked for a few at a time
// and remembered; a listing that runs out of time goes on where it stopped when it is asked again.
#include "cache/base/synchronized.h"
#include "fs/tree/generated.h"
#include "fs/tree/namespace.h"
#include "vo/fits_entries.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace skymount::fs {
namespace {

/// The preview to show, best first; larger is better.
int preview_rank(const vo::Entry& entry) {
  if (entry.semantics == "#preview-image") return 4;
  if (entry.semantics == "#preview") return 3;
  if (entry.semantics == "#preview-plot") return 2;
  if (entry.semantics == "#thumbnail") return 1;
  return 0;
}

/// ".fits", ".fits.gz", ".jpeg"; empty without one. A compressed file keeps both of its extensions.
std::string extension_of(const std::string& name) {
  std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return "";
  const std::string last = name.substr(dot);
  if (last == ".gz" || last == ".fz" || last == ".Z" || last == ".bz2") {
    const std::size_t before = name.rfind('.', dot - 1);
    if (before != std::string::npos && before != 0 && dot - before <= 6) dot = before;
  }
  // A dataset's name leaves room for 55 bytes (kMaxDatasetName); what is longer is no extension but a name with a dot.
  return name.size() - dot > 40 ? "" : name.substr(dot);
}

std::optional<vo::Entry> choose(const Place& folder, const vo::DatasetFolder& links, const vo::Dataset& dataset) {
  if (folder.flat == FlatKind::cutouts) {
    Result<vo::Entry> entry = folder.archive->archive->field_cutout(links, dataset, *folder.query);
    if (!entry) return std::nullopt;
    return std::move(*entry);
  }
  const vo::Entry* best = folder.flat == FlatKind::images ? vo::image_of(links, dataset) : nullptr;
  for (const vo::Entry& entry : links.entries) {
    if (folder.flat == FlatKind::previews && preview_rank(entry) > (best == nullptr ? 0 : preview_rank(*best)))
      best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::string flat_name(const vo::Dataset& dataset, const vo::Entry& entry) {
  return std::string(dataset.name) + extension_of(entry.name);
}

/// The file of a dataset; the row comes along, because it dates the file.
Place flat_file(const Place& folder, const vo::ListingPtr& listing, std::uint32_t index, std::string_view name,
                vo::Entry entry) {
  Place place = data_below(folder, name, std::move(entry));
  place.listing = listing;
  place.dataset = index;
  return place;
}

Place dataset_place(const Place& folder, const vo::ListingPtr& listing, std::uint32_t index) {
  Place place = folder;
  place.kind = PlaceKind::dataset;
  place.listing = listing;
  place.dataset = index;
  return place;
}

/// What a flat folder shows. Its datasets' links are not kept: tens of thousands of them are some hundred megabytes.
struct Asked {
  std::vector<FolderItem> items;  // by dataset; without a name where there is none
  std::vector<std::pair<std::uint32_t, Error>> failed;
};

FolderItem item_of(const Place& folder, const vo::Dataset& dataset, const vo::DatasetFolder& links) {
  std::optional<vo::Entry> entry = choose(folder, links, dataset);
  if (!entry) return {};
  std::string name = flat_name(dataset, *entry);
  const std::uint64_t ino = data_below(folder, name, std::move(*entry)).ino();
  return {std::move(name), false, ino};
}

}  // namespace

Result<Place> Namespace::child_of_flat(const Place& folder, std::string_view name, Patience patience) const {
  Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(std::move(listing).error());
  // "<dataset>.<ext>": datasets' names may hold dots themselves, so every dot is tried, the longest name first.
  for (std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
    const vo::Dataset* dataset = (*listing)->find(name.substr(0, dot));
    if (dataset == nullptr) continue;
    const auto index = static_cast<std::uint32_t>(dataset - (*listing)->datasets.data());
    Result<vo::DatasetFolderPtr> links = folder_of(dataset_place(folder, *listing, index), patience);
    if (!links) return fail(std::move(links).error());
    std::optional<vo::Entry> entry = choose(folder, **links, *dataset);
    if (entry && flat_name(*dataset, *entry) == name) {
      return flat_file(folder, *listing, index, name, std::move(*entry));
    }
  }
  if (name == file_name(GeneratedKind::flat_errors)) {
    Place file = generated_below(folder, GeneratedKind::flat_errors);
    Result<std::string> text = flat_errors_text(file, patience);
    if (!text) return fail(std::move(text).error());
    if (!text->empty()) return file;
  }
  return fail(Code::not_found, "no '" + std::string(name) + "' in " + folder.path);
}

namespace {

/// All datasets' links, a few requests at a time. Stops early when the caller leaves or its time is up.
Asked ask_all(const Namespace& tree, const Place& folder, const vo::ListingPtr& listing, const FetchContext& ctx) {
  const std::size_t count = listing->datasets.size();
  Asked asked;
  asked.items.resize(count);
  Synchronized<std::vector<std::pair<std::uint32_t, Error>>> failed;
  std::atomic<std::size_t> next{0};
  const auto answer = [&](std::uint32_t i) {
    Result<vo::DatasetFolderPtr> links =
        fail(Code::timed_out, "the budget for a listing ended; what came is kept, ask again to go on");
    if (!ctx.stopped() && !ctx.expired())
      links = tree.folder_of(dataset_place(folder, listing, i), &ctx, vo::Siblings::all);
    if (links) {
      asked.items[i] = item_of(folder, listing->datasets[i], **links);
    } else {
      failed.with([&](auto& all) { all.emplace_back(i, std::move(links).error()); });
    }
  };
  // As many as the connections the archive allows beside the one kept free. Neighbours go to one thread: where the
  // service takes several IDs they are one request.
  const std::size_t width = std::max(2U, folder.archive->options().limits.connections) - 1;
  const std::size_t part = std::clamp<std::size_t>((count + width - 1) / width, 1, vo::kMostIds);
  const auto work = [&] {
    for (std::size_t from = next.fetch_add(part); from < count; from = next.fetch_add(part)) {
      for (std::size_t i = from; i < std::min(count, from + part); ++i) answer(static_cast<std::uint32_t>(i));
    }
  };
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < width && i * part < count; ++i) helpers.emplace_back(work);
  work();
  helpers.clear();
  failed.with([&](auto& all) { asked.failed = std::move(all); });
  std::sort(asked.failed.begin(), asked.failed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return asked;
}

Result<Asked> links_of_all(const Namespace& tree, const Place& folder, const vo::ListingPtr& listing,
                           Patience patience) {
  if (patience != nullptr) return ask_all(tree, folder, listing, *patience);
  Asked asked;
  for (std::uint32_t i = 0; i < listing->datasets.size(); ++i) {
    Result<vo::DatasetFolderPtr> links = tree.folder_of(dataset_place(folder, listing, i), nullptr);
    if (!links) return fail(std::move(links).error());
    asked.items.push_back(item_of(folder, listing->datasets[i], **links));
  }
  return asked;
}

}  // namespace

Result<FolderContents> Namespace::contents_of_flat(const Place& folder, Patience patience) const {
  Result<vo::ListingPtr> listing = listing_of(folder, patience);
  if (!listing) return fail(std::move(listing).error());
  Result<Asked> asked = links_of_all(*this, folder, *listing, patience);
  if (!asked) return fail(std::move(asked).error());
  FolderContents out;
  for (FolderItem& item : asked->items) {
    if (!item.name.empty()) out.items.push_back(std::move(item));
  }
  for (const auto& [index, error] : asked->failed) {
    // The archive's own "no" about one dataset belongs into ERRORS.txt; what a later try may mend must not pass for a
    // complete listing.
    const bool final_word = error.code() == Code::not_found || error.code() == Code::denied ||
                            error.code() == Code::invalid || error.code() == Code::corrupt;
    if (!final_word) return fail(Error(error).during("links of " + std::string((*listing)->datasets[index].name)));
  }
  if (!asked->failed.empty()) {
    out.items.push_back({"ERRORS.txt", false, generated_below(folder, GeneratedKind::flat_errors).ino()});
  }
  return out;
}

Result<std::string> Namespace::flat_errors_text(const Place& file, Patience patience) const {
  Result<vo::ListingPtr> listing = listing_of(file, patience);
  if (!listing) return fail(std::move(listing).error());
  Result<Asked> asked = links_of_all(*this, file, *listing, patience);
  if (!asked) return fail(std::move(asked).error());
  std::string out;
  for (const auto& [index, error] : asked->failed) {
    out += std::string((*listing)->datasets[index].name) + ": " + error.what() + "\n";
  }
  return out;
}

}  // namespace skymount::fs
