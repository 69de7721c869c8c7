// SPDX-License-Identifier: MIT
#include "vo/protocol/parameter_value.h"

#include "vo/protocol/cutout_name.h"
#include "vo/protocol/dali.h"
#include "vo/query/interval.h"
#include "vo/query/words.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace skymount::vo {
namespace {

bool is_text(const Field& field) {
  return field.datatype == Datatype::character || field.datatype == Datatype::unicode_char ||
         field.datatype == Datatype::unknown;
}

bool is_whole(const Field& field) {
  return field.datatype == Datatype::bit || field.datatype == Datatype::unsigned_byte ||
         field.datatype == Datatype::short_int || field.datatype == Datatype::int32 ||
         field.datatype == Datatype::int64;
}

/// Two numbers that belong together; services that write "*" say by xtype or UCD that they mean an interval.
bool is_interval(const Field& field) {
  if (is_text(field)) return false;
  if (field.arraysize.elements() == 2 && !field.arraysize.variable) return true;
  return same_word(field.xtype, "interval") || lower(field.ucd).find("stat.interval") != std::string::npos;
}

bool is_band(const Field& field) {
  return same_word(field.name, "band");
}
bool is_time(const Field& field) {
  return same_word(field.name, "time");
}

const std::string& text_of(const Option& option) {
  return option.value.empty() ? option.name : option.value;
}

std::string listed(const Field& field) {
  std::string out;
  for (const Option& option : field.options) out += (out.empty() ? "" : ", ") + words_of(text_of(option), 60);
  return out;
}

Result<std::string> choice(const Field& field, std::string_view value) {
  for (const bool exact : {true, false}) {
    for (const Option& option : field.options) {
      const std::string& known = text_of(option);
      if (exact ? known == value : same_word(known, value)) return known;
    }
  }
  return fail(Code::invalid, field.name + " is one of " + listed(field) + "; not " + words_of(value, 60));
}

/// Blank between numbers, as MIN and MAX of an interval are written.
std::vector<double> numbers_of(std::string_view text) {
  std::vector<double> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" ,", at), text.size());
    if (end > at) {
      const auto number = number_in(text.substr(at, end - at));
      if (!number) return {};
      out.push_back(*number);
    }
    at = end + 1;
  }
  return out;
}

/// "6.5e-07": for people, and short enough for a name.
std::string short_number(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc{} ? std::string(buffer, end) : number_text(value);
}

std::string range_words(const Field& field, const ParameterRange& range) {
  std::string out = short_number(range.low) + " to " + short_number(range.high);
  if (!field.unit.empty()) out += " " + words_of(field.unit, 40);
  return out;
}

/// Whether [low, high] has nothing in common with what the service has; a single number is low == high.
Result<void> within(const Field& field, double low, double high, std::string_view typed) {
  const std::optional<ParameterRange> range = range_of(field);
  if (!range || (high >= range->low && low <= range->high)) return {};
  return fail(Code::invalid, field.name + "=" + words_of(typed, 60) + " lies outside of what the service has, " +
                                 range_words(field, *range));
}

Result<std::string> interval_of_path(const Field& field, std::string_view value) {
  const bool band = is_band(field);
  const std::size_t dots = value.find("..");
  const auto end = [&](std::string_view part, double open) {
    return part.empty() ? std::optional(open) : number_in(part);
  };
  const auto low = end(value.substr(0, dots), -INFINITY);
  const auto high = dots == std::string_view::npos ? low : end(value.substr(dots + 2), INFINITY);
  Interval interval{low.value_or(0), high.value_or(0)};
  // Bare numbers of a band are metres, as SODA has them; a bare number of a time would be a year.
  if (band && low && high) {
    if (*low > *high) return fail(Code::invalid, words_of(value, 60) + ": the low end comes first");
  } else {
    const Result<Interval> parsed = band ? parse_band(value) : parse_time(value);
    if (!parsed) return fail(parsed.error().during(field.name));
    interval = *parsed;
  }
  if (Result<void> fits = within(field, interval.low, interval.high, value); !fits) return fail(fits.error());
  return pair_text(interval.low, interval.high);
}

struct Typed {
  std::vector<double> numbers;
  bool dots = false;  ///< with ".." in it
};

/// Numbers between commas or "..", open ends allowed.
std::optional<Typed> typed_numbers(std::string_view value) {
  Typed out;
  bool after_dots = false;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t comma = std::min(value.find_first_of(", ", at), value.size());
    const std::size_t dots = value.substr(0, comma).find("..", at);
    const bool before_dots = dots < comma;
    const std::size_t stop = before_dots ? dots : comma;
    auto item = number_in(value.substr(at, stop - at));
    if (stop == at && before_dots && out.numbers.empty()) item = -INFINITY;  // "..b"
    if (stop == at && after_dots && stop == value.size()) item = INFINITY;   // "a.."
    if (!item) return std::nullopt;
    out.numbers.push_back(*item);
    out.dots = out.dots || before_dots;
    at = before_dots ? dots + 2 : comma + 1;
    after_dots = before_dots;
  }
  return out;
}

Result<std::string> numbers_text(const Field& field, std::string_view value) {
  const std::string typed = field.name + "=" + words_of(value, 60);
  const std::optional<Typed> parsed = typed_numbers(value);
  if (!parsed) return fail(Code::invalid, typed + ": not a number");
  const std::vector<double>& numbers = parsed->numbers;
  const std::uint64_t wanted = field.arraysize.elements();
  if (!field.arraysize.variable && numbers.size() != wanted)
    return fail(Code::invalid,
                typed + ": expected " + (wanted == 1 ? "one number" : std::to_string(wanted) + " numbers"));
  std::string out;
  for (const double number : numbers) {
    if (is_whole(field) && std::isfinite(number) && number != std::floor(number))
      return fail(Code::invalid, typed + ": expected whole numbers");
    out += (out.empty() ? "" : " ") + number_text(number);
  }
  if (numbers.size() == 2 && parsed->dots && numbers[0] > numbers[1])
    return fail(Code::invalid, typed + ": the low end comes first");
  if (numbers.size() > 2) return out;
  if (Result<void> fits = within(field, numbers.front(), numbers.back(), value); !fits) return fail(fits.error());
  return out;
}

Result<std::string> truth(const Field& field, std::string_view value) {
  for (const std::string_view yes : {"true", "t", "1", "yes"})
    if (same_word(value, yes)) return std::string("true");
  for (const std::string_view no : {"false", "f", "0", "no"})
    if (same_word(value, no)) return std::string("false");
  return fail(Code::invalid, field.name + " is true or false; not " + words_of(value, 60));
}

}  // namespace

std::string number_text(double value) {
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  return fixed_shortest(value);
}

std::string pair_text(double low, double high) {
  return number_text(low) + " " + number_text(high);
}

Result<std::string> parameter_value(const Field& field, std::string_view value) {
  if (!field.options.empty()) return choice(field, value);
  if (is_band(field) || is_time(field)) return interval_of_path(field, value);
  if (is_text(field)) return std::string(value);
  if (field.datatype == Datatype::boolean) return truth(field, value);
  return numbers_text(field, value);
}

std::optional<ParameterRange> range_of(const Field& field) {
  if (is_text(field) && !is_band(field) && !is_time(field)) return std::nullopt;
  if (same_word(field.name, "ra") || lower(field.ucd).find("pos.eq.ra") != std::string::npos) return std::nullopt;
  // What is typed is in metres and in days, whatever else the service counts in.
  if (is_band(field) && !field.unit.empty() && field.unit != "m") return std::nullopt;
  if (is_time(field) && !field.unit.empty() && field.unit != "d") return std::nullopt;
  const std::vector<double> low = numbers_of(field.min), high = numbers_of(field.max);
  ParameterRange out;
  if (high.size() == 2 && low.empty())
    out = {high[0], high[1]};
  else if (low.size() == 1 && high.size() == 1)
    out = {low[0], high[0]};
  else if (low.size() == 1 && field.max.empty())
    out = {low[0], INFINITY};
  else if (high.size() == 1 && field.min.empty())
    out = {-INFINITY, high[0]};
  else
    return std::nullopt;
  return out.low < out.high ? std::optional(out) : std::nullopt;
}

std::string limits_text(const Field& field) {
  if (!field.options.empty()) return "one of " + listed(field);
  if (field.datatype == Datatype::boolean) return "true or false";
  const bool interval = is_interval(field) || is_band(field) || is_time(field);
  std::string out;
  if (const auto range = range_of(field))
    out = range_words(field, *range);
  else if (!field.min.empty() || !field.max.empty())
    out = "from " + words_of(field.min, 100) + " to " + words_of(field.max, 100) + " " + words_of(field.unit, 40);
  const auto add = [&](const std::string& words) { out += (out.empty() ? "" : ", ") + words; };
  if (is_whole(field)) add(interval ? "whole numbers" : "a whole number");
  if (interval) add("as LOW..HIGH");
  if (!interval && !is_text(field) && field.arraysize.elements() > 1 && !field.arraysize.variable)
    add(std::to_string(field.arraysize.elements()) + " numbers with commas between");
  return out;
}

std::optional<std::string> example_value(const Field& field) {
  for (const Option& option : field.options)
    if (!text_of(option).empty()) return text_of(option);
  if (!field.options.empty()) return std::nullopt;
  if (field.datatype == Datatype::boolean) return "true";
  const std::optional<ParameterRange> range = range_of(field);
  if (!range || !std::isfinite(range->low) || !std::isfinite(range->high) || is_time(field)) return std::nullopt;
  const auto at = [&](double part) {
    const double value = range->low + part * (range->high - range->low);
    // Three digits of the range's width: short, and still inside of it.
    const double step = std::pow(10.0, std::floor(std::log10(range->high - range->low)) - 2);
    const double rounded = is_whole(field) ? std::round(value) : std::round(value / step) * step;
    return short_number(round_to_significant(rounded, 12));
  };
  if (is_interval(field) || is_band(field)) return at(0.25) + ".." + at(0.75);
  if (!field.arraysize.scalar()) return std::nullopt;
  return at(0.5);
}

}  // namespace skymount::vo
