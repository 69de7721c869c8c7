// SPDX-License-Identifier: MIT
//
// What was learned about files, by identity: in memory for inodes that must not wait, in LMDB so that a remount opens
// without asking.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"
#include "vo/http/range_source.h"
#include "vo/lru.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

struct FileRecord {
  LearnedFile learned;
  bool computed = false;   ///< a service's answer
  bool withdrawn = false;  ///< a fetch proved it wrong: the next open asks the archive
  bool dated = false;      ///< this version was shown under another date than its Last-Modified, which it keeps
  WallTime learned_at{};
};

Bytes pack(const FileRecord& record);
/// Without learned_at. Nothing when malformed or of another layout.
std::optional<FileRecord> unpack_file_record(ByteView bytes);

/// Thread-safe.
class FileRecords {
 public:
  /// `store` may be null: then memory is all. `asker`: whom the archive sees just now (HttpClient::identity); what was
  /// shown to others is not found.
  using Asker = std::function<std::string()>;
  FileRecords(std::string archive, std::shared_ptr<cache::MetaStore> store, Asker asker = {});

  /// That of the asker, else that of everybody. Reads LMDB at most once an identity while memory lasts.
  std::optional<FileRecord> get(const std::string& identity) const;
  /// What everybody may have takes the place of what the asker alone had.
  void put(const std::string& identity, const FileRecord& record);
  /// Marks the record as wrong when it is of this version.
  void withdraw(const std::string& identity, const std::string& version);
  /// The same, and that its archive does not answer ranges after all.
  void no_ranges(const std::string& identity, const std::string& version);
  /// The same, and that its folder has been shown with the observation's date.
  void keep_date(const std::string& identity, const std::string& version);
  /// Its Last-Modified is what is shown as its date.
  bool shows_last_modified(const std::string& identity) const;

 private:
  std::string asker() const { return asker_ ? asker_() : ""; }
  std::optional<FileRecord> get_of(const std::string& key, const std::string& auth) const;
  std::string stored_key(const std::string& key) const { return archive_ + "\n" + key; }

  const std::string archive_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Asker asker_;
  // An empty optional: LMDB was asked and has nothing. 200,000 entries of some 400 bytes: a walk through the largest
  // listing finds its second visit in memory.
  mutable Synchronized<Lru<std::optional<FileRecord>>> memory_{Lru<std::optional<FileRecord>>(200'000, 80'000'000)};
};

}  // namespace skymount::vo
