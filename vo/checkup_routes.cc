// SPDX-License-Identifier: MIT
//
// The step of a checkup that tries [[route]]s: does the archive understand each question, and has its answer the
// columns that the route names? A route is asked with the values of its example; without one with values that nothing
// has, which shows the columns all the same.
#include "vo/checkup_run.h"
#include "vo/protocol/tap.h"
#include "vo/query/grammar.h"

#include <algorithm>
#include <sstream>

namespace skymount::vo {
namespace {

std::string made_up(HoleType type) {
  switch (type) {
    case HoleType::whole: return "0";
    case HoleType::real: return "0";
    case HoleType::date: return "2000-01-01";
    case HoleType::interval: return "0..1";
    case HoleType::band: return "500nm..600nm";
    case HoleType::text:
    case HoleType::name: return "none";
  }
  return "none";
}

/// The holes' values in the route's example; `from_example` is false where it has none that fits.
RouteCall call_of(const Route& route, bool& from_example) {
  RouteCall out{route.written, {}};
  std::istringstream names(route.example);
  std::string name;
  from_example = true;
  for (const RouteComponent& component : route.path) {
    if (!std::getline(names, name, '/')) name.clear();
    if (component.literal()) continue;
    const auto value = component.match(name);
    const bool fits = value && *value && !(*value)->empty();
    from_example = from_example && fits;
    out.values.emplace_back(component.hole, fits ? **value : made_up(component.type));
  }
  return out;
}

/// What a template of the route names, and neither the answer nor the path has: words for it, empty when all is there.
std::string missing_column(const Route& route, const TableMeta& meta) {
  const std::pair<const char*, const std::string*> templates[] = {
      {"name", &route.name}, {"id", &route.id},       {"url", &route.url},   {"links", &route.links},
      {"size", &route.size}, {"group", &route.group}, {"date", &route.date}, {"content_type", &route.content_type}};
  std::vector<std::string_view> known;
  for (const Field& field : meta.fields) known.push_back(field.name);
  for (const auto& [key, text] : templates) {
    const auto holes = holes_of(*text);
    if (!holes) continue;
    for (const std::string& hole : *holes) {
      const bool of_path =
          std::any_of(route.path.begin(), route.path.end(), [&](const auto& c) { return c.hole == hole; });
      if (of_path || meta.column(hole)) continue;
      const std::string near(nearest(hole, known));
      std::string words = std::string(key) + " wants the column {" + hole + "}, which the answer does not have";
      if (!near.empty()) return words + " - did you mean {" + near + "}?";
      words += "; it has:";
      for (const std::string_view column : known) words += " " + std::string(column);
      return words;
    }
  }
  return {};
}

struct Finding {
  Verdict verdict = Verdict::ok;
  std::string words;
};

Finding ask(const Checkup& run, const TapService& tap, const Route& route) {
  bool from_example = false;
  const Result<std::string> adql = route_adql(route, call_of(route, from_example));
  if (!adql) return {Verdict::bad, adql.error().what()};
  const std::string& language = route.language.empty() ? run.archive.tap.language : route.language;
  TableMeta meta;
  std::size_t rows = 0;
  const auto answer = tap.stream(
      {.query = *adql, .language = language, .maxrec = 1},
      [&](const TableMeta& sent) -> Result<void> {
        meta = sent;
        return {};
      },
      [&](const Row&) -> Result<TapService::Next> {
        ++rows;
        return TapService::Next::enough;
      },
      run.within("a route"));
  if (!answer) return {answer.error().code() == Code::timed_out ? Verdict::warn : Verdict::bad, answer.error().what()};
  if (std::string missing = missing_column(route, meta); !missing.empty()) return {Verdict::bad, std::move(missing)};
  if (!from_example && !route.example.empty())
    return {Verdict::warn, "its example \"" + route.example + "\" does not fit the path"};
  if (!from_example) return {Verdict::ok, "no example to try, so no row was looked at"};
  if (rows == 0) return {Verdict::warn, "its example has no rows"};
  return {};
}

}  // namespace

CheckStep check_routes_of(Checkup& run) {
  CheckStep out;
  const TapService tap(run.http, run.archive.tap.url);
  std::size_t asked = 0, fine = 0, left = 0, services = 0;
  for (const RoutePtr& route : run.archive.routes) {
    if (route->rows == Route::Rows::service) {
      ++services;
      continue;
    }
    if (run.http->requests() >= kMostCheckRequests) {
      ++left;
      continue;
    }
    ++asked;
    const Finding found = ask(run, tap, *route);
    fine += found.verdict == Verdict::ok ? 1 : 0;
    if (found.words.empty()) continue;
    out.words += (out.words.empty() ? "" : "; ") + route->where + " " + route->written + ": " + found.words;
    if (found.verdict == Verdict::bad || (found.verdict == Verdict::warn && out.verdict == Verdict::ok))
      out.verdict = found.verdict;
  }
  std::string counts =
      std::to_string(fine) + " of " + std::to_string(asked) + " answer with the columns that they name";
  if (services > 0) counts += ", " + std::to_string(services) + " of files made by a service were not asked";
  if (left > 0) counts += ", " + std::to_string(left) + " were left out: a check asks little";
  out.words = counts + (out.words.empty() ? "" : "; ") + out.words;
  if (out.verdict != Verdict::ok) out.advice = "correct the [[route]] at that line";
  return out;
}

}  // namespace skymount::vo
