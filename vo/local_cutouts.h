// SPDX-License-Identifier: MIT
//
// Opens cutouts that may be made here: by the archive's service when there is one and it works, else from the file
// itself, of which only headers are read until somebody reads pixels. Remembers who made it, as part of its version.
#pragma once

#include "cache/base/clock.h"
#include "vo/archive_options.h"
#include "vo/fits/wall/workers.h"
#include "vo/local_cut.h"
#include "vo/lru.h"
#include "vo/service_failures.h"
#include "vo/source_knowledge.h"
#include "vo/sources.h"

#include <functional>
#include <memory>

namespace skymount::vo {

/// How files are opened that are no cutouts.
struct OpensFiles {
  std::function<Result<std::shared_ptr<cache::ContentReader>>(const Entry&, const FetchContext&, const Renew&)> open;
  std::function<std::shared_ptr<cache::ContentReader>(const Entry&, const Renew&)> open_in_memory;
};

/// Opens what something else is made of. Whoever reads that has not opened this: the date that it was shown under
/// before stays (Sources::keep_date).
Result<std::shared_ptr<cache::ContentReader>> open_original(const OpensFiles& files, FileRecords& records,
                                                            const Entry& of, const FetchContext& ctx,
                                                            const Renew& renew);

/// Thread-safe. One per archive.
class LocalCutouts {
 public:
  using Reader = std::shared_ptr<cache::ContentReader>;

  /// `workers` may be null: then nothing is made here.
  LocalCutouts(std::string archive, Lifetimes ttl, std::uint64_t max_bytes, std::shared_ptr<Workers> workers,
               std::shared_ptr<Knowledge> knowledge, cache::BlockCache& blocks, const Clock& clock, OpensFiles files);

  /// Of an entry that has `local`. A service that failed is left alone for Lifetimes::negative, whatever is ordered of
  /// it, as long as orders can be met here. When it has not answered after half of ctx's time, the cutout is made here
  /// meanwhile, and whichever is there first is taken. Errors  of the service when only that could be tried; else
  /// plan_cutout()'s, with the service's failure beside it.
  Result<Reader> open(const Entry& entry, const FetchContext& ctx, const Renew& renew);
  /// As Sources::open_in_memory.
  Reader open_in_memory(const Entry& entry, const Renew& renew);

 private:
  Result<Reader> ask_service(const Entry& entry, const FetchContext& ctx, const Renew& renew);
  Result<Reader> make_instead(const Entry& entry, const Error& why, const FetchContext& ctx, const Renew& renew);
  Result<void> check_served(const Entry& entry, const Reader& served, const FetchContext& ctx, const Renew& renew);
  struct Hedged {
    Result<Reader> served;
    Reader made;  ///< when it was there first
  };
  Hedged serve_or_make(const Entry& entry, const FetchContext& ctx, const Renew& renew);
  Result<Reader> make_guarded(const Entry& entry, const FetchContext& ctx, const Renew& renew);
  Result<Reader> make(const Entry& entry, const FetchContext& ctx, const Renew& renew);
  Result<Reader> inside(const Entry& of, const Reader& file, const FetchContext& ctx, const Renew& renew);
  bool is_whole_file(const Entry& entry, const cache::ContentReader& served, const FetchContext& ctx,
                     const Renew& renew);
  std::optional<FileRecord> made_before(const Entry& entry) const;
  Reader reader_of(const Entry& entry, const std::string& version, std::shared_ptr<const CutPlan> plan,
                   const Reader& original);

  const std::string archive_;
  const Lifetimes ttl_;
  const std::uint64_t max_bytes_;
  const std::shared_ptr<Workers> workers_;
  const std::shared_ptr<Knowledge> knowledge_;
  cache::BlockCache& blocks_;
  const Clock& clock_;
  const OpensFiles files_;
  ServiceFailures services_;
  // By identity and version. A plan is mostly its header: some ten kB.
  Synchronized<Lru<std::shared_ptr<const CutPlan>>> plans_{Lru<std::shared_ptr<const CutPlan>>(200, 4'000'000)};
};

/// Of a ContentId: it was made on this machine.
bool is_made_here(std::string_view version);

}  // namespace skymount::vo
