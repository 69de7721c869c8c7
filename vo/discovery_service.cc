// SPDX-License-Identifier: MIT
#include "vo/discovery_service.h"

#include "vo/listing_builder.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/tap_answer.h"
#include "vo/row_intake.h"

namespace skymount::vo {
namespace {

/// What the service cannot be asked, in the listing's own words; nothing when it was asked as it stands.
std::optional<Shortfall> weaker(DiscoveryKind kind, const Query& query) {
  if (kind != DiscoveryKind::ssa || !query.position || query.radius_deg) return std::nullopt;
  return Shortfall{
      Shortfall::Kind::degraded_geometry,
      "Spectra have no footprint that could contain a position: those within one arc minute of it are shown. "
      "Give a radius for more, such as pos=RA,DEC,0.5."};
}

std::optional<Shortfall> told_elsewhere(std::uint64_t rows) {
  if (rows == 0) return std::nullopt;
  return Shortfall{
      Shortfall::Kind::fault,
      "The archive sent " + std::to_string(rows) +
          " rows that lie elsewhere than asked. They are not shown, and rows that do match may be missing."};
}

/// The rest of the query is decided row by row.
Query without_keys(const Query& query) {
  Query out;
  out.limit = query.limit;
  return out;
}

}  // namespace

std::optional<DiscoveryKind> discovery_of(const ArchiveOptions& options) {
  if (!options.tap.url.empty()) return std::nullopt;
  if (!options.ssa_url.empty()) return DiscoveryKind::ssa;
  if (options.sia_url.empty()) return std::nullopt;
  return options.sia_version == 1 ? DiscoveryKind::sia1 : DiscoveryKind::sia2;
}

const std::string& discovery_url(const ArchiveOptions& options) {
  if (!options.tap.url.empty()) return options.tap.url;
  return options.ssa_url.empty() ? options.sia_url : options.ssa_url;
}

DiscoveryService::DiscoveryService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http, const Clock& clock)
    : options_(options), http_(std::move(http)), clock_(clock) {}

Result<Listing> DiscoveryService::listing(DiscoveryKind kind, const Query& query, const FetchContext& ctx) const {
  const Result<Url> base = Url::parse(discovery_url(options_));
  if (!base) return fail(base.error());
  RowIntake intake(without_keys(query), PositionForm::intersects, {}, options_.tap.maxrec,
                   options_.memory_bytes / kTableShare);
  std::vector<std::pair<std::string, std::string>> parameters;
  const std::string written = lower(base->query());
  for (auto& [name, value] : discovery_parameters(kind, query, intake.maxrec()))
    if (("&" + written).find("&" + lower(name) + "=") == std::string::npos) parameters.emplace_back(name, value);
  HttpRequest request;
  request.url = base->with_parameters(parameters);
  const std::string where = std::string(to_text(kind)) + " query to " + base->redacted();

  std::optional<DiscoveryRows> rows;
  std::uint64_t elsewhere = 0;
  const TapService::OnMeta begin = [&](const TableMeta& meta) -> Result<void> {
    rows.emplace(kind, meta);
    intake.begin(rows->meta());
    return {};
  };
  const TapService::OnRow take = [&](const Row& cells) -> Result<TapService::Next> {
    const Row row = rows->row(cells);
    if (lies_elsewhere(kind, query, rows->meta(), row)) {
      ++elsewhere;
      return TapService::Next::more;
    }
    return discovery_matches(query, rows->meta(), row) ? intake.take(row, ctx) : TapService::Next::more;
  };
  TapAnswerIntake answer(begin, take);
  const auto sent = http_->send(
      request, [&](const HttpResponse& response) { return answer.header(response); },
      [&](ByteView piece) { return answer.body(piece); }, ctx);
  if (!sent && !answer.enough()) return fail(sent.error().during(where));
  Result<TapService::Answer> ended = answer.finish();
  if (!ended) return fail(std::move(ended).error().during(where));
  // The metadata at the end is the service's own; ours has other columns and the same status.
  if (rows) {
    TableMeta shown = rows->meta();
    shown.status = ended->meta.status;
    shown.oddities = ended->meta.oddities;
    shown.row_count = ended->meta.row_count;
    ended->meta = std::move(shown);
  }
  intake.finish(std::move(*ended));
  ListingParts parts;
  parts.query = query;
  parts.adql = "GET " + request.url.redacted();
  parts.service_url = discovery_url(options_);
  parts.asked_at = clock_.now();
  parts.shortfalls = shortfalls_of(intake, without_keys(query), PositionForm::intersects, {}, intake.shown());
  if (auto said = weaker(kind, query)) parts.shortfalls.push_back(std::move(*said));
  if (auto said = told_elsewhere(elsewhere)) parts.shortfalls.push_back(std::move(*said));
  const auto turns = intake.take_turns();
  parts.table = intake.take_table();
  return build_listing(std::move(parts), options_.naming.dataset);
}

}  // namespace skymount::vo
