// SPDX-License-Identifier: MIT
#include "vo/row_intake.h"

#include "cache/base/text.h"
#include "vo/protocol/dali.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// Each becomes a paragraph; who warns of more has been heard.
constexpr std::size_t kMostWarnings = 5;

std::string capital(std::string words) {
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words;
}

std::vector<Shortfall> shortfalls_of_count(const RowIntake& intake, const Query& query, std::uint64_t shown) {
  std::vector<Shortfall> out;
  if (intake.over_limit()) {
    out.push_back({Shortfall::Kind::limit_asked, "limit=" + std::to_string(*query.limit) + " was asked for: " +
                                                     std::to_string(shown) + " rows are shown, and there are more."});
  }
  if (!intake.fault().empty()) {
    out.push_back(
        {Shortfall::Kind::fault, "The archive failed after " + std::to_string(intake.seen()) + " rows, of which " +
                                     std::to_string(shown) + " are shown; how many are missing it does not say. " +
                                     capital(intake.fault()) +
                                     ". It is asked again after [ttl] negative; a narrower query may succeed now: "
                                     "add time=, collection=, type= or a smaller radius."});
  }
  const std::string narrower = "Narrow the query: add time=, collection=, type= or a smaller radius";
  if (intake.over_maxrec()) {
    out.push_back({Shortfall::Kind::overflow, "The archive holds more rows than the " + std::to_string(intake.most()) +
                                                  " that are fetched at most, and " + std::to_string(shown) +
                                                  " are shown. " + narrower +
                                                  ", or raise [tap] maxrec in the archive's configuration."});
  }
  if (intake.stopped_early()) {
    out.push_back({Shortfall::Kind::overflow,
                   "The archive stopped at its own limit after " + std::to_string(intake.seen()) + " rows, and " +
                       std::to_string(shown) + " are shown; there may be more. " + narrower + "."});
  }
  return out;
}

std::string megabytes(std::uint64_t bytes) {
  return std::to_string((bytes + 999'999) / 1'000'000) + " MB";
}

/// Rows and cells that are left out because they are large.
void add_shortfalls_of_size(std::vector<Shortfall>& out, const RowIntake& intake, std::uint64_t shown) {
  const std::string rows = std::to_string(shown) + " rows are shown";
  if (intake.fullness() == TableRoom::Verdict::full) {
    out.push_back({Shortfall::Kind::overflow,
                   "The rows take more than the " + megabytes(intake.room().most()) +
                       " that one listing may take, a quarter of [cache] memory: " + rows +
                       ", and there are more. Narrow the question: add time=, collection=, type= or a smaller radius; "
                       "or raise [cache] memory in skymount.toml."});
  }
  if (intake.fullness() == TableRoom::Verdict::crowded) {
    out.push_back({Shortfall::Kind::fault,
                   "The rows take more than " + megabytes(intake.room().bytes()) +
                       ", and too many large listings were being made at once: " + rows +
                       ", and there are more. It is asked again after [ttl] negative; a narrower question is answered "
                       "now."});
  }
  if (const std::uint64_t cut = intake.shortened_rows(); cut > 0) {
    out.push_back({Shortfall::Kind::shortened,
                   "In " + std::to_string(cut) + " rows there are cells longer than " +
                       std::to_string(kLongestCell / 1024) +
                       " kB: texts are shortened and end in \"...\", lists and identifiers of that length are left "
                       "out, here and in results.vot and results.csv."});
  }
}

/// Rows that nobody asked for, and what is odd about the answer as a whole.
void add_shortfalls_of_answer(std::vector<Shortfall>& out, const RowIntake& intake, bool asked_by_route) {
  if (const std::uint64_t strange = intake.filter().strangers(); strange > 0) {
    out.push_back({Shortfall::Kind::fault,
                   "The archive answered " + std::to_string(strange) +
                       " rows that do not match the question: their text differs from what was asked for. They are not "
                       "shown, and rows that do match may be missing."});
  }
  if (const std::string& why = intake.asked_without(); !why.empty()) {
    out.push_back(
        {Shortfall::Kind::fault,
         "The archive was asked without your login, so that what only you may see is missing: " + words_of(why, 400)});
  }
  for (const std::string& oddity : intake.meta().oddities) {
    out.push_back({Shortfall::Kind::fault, "The archive's answer contradicts itself: " + words_of(oddity, 300) +
                                               ". What is shown may not be all."});
  }
  if (asked_by_route && !intake.meta().misfits.empty()) {
    out.push_back({Shortfall::Kind::remark, "In the archive's answer " + words_of(intake.meta().misfits, 300) +
                                                "; in results.vot and results.csv these are empty."});
  }
  std::size_t warnings = 0;
  for (const Info& info : intake.meta().infos) {
    if (!same_word(trim(info.name), "warning") || ++warnings > kMostWarnings) continue;
    const std::string both = info.value + (info.value.empty() || info.text.empty() ? "" : ": ") + info.text;
    out.push_back({Shortfall::Kind::remark, "The archive warns of its answer: " + words_of(both, 300)});
  }
}

std::optional<Shortfall> shortfall_of_form(const RowIntake& intake, const Query& query, PositionForm form,
                                           const AdqlOptions& adql) {
  if (!query.position || form == PositionForm::intersects) return std::nullopt;
  if (form == PositionForm::contains) {
    if (!query.radius_deg) return std::nullopt;  // the same question as the best form's
    return Shortfall{
        Shortfall::Kind::degraded_geometry,
        "The archive cannot intersect footprints with a circle. Shown are datasets that cover the centre of "
        "the circle or have their own centre in it; those that only touch its rim are missing. Ask several "
        "positions to find them."};
  }
  std::string words =
      "The archive has no footprint geometry. It was asked for centres within " +
      fixed_shortest(query.radius_deg.value_or(0) + adql.search_radius_deg) +
      " degrees of the position, and the footprints were compared here: " + std::to_string(intake.filter().outside()) +
      " rows lay outside. Datasets whose centre is farther away are missing even if they cover the "
      "position; raise [obscore] search_radius to find them.";
  if (const std::uint64_t bare = intake.filter().without_footprint(); bare > 0) {
    words += " " + std::to_string(bare) +
             " rows without any footprint are shown because their centre is that near; they " +
             "may not cover the position.";
  }
  return Shortfall{Shortfall::Kind::degraded_geometry, std::move(words)};
}

}  // namespace

RowIntake::RowIntake(const Query& query, PositionForm form, const AdqlOptions& adql, std::uint64_t maxrec,
                     std::uint64_t most_bytes)
    : filter_(query, form, adql), limit_(query.limit), most_(std::max<std::uint64_t>(maxrec, 1)), room_(most_bytes) {
  // Rows that are filtered here must not be cut there: the limit counts what is shown.
  if (limit_ && !filter_.active()) most_ = std::min(most_, *limit_);
}

void RowIntake::begin(const TableMeta& meta) {
  table_.meta = meta;
  filter_.bind(meta);
  for (const char* name : {"obs_publisher_did", "access_url"}) {
    if (const auto column = meta.column(name)) identities_.push_back(*column);
  }
}

TapService::Next RowIntake::take(const Row& row, const FetchContext& ctx) {
  ++seen_;
  if (seen_ > most_) {
    more_there_ = true;
    // The row asked for in excess ends the document by itself; more come only when the service ignores MAXREC.
    return seen_ > most_ + 1 ? TapService::Next::enough : TapService::Next::more;
  }
  if (!filter_.keep(row)) return TapService::Next::more;
  if (limit_ && table_.size() >= *limit_) {
    limited_ = true;
    return TapService::Next::more;
  }
  const std::optional<Row> brief = shortened(row, identities_);
  const Row& kept = brief ? *brief : row;
  fullness_ = room_.grow(weight_of(kept, identities_), ctx);
  if (fullness_ != TableRoom::Verdict::ok) return TapService::Next::enough;
  if (brief) ++shortened_rows_;
  table_.append(kept);
  return TapService::Next::more;
}

void RowIntake::finish(TapService::Answer answer) {
  const bool flagged = answer.meta.status.kind == QueryStatus::Kind::overflow;
  stopped_early_ = flagged && !answer.cut_short && seen_ < maxrec();
  if (answer.fault) fault_ = answer.fault->what();
  asked_without_ = answer.asked_without;
  if (!answer.cut_short || table_.meta.fields.empty()) table_.meta = std::move(answer.meta);
  table_.meta.row_count = table_.size();
}

std::vector<Shortfall> shortfalls_of(const RowIntake& intake, const Query& query, PositionForm form,
                                     const AdqlOptions& adql, std::uint64_t shown) {
  std::vector<Shortfall> out = shortfalls_of_count(intake, query, shown);
  add_shortfalls_of_size(out, intake, shown);
  add_shortfalls_of_answer(out, intake, query.route.has_value());
  if (auto degraded = shortfall_of_form(intake, query, form, adql)) out.push_back(std::move(*degraded));
  return out;
}

void describe(Count& count, const Query& query, PositionForm form, const AdqlOptions& adql) {
  const RowFilter filter(query, form, adql);
  count.at_most = filter.active();
  if (filter.footprints()) {
    count.words =
        "The archive counted centres near the position; rows whose footprint lies elsewhere are taken out "
        "when the folder is listed.";
  } else if (filter.active()) {
    count.words =
        "The archive counted by its own rules for wildcards, which may find more than the pattern means; "
        "such rows are taken out when the folder is listed.";
  }
}

}  // namespace skymount::vo
