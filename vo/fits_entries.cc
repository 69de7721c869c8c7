// SPDX-License-Identifier: MIT
#include "vo/fits_entries.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

constexpr std::array<std::string_view, 10> kExtensions = {".fits",   ".fit",      ".fts",    ".fits.gz", ".fits.fz",
                                                          ".fits.Z", ".fits.bz2", ".fit.gz", ".fts.gz",  ".fit.Z"};

/// DataLink 1.1 may say what a #this is; a catalogue or a time series beside the image is not it.
bool may_be_image(const Entry& entry) {
  const std::string& kind = entry.content_qualifier;
  return kind.empty() || kind.ends_with("image") || kind.ends_with("cube");
}

const Entry* first_image(const DatasetFolder& folder, const Dataset& dataset, std::string_view semantics,
                         bool also_denied) {
  const std::string_view type = dataset.product_type;
  if (type != "image" && type != "cube" && !type.empty()) return nullptr;
  for (const Entry& entry : folder.entries) {
    const bool file = !entry.links_document && (entry.error.empty() || also_denied);
    if (entry.semantics == semantics && file && is_fits(entry) && may_be_image(entry)) return &entry;
  }
  return nullptr;
}

}  // namespace

bool is_fits(const Entry& entry) {
  return entry.content_type.find("fits") != std::string::npos ||
         std::any_of(kExtensions.begin(), kExtensions.end(),
                     [&](std::string_view extension) { return entry.name.ends_with(extension); });
}

bool has_header_text(const Entry& entry) {
  return is_fits(entry) && !entry.links_document && !entry.service;
}

const Entry* image_of(const DatasetFolder& folder, const Dataset& dataset) {
  return first_image(folder, dataset, "#this", true);
}

const Entry* full_image_of(const DatasetFolder& folder, const Dataset& dataset, const ImageChoice& choice) {
  return choice.full.empty() ? nullptr : first_image(folder, dataset, choice.full, choice.also_denied);
}

const Entry* image_to_cut(const DatasetFolder& folder, const Dataset& dataset, const ImageChoice& choice) {
  const Entry* full = full_image_of(folder, dataset, choice);
  return full != nullptr ? full : image_of(folder, dataset);
}

}  // namespace skymount::vo
