// SPDX-License-Identifier: MIT
//
// The questions that somebody keeps: made with mkdir, listed in their archive's folder, there after a remount. A saved
// question may lie below others ("pos=1,2/type=image"); the folders that lead to it are then listed with it.
#pragma once

#include "cache/base/result.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::fs {

/// Of one archive. Paths are as typed, below the archive's folder, components joined by '/'; the archive's own folder
/// is
/// "". Two mounts that share a cache directory share what is saved. Thread-safe; never waits for the network.
class SavedQueries {
 public:
  /// `store` may be null: then they are forgotten with the mount.
  SavedQueries(std::shared_ptr<cache::MetaStore> store, std::string archive);

  /// Errors  exists: it is saved already; no_space: too many are; as the store, when they cannot be written.
  Result<void> save(std::string_view path);
  /// Errors  not_empty: questions below it are saved, too; read_only: it was never saved.
  Result<void> remove(std::string_view path);

  /// Saved itself, or leading to one that is.
  bool shows(std::string_view path) const;
  /// The names that the folder `path` lists, sorted.
  std::vector<std::string> names_in(std::string_view path) const;

 private:
  using Paths = std::set<std::string, std::less<>>;
  Paths current() const;
  Result<void> keep(Paths paths);

  const std::shared_ptr<cache::MetaStore> store_;
  const std::string key_;
  Synchronized<Paths> without_store_;
  mutable Synchronized<int> writing_;  ///< held while a change is read, made and written
};

}  // namespace skymount::fs
