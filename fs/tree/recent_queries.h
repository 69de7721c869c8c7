// SPDX-License-Identifier: MIT
//
// The last questions that were asked of an archive and answered, for its recent/ folder: whoever typed a path yesterday
// finds it again. Saved questions are left out: they are listed anyway, and what walks through listed folders shall not
// push out what a person asked.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::fs {

struct RecentQuery {
  std::string name;  ///< of the symlink: the question in its canonical spelling
  std::string path;  ///< as typed last, below the archive's folder
  WallTime when{};
};

/// Of one archive. Thread-safe; never waits for the network.
class RecentQueries {
 public:
  /// `store` may be null: then they are forgotten with the mount.
  RecentQueries(std::shared_ptr<cache::MetaStore> store, std::string archive, const Clock& clock);

  /// `canonical` was asked as `path` and answered. Spellings of one question are one entry.
  void note(std::string_view canonical, std::string_view path);
  /// The last 20, newest first.
  std::vector<RecentQuery> all() const;

 private:
  const std::shared_ptr<cache::MetaStore> store_;
  const std::string key_;
  const Clock& clock_;
  mutable Synchronized<std::vector<RecentQuery>> queries_;
};

}  // namespace skymount::fs
