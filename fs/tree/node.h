// SPDX-License-Identifier: MIT
//
// What a name in the tree stands for. A Place says what it is and is never changed; a Node is a Place that the kernel
// knows by a number, together with the version of the content that this number stands for.
#pragma once

#include "cache/base/synchronized.h"
#include "fs/tree/mounted_archive.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::fs {

enum class PlaceKind {
  root,
  control_folder,    ///< .skymount
  archive,           ///< /gavo
  query,             ///< /gavo/pos=...
  flat_folder,       ///< /gavo/pos=.../cutouts
  dataset,           ///< /gavo/pos=.../1890-05-03_DASCH_i00811
  semantics_folder,  ///< .../coderived
  links_folder,      ///< .../calSelector_raw2master: a links document that the dataset's links lead to
  cutout_folder,     ///< .../cutout
  facet,             ///< /gavo/pos=.../by-year
  facet_value,       ///< /gavo/pos=.../by-year/1890
  recent_folder,     ///< /gavo/recent
  route_folder,      ///< /eso/product=...: a folder that [[route]] describes
  route_group,       ///< /eso/product=.../ANCILLARY: some of its files
  symlink,           ///< leads to another name of this mount, by `target`
  generated,         ///< a text made here
  data,              ///< bytes of the archive
};

enum class FlatKind { cutouts, images, previews };

/// What the datasets of an answer can be sorted by.
enum class FacetKind { collection, year, instrument, type, band };

/// The files whose text is made here; the names are in fs/generated.
enum class GeneratedKind {
  root_readme,
  status_json,
  errors_log,
  config_toml,
  archive_readme,
  query_readme,
  results_vot,
  results_csv,
  query_adql,
  count_txt,
  incomplete,
  flat_errors,
  links_vot,
  dataset_json,
  errors_txt,
  cutout_readme,
  route_readme,
  link_report
};

struct Place {
  PlaceKind kind = PlaceKind::root;
  std::string path;  ///< as typed, from the mount's root: "/gavo/pos=1,2/x"
  MountedArchive* archive = nullptr;
  std::shared_ptr<const vo::Query> query;
  FlatKind flat = FlatKind::cutouts;
  vo::ListingPtr listing;                       ///< the answer in which the dataset was found
  std::uint32_t dataset = 0;                    ///< index into listing->datasets
  std::shared_ptr<const vo::LinksTrail> trail;  ///< into nested links documents; null: the dataset's own
  std::string folder;                           ///< semantics folder
  FacetKind facet = FacetKind::collection;
  std::string facet_value;        ///< name of a facet's folder
  std::string target;             ///< of a symlink: relative to the folder it lies in
  std::optional<WallTime> dated;  ///< a symlink's own time: when the question behind it was asked
  GeneratedKind generated = GeneratedKind::root_readme;
  std::shared_ptr<const vo::Entry> entry;
  std::shared_ptr<const vo::RouteSpot> spot;  ///< route_folder
  std::uint32_t report = 0;                   ///< link_report: which of the archive's

  bool is_symlink() const { return kind == PlaceKind::symlink; }
  bool is_folder() const { return kind != PlaceKind::generated && kind != PlaceKind::data && !is_symlink(); }
  const vo::Dataset& dataset_row() const { return listing->datasets[dataset]; }
  vo::LinksTrail way() const { return trail ? *trail : vo::LinksTrail{}; }

  /// What must be equal for two places to be the same inode: the path of a folder or a text, the identity of data.
  std::string key() const;
  bool same_key(const Place& other) const;
  /// st_ino: stable over remounts, whatever the version.
  std::uint64_t ino() const;
};

/// The inode of a place that has this key, roots excepted.
std::uint64_t ino_of_key(std::string_view key);

/// The version a node stands for, once it is known. Bound once, never changed: another version is another node.
struct Bound {
  std::string version;
  std::uint64_t size = 0;
};

using NodeId = std::uint64_t;  ///< what the kernel calls nodeid; 1 is the root, never used twice

struct Node {
  /// `inode`: what.ino().
  Node(NodeId number, Place what, std::uint64_t inode) : id(number), place(std::move(what)), ino(inode) {}
  const NodeId id;
  const Place place;
  const std::uint64_t ino;
  Synchronized<std::optional<Bound>> bound;
  mutable std::atomic<bool> shown_as_estimate{
      false};                             ///< the kernel may hold, or be about to take in, a size that was a guess
  std::atomic<bool> seen_undated{false};  ///< somebody saw the row's date on data that was not opened yet
  std::atomic<std::uint64_t> sent_listing_version{0};  ///< of the directory contents that the kernel holds
};
using NodePtr = std::shared_ptr<Node>;

}  // namespace skymount::fs
