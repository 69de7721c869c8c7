// SPDX-License-Identifier: MIT
//
// A table of [[route]] as files: source.csv, .tsv, .vot and .fits from one query. The rows come once and are kept in
// the cache as they are; each file is written from them when it is first opened, and kept as well. Bytes like all
// others: shared by their openers, counted by the janitor, here after a remount.
#pragma once

#include "cache/base/synchronized.h"
#include "vo/archive.h"
#include "vo/sources.h"

#include <map>
#include <memory>
#include <string>

namespace skymount::vo {

/// Which tables came truncated, so that their folder lists the file that holds what came. Thread-safe.
class TruncatedTables {
 public:
  /// `store` may be null: then only this mount knows.
  TruncatedTables(std::shared_ptr<cache::MetaStore> store, const std::string& archive);
  void note(const Entry& table, bool truncated);
  /// Of any of a table's entries.
  bool has(const Entry& table) const;

 private:
  std::string key(const Entry& table) const;
  const std::shared_ptr<cache::MetaStore> store_;
  const std::string archive_;
  mutable Synchronized<std::map<std::string, bool>> known_;
};

/// What table_maker() works with. `owner` holds `sources` and `truncated`; once it is gone, nothing is made any more.
struct TableParts {
  std::shared_ptr<Archive> archive;
  Sources& sources;
  TruncatedTables& truncated;
  std::weak_ptr<void> owner;
};

/// Makes the entries of table_entry().
/// Opening one fails as Archive::table does, and with
///   corrupt    the archive's answer is truncated; the message has the counts and names the file that holds what came
///   not_found  the incomplete file of a table that is whole
Sources::Maker table_maker(TableParts parts);

}  // namespace skymount::vo
