// SPDX-License-Identifier: MIT
#include "vo/obscore_service.h"

#include "vo/protocol/dali.h"
#include "vo/protocol/vosi.h"
#include "vo/row_filter.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

constexpr std::array kLadder = {PositionForm::intersects, PositionForm::contains, PositionForm::centre,
                                PositionForm::box};

/// Where an archive's own words begin in an error of vo/protocol.
constexpr std::string_view kSays = ": ";

std::optional<PositionForm> form_named(std::string_view name) {
  for (const PositionForm form : kLadder) {
    if (to_text(form) == name) return form;
  }
  return std::nullopt;
}

/// Collects the rows of one answer and knows when there were more.
class RowIntake {
 public:
  RowIntake(const Query& query, PositionForm form, const AdqlOptions& adql, std::uint64_t maxrec)
      : filter_(query, form, adql), limit_(query.limit), most_(std::max<std::uint64_t>(maxrec, 1)) {
    // Rows that are filtered here must not be cut there: the limit counts what is shown.
    if (limit_ && !filter_.active()) most_ = std::min(most_, *limit_);
  }

  /// One more than wanted shows whether there are more. Status OVERFLOW alone does not: some services say it when the
  /// row count equals MAXREC.
  std::uint64_t maxrec() const { return most_ + 1; }

  void begin(const TableMeta& meta) {
    table_.meta = meta;
    filter_.bind(meta);
  }

  TapService::Next take(const Row& row) {
    ++seen_;
    if (seen_ > most_) {
      more_there_ = true;
      // The row asked for in excess ends the document by itself; more come only when the service ignores MAXREC.
      return seen_ > most_ + 1 ? TapService::Next::enough : TapService::Next::more;
    }
    if (!filter_.keep(row)) return TapService::Next::more;
    if (limit_ && table_.size() >= *limit_) {
      limited_ = true;
    } else {
      table_.append(row);
    }
    return TapService::Next::more;
  }

  void finish(TapService::Answer answer) {
    const bool flagged = answer.meta.status.kind == QueryStatus::Kind::overflow;
    stopped_early_ = flagged && seen_ < maxrec();
    if (!answer.cut_short || table_.meta.fields.empty()) table_.meta = std::move(answer.meta);
    table_.meta.row_count = table_.size();
  }

  std::uint64_t seen() const { return std::min(seen_, most_); }
  std::uint64_t most() const { return most_; }
  bool over_limit() const { return limited_ || (more_there_ && limit_ && most_ == *limit_); }
  bool over_maxrec() const { return more_there_ && !(limit_ && most_ == *limit_); }
  bool stopped_early() const { return stopped_early_; }
  const RowFilter& filter() const { return filter_; }
  Table take_table() { return std::move(table_); }

 private:
  RowFilter filter_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t most_, seen_ = 0;
  bool more_there_ = false, limited_ = false, stopped_early_ = false;
  Table table_;
};

std::vector<Shortfall> shortfalls_of_count(const RowIntake& intake, const Query& query, std::uint64_t shown) {
  std::vector<Shortfall> out;
  if (intake.over_limit()) {
    out.push_back({Shortfall::Kind::limit_asked, "limit=" + std::to_string(*query.limit) + " was asked for: " +
                                                     std::to_string(shown) + " rows are shown, and there are more."});
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

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// `word` in `text` (both lower case), not inside a longer word: "point" is not in "endpoint".
bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word_part(text[at - 1])) && (end == text.size() || !is_word_part(text[end]))) return true;
  }
  return false;
}

/// `message` in lower case without the query that it quotes. 40: enough to recognise a quotation that was cut off.
std::string without_quotation(std::string_view message, std::string_view adql) {
  std::string text = lower(message);
  // Archives quote the query with their own blanks; words_of() folded those of the message.
  const std::string quoted = lower(words_of(adql, 100'000));
  const std::string start = quoted.substr(0, 40);
  for (std::size_t at; !start.empty() && (at = text.find(start)) != std::string::npos;) {
    std::size_t same = start.size();
    while (same < quoted.size() && at + same < text.size() && text[at + same] == quoted[same]) ++same;
    text.erase(at, same);
  }
  return text;
}

}  // namespace

bool names_geometry(std::string_view message, std::string_view adql) {
  const std::string text = without_quotation(message, adql);
  static constexpr std::array words = {"intersects", "contains",   "point",     "circle",    "s_region",  "polygon",
                                       "geometry",   "geometries", "geometric", "function",  "functions", "region",
                                       "spoint",     "scircle",    "spoly",     "spherical", "q3c",       "adqlgeo"};
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return has_word(text, word); });
}

ObscoreService::ObscoreService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http,
                               std::shared_ptr<cache::MetaStore> store, const Clock& clock)
    : options_(options), store_(std::move(store)), clock_(clock), tap_(std::move(http), options.tap.url) {
  Habits habits;
  if (const auto record = remembered("table")) {
    habits.table = as_text(record->value);
    habits.table_at = record->stored_at;
  }
  if (const auto record = remembered("form")) {
    habits.form = form_named(as_text(record->value));
    habits.form_at = record->stored_at;
  }
  habits_.with([&](Habits& known) { known = std::move(habits); });
}

std::optional<cache::MetaStore::Record> ObscoreService::remembered(std::string_view what) const {
  if (!store_) return std::nullopt;
  return store_->get(cache::MetaStore::Room::services, options_.name + "\n" + tap_.base() + "\n" + std::string(what));
}

void ObscoreService::remember(std::string_view what, std::string_view value) {
  if (!store_) return;
  const std::string key = options_.name + "\n" + tap_.base() + "\n" + std::string(what);
  // A service whose habits cannot be kept is asked about them again; that is no error.
  (void)store_->put(cache::MetaStore::Room::services, key, as_bytes(value));
}

Result<std::string> ObscoreService::table(const FetchContext& ctx) {
  if (!options_.obscore.table.empty()) return options_.obscore.table;
  const std::string known = habits_.with([&](const Habits& h) { return fresh(h.table_at) ? h.table : std::string{}; });
  if (!known.empty()) return known;
  Result<std::string> found = find_obscore_table(tap_, options_.tap.language, ctx);
  if (!found) return found;
  habits_.with([&](Habits& h) {
    h.table = *found;
    h.table_at = clock_.now();
  });
  remember("table", *found);
  return found;
}

PositionForm ObscoreService::first_form() const {
  if (const auto configured = form_named(options_.obscore.form)) return *configured;
  const auto known = habits_.with([&](const Habits& h) { return fresh(h.form_at) ? h.form : std::nullopt; });
  return known.value_or(PositionForm::intersects);
}

AdqlOptions ObscoreService::adql_options(const std::string& table) const {
  return {.table = table,
          .where = options_.obscore.where,
          .order_by = options_.obscore.order_by,
          .search_radius_deg = options_.obscore.search_radius_deg,
          .id_columns = options_.obscore.id_columns,
          .language = options_.tap.language};
}

Result<ObscoreAnswer> ObscoreService::ask(const Query& query, PositionForm form, const std::string& table_name,
                                          const FetchContext& ctx) {
  const AdqlOptions adql = adql_options(table_name);
  RowIntake intake(query, form, adql, options_.tap.maxrec);
  ObscoreAnswer out;
  out.adql = to_adql(query, form, adql);
  Result<TapService::Answer> answer = tap_.stream(
      {.query = out.adql, .language = options_.tap.language, .maxrec = intake.maxrec()},
      [&](const TableMeta& meta) -> Result<void> {
        intake.begin(meta);
        return {};
      },
      [&](const Row& row) -> Result<TapService::Next> { return intake.take(row); }, ctx);
  if (!answer) return fail(std::move(answer).error());
  intake.finish(std::move(*answer));
  out.table = intake.take_table();
  out.shortfalls = shortfalls_of_count(intake, query, out.table.size());
  if (auto degraded = shortfall_of_form(intake, query, form, adql)) out.shortfalls.push_back(std::move(*degraded));
  return out;
}

Result<ObscoreAnswer> ObscoreService::rows(const Query& query, const FetchContext& ctx) {
  if (options_.tap.mode == "async") {
    return fail(Code::unsupported, "asynchronous queries are not available; set [tap] mode = \"sync\"");
  }
  const Result<std::string> table_name = table(ctx);
  if (!table_name) return fail(table_name.error());
  const PositionForm first = first_form();
  std::optional<Error> reason;  // the best form's error: the later ones only tell how far we fell
  for (auto rung = std::find(kLadder.begin(), kLadder.end(), first); rung != kLadder.end(); ++rung) {
    Result<ObscoreAnswer> answer = ask(query, *rung, *table_name, ctx);
    if (answer) {
      if (query.position && *rung != first) {
        habits_.with([&](Habits& h) {
          h.form = *rung;
          h.form_at = clock_.now();
        });
        remember("form", to_text(*rung));
      }
      return answer;
    }
    if (!reason) reason = answer.error();
    if (answer.error().code() != Code::invalid) return fail(std::move(answer).error());
    std::string words = answer.error().what();  // without our own half of the story, in which the URL stands
    if (const std::size_t at = words.find(kSays); at != std::string::npos) words.erase(0, at + kSays.size());
    const std::string asked = to_adql(query, *rung, adql_options(*table_name));
    const bool configured = form_named(options_.obscore.form).has_value();
    if (!query.position || configured || !names_geometry(words, asked)) {
      const std::string said = without_quotation(words, asked);
      if (said.find("table") != std::string::npos || said.find(lower(*table_name)) != std::string::npos) {
        habits_.with([](Habits& h) { h.table.clear(); });  // perhaps it moved: looked for again next time
      }
      break;
    }
  }
  return fail(std::move(*reason));
}

}  // namespace skymount::vo
