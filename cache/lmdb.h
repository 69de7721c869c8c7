// SPDX-License-Identifier: MIT
//
// The index of the cache: a few key-value databases in one LMDB environment. lmdb.cc is the only file that includes
// lmdb.h of the library.
//
// Writes are group commits: put() is visible to get() at once from memory, and a writer thread commits what has
// gathered every 100 ms. A crash loses at most that; a commit that fails (disk full) is logged and forgotten, because a
// cache that forgets is still a correct cache.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/result.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::cache {

struct LmdbOptions {
  std::uint64_t map_size = 1_GiB;  ///< where the map starts; address space, not disk. It doubles whenever it is full
  std::chrono::milliseconds commit_every{100};
  std::uint64_t commit_bytes = 32_MiB;  ///< this much gathered is committed without waiting
};

/// Thread-safe. One instance per directory and process: a second open() of a directory shares the first. Never used
/// across fork(): in a child every call fails or finds nothing.
class Lmdb {
 public:
  /// The databases. The first five and `jobs` are the MetaStore's rooms.
  enum class Db { listings, links, contents, services, saved, files, extents, jobs };
  static constexpr std::size_t kDbCount = 8;

  /// Joins what was written before with what is written now. Pure; associative and idempotent, because a change may be
  /// joined in memory, at commit, or both.
  using Merge = Bytes (*)(ByteView before, ByteView change);

  /// Opens or creates the environment in `dir`/index (0700, files 0600).
  /// Errors  unsupported: `dir` is on a network filesystem, or was written by another format of skymount; corrupt: not
  /// an
  ///         environment of ours, or damaged; denied, no_space, invalid: as the filesystem answers. The message names
  ///         the fix.
  static Result<std::shared_ptr<Lmdb>> open(const std::filesystem::path& dir, LmdbOptions options = {});
  ~Lmdb();
  Lmdb(const Lmdb&) = delete;
  Lmdb& operator=(const Lmdb&) = delete;

  /// Keys are 1 to 511 bytes. Values are below 4 GiB.
  std::optional<Bytes> get(Db db, std::string_view key) const;
  void put(Db db, std::string_view key, Bytes value);
  void erase(Db db, std::string_view key);
  /// Stores how(what is there, change); both processes of a shared directory keep what the other one added.
  void merge(Db db, std::string_view key, Bytes change, Merge how);

  /// The same as put(), on disk when it returns. Errors: no_space, corrupt, unavailable; then nothing was changed.
  Result<void> put_now(Db db, std::string_view key, Bytes value);

  /// Visits the records whose key begins with `prefix`, until `visit` returns false. No transaction is open and no lock
  /// is held while `visit` runs, so it may call back; what is written meanwhile may or may not be seen.
  using Visit = std::function<bool(std::string_view key, ByteView value)>;
  void each(Db db, std::string_view prefix, const Visit& visit) const;

  /// Commits what has gathered. Errors: no_space, corrupt, unavailable; the change is lost then.
  Result<void> flush();

  /// Commits that failed since open(), and why the last one did.
  struct Losses {
    std::uint64_t count = 0;
    std::string why;
  };
  Losses losses() const;

 private:
  class Impl;
  explicit Lmdb(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Refuses a filesystem whose statfs type is that of NFS, SMB, Lustre or another one on which LMDB's locks and maps are
/// not reliable. Apart from open() only so that it can be tested without such a mount.
Result<void> accept_filesystem(std::int64_t statfs_type, const std::filesystem::path& dir);

}  // namespace skymount::cache
