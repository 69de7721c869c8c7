// SPDX-License-Identifier: MIT
//
// best.EXT in a dataset's folder: a symlink to the best that there is for whoever looks at this field. Chosen from the
// links and from what failed when it was opened; nobody is asked.
#include "fs/tree/namespace.h"
#include "vo/cutouts.h"

#include <vector>

namespace skymount::fs {
namespace {

/// ".fits", ".fits.gz", ".jpeg"; empty without one.
std::string extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name.size() - dot > 10) return "";
  const std::string_view last = name.substr(dot);
  const std::size_t inner = name.rfind('.', dot - 1);
  const bool wrapped = last == ".gz" || last == ".fz" || last == ".Z" || last == ".bz2";
  const bool two = wrapped && inner != std::string_view::npos && inner != 0 && dot - inner <= 6;
  return std::string(name.substr(two ? inner : dot));
}

struct Choice {
  std::string target;  ///< from the dataset's folder
  Place file;
};

}  // namespace

std::optional<Place> Namespace::best_of(const Place& folder, const vo::DatasetFolder& links) const {
  if (folder.kind != PlaceKind::dataset) return std::nullopt;
  std::vector<Choice> ladder;
  if (Result<vo::Entry> field = folder.archive->archive->field_cutout(links, folder.dataset_row(), *folder.query)) {
    const std::string name = field->name;
    ladder.push_back({name, data_below(folder, name, std::move(*field))});
  }
  const auto add = [&](const vo::Entry& entry) {
    const std::string target = (entry.folder.empty() ? "" : entry.folder + "/") + entry.name;
    ladder.push_back({target, data_below(folder, entry.name, entry)});
  };
  const vo::ImageChoice choice = vo::cut_defaults(folder.archive->options()).image;
  if (const vo::Entry* full = vo::full_image_of(links, folder.dataset_row(), choice)) add(*full);
  for (const std::string_view term : {"#this", "#preview-image", "#preview"}) {
    for (const vo::Entry& entry : links.entries) {
      if (entry.semantics != term || entry.links_document || (!entry.error.empty() && !choice.also_denied)) continue;
      add(entry);
    }
  }
  if (ladder.empty()) return std::nullopt;
  const Choice* best = &ladder.front();  // when all of them failed the first is as good as any
  for (const Choice& rung : ladder) {
    if (!journal_.last_for(rung.file.ino()).empty()) continue;
    best = &rung;
    break;
  }
  return symlink_below(folder, "best" + extension_of(best->target), best->target);
}

}  // namespace skymount::fs
