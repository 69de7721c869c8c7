// SPDX-License-Identifier: MIT
#include "vo/route_service.h"

#include "vo/protocol/dali.h"
#include "vo/route_listing.h"
#include "vo/row_intake.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// A table file is asked for as a whole. A bound is sent because without one many services answer with 2,000 rows; this
// one is beyond what any of them allows, so that it is theirs that holds, and they say so.
constexpr std::uint64_t kTableMaxrec = 1'000'000'000;

UwsPace pace_of(const ArchiveOptions& options) {
  UwsPace pace;
  pace.wait = std::min(pace.wait, std::chrono::duration_cast<std::chrono::seconds>(options.limits.first_byte / 2));
  return pace;
}

}  // namespace

/// What a call asks.
struct RouteService::Asked {
  RoutePtr route;
  std::string adql;
};

RouteService::RouteService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http,
                           std::shared_ptr<cache::MetaStore> store, JobBook& jobs, const Clock& clock)
    : options_(options), clock_(clock), tap_(std::move(http), options.tap.url, pace_of(options)), jobs_(jobs) {
  for (const char* word : {"auto", "sync", "async"}) {
    ArchiveOptions with = options_;
    with.tap.mode = word;
    modes_[word] = std::make_unique<TapModes>(with, store, clock);
  }
}

RoutePtr RouteService::route(std::string_view written) const {
  const auto found = std::find_if(options_.routes.begin(), options_.routes.end(),
                                  [&](const RoutePtr& route) { return route->written == written; });
  return found == options_.routes.end() ? nullptr : *found;
}

Result<RouteService::Asked> RouteService::asked(const RouteCall& call) const {
  Asked out{route(call.route), {}};
  if (!out.route) return fail(Code::not_found, options_.name + " has no [[route]] \"" + call.route + "\" any more");
  Result<std::string> adql = route_adql(*out.route, call);
  if (!adql) return fail(std::move(adql).error());
  out.adql = std::move(*adql);
  return out;
}

TapRequest RouteService::request(const Route& route, std::string adql, std::uint64_t maxrec, TapMode mode) const {
  return {.query = std::move(adql),
          .language = route.language.empty() ? options_.tap.language : route.language,
          .maxrec = maxrec,
          .mode = mode,
          .execution_duration = options_.tap.execution_duration,
          .jobs = &jobs_};
}

Result<Listing> RouteService::listing(const Query& query, const FetchContext& ctx) {
  const Result<Asked> question = asked(*query.route);
  if (!question) return fail(question.error());
  const Route& route = *question->route;
  struct Attempt {
    ListingParts parts;
    std::vector<std::shared_ptr<void>> turns;
    std::optional<Error> fault;
  };
  const auto ask = [&](TapMode mode) -> Result<Attempt> {
    if (mode == TapMode::async) jobs_.tidy(ctx);
    const std::uint64_t maxrec = route.maxrec != 0 ? route.maxrec : options_.tap.maxrec;
    RowIntake intake(query, PositionForm::intersects, {}, maxrec, options_.memory_bytes / kTableShare);
    Result<TapService::Answer> answer = tap_.stream(
        request(route, question->adql, intake.maxrec(), mode),
        [&](const TableMeta& meta) -> Result<void> {
          intake.begin(meta);
          return {};
        },
        [&](const Row& row) -> Result<TapService::Next> { return intake.take(row, ctx); }, ctx);
    if (!answer) return fail(std::move(answer).error());
    Attempt out;
    out.fault = answer->fault;
    intake.finish(std::move(*answer));
    out.parts.shortfalls = shortfalls_of(intake, query, PositionForm::intersects, {}, intake.shown());
    out.turns = intake.take_turns();
    out.parts.table = intake.take_table();
    return out;
  };
  Result<Attempt> out = modes(route).run<Attempt>(ctx, ask, [](const Attempt& attempt) { return attempt.fault; });
  if (!out) return fail(std::move(out).error().during("listing " + options_.name + " " + query.canonical()));
  // An id that no row has: the archive has no such thing. A filter (previews of a collection) may well be empty.
  const bool by_name = !query.route->values.empty();
  if (out->parts.table.size() == 0 && by_name && out->parts.shortfalls.empty()) {
    return fail(Code::not_found, options_.name + " knows nothing under " + query.canonical().substr(1));
  }
  out->parts.query = query;
  out->parts.adql = question->adql;
  out->parts.service_url = options_.tap.url;
  out->parts.asked_at = clock_.now();
  return build_route_listing(std::move(out->parts), route);
}

Result<Count> RouteService::numbers(const Route& route, std::string adql, const FetchContext& ctx) {
  Count out;
  out.adql = std::move(adql);
  // 2: one row is the answer; a second one would show that this was no aggregate.
  const Result<Table> table = modes(route).run<Table>(
      ctx, [&](TapMode mode) { return tap_.query(request(route, out.adql, 2, mode), ctx); },
      [](const Table&) { return std::optional<Error>(); });
  if (!table) return fail(table.error());
  const auto cell = [&](std::size_t column) {
    return column < table->meta.fields.size() ? to_number(table->cell(0, std::optional(column))) : std::nullopt;
  };
  const std::optional<double> rows = table->size() == 1 ? cell(0) : std::nullopt;
  // 1e15: beyond any archive, and still a whole number in a double.
  if (!rows || !(*rows >= 0) || *rows > 1e15)
    return fail(Code::corrupt, "the archive's answer to " + words_of(out.adql, 80) + " is no number of rows");
  out.rows = static_cast<std::uint64_t>(*rows);
  const std::optional<double> sum = cell(1), unit = size_unit(route);
  if (sum && unit && *sum > 0 && *sum * *unit < 1e18) out.bytes = static_cast<std::uint64_t>(*sum * *unit);
  out.asked_at = clock_.now();
  return out;
}

Result<Count> RouteService::count(const Query& query, const FetchContext& ctx) {
  const RoutePtr named = route(query.route->route);
  if (!named) return fail(Code::not_found, options_.name + " has no [[route]] \"" + query.route->route + "\" any more");
  const Result<std::string> adql = route_count_adql(*named, *query.route, true);
  if (!adql) return fail(adql.error());
  Result<Count> out = numbers(*named, *adql, ctx);
  // A column of sizes that cannot be summed up (texts) is no reason not to count.
  if (!out && out.error().code() == Code::invalid && size_unit(*named)) {
    const Result<std::string> plain = route_count_adql(*named, *query.route, false);
    if (plain)
      if (Result<Count> rows = numbers(*named, *plain, ctx)) out = std::move(rows);
  }
  if (!out) return fail(std::move(out).error().during("counting " + options_.name + " " + query.canonical()));
  return out;
}

Result<TapService::Answer> RouteService::table(const RouteCall& call, const TapService::OnMeta& on_meta,
                                               const TapService::OnRow& on_row, const FetchContext& ctx) {
  const Result<Asked> question = asked(call);
  if (!question) return fail(question.error());
  const Route& route = *question->route;
  const std::uint64_t maxrec = route.maxrec != 0 ? route.maxrec : kTableMaxrec;
  // Rows that were handed on cannot be taken back: the other way is only tried when none came.
  bool begun = false;
  const auto begin = [&](const TableMeta& meta) -> Result<void> {
    begun = true;
    return on_meta(meta);
  };
  const auto ask = [&](TapMode mode) -> Result<TapService::Answer> {
    if (begun) return fail(Code::corrupt, "the answer broke off");
    if (mode == TapMode::async) jobs_.tidy(ctx);
    return tap_.stream(request(route, question->adql, maxrec, mode), begin, on_row, ctx);
  };
  return modes(route).run<TapService::Answer>(ctx, ask,
                                              [](const TapService::Answer&) { return std::optional<Error>(); });
}

}  // namespace skymount::vo
