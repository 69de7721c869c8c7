// SPDX-License-Identifier: MIT
//
// From an Entry to open bytes: what is known about its size and version, and the reader that serves it.
#pragma once

#include "cache/block_cache.h"
#include "cache/content_reader.h"
#include "cache/meta_store.h"
#include "vo/archive_options.h"
#include "vo/entry.h"
#include "vo/http/range_source.h"

#include <functional>
#include <memory>
#include <optional>

namespace skymount::vo {

/// What an inode shows without asking anybody.
struct KnownFile {
  std::uint64_t size = 0;  ///< exact, or an estimate, never 0 for an estimate (2880 when unknown)
  bool exact = false;
  std::string version;                        ///< ContentId::version when a version is known
  std::optional<std::int64_t> last_modified;  ///< to be shown as the file's date, see keep_date()
  std::string content_type, etag, filename;
  bool stale = false;                  ///< past its time to live: the next open asks whether it is still this version
  std::optional<WallTime> learned_at;  ///< when the archive told size and version
};

/// What may be tried when an entry cannot be had: the same entry as its archive lists it today. Nothing: it is as it
/// was. Errors  stale: it is not listed any more. Blocks; called without locks.
using Renew =
    std::function<Result<std::optional<Entry>>(const Entry& entry, const Error& why, const FetchContext& ctx)>;

class DerivedFiles;
class LocalCutouts;
class Workers;

/// Thread-safe. One per archive. Without `workers` no cutouts are made here.
class Sources {
 public:
  Sources(std::string archive, const Limits& limits, Lifetimes ttl, std::uint64_t max_cutout_bytes,
          std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store, cache::BlockCache& blocks,
          const Clock& clock, std::shared_ptr<Workers> workers = nullptr, bool with_credential = false);
  ~Sources();

  /// Who makes entries that no archive has as they are (Entry::table). Set before serving.
  using Maker = std::function<Result<OpenedRemote>(const Entry&, const FetchContext&)>;
  void set_maker(Maker maker);

  /// Memory only after the first call for an identity (then LMDB once); never the network.
  /// Not exact and without version when the next open will learn another one.
  KnownFile known(const Entry& entry) const;
  cache::ContentId content_id(const Entry& entry, const std::string& version) const;
  /// The entry was seen under another date before it was opened: its Last-Modified is not shown as long as it is this
  /// version, so that a date never changes by reading. Programs that compare dates (rsync) would copy the file again.
  void keep_date(const Entry& entry, const std::string& version);

  /// The reader of the entry's current version, with exact size, its first bytes in the cache. Costs no request when
  /// version and size are remembered and fresh, else one. Callers of one identity share one contact; when their budget
  /// ends (timed_out) it goes on and the next open joins it. A version that proved gone while it was read (stale,
  /// corrupt, not_found) is forgotten: the next call asks anew. Errors  as open_remote; the entry's own `error` gives
  /// denied without asking, unless there is a credential; no_space when an answer that can be had
  ///         once was kept neither on disk nor in memory; too_large for a body without length beyond the cache's limit.
  /// A version past its time to live of which every byte is here costs at most [limits] connect: when the archive has
  /// not answered by then it is served as it was, the question goes on, and the next open gets what it brings. After
  /// that, for a minute, such versions of the archive's files are served at once and asked about behind.
  /// An entry that is refused or not there is renewed once, at the open or while it is read.
  /// A cutout that can be made here (Entry::local) is, where no service makes it (vo/local_cutouts), so is what is
  /// made of one other file (vo/derived_files). Of such a one `renew` is for the file that it is made of.
  Result<std::shared_ptr<cache::ContentReader>> open(const Entry& entry, const FetchContext& ctx,
                                                     const Renew& renew = {});

  /// A reader without waiting, when one is open or all is remembered and fresh; null otherwise.
  std::shared_ptr<cache::ContentReader> open_in_memory(const Entry& entry, const Renew& renew = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
  std::unique_ptr<DerivedFiles> derived_;  // after what it opens files with
  std::unique_ptr<LocalCutouts> cutouts_;  // the same
};

}  // namespace skymount::vo
