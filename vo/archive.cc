// SPDX-License-Identifier: MIT
#include "vo/archive.h"

#include "vo/cutouts.h"
#include "vo/discovery_service.h"
#include "vo/links_service.h"
#include "vo/listing_builder.h"
#include "vo/obscore_service.h"
#include "vo/protocol/dali.h"
#include "vo/route_service.h"

#include <utility>

namespace skymount::vo {

class Archive::Impl {
 public:
  Impl(ArchiveOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
       const Clock& clock)
      : options_(std::move(options)),
        http_(std::move(http)),
        clock_(clock),
        obscore_(options_, http_, store, clock),
        discovery_(options_, http_, clock),
        routes_(options_, http_, store, obscore_.jobs(), clock),
        links_(options_, http_, store, clock) {}

  Result<void> can_ask(const Query& query) const {
    if (query.target && !query.position) {
      return fail(Code::unsupported,
                  "target=" + words_of(*query.target, 60) + " is not resolved to a position; use pos=RA,DEC");
    }
    if (discovery_url(options_).empty())
      return fail(Code::unsupported, options_.name + " has no [tap], [ssa] or [sia] url: it cannot be queried");
    return {};
  }

  Result<Count> count(const Query& query, const FetchContext& ctx) {
    if (query.route) return routes_.count(query, ctx);
    if (Result<void> can = can_ask(query); !can) return fail(can.error());
    if (const auto kind = discovery_of(options_)) return counted(discovery_.listing(*kind, query, ctx));
    Result<Count> out = obscore_.count(query, ctx);
    if (!out) return fail(std::move(out).error().during("counting " + options_.name + " " + query.canonical()));
    return out;
  }

  /// Such services do not count; what they list is counted.
  static Result<Count> counted(const Result<Listing>& listing) {
    if (!listing) return fail(listing.error());
    Count out;
    out.rows = listing->table.size();
    out.asked_at = listing->asked_at;
    std::uint64_t bytes = 0;
    for (const Dataset& dataset : listing->datasets) bytes += dataset.size_estimate.value_or(0);
    if (bytes > 0) out.bytes = bytes;
    if (!listing->shortfalls.empty()) out.words = "The list that was counted lacks rows; see INCOMPLETE.txt.\n";
    return out;
  }

  Result<Listing> query(const Query& query, const FetchContext& ctx) {
    if (query.route) return routes_.listing(query, ctx);
    if (Result<void> can = can_ask(query); !can) return fail(can.error());
    if (const auto kind = discovery_of(options_)) return discovery_.listing(*kind, query, ctx);
    Result<ObscoreAnswer> answer = obscore_.rows(query, ctx);
    if (!answer) return fail(std::move(answer).error().during("listing " + options_.name + " " + query.canonical()));
    const TableMeta& meta = answer->table.meta;
    if (!meta.column("obs_publisher_did") && !meta.column("access_url") && !meta.column("obs_id")) {
      return fail(Code::corrupt, options_.name +
                                     ": the answer is no ObsCore table: it has neither obs_publisher_did nor obs_id "
                                     "nor access_url; [obscore] table in the configuration names the right one");
    }
    return build_listing({.query = query,
                          .adql = std::move(answer->adql),
                          .service_url = options_.tap.url,
                          .asked_at = clock_.now(),
                          .table = std::move(answer->table),
                          .shortfalls = std::move(answer->shortfalls)},
                         options_.naming.dataset);
  }

  Result<DatasetFolder> folder(const Listing& listing, const Dataset& dataset, const FetchContext& ctx) {
    Result<DatasetFolder> out = links_.folder(listing, dataset, ctx);
    if (!out) return fail(std::move(out).error().during("links of " + words_of(dataset.name)));
    return out;
  }

  const ArchiveOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const Clock& clock_;
  ObscoreService obscore_;
  DiscoveryService discovery_;
  RouteService routes_;  // uses obscore_'s book of jobs
  LinksService links_;
};

Archive::Archive(ArchiveOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
                 const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(http), std::move(store), clock)) {}
Archive::~Archive() = default;

const ArchiveOptions& Archive::options() const {
  return impl_->options_;
}
const std::shared_ptr<HttpClient>& Archive::http() const {
  return impl_->http_;
}

Result<Listing> Archive::query(const Query& query, const FetchContext& ctx) {
  return impl_->query(query, ctx);
}

Result<Count> Archive::count(const Query& query, const FetchContext& ctx) {
  return impl_->count(query, ctx);
}

Result<DatasetFolder> Archive::folder(const Listing& listing, const Dataset& dataset, const FetchContext& ctx) {
  return impl_->folder(listing, dataset, ctx);
}

std::optional<DatasetFolder> Archive::folder_of_row(const Listing& listing, const Dataset& dataset) const {
  return impl_->links_.folder_of_row(listing, dataset);
}

Result<TapService::Answer> Archive::table(const RouteCall& call, const TapService::OnMeta& on_meta,
                                          const TapService::OnRow& on_row, const FetchContext& ctx) {
  return impl_->routes_.table(call, on_meta, on_row, ctx);
}

RoutePtr Archive::route(std::string_view written) const {
  return impl_->routes_.route(written);
}

std::vector<RunningJob> Archive::jobs() const {
  return impl_->obscore_.jobs().running();
}

void Archive::end_jobs(std::chrono::milliseconds budget) {
  impl_->obscore_.jobs().end(budget);
}

LinksService& Archive::links() const {
  return impl_->links_;
}

Result<Entry> Archive::cutout(const DatasetFolder& folder, const Dataset& dataset, std::string_view name) const {
  return cutout_entry(folder, dataset, name, cut_defaults(impl_->options_));
}

Result<Entry> Archive::field_cutout(const DatasetFolder& folder, const Dataset& dataset, const Query& query) const {
  return field_cutout_entry(folder, dataset, query, cut_defaults(impl_->options_));
}

}  // namespace skymount::vo
