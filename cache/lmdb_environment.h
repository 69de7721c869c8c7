// SPDX-License-Identifier: MIT
//
// One LMDB environment on disk: transactions, a map that grows, checks of what is opened. lmdb_environment.cc is the
// only file that includes the library's header. Who may open it, and what waits to be committed, is the business of
// cache/lmdb.
#pragma once

#include "cache/gathered_changes.h"

#include <filesystem>
#include <memory>

namespace skymount::cache {

/// Thread-safe. At most one per directory and process (LMDB's rule).
class LmdbEnvironment {
 public:
  /// `dir` exists. Errors: see Lmdb::open.
  static Result<std::unique_ptr<LmdbEnvironment>> open(const std::filesystem::path& dir, std::uint64_t map_size);
  ~LmdbEnvironment();
  LmdbEnvironment(const LmdbEnvironment&) = delete;
  LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

  /// False in a child of fork(): nothing else may be called there.
  bool ours() const;
  /// The value of a key; nothing when it is missing or cannot be read (that is logged).
  std::optional<Bytes> get(Lmdb::Db db, std::string_view key) const;
  /// All changes in one transaction, or none.
  Result<void> commit(const GatheredChanges& changes);
  /// Copies up to 256 records whose keys begin with `prefix`, from key `from` on, into `out`, and moves `from` behind
  /// them. Returns how many; 0 at the end.
  std::size_t copy_some(Lmdb::Db db, std::string_view prefix, std::string& from,
                        std::map<std::string, Bytes>& out) const;

 private:
  class Impl;
  explicit LmdbEnvironment(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymount::cache
