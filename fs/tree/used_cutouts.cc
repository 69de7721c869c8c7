// SPDX-License-Identifier: MIT
#include "fs/tree/used_cutouts.h"

#include "cache/base/record.h"

#include <algorithm>

namespace skymount::fs {
namespace {

using Room = cache::MetaStore::Room;

constexpr std::size_t kNames = 1000;       // of a dataset: what a person can still look through
constexpr std::size_t kDatasets = 10'000;  // in memory; the store has the rest

std::string key_of(const std::string& dataset) {
  return "cutouts\n" + dataset;
}

std::vector<std::string> load(const cache::MetaStore* store, const std::string& dataset) {
  std::vector<std::string> names;
  if (store == nullptr) return names;
  const auto record = store->get(Room::saved, key_of(dataset));
  if (!record) return names;
  RecordReader in(record->value);
  while (in.ok() && !in.at_end()) {
    const std::string_view name = in.text();
    if (in.ok()) names.emplace_back(name);
  }
  return names;
}

}  // namespace

void UsedCutouts::remember(const std::string& dataset, const std::string& name) {
  std::vector<std::string> names = of(dataset);
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  if (names.size() >= kNames) names.erase(names.begin());
  names.push_back(name);
  if (store_) {
    RecordWriter out;
    for (const std::string& each : names) out.text(each);
    static_cast<void>(
        store_->put(Room::saved, key_of(dataset), out.view()));  // forgetting is no reason to fail an open
  }
  names_.with([&](auto& all) { all[dataset] = std::move(names); });
}

std::vector<std::string> UsedCutouts::of(const std::string& dataset) const {
  return names_.with([&](auto& all) {
    if (const auto it = all.find(dataset); it != all.end()) return it->second;
    if (all.size() >= kDatasets) all.clear();
    return all[dataset] = load(store_.get(), dataset);
  });
}

}  // namespace skymount::fs
