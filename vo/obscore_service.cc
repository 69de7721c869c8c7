// SPDX-License-Identifier: MIT
#include "vo/obscore_service.h"

#include "vo/protocol/dali.h"
#include "vo/protocol/vosi.h"
#include "vo/row_intake.h"

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

/// A request that waits at the archive must be answered before it counts as one that is not.
UwsPace pace_of(const ArchiveOptions& options) {
  UwsPace pace;
  pace.wait = std::min(pace.wait, std::chrono::duration_cast<std::chrono::seconds>(options.limits.first_byte / 2));
  return pace;
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
    : options_(options),
      store_(std::move(store)),
      clock_(clock),
      tap_(http, options.tap.url, pace_of(options)),
      jobs_(options.name, http, store_, clock, options.ttl.listings),
      modes_(options_, store_, clock) {
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

TapRequest ObscoreService::request(std::string adql, std::uint64_t maxrec, TapMode mode) {
  return {.query = std::move(adql),
          .language = options_.tap.language,
          .maxrec = maxrec,
          .mode = mode,
          .execution_duration = options_.tap.execution_duration,
          .jobs = &jobs_};
}

Result<ObscoreService::Attempt> ObscoreService::ask_in(TapMode mode, const Query& query, PositionForm form,
                                                       const AdqlOptions& adql, const FetchContext& ctx) {
  if (mode == TapMode::async) jobs_.tidy(ctx);
  RowIntake intake(query, form, adql, options_.tap.maxrec, options_.memory_bytes / kTableShare);
  Attempt out;
  out.answer.adql = to_adql(query, form, adql);
  Result<TapService::Answer> answer = tap_.stream(
      request(out.answer.adql, intake.maxrec(), mode),
      [&](const TableMeta& meta) -> Result<void> {
        intake.begin(meta);
        return {};
      },
      [&](const Row& row) -> Result<TapService::Next> { return intake.take(row, ctx); }, ctx);
  if (!answer) return fail(std::move(answer).error());
  out.fault = answer->fault;
  intake.finish(std::move(*answer));
  out.answer.shortfalls = shortfalls_of(intake, query, form, adql, intake.shown());
  out.answer.turns = intake.take_turns();
  out.answer.table = intake.take_table();
  return out;
}

Result<ObscoreAnswer> ObscoreService::ask(const Query& query, PositionForm form, const std::string& table_name,
                                          const FetchContext& ctx) {
  const AdqlOptions adql = adql_options(table_name);
  Result<Attempt> out = modes_.run<Attempt>(
      ctx, [&](TapMode mode) { return ask_in(mode, query, form, adql, ctx); },
      [](const Attempt& attempt) { return attempt.fault; });
  if (!out) return fail(std::move(out).error());
  // A service that meets a footprint which it cannot compute with only after some rows: a lower rung shows them all.
  const bool may_step_down = query.position && !form_named(options_.obscore.form);
  if (out->fault && may_step_down && names_geometry(out->fault->what(), out->answer.adql)) {
    return fail(std::move(*out->fault));
  }
  return std::move(out->answer);
}

void ObscoreService::learn_form(PositionForm form) {
  habits_.with([&](Habits& h) {
    h.form = form;
    h.form_at = clock_.now();
  });
  remember("form", to_text(form));
}

/// The best rung that is known to work, and lower ones as long as errors name the geometry.
template <class T>
Result<T> ObscoreService::down_the_ladder(const Query& query, const FetchContext& ctx,
                                          const std::function<Result<T>(PositionForm, const std::string&)>& ask_at) {
  const Result<std::string> table_name = table(ctx);
  if (!table_name) return fail(table_name.error());
  const PositionForm first = first_form();
  std::optional<Error> reason;  // the best form's error: the later ones only tell how far we fell
  for (auto rung = std::find(kLadder.begin(), kLadder.end(), first); rung != kLadder.end(); ++rung) {
    Result<T> answer = ask_at(*rung, *table_name);
    if (answer) {
      if (query.position && *rung != first) learn_form(*rung);
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

Result<ObscoreAnswer> ObscoreService::rows(const Query& query, const FetchContext& ctx) {
  return down_the_ladder<ObscoreAnswer>(
      query, ctx, [&](PositionForm form, const std::string& table) { return ask(query, form, table, ctx); });
}

Result<Count> ObscoreService::ask_numbers(const Query& query, PositionForm form, const AdqlOptions& adql, bool sizes,
                                          const FetchContext& ctx) {
  Count out;
  out.adql = count_adql(query, form, adql, sizes);
  // 2: one row is the answer; a second one would show that this was no aggregate.
  const Result<Table> table = modes_.run<Table>(
      ctx, [&](TapMode mode) { return tap_.query(request(out.adql, 2, mode), ctx); },
      [](const Table&) { return std::optional<Error>(); });
  if (!table) return fail(table.error());
  const std::optional<double> rows =
      table->size() == 1 ? to_number(table->cell(0, std::optional<std::size_t>(0))) : std::nullopt;
  // 1e15: beyond any archive, and still a whole number in a double.
  if (!rows || !(*rows >= 0) || *rows > 1e15) {
    return fail(Code::corrupt, "the archive's answer to " + words_of(out.adql, 80) + " is no number of rows");
  }
  out.rows = static_cast<std::uint64_t>(*rows);
  const std::optional<double> kilobytes =
      sizes ? to_number(table->cell(0, std::optional<std::size_t>(1))) : std::nullopt;
  if (kilobytes && *kilobytes > 0 && *kilobytes < 1e15) out.bytes = static_cast<std::uint64_t>(*kilobytes * 1000);
  out.asked_at = clock_.now();
  return out;
}

Result<Count> ObscoreService::ask_count(const Query& query, PositionForm form, const std::string& table_name,
                                        const FetchContext& ctx) {
  const AdqlOptions adql = adql_options(table_name);
  const bool sizes = habits_.with([](const Habits& h) { return !h.no_sums; });
  Result<Count> count = ask_numbers(query, form, adql, sizes, ctx);
  if (!count && sizes && count.error().code() == Code::invalid) {
    // Its words may be about SUM or about the geometry; the number alone tells which.
    Result<Count> plain = ask_numbers(query, form, adql, false, ctx);
    if (plain) habits_.with([](Habits& h) { h.no_sums = true; });
    count = std::move(plain);
  }
  if (count) describe(*count, query, form, adql);
  return count;
}

Result<Count> ObscoreService::count(const Query& query, const FetchContext& ctx) {
  return down_the_ladder<Count>(
      query, ctx, [&](PositionForm form, const std::string& table) { return ask_count(query, form, table, ctx); });
}

}  // namespace skymount::vo
