// SPDX-License-Identifier: MIT
//
// The tree: which names a folder has, and what a name in it stands for. Knows places, not inodes; knows the catalogs,
// not the network. Each question can be asked with or without patience: without, what memory cannot answer is
// `would_wait`.
#pragma once

#include "cache/base/fetch_context.h"
#include "fs/tree/error_journal.h"
#include "fs/tree/facets.h"
#include "fs/tree/node.h"

#include <optional>
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
  bool symlink = false;
};

/// A FolderItem as it is looked at; `name` points into the contents.
struct ShownItem {
  std::string_view name;
  bool folder = false;
  std::uint64_t ino = 0;
  bool symlink = false;
};

/// Whoever wants all of it goes by size(), name() and item(); `items` is what it is made of.
struct FolderContents {
  std::vector<FolderItem> items;
  std::uint64_t version = 0;  ///< equal versions have equal items; 0: unknown, may change any time
  /// Of a question: behind the items come the datasets of its answer, tens of thousands maybe, of which no items are
  /// made.
  vo::ListingPtr listing{};
  std::string dataset_key{};  ///< what the key of a dataset's place begins with, before its name

  std::size_t size() const { return items.size() + (listing ? listing->datasets.size() : 0); }
  /// `index` below size(). `ino`, below, costs a hash.
  std::string_view name(std::size_t index) const;
  ShownItem item(std::size_t index) const;
  /// The dataset that item `index` is; nothing when it is another thing.
  std::optional<std::uint32_t> dataset(std::size_t index) const;
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
  /// What item `index` of `contents`, which are `folder`'s, stands for. Asks memory only; not_found when it is not
  /// there any more, would_wait when that is not known.
  Result<Place> item(const Place& folder, const FolderContents& contents, std::size_t index) const;

  /// The text of a generated file, except those of .skymount.
  Result<std::string> text(const Place& file, Patience patience) const;

  /// mkdir: keeps a question, so that its folder is listed from now on.
  /// Errors  read_only: the name is no question, or this is no place for one; exists; as child().
  Result<Place> make_folder(const Place& folder, std::string_view name, Patience patience) const;
  /// rmdir: the question is not listed any more; it can be entered as before. What it was is returned.
  /// Errors  read_only: it was never kept; not_empty: questions below it are kept.
  Result<Place> remove_folder(const Place& folder, std::string_view name) const;
  /// Whether a folder is there only because somebody asks for it: a question that is not kept. mkdir may make it.
  static bool is_unsaved_query(const Place& place);
  /// Takes note that the question's folder, or something in it, was opened: recent/ leads there.
  static void remember_query(const Place& in_it);

  /// Takes note that a file was opened: used cutouts are listed.
  static void remember_cutout(const Place& file);

  Result<vo::ListingPtr> listing_of(const Place& place, Patience patience) const;
  /// `siblings`: whether the links of the answer's other datasets are wanted as well.
  Result<vo::DatasetFolderPtr> folder_of(const Place& place, Patience patience,
                                         vo::Siblings siblings = vo::Siblings::walked) const;
  /// What may be tried when a data file cannot be had as its links say: they may have expired.
  static vo::Renew renewal_of(const Place& file);

 private:
  Result<Place> child_of_root(const Place& folder, std::string_view name) const;
  Result<Place> child_of_archive(const Place& folder, std::string_view name, Patience patience) const;
  static Result<Place> child_of_recent(const Place& folder, std::string_view name);
  Result<Place> child_of_route(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_group(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_query(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_dataset(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_cutouts(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_flat(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> child_of_facet(const Place& folder, std::string_view name, Patience patience) const;
  Result<Place> query_below(const Place& folder, std::string_view component, Patience patience) const;
  FolderContents contents_of_root() const;
  static FolderContents contents_of_archive(const Place& folder);
  static FolderContents contents_of_recent(const Place& folder);
  /// The questions that are kept right below an archive's or a question's folder.
  static void add_saved(FolderContents& contents, const Place& folder);
  Result<FolderContents> contents_of_facet(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_route(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_query(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_dataset(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_cutouts(const Place& folder, Patience patience) const;
  Result<FolderContents> contents_of_flat(const Place& folder, Patience patience) const;
  Result<std::string> flat_errors_text(const Place& file, Patience patience) const;
  /// best.EXT of a dataset's own folder; nothing when there is no file that could be it.
  std::optional<Place> best_of(const Place& folder, const vo::DatasetFolder& links) const;
  Result<std::string> count_text(const Place& file, Patience patience) const;
  Result<std::string> route_count_text(const Place& file, Patience patience) const;
  static Result<vo::Count> count_of(const Place& file, const vo::Query& query, Patience patience);
  Result<FacetPtr> facet_of(const Place& folder, const vo::Listing& listing, Patience patience) const;

  std::vector<std::shared_ptr<MountedArchive>> archives_;
  ErrorJournal& journal_;
  mutable FacetShelf facets_;
};

/// What a name below the spot stands for; nothing: no route goes there. Asks nobody. Errors  invalid: a value that is
/// not of its hole's type.
Result<std::optional<Place>> routed_child(const Place& folder, const vo::RouteSpot& spot, std::string_view name);
/// The names that can be told below the spot: literal ones, tables, and listed values.
void add_routed(FolderContents& contents, const Place& folder, const vo::RouteSpot& spot);

/// `folder`'s path with `name` appended, and all else inherited.
Place below(const Place& folder, std::string_view name, PlaceKind kind);
Place generated_below(const Place& folder, GeneratedKind kind);
Place data_below(const Place& folder, std::string_view name, vo::Entry entry);
Place symlink_below(const Place& folder, std::string_view name, std::string target);

/// How a folder shows what lies in it.
FolderItem item_for(const Place& place, std::string_view name);
void add_generated(FolderContents& contents, const Place& folder, GeneratedKind kind);
void add_folder(FolderContents& contents, const Place& folder, std::string_view name, PlaceKind kind);
/// All datasets of a listing; nothing can be added behind them.
void add_datasets(FolderContents& contents, const Place& folder, vo::ListingPtr listing);
/// not_found, in words.
tl::unexpected<Error> no_such(const Place& folder, std::string_view name);
/// A version for contents that have no other: equal names, equal versions.
std::uint64_t version_of(const std::vector<FolderItem>& items);
/// Names that shells, desktops and other systems look for in every folder (".git", "desktop.ini"): nothing of ours and
/// nothing of an archive is ever called so, which is why they are answered without asking anybody.
bool is_probe(std::string_view name);

}  // namespace skymount::fs
