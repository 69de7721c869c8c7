// SPDX-License-Identifier: MIT
//
// Builds the house from a configuration, bottom floor first, and takes it down in reverse.
#pragma once

#include "cache/block_cache.h"
#include "cache/meta_store.h"
#include "fs/filesystem.h"
#include "fs/config/mount_request.h"

#include <memory>

namespace skymount::fs {

/// Everything a mount consists of but the mount itself. Owns its threads.
class World {
 public:
  /// Opens the cache (made when missing, 0700) and the archives; asks no network.
  /// Errors  as cache/lmdb and cache/block_cache: what is wrong with the cache directory, and the fix.
  static Result<std::unique_ptr<World>> build(const MountRequest& request, const Clock& clock);
  ~World();

  Filesystem& filesystem() { return *filesystem_; }
  cache::BlockCache& blocks() { return *blocks_; }
  void flush();

 private:
  World() = default;
  std::shared_ptr<cache::Lmdb> lmdb_;
  std::shared_ptr<cache::MetaStore> store_;
  std::unique_ptr<cache::BlockCache> blocks_;
  std::unique_ptr<Filesystem> filesystem_;  // holds the archives
};

/// The command: daemonises unless request.foreground, returns once the mount answers (or, in the foreground, when it is
/// gone). Returns an exit code; says on standard error why a mount failed and leaves nothing behind.
int mount_and_serve(const MountRequest& request);

}  // namespace skymount::fs
