// SPDX-License-Identifier: MIT
//
// One archive as the mount holds it: its catalog, its sources, and the threads that may wait for its network. Threads
// are per archive, so that a dead archive can only hold up itself.
#pragma once

#include "cache/base/executor.h"
#include "fs/tree/recent_queries.h"
#include "fs/tree/saved_queries.h"
#include "fs/tree/used_cutouts.h"
#include "vo/auth/credential.h"
#include "vo/catalog.h"
#include "vo/resolver.h"
#include "vo/sources.h"
#include "vo/table_files.h"

#include <memory>
#include <string>

namespace skymount::fs {

/// Waiting threads of one archive. Listings and data have pools of their own: readers that wait for slow files do not
/// keep anybody from listing.
struct Lanes {
  // 16 and 32: more than the connections an archive allows (4), so that waiting callers join running transfers instead
  // of queueing behind one another; few enough that 20 dead archives stay about a thousand threads. 4: reading from
  // disk takes milliseconds, but making a table of it may take a second.
  explicit Lanes(const std::string& archive)
      : disk("disk " + archive, 4), listings("list " + archive, 16), data("data " + archive, 32) {}
  Executor disk;  ///< never waits for the archive: what is here does not queue behind questions that hang
  Executor listings;
  Executor data;
};

struct MountedArchive {
  MountedArchive(std::shared_ptr<vo::Archive> made, const std::shared_ptr<cache::MetaStore>& store,
                 cache::BlockCache& blocks, const Clock& clock, std::shared_ptr<vo::Workers> workers = nullptr)
      : archive(std::move(made)),
        catalog(archive, store, clock),
        used_cutouts(store),
        saved_queries(store, options().name),
        recent_queries(store, options().name, clock),
        truncated_tables(store, options().name),
        sources(options().name, options().limits, options().ttl, options().cutout.max_bytes, archive->http(), store,
                blocks, clock, std::move(workers), options().auth.kind != vo::AuthOptions::Kind::none),
        lanes(options().name) {}

  const vo::ArchiveOptions& options() const { return archive->options(); }
  const std::string& name() const { return archive->options().name; }

  std::shared_ptr<vo::Archive> archive;
  vo::CredentialPtr credential;            ///< set before serving; null: asked without
  std::shared_ptr<vo::Resolver> resolver;  ///< of all archives; set before serving; null: target= is refused
  vo::Catalog catalog;
  UsedCutouts used_cutouts;
  SavedQueries saved_queries;
  RecentQueries recent_queries;
  vo::TruncatedTables truncated_tables;
  vo::Sources sources;
  Lanes lanes;  // last: its threads end before what they use
};

}  // namespace skymount::fs
