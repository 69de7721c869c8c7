// SPDX-License-Identifier: MIT
#include "vo/query/interval.h"

#include "vo/query/words.h"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace skymount::vo {
namespace {

constexpr double kDayMs = 86'400'000;
constexpr double kUnixEpochMjd = 40'587;
// Years 0000 to 9999: what four digits can write.
constexpr double kFirstMjd = -678'941, kEndMjd = 2'973'484;

// Days since 1970-01-01 of a proleptic Gregorian date, counting years from March so that the leap day comes last.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

struct Civil {
  std::int64_t year;
  int month, day;
};

Civil civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2), month,
          static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

int days_in_month(std::int64_t year, int month) {
  constexpr std::array<int, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

enum class Precision { year, month, day, hour, minute, second, instant };

struct Stamp {
  Civil date{0, 1, 1};
  double ms_of_day = 0;
  Precision precision = Precision::year;
  double mjd() const {
    return static_cast<double>(days_from_civil(date.year, date.month, date.day)) + kUnixEpochMjd + ms_of_day / kDayMs;
  }
};

/// Takes exactly `digits` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, digits)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// "Z", "+02", "+0200", "-05:30" or nothing, in milliseconds east of Greenwich.
std::optional<double> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return 0;
  const bool west = text.front() == '-';
  if (!west && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 14) return std::nullopt;
  int minutes = 0;
  if (!text.empty()) {
    take(text, ':');
    const auto m = take_digits(text, 2);
    if (!m || *m > 59) return std::nullopt;
    minutes = *m;
  }
  return (west ? -1 : 1) * (*hours * 3'600'000.0 + minutes * 60'000.0);
}

/// What follows the T: hh, hh:mm, hh:mm:ss, hh:mm:ss.fff, then a zone.
bool read_clock(std::string_view text, Stamp& out) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23) return false;
  out.ms_of_day = *hour * 3'600'000.0;
  out.precision = Precision::hour;
  if (take(text, ':')) {
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return false;
    out.ms_of_day += *minute * 60'000.0;
    out.precision = Precision::minute;
    if (take(text, ':')) {
      const auto second = take_digits(text, 2);
      if (!second || *second > 60) return false;  // 60: a leap second counts as the next second
      out.ms_of_day += *second * 1000.0;
      out.precision = Precision::second;
      if (take(text, '.')) {
        double scale = 100;
        if (text.empty() || !is_digit(text.front())) return false;
        for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), scale /= 10) {
          out.ms_of_day += (text.front() - '0') * scale;
        }
        out.precision = Precision::instant;
      }
    }
  }
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return false;
  out.ms_of_day -= *zone;
  return true;
}

std::optional<Stamp> read_stamp(std::string_view text) {
  Stamp out;
  const auto year = take_digits(text, 4);
  if (!year) return std::nullopt;
  out.date.year = *year;
  if (text.empty()) return out;
  if (!take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || *month < 1 || *month > 12) return std::nullopt;
  out.date.month = *month;
  out.precision = Precision::month;
  if (text.empty()) return out;
  if (!take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *day < 1 || *day > days_in_month(*year, *month)) return std::nullopt;
  out.date.day = *day;
  out.precision = Precision::day;
  if (text.empty()) return out;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  if (!read_clock(text, out)) return std::nullopt;
  return out;
}

/// The whole span that a stamp names; its end is 1 ms before the next one begins, which is the precision of our dates.
Interval span_of(const Stamp& stamp) {
  Stamp end = stamp;
  switch (stamp.precision) {
    case Precision::year: end.date.year += 1; break;
    case Precision::month:
      end.date.month = stamp.date.month % 12 + 1;
      end.date.year += stamp.date.month == 12;
      break;
    case Precision::day: end.ms_of_day += kDayMs; break;
    case Precision::hour: end.ms_of_day += 3'600'000; break;
    case Precision::minute: end.ms_of_day += 60'000; break;
    case Precision::second: end.ms_of_day += 1000; break;
    case Precision::instant: return {stamp.mjd(), stamp.mjd()};
  }
  end.ms_of_day -= 1;
  return {stamp.mjd(), end.mjd()};
}

tl::unexpected<Error> bad_time(std::string_view text, std::string_view end) {
  std::string what = "time=" + std::string(text) + ": ";
  if (end.empty()) {
    what += "an interval needs at least one end";
  } else if (end.find('/') != std::string_view::npos) {
    what += "'" + std::string(end) + "' is no date; write intervals as FROM..TO and dates as YYYY-MM-DD";
  } else if (parse_number(end)) {
    what +=
        "'" + std::string(end) + "' is no date of the form YYYY-MM-DD; perhaps mjd:" + std::string(end) + " is meant";
  } else {
    what +=
        "'" + std::string(end) + "' is no date; expected YYYY, YYYY-MM, YYYY-MM-DD, YYYY-MM-DDThh:mm:ss or mjd:NUMBER";
  }
  return fail(Code::invalid, std::move(what));
}

/// One end as the span it names; `mjd` is the prefix that the whole interval bears.
std::optional<Interval> read_time_end(std::string_view text, bool mjd) {
  if (lower(text.substr(0, 4)) == "mjd:") {
    mjd = true;
    text.remove_prefix(4);
  }
  if (!mjd) {
    const auto stamp = read_stamp(text);
    return stamp ? std::optional(span_of(*stamp)) : std::nullopt;
  }
  const auto value = parse_number(text);
  return value ? std::optional(Interval{*value, *value}) : std::nullopt;
}

struct Ends {
  std::string_view low, high;
  bool range = false;
};
Ends split_interval(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return {text, text, false};
  return {trim(text.substr(0, dots)), trim(text.substr(dots + 2)), true};
}

/// How an instant may be written as a date, coarsest first.
std::vector<std::string> spellings_of(double mjd) {
  if (!(mjd >= kFirstMjd && mjd < kEndMjd)) return {};
  const std::string iso = mjd_to_iso(mjd);
  std::vector<std::string> out;
  if (iso.empty()) return out;
  for (std::size_t length : {4, 7, 10, 13, 16, 19}) out.push_back(iso.substr(0, length));
  return out;
}

}  // namespace

Result<Interval> parse_time(std::string_view whole) {
  std::string_view text = trim(whole);
  const bool mjd = lower(text.substr(0, 4)) == "mjd:";
  if (mjd) text.remove_prefix(4);
  const Ends ends = split_interval(text);
  if (ends.low.empty() && ends.high.empty()) return bad_time(whole, {});
  Interval out;
  if (!ends.low.empty()) {
    const auto low = read_time_end(ends.low, mjd);
    if (!low) return bad_time(whole, ends.low);
    out.low = low->low;
  }
  if (!ends.high.empty()) {
    const auto high = read_time_end(ends.high, mjd);
    if (!high) return bad_time(whole, ends.high);
    out.high = high->high;
  }
  if (out.low > out.high) {
    return fail(Code::invalid, "time=" + std::string(whole) + ": ends before it begins; perhaps the two are swapped");
  }
  return out;
}

std::string canonical_time(const Interval& mjd) {
  const auto written = [](double value, bool is_low) -> std::optional<std::string> {
    if (std::isinf(value)) return "";
    // The end of a span is 1 ms before a round instant, so its own ISO text already shows the right date.
    for (const std::string& text : spellings_of(value)) {
      const auto stamp = read_stamp(text);
      if (!stamp) continue;
      const Interval span = span_of(*stamp);
      if ((is_low ? span.low : span.high) == value) return text;
    }
    return std::nullopt;
  };
  const auto low = written(mjd.low, true), high = written(mjd.high, false);
  if (low && high) return *low == *high && !low->empty() ? *low : *low + ".." + *high;
  if (mjd.low == mjd.high) return "mjd:" + fixed_shortest(mjd.low);
  return "mjd:" + (std::isinf(mjd.low) ? "" : fixed_shortest(mjd.low)) + ".." +
         (std::isinf(mjd.high) ? "" : fixed_shortest(mjd.high));
}

std::string mjd_to_date(double mjd) {
  if (!(mjd >= kFirstMjd && mjd < kEndMjd)) return {};
  return mjd_to_iso(std::floor(mjd)).substr(0, 10);
}

std::string mjd_to_iso(double mjd) {
  if (!(mjd >= kFirstMjd && mjd < kEndMjd)) return {};
  const auto total = static_cast<std::int64_t>(std::llround((mjd - kUnixEpochMjd) * kDayMs));
  const auto day_ms = static_cast<std::int64_t>(kDayMs);
  const std::int64_t days = (total >= 0 ? total : total - day_ms + 1) / day_ms;
  const std::int64_t ms = total - days * day_ms;
  const Civil date = civil_from_days(days);
  if (date.year < 0 || date.year > 9999) return {};
  const auto padded = [](std::int64_t value, std::size_t width) {
    std::string digits = std::to_string(value);
    return std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits;
  };
  return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T" +
         padded(ms / 3'600'000, 2) + ":" + padded(ms / 60'000 % 60, 2) + ":" + padded(ms / 1000 % 60, 2) + "." +
         padded(ms % 1000, 3);
}

std::optional<double> iso_to_mjd(std::string_view text) {
  const auto stamp = read_stamp(trim(text));
  if (!stamp || stamp->precision < Precision::day) return std::nullopt;
  return stamp->mjd();
}

double mjd_to_unix(double mjd) {
  return (mjd - kUnixEpochMjd) * 86'400;
}

std::string fixed_shortest(double value) {
  if (value == 0) return "0";  // also for negative zero
  char buffer[800];            // the smallest subnormal has 323 zeros and its digits behind the point
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed);
  return error == std::errc{} ? std::string(buffer, end) : std::string("0");
}

}  // namespace skymount::vo
