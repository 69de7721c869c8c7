// SPDX-License-Identifier: MIT
//
// Changes to the index that wait for their commit. They lie over what is on disk: a reader asks here first. Plain data
// and pure functions; the lock belongs to Lmdb.
#pragma once

#include "cache/lmdb.h"

#include <array>
#include <map>
#include <memory>

namespace skymount::cache {

/// What a commit will do to one key.
struct Change {
  enum class Kind { put, erase, merge };
  Kind kind = Kind::erase;
  std::shared_ptr<const Bytes> bytes;  ///< the value, or what is merged into it; null when erased
  Lmdb::Merge merge = nullptr;

  /// The value after this change, given the value before; nothing when erased.
  std::optional<Bytes> over(std::optional<Bytes> before) const;
  /// This change followed by `later`, as one.
  Change followed_by(const Change& later) const;
};

/// Not thread-safe.
class GatheredChanges {
 public:
  using Keys = std::map<std::string, Change, std::less<>>;

  void add(Lmdb::Db db, std::string_view key, Change change);
  /// Removes and returns what is to become of a key.
  std::optional<Change> take(Lmdb::Db db, std::string_view key);
  const Change* find(Lmdb::Db db, std::string_view key) const;
  const Keys& of(Lmdb::Db db) const { return keys_[static_cast<std::size_t>(db)]; }
  /// Bytes that wait, roughly: what each change brought when it was added.
  std::uint64_t bytes() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }

 private:
  std::array<Keys, Lmdb::kDbCount> keys_;
  std::uint64_t bytes_ = 0;
};

}  // namespace skymount::cache
