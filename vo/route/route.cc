// SPDX-License-Identifier: MIT
#include "vo/route/route.h"

#include "vo/query/adql.h"
#include "vo/query/grammar.h"
#include "vo/query/interval.h"
#include "vo/query/words.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace skymount::vo {
namespace {

constexpr std::array<std::pair<std::string_view, HoleType>, 7> kTypes = {{{"str", HoleType::text},
                                                                          {"int", HoleType::whole},
                                                                          {"float", HoleType::real},
                                                                          {"date", HoleType::date},
                                                                          {"name", HoleType::name},
                                                                          {"interval", HoleType::interval},
                                                                          {"band", HoleType::band}}};

bool is_word(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

/// A name is what a person would type without thinking: an id of a spectrum, of a plate.
bool is_plain_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= 0x80 || is_letter(static_cast<char>(c)) || is_digit(static_cast<char>(c)) ||
           std::string_view("._+-:~@,()[]").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9})
    if (!is_digit(text[i])) return false;
  const int month = (text[5] - '0') * 10 + text[6] - '0';
  const int day = (text[8] - '0') * 10 + text[9] - '0';
  const auto digit = [&](std::size_t i) { return text[i] - '0'; };
  const int year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
  using std::chrono::year_month_day;
  return year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                        std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

/// "6.5..6.6" as "6.5 6.6"; of a band also "650nm..660nm", in metres. Nothing: it is none.
std::optional<std::string> interval_of(std::string_view value, bool band) {
  const std::size_t dots = value.find("..");
  const auto end = [&](std::string_view part, double open) {
    return part.empty() ? std::optional(open) : parse_number(part);
  };
  std::optional<double> low = end(value.substr(0, dots), -INFINITY);
  std::optional<double> high = dots == std::string_view::npos ? low : end(value.substr(dots + 2), INFINITY);
  if (value.empty() || value == "..") return std::nullopt;
  if (band && (!low || !high)) {
    const Result<Interval> parsed = parse_band(value);
    if (!parsed) return std::nullopt;
    low = parsed->low;
    high = parsed->high;
  }
  if (!low || !high || *low > *high) return std::nullopt;
  const auto text = [](double number) {
    return std::isinf(number) ? std::string(number < 0 ? "-Inf" : "+Inf") : fixed_shortest(number);
  };
  return text(*low) + " " + text(*high);
}

/// Whether a value of the type may hold this byte.
bool may_hold(HoleType type, char c) {
  switch (type) {
    case HoleType::text: return true;
    case HoleType::whole: return is_digit(c) || c == '-' || c == '+';
    case HoleType::date: return is_digit(c) || c == '-';
    case HoleType::name: return is_plain_name(std::string_view(&c, 1)) || c == '%';
    case HoleType::real:
    case HoleType::interval:
    case HoleType::band: return is_digit(c) || is_letter(c) || c == '.' || c == '-' || c == '+' || c == '%';
  }
  return true;
}

/// What is wrong with the value; empty when it is of the type.
std::string fault_of(HoleType type, const std::string& value) {
  switch (type) {
    case HoleType::text: return value.empty() ? "a text is needed" : "";
    case HoleType::whole: return parse_integer(value) ? "" : "a whole number is needed";
    case HoleType::real: return parse_number(value) ? "" : "a number is needed";
    case HoleType::date: return is_date(value) ? "" : "a date is needed, such as 2024-03-19";
    case HoleType::name:
      return is_plain_name(value) ? "" : "a name is needed: letters, digits and . _ - + : ~ @ , ( ) [ ]";
    case HoleType::interval: return interval_of(value, false) ? "" : "an interval is needed, such as 6.5..6.6";
    case HoleType::band:
      return interval_of(value, true) ? "" : "a band is needed, such as 650nm..660nm, or in metres 6.5e-7..6.6e-7";
  }
  return "";
}

std::string_view type_name(HoleType type) {
  return kTypes[static_cast<std::size_t>(type)].first;
}

const std::string* value_of(const RouteCall& call, std::string_view hole) {
  for (const auto& [name, value] : call.values)
    if (name == hole) return &value;
  return nullptr;
}

struct Piece {
  std::string text;
  bool hole = false;
};

/// "a {b} c" as a, {b}, c.
Result<std::vector<Piece>> pieces_of(std::string_view text) {
  std::vector<Piece> out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    if (open != 0) out.push_back({std::string(text.substr(0, open)), false});
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find('}', open);
    const std::string_view inside = close == std::string_view::npos ? "" : text.substr(open + 1, close - open - 1);
    const std::string_view name = inside.substr(0, inside.find(':'));
    if (!is_word(name)) return fail(Code::invalid, "has a '{' that begins no hole; write {NAME}");
    out.push_back({std::string(name), true});
    text.remove_prefix(close + 1);
  }
  return out;
}

HoleType type_of(const Route& route, std::string_view hole) {
  for (const RouteComponent& component : route.path)
    if (component.hole == hole) return component.type;
  return HoleType::text;
}

bool compatible(std::string_view a, std::string_view b, bool ends) {
  const std::size_t n = std::min(a.size(), b.size());
  return ends ? a.substr(a.size() - n) == b.substr(b.size() - n) : a.substr(0, n) == b.substr(0, n);
}

bool may_clash_below(const Route& a, const Route& b) {
  if (a.path.size() != b.path.size()) return false;  // one folder may be the other's parent
  for (std::size_t i = 0; i < a.path.size(); ++i)
    if (!a.path[i].may_clash(b.path[i])) return false;
  return true;
}

/// Two holes of one place that are not the same, yet fit one name: which is meant, nobody can tell.
bool forks(const Route& a, const Route& b) {
  for (std::size_t i = 0; i < std::min(a.path.size(), b.path.size()); ++i) {
    const RouteComponent &x = a.path[i], &y = b.path[i];
    if (x == y) continue;
    return !x.literal() && !y.literal() && x.may_clash(y);
  }
  return false;
}

}  // namespace

Result<RouteComponent> RouteComponent::parse(std::string_view text) {
  RouteComponent out;
  const std::size_t open = text.find('{');
  if (text.empty()) return fail(Code::invalid, "has an empty name");
  if (open == std::string_view::npos) {
    if (text.find('}') != std::string_view::npos) return fail(Code::invalid, "has a '}' without '{'");
    out.prefix = text;
    return out;
  }
  const std::size_t close = text.find('}', open);
  if (close == std::string_view::npos) return fail(Code::invalid, "has a '{' without '}'");
  const std::string_view inside = text.substr(open + 1, close - open - 1);
  const std::size_t colon = inside.find(':');
  out.prefix = text.substr(0, open);
  out.suffix = text.substr(close + 1);
  out.hole = inside.substr(0, colon);
  if (!is_word(out.hole)) return fail(Code::invalid, "has a hole without a name; write {NAME} or {NAME:TYPE}");
  if (out.suffix.find_first_of("{}") != std::string::npos)
    return fail(Code::invalid, "has two holes in one name; each name of a path may have one");
  if (colon == std::string_view::npos) return out;
  const std::string_view type = inside.substr(colon + 1);
  const auto known = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& each) { return each.first == type; });
  if (known == kTypes.end())
    return fail(Code::invalid, "has a hole of type '" + std::string(type) +
                                   "'; there are str, int, float, date, name, interval, band");
  out.type = known->second;
  return out;
}

std::string RouteComponent::text() const {
  if (literal()) return prefix;
  return prefix + "{" + hole + (type == HoleType::text ? "" : ":" + std::string(type_name(type))) + "}" + suffix;
}

std::optional<Result<std::string>> RouteComponent::match(std::string_view name) const {
  if (literal()) return name == prefix ? std::optional<Result<std::string>>(std::string()) : std::nullopt;
  if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix))
    return std::nullopt;
  const std::string_view inside = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  const auto wrong = [&](const std::string& why) {
    return Result<std::string>(fail(Code::invalid, "'" + std::string(inside) + "' in '" + text() + "': " + why));
  };
  std::string value;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '%') {
      value += inside[i];
      continue;
    }
    const std::optional<char> byte = i + 2 < inside.size() ? hex_byte(inside.substr(i + 1, 2)) : std::nullopt;
    if (!byte) return wrong("a '%' needs two hexadecimal digits behind it");
    value += *byte;
    i += 2;
  }
  if (value.find('\0') != std::string::npos || !is_utf8(value)) return wrong("no text");
  if (const std::string fault = fault_of(type, value); !fault.empty()) return wrong(fault);
  if (type == HoleType::interval || type == HoleType::band)
    value = interval_of(value, type == HoleType::band).value_or("");
  return Result<std::string>(std::move(value));
}

bool RouteComponent::may_clash(const RouteComponent& other) const {
  if (literal() && other.literal()) return prefix == other.prefix;
  if (literal() || other.literal()) return false;  // the literal one wins
  if (!compatible(prefix, other.prefix, false) || !compatible(suffix, other.suffix, true)) return false;
  // What is fixed of one stands in the hole of the other.
  const auto fits = [](const RouteComponent& open, const RouteComponent& fixed) {
    const auto held = [&](char c) { return may_hold(open.type, c); };
    const std::string more =
        fixed.prefix.substr(std::min(open.prefix.size(), fixed.prefix.size())) +
        fixed.suffix.substr(0, fixed.suffix.size() - std::min(open.suffix.size(), fixed.suffix.size()));
    return std::all_of(more.begin(), more.end(), held);
  };
  return fits(*this, other) && fits(other, *this);
}

std::string RouteComponent::name_for(std::string_view value) const {
  std::string out = prefix;
  // No name is "." or "..", and what begins with a dot is hidden, and taken for a program's question.
  const bool hidden = prefix.empty() && value.starts_with('.');
  if (hidden) out += percent_byte('.');
  for (const char c : value.substr(hidden ? 1 : 0))
    out += c == '/' || c == '%' || is_control(c) ? percent_byte(c) : std::string(1, c);
  return out + suffix;
}

Result<std::vector<std::string>> holes_of(std::string_view text) {
  const Result<std::vector<Piece>> pieces = pieces_of(text);
  if (!pieces) return fail(pieces.error());
  std::vector<std::string> out;
  for (const Piece& piece : *pieces)
    if (piece.hole) out.push_back(piece.text);
  return out;
}

std::string filled(std::string_view text, const RouteCall& call) {
  std::string out;
  const Result<std::vector<Piece>> pieces = pieces_of(text);
  if (!pieces) return std::string(text);
  for (const Piece& piece : *pieces) {
    const std::string* value = piece.hole ? value_of(call, piece.text) : nullptr;
    out += piece.hole ? (value != nullptr ? *value : "") : piece.text;
  }
  return out;
}

Result<std::string> route_adql(const Route& route, const RouteCall& call) {
  const Result<std::vector<Piece>> pieces = pieces_of(route.adql);
  if (!pieces) return fail(pieces.error());
  std::string out;
  for (const Piece& piece : *pieces) {
    if (!piece.hole) {
      out += piece.text;
      continue;
    }
    const std::string* value = value_of(call, piece.text);
    if (value == nullptr) return fail(Code::invalid, route.where + ": nothing fills {" + piece.text + "}");
    switch (type_of(route, piece.text)) {
      // Written anew from the number, not as typed: "1e3" and "+5" are numbers to us and perhaps not to the archive.
      case HoleType::whole: out += std::to_string(parse_integer(*value).value_or(0)); break;
      case HoleType::real: out += adql_number(parse_number(*value).value_or(0)); break;
      default: out += adql_string(*value); break;
    }
  }
  return out;
}

std::optional<std::uint64_t> bytes_of_size(std::string_view text) {
  text = trim(text);
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.' || text[end] == '+' ||
                               ((text[end] == 'e' || text[end] == 'E') && end > 0 && end + 1 < text.size() &&
                                (is_digit(text[end + 1]) || text[end + 1] == '+')))) {
    ++end;
  }
  const std::optional<double> number = parse_number(text.substr(0, end));
  if (!number || *number <= 0) return std::nullopt;
  static constexpr std::array<std::pair<std::string_view, double>, 12> units = {{{"", 1},
                                                                                 {"b", 1},
                                                                                 {"byte", 1},
                                                                                 {"bytes", 1},
                                                                                 {"kb", 1e3},
                                                                                 {"kbyte", 1e3},
                                                                                 {"mb", 1e6},
                                                                                 {"mbyte", 1e6},
                                                                                 {"gb", 1e9},
                                                                                 {"kib", 1024},
                                                                                 {"mib", 1048576.0},
                                                                                 {"gib", 1073741824.0}}};
  const std::string unit = lower(trim(text.substr(end)));
  for (const auto& [name, factor] : units) {
    // 1e16: beyond any file, and still a whole number in a double.
    if (unit == name && *number * factor < 1e16) return static_cast<std::uint64_t>(*number * factor);
  }
  return std::nullopt;
}

const RouteSpot::One* RouteSpot::ending() const {
  for (const One& one : routes)
    if (one.route->path.size() == depth) return &one;
  return nullptr;
}

Result<void> check_routes(const std::vector<RoutePtr>& routes) {
  for (std::size_t i = 0; i < routes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool same = may_clash_below(*routes[i], *routes[j]);
      if (!same && !forks(*routes[i], *routes[j])) continue;
      return fail(Code::invalid, routes[i]->where + ": path \"" + routes[i]->written + "\" and \"" +
                                     routes[j]->written + "\" (" + routes[j]->where +
                                     ") can match one path; give one of them another name");
    }
  }
  return {};
}

RouteSpotPtr route_root(const std::vector<RoutePtr>& routes) {
  auto out = std::make_shared<RouteSpot>();
  for (const RoutePtr& route : routes) out->routes.push_back({route, {}});
  return out;
}

Result<RouteSpotPtr> route_step(const RouteSpot& spot, std::string_view name) {
  auto literal = std::make_shared<RouteSpot>();
  auto bound = std::make_shared<RouteSpot>();
  literal->depth = bound->depth = spot.depth + 1;
  std::optional<Error> bad;
  for (const RouteSpot::One& one : spot.routes) {
    if (one.route->path.size() <= spot.depth) continue;
    const RouteComponent& component = one.route->path[spot.depth];
    const std::optional<Result<std::string>> value = component.match(name);
    if (!value) continue;
    if (!*value) {
      // A hole that is the whole name says nothing about other names: those may be questions, or files of ours.
      if (!component.prefix.empty() || !component.suffix.empty()) bad = value->error();
      continue;
    }
    RouteSpot::One next = one;
    if (!component.literal()) next.values.emplace_back(component.hole, **value);
    (component.literal() ? literal : bound)->routes.push_back(std::move(next));
  }
  if (!literal->routes.empty()) return RouteSpotPtr(literal);
  if (!bound->routes.empty()) return RouteSpotPtr(bound);
  if (bad) return fail(std::move(*bad));
  return RouteSpotPtr();
}

}  // namespace skymount::vo
