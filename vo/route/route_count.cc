// SPDX-License-Identifier: MIT
//
// How much a route's question would bring, as another question: its rows counted, and its sizes summed up, by the
// archive.
#include "vo/query/words.h"
#include "vo/route/route.h"

#include <algorithm>

namespace skymount::vo {
namespace {

/// The question without the ORDER BY at its end, which no sub-query may have (ADQL 2.0 section 2.2): the last one that
/// stands in no quotes, comment or brackets.
std::string_view without_order(std::string_view adql) {
  std::size_t order = std::string_view::npos;
  int depth = 0;
  for (std::size_t at = 0; at < adql.size(); ++at) {
    const char c = adql[at];
    if (c == '\'' || c == '"') {
      at = std::min(adql.find(c, at + 1), adql.size());
    } else if (adql.substr(at).starts_with("--")) {
      at = std::min(adql.find('\n', at), adql.size());
    } else if (c == '(' || c == ')') {
      depth += c == '(' ? 1 : -1;
    } else if (depth == 0 && (at == 0 || is_blank(adql[at - 1])) && starts_with_word(adql.substr(at), "order")) {
      const std::string_view rest = adql.substr(at + 5);
      const std::string_view next = trim(rest);
      if (!rest.empty() && is_blank(rest.front()) && starts_with_word(next, "by")) order = at;
    }
  }
  if (order == std::string_view::npos) return trim(adql);
  // What bounds the rows behind it bounds the count as well; the languages that know it allow both in a sub-query.
  const std::string behind = lower(adql.substr(order));
  for (const char* word : {" limit ", " offset ", " fetch ", "\nlimit ", "\noffset ", "\nfetch "})
    if (behind.find(word) != std::string::npos) return trim(adql);
  return trim(adql.substr(0, order));
}

/// The column and the unit of "{column} kB".
std::optional<std::pair<std::string, double>> sized_by(const Route& route) {
  const std::string_view text = trim(route.size);
  const std::size_t close = text.find('}');
  if (!text.starts_with('{') || close == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> unit = bytes_of_size("1" + std::string(text.substr(close + 1)));
  if (!unit) return std::nullopt;
  return std::pair(std::string(text.substr(1, close - 1)), static_cast<double>(*unit));
}

}  // namespace

Result<std::string> route_count_adql(const Route& route, const RouteCall& call, bool sums) {
  const Result<std::string> adql = route_adql(route, call);
  if (!adql) return fail(adql.error());
  const auto sized = sized_by(route);
  // The aliases keep services from inventing names that are no identifiers; columns are read by their place.
  return "SELECT COUNT(*) AS n_rows" + (sums && sized ? ", SUM(t." + sized->first + ") AS n_bytes" : std::string()) +
         " FROM (" + std::string(without_order(*adql)) + ") AS t";
}

std::optional<double> size_unit(const Route& route) {
  const auto sized = sized_by(route);
  return sized ? std::optional(sized->second) : std::nullopt;
}

std::vector<std::string> holes_of_origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view origin = url.substr(0, std::min(url.find_first_of("/?#", begin), url.size()));
  return holes_of(origin).value_or(std::vector<std::string>());
}

}  // namespace skymount::vo
