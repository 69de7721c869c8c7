// SPDX-License-Identifier: MIT
//
// target=M31 becomes a position: Sesame is asked once, then the answer is remembered for a month, because objects do
// not move. One resolver serves all archives of a mount.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/fetch_context.h"
#include "cache/meta_store.h"
#include "vo/archive_options.h"
#include "vo/query/query.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::vo {

/// Where a name is, and who says so.
struct Resolved {
  SkyPosition position;
  std::string name;      ///< as the resolver knows it: "M 31"
  std::string resolver;  ///< "Simbad (CDS, via client/server)"
  std::string url;       ///< of the service that was asked
  WallTime asked_at{};
  std::string remark = {};  ///< as in SesameAnswer
  bool stale = false;       ///< past its time to live
};

/// For LMDB. What does not read back completely counts as absent.
Bytes pack(const Resolved& resolved);
std::optional<Resolved> unpack_resolved(ByteView bytes);

/// Thread-safe.
class Resolver {
 public:
  /// `store` may be null. `http` has its own connections and circuit breaker; with --offline it is the one that asks
  /// nobody. `negative`: how long "no such object" is believed.
  Resolver(ResolverOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
           const Clock& clock, std::chrono::milliseconds negative = std::chrono::minutes(10));
  ~Resolver();

  /// What memory holds; never waits.
  std::optional<Resolved> in_memory(std::string_view name) const;
  /// Memory, then LMDB, then the services in their order: the next one when one does not answer in its share of the
  /// time (a third of the budget).
  /// Errors  not_found: nobody knows the name, with the resolver's words; unavailable, timed_out: nobody could be asked
  ///         and the name was never asked before.
  Result<Resolved> resolve(std::string_view name, const FetchContext& ctx);

  /// `query` with the position of its target filled in; unchanged without a target. The canonical text stays that of
  /// the target, so all spellings share one listing whatever digits a resolver gives.
  Result<Query> complete(Query query, const FetchContext& ctx);
  /// The same from memory alone; nothing when somebody would have to be asked.
  std::optional<Query> complete_in_memory(Query query) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymount::vo
