// SPDX-License-Identifier: MIT
//
// The tree: which names a folder has, and what a name in it stands for. Knows places, not inodes; knows the catalogs,
// not the network. Each question can be asked with or without patience: without, what memory cannot answer is
// `would_wait`.
#pragma once

#include "cache/base/fetch_context.h"
#include "fs/tree/error_journal.h"
#include "fs/tree/node.h"

#include <string>
#include <string_view>
#include <vector>

namespace skymount::fs {

/// Null: memory only, never waits. Otherwise the budget, and the caller's wish to stop.
using Patience = const FetchContext*;

struct FolderItem {
  std::string name;
  bool folder = false;
  std::uint64_t ino = 0;
};

struct FolderContents {
  std::vector<FolderItem> items;
  std::uint64_t version = 0;  ///< equal versions have equal items; 0: unknown, may change any time
};

/// Thread-safe.
class Namespace {
 public:
  explicit Namespace(std::vector<std::shared_ptr<MountedArchive>> archives, ErrorJournal& journal);

  Place root() const;
  const std::vector<std::shared_ptr<MountedArchive>>& archives() const { return archives_; }

  /// What `name` in `folder` stands for.
  /// Errors  not_found, invalid (a bad value of a key), name_too_long; would_wait without patience; as the catalog
  /// says.
  Result<Place> child(const Place& folder, std::string_view name, Patience patience) const;

  /// The names of a folder.
  Result<FolderContents> contents(const Place& folder, Patience patience) const;

  /// The text of a generated file, except those of .skymount.
  Result<std::string> text(const Place& file, Patience patience) const;

  /// Takes note that a file was opened: used cutouts are listed.
  static void remember_cutout(const Place& file);

  Result<vo::ListingPtr> listing_of(const Place& place, Patience patience) const;
  Result<vo::DatasetFolderPtr> folder_of(const Place& place, Patience patience) const;

 private:
  Result<Place> child_of_root(const Place& folder, std::string_view name) const;
  Result<Place> child_of_archive(const Place& folder, std::string_view name) const;
  Result<Place> child_of_query(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_dataset(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_cutouts(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_flat(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> query_below(const Place& folder, std::string_view component) const;
  FolderContents contents_of_root() const;
  Result<FolderContents> contents_of_query(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_dataset(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_cutouts(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_flat(const Place& folder, Patience patience) const;
  Result<std::string> flat_errors_text(const Place& file, Patience patience) const;

  std::vector<std::shared_ptr<MountedArchive>> archives_;
  ErrorJournal& journal_;
};

/// `folder`'s path with `name` appended, and all else inherited.
Place below(const Place& folder, std::string_view name, PlaceKind kind);
Place generated_below(const Place& folder, GeneratedKind kind);
Place data_below(const Place& folder, std::string_view name, vo::Entry entry);

}  // namespace skymount::fs
