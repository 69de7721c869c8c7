// SPDX-License-Identifier: MIT
//
// The steps of a checkup that ask the TAP service: is it there, where is ObsCore and what does it lack, does it keep
// to row limits, and which positional form does it understand.
#include "vo/checkup_run.h"
#include "vo/listing_builder.h"
#include "vo/protocol/tap.h"
#include "vo/protocol/vosi.h"
#include "vo/query/adql.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace skymount::vo {
namespace {

// Enough to have a dataset with a position and one with links among them.
constexpr std::uint64_t kSample = 5;
// When a service ignores MAXREC, as many rows as this make it certain.
constexpr std::uint64_t kIgnored = 50;
// The radius of the positional question, in degrees: small, so that few rows match, and there, so that the rungs
// differ.
constexpr double kRadius = 0.02;

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// The ObsCore columns that a mount uses, by what is lost without them. Source: ObsCore 1.1, table 5 (mandatory ones).
std::vector<std::string> missing_columns(const TableMeta& meta) {
  static constexpr std::array used = {"obs_publisher_did",
                                      "obs_id",
                                      "obs_collection",
                                      "dataproduct_type",
                                      "calib_level",
                                      "access_url",
                                      "access_format",
                                      "access_estsize",
                                      "s_ra",
                                      "s_dec",
                                      "s_fov",
                                      "s_region",
                                      "t_min",
                                      "t_max",
                                      "em_min",
                                      "em_max",
                                      "facility_name",
                                      "instrument_name"};
  std::vector<std::string> out;
  for (const char* column : used)
    if (!meta.column(column)) out.emplace_back(column);
  return out;
}

struct Sample {
  Table table;
  bool more = false;  ///< rows beyond those that MAXREC allows
};

Result<Sample> ask_sample(Checkup& run, const TapService& tap, const std::string& adql) {
  Sample out;
  Result<TapService::Answer> answer = tap.stream(
      {.query = adql, .language = run.archive.tap.language, .maxrec = kSample},
      [&](const TableMeta& meta) -> Result<void> {
        out.table.meta = meta;
        return {};
      },
      [&](const Row& row) -> Result<TapService::Next> {
        out.table.append(row);
        return out.table.size() > kIgnored ? TapService::Next::enough : TapService::Next::more;
      },
      run.within("a sample of datasets"));
  if (!answer) return fail(answer.error());
  out.more = out.table.size() > kSample;
  if (!answer->cut_short) out.table.meta = std::move(answer->meta);
  return out;
}

/// A dataset of the sample with a position.
std::optional<SkyPosition> a_position(const Listing& sample) {
  for (std::size_t i = 0; i < sample.table.size(); ++i) {
    const auto ra = to_number(sample.table.cell(i, "s_ra")), dec = to_number(sample.table.cell(i, "s_dec"));
    if (ra && dec && std::isfinite(*ra) && std::isfinite(*dec) && *ra >= 0 && *ra < 360 && std::fabs(*dec) <= 90)
      return SkyPosition{*ra, *dec};
  }
  return std::nullopt;
}

/// Which rung of the ladder an answer came from.
PositionForm form_of(const Listing& listing, const ArchiveOptions& archive) {
  const AdqlOptions adql{.table = archive.obscore.table,
                         .where = archive.obscore.where,
                         .order_by = archive.obscore.order_by,
                         .search_radius_deg = archive.obscore.search_radius_deg,
                         .id_columns = archive.obscore.id_columns,
                         .language = archive.tap.language};
  for (const PositionForm form : {PositionForm::intersects, PositionForm::contains, PositionForm::centre})
    if (to_adql(listing.query, form, adql) == listing.adql) return form;
  return PositionForm::box;
}

CheckStep judged_geometry(const Checkup& run, const Listing& listing) {
  CheckStep out;
  const PositionForm form = form_of(listing, run.archive);
  out.words = "pos=" + listing.query.canonical().substr(4) + ": " + std::to_string(listing.table.size()) +
              " rows, by the form \"" + std::string(to_text(form)) + "\"";
  if (listing.table.size() == 0) {
    out.verdict = Verdict::warn;
    out.words += ", although a dataset has that position";
    out.advice = "footprints (s_region) may be missing: set [obscore] form = \"centre\" in " + run.archive.config_file;
  } else if (form == PositionForm::contains) {
    out.verdict = Verdict::warn;
    out.words += ": it cannot intersect a footprint with a circle";
    out.advice = "nothing: with a radius, datasets that only touch the rim are missing, and INCOMPLETE.txt says so";
  } else if (form != PositionForm::intersects) {
    out.verdict = Verdict::warn;
    out.words += ": it cannot compute with footprints, so they are compared here";
    out.advice = "nothing: INCOMPLETE.txt tells what this may miss; [obscore] search_radius decides how far it looks";
  }
  return out;
}

}  // namespace

CheckStep check_tap(Checkup& run) {
  const TapService tap(run.http, run.archive.tap.url);
  const Result<Availability> there = fetch_availability(*run.http, tap.base(), run.within("availability"));
  if (there && !there->available) {
    run.blocked = "the archive says that it is not available";
    return failed_step(Error(Code::unavailable, run.blocked + (there->note.empty() ? "" : ": " + there->note)));
  }
  // A service without this document (it is optional) answers something else at once; silence is another matter.
  if (!there && there.error().code() == Code::timed_out) {
    run.blocked = "TAP does not answer";
    return failed_step(there.error());
  }
  const Result<TapCapabilities> can = fetch_capabilities(*run.http, tap.base(), run.within("capabilities"));
  CheckStep out;
  if (!can) {
    if (can.error().code() == Code::timed_out) run.blocked = "TAP does not answer";
    out = failed_step(can.error(), "is [tap] url right? It is what stands before /sync and /capabilities");
    if (run.blocked.empty()) out.verdict = Verdict::warn;  // queries may work all the same; the next step knows
    return out;
  }
  run.hard_rows = can->hard_rows;
  out.words = can->tap ? "answers" : "answers, and names no TAP among its capabilities";
  if (!can->tap) {
    out.verdict = Verdict::warn;
    out.advice = "is [tap] url right? It is what stands before /sync and /capabilities";
  }
  if (!can->languages.empty()) out.words += "; " + joined(can->languages);
  if (!can->geometry.empty()) out.words += "; geometry: " + joined(can->geometry);
  if (there && !there->note.empty()) out.words += "; it says: " + there->note;
  return out;
}

CheckStep check_obscore(Checkup& run) {
  const TapService tap(run.http, run.archive.tap.url);
  const std::string configured = run.archive.obscore.table;
  if (configured.empty()) {
    const Result<std::string> found =
        find_obscore_table(tap, run.archive.tap.language, run.within("looking for the ObsCore table"));
    if (!found) {
      run.blocked = "TAP answers no query";
      return failed_step(found.error(), "is [tap] url right?");
    }
    run.archive.obscore.table = *found;
  }
  const std::string& name = run.archive.obscore.table;
  const std::string& where = run.archive.obscore.where;
  const std::string adql = "SELECT * FROM " + name + (where.empty() ? "" : " WHERE (" + where + ")");
  Result<Sample> sample = ask_sample(run, tap, adql);
  if (!sample) {
    run.blocked = "there is no ObsCore table to ask";
    CheckStep out =
        failed_step(sample.error(), "the archive may have no ObsCore table, or call it otherwise: [obscore] table in " +
                                        run.archive.config_file);
    const Code code = sample.error().code();
    run.only_routes = !run.archive.routes.empty() && code != Code::timed_out && code != Code::unavailable;
    if (run.only_routes && configured.empty()) {
      out.verdict = Verdict::warn;
      out.advice = "nothing, when it has none: the folders of its [[route]]s are what it shows";
    }
    return out;
  }
  const TableMeta& meta = sample->table.meta;
  const std::vector<std::string> missing = missing_columns(meta);
  run.sample_cut = sample->more;
  CheckStep out;
  out.words =
      name + (configured.empty() ? "" : " (configured)") + ", " + std::to_string(meta.fields.size()) + " columns";
  if (!meta.column("obs_publisher_did") && !meta.column("obs_id") && !meta.column("access_url")) {
    run.blocked = "there is no ObsCore table to ask";
    out.verdict = Verdict::bad;
    out.words += ", and none of obs_publisher_did, obs_id and access_url among them";
    out.advice = "this is no ObsCore table: name the right one with [obscore] table in " + run.archive.config_file;
    return out;
  }
  if (!missing.empty()) {
    out.verdict = Verdict::warn;
    out.words += "; missing: " + joined(missing);
    out.advice = "nothing: keys of the path that need these columns fail, everything else works";
  }
  run.sample = build_listing({.query = {},
                              .adql = adql,
                              .service_url = run.archive.tap.url,
                              .asked_at = run.clock.now(),
                              .table = std::move(sample->table),
                              .shortfalls = {}},
                             run.archive.naming.dataset);
  if (run.sample->table.size() == 0) {
    out.verdict = Verdict::bad;
    out.words += ", and no row";
    out.advice = where.empty() ? "the archive's table is empty" : "no row satisfies [obscore] where";
    run.blocked = "the table is empty";
  }
  return out;
}

CheckStep check_maxrec(Checkup& run) {
  CheckStep out;
  const bool said = run.sample->table.meta.status.kind == QueryStatus::Kind::overflow;
  if (run.sample_cut) {
    out.verdict = Verdict::warn;
    out.words = "it ignores MAXREC and sends more rows than asked for";
    out.advice = "nothing: transfers are ended here, but each wide question costs the archive more than it should";
  } else if (run.sample->table.size() < kSample) {
    out.words = "the table has fewer rows than were asked for, so its limit cannot be seen";
  } else {
    out.words = said ? "it stops at MAXREC and says OVERFLOW"
                     : "it stops at MAXREC and does not say so; one row more than shown is asked for to notice";
  }
  if (run.hard_rows && *run.hard_rows <= run.archive.tap.maxrec) {
    out.verdict = Verdict::warn;
    out.words += "; it never sends more than " + std::to_string(*run.hard_rows) + " rows";
    out.advice = "set [tap] maxrec below that in " + run.archive.config_file + "; INCOMPLETE.txt then counts right";
  }
  return out;
}

CheckStep check_geometry(Checkup& run) {
  const std::optional<SkyPosition> position = a_position(*run.sample);
  if (!position) {
    CheckStep out;
    out.verdict = Verdict::warn;
    out.words = "no dataset of the sample has a position, so pos= was not tried";
    out.advice = "nothing, if the archive is not one of positions";
    return out;
  }
  Query query;
  query.position = position;
  query.radius_deg = kRadius;
  query.limit = kSample;
  Archive archive(run.archive, run.http, nullptr, run.clock);
  Result<Listing> listing = archive.query(query, run.within("a position"));
  if (!listing)
    return failed_step(listing.error(), "if these words are about geometry, set [obscore] form = \"box\" in " +
                                            run.archive.config_file + " and tell us");
  CheckStep out = judged_geometry(run, *listing);
  if (!listing->datasets.empty()) run.around = std::move(*listing);
  return out;
}

}  // namespace skymount::vo
