// SPDX-License-Identifier: MIT
#include "vo/dataset_names.h"

#include "cache/base/hidden_words.h"
#include "vo/query/grammar.h"
#include "vo/query/interval.h"
#include "vo/query/words.h"

#include <algorithm>

namespace skymount::vo {
namespace {

tl::unexpected<Error> bad_template(std::string_view text, std::size_t at, std::string why) {
  return fail(Code::invalid,
              "naming '" + std::string(text) + "', position " + std::to_string(at + 1) + ": " + std::move(why));
}

std::string date_of(const std::string& value) {
  const std::string_view text = trim(value);
  auto mjd = iso_to_mjd(text);
  if (!mjd) mjd = parse_number(text);
  const std::string date = mjd ? mjd_to_date(*mjd) : std::string();
  return date.empty() ? "undated" : date;
}

/// An underscore separates the parts of a template, so a slug has none.
std::string slug_of(std::string_view value) {
  std::string out;
  for (char c : value) {
    const bool kept = is_letter(c) || is_digit(c) || c == '.' || (c & 0x80) != 0;
    if (kept) {
      out += c;
    } else if (!out.ends_with('-')) {
      out += '-';
    }
  }
  const std::size_t from = out.find_first_not_of('-');
  if (from == std::string::npos) return {};
  return out.substr(from, out.find_last_not_of('-') - from + 1);
}

}  // namespace

Result<NameTemplate::Piece> NameTemplate::parse_hole(std::string_view whole, std::size_t at, std::string_view inside) {
  static constexpr std::pair<std::string_view, Filter> kFilters[] = {{"date", Filter::date},
                                                                     {"year", Filter::year},
                                                                     {"tail", Filter::tail},
                                                                     {"slug", Filter::slug},
                                                                     {"lower", Filter::lower}};
  Piece piece;
  piece.hole = true;
  const std::size_t colon = inside.find(':');
  piece.text = std::string(trim(inside.substr(0, colon)));
  const bool named = !piece.text.empty() && std::all_of(piece.text.begin(), piece.text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
  });
  if (!named) return bad_template(whole, at, "a hole needs the name of a column, like {obs_id} or {t_min:date}");
  for (std::size_t from = colon; from != std::string_view::npos;) {
    const std::size_t next = inside.find(':', from + 1);
    const std::string_view name = inside.substr(from + 1, next == std::string_view::npos ? next : next - from - 1);
    const auto* known =
        std::find_if(std::begin(kFilters), std::end(kFilters), [&](auto& f) { return f.first == name; });
    if (known == std::end(kFilters)) {
      std::string why = "'" + std::string(name) + "' is no filter";
      const std::string_view near = nearest(name, {"date", "year", "tail", "slug", "lower"});
      why += near.empty() ? "; filters are date year tail slug lower" : "; perhaps :" + std::string(near);
      return bad_template(whole, at + 1 + from + 1, std::move(why));
    }
    piece.filters.push_back(known->second);
    from = next;
  }
  return piece;
}

Result<NameTemplate> NameTemplate::parse(std::string_view text) {
  NameTemplate out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t brace = text.find_first_of("{}", at);
    if (brace > at) out.pieces_.push_back({std::string(text.substr(at, brace - at)), false, {}});
    if (brace == std::string_view::npos) break;
    if (text[brace] == '}') return bad_template(text, brace, "'}' without '{' before it");
    const std::size_t end = text.find_first_of("{}", brace + 1);
    if (end == std::string_view::npos || text[end] == '{')
      return bad_template(text, brace, "'{' without '}' behind it");
    Result<Piece> piece = parse_hole(text, brace, text.substr(brace + 1, end - brace - 1));
    if (!piece) return fail(std::move(piece).error());
    out.pieces_.push_back(std::move(*piece));
    at = end + 1;
  }
  if (out.pieces_.empty()) return bad_template(text, 0, "the template is empty");
  return out;
}

std::string NameTemplate::apply(Filter filter, const std::string& value) {
  switch (filter) {
    case Filter::date: return date_of(value);
    case Filter::year: {
      const std::string date = date_of(value);
      return date == "undated" ? date : date.substr(0, 4);
    }
    case Filter::tail: return id_tail(value);
    case Filter::slug: return slug_of(value);
    case Filter::lower: return lower(value);
  }
  return value;
}

std::string NameTemplate::name_of(const std::function<std::string(std::string_view)>& text_of) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (!piece.hole) {
      out += piece.text;
      continue;
    }
    std::string value = without_hidden_words(trim(text_of(piece.text)));
    for (Filter filter : piece.filters) value = apply(filter, value);
    out += value.empty() ? "unknown" : value;
  }
  return safe_name(out, kMaxDatasetName);
}

std::vector<std::string> NameTemplate::columns() const {
  std::vector<std::string> out;
  for (const Piece& piece : pieces_) {
    if (piece.hole && std::find(out.begin(), out.end(), piece.text) == out.end()) out.push_back(piece.text);
  }
  return out;
}

}  // namespace skymount::vo
