// SPDX-License-Identifier: MIT
//
// Which cutouts of a dataset were fetched: those are what its cutout/ folder lists, also after a remount and whatever
// spelling of the query leads there.
#pragma once

#include "cache/base/synchronized.h"
#include "cache/meta_store.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace skymount::fs {

/// Thread-safe. Never waits for the network.
class UsedCutouts {
 public:
  /// `store` may be null: then they are forgotten with the mount.
  explicit UsedCutouts(std::shared_ptr<cache::MetaStore> store) : store_(std::move(store)) {}

  /// `dataset` is its stable id. At most 1000 names of a dataset are kept, the latest.
  void remember(const std::string& dataset, const std::string& name);
  std::vector<std::string> of(const std::string& dataset) const;

 private:
  const std::shared_ptr<cache::MetaStore> store_;
  mutable Synchronized<std::unordered_map<std::string, std::vector<std::string>>> names_;
};

}  // namespace skymount::fs
