// SPDX-License-Identifier: MIT
//
// Tables as CSV for people and spreadsheets: RFC 4180 but for its line ends, with readable dates beside Modified Julian
// Dates.
#include "vo/votable/datatype.h"
#include "vo/votable/numbers.h"
#include "vo/votable/writer.h"

#include <cmath>
#include <cstdio>

namespace skymount::vo {
namespace {

void append_csv(std::string& out, std::string_view text) {
  const bool plain = text.find_first_of(",\"\r\n") == std::string_view::npos &&
                     (text.empty() || (text.front() != ' ' && text.back() != ' '));
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

/// UTC of an MJD, proleptic Gregorian, rounded to milliseconds, which are written only when there are any. Empty before
/// the year 0 and after 4596 (MJD 1,000,000): such a number is a Julian Date, or no date at all, in an MJD's place.
std::string iso_date(double mjd) {
  constexpr double kYear0 = -678941, kLast = 1e6;
  if (!(mjd >= kYear0 && mjd < kLast)) return {};
  constexpr std::int64_t kDay = 86'400'000;  // milliseconds
  const double whole = std::floor(mjd);
  std::int64_t day = static_cast<std::int64_t>(whole);
  std::int64_t ms = std::llround((mjd - whole) * static_cast<double>(kDay));
  if (ms == kDay) ++day, ms = 0;

  // Days count from 0000-03-01, so that a leap day ends its year; then 400-year eras of 146097 days.
  const std::int64_t since_march = day + 678'881;
  const std::int64_t era = (since_march >= 0 ? since_march : since_march - 146'096) / 146'097;
  const std::int64_t in_era = since_march - era * 146'097;
  const std::int64_t year_of_era = (in_era - in_era / 1460 + in_era / 36'524 - in_era / 146'096) / 365;
  const std::int64_t in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * in_year + 2) / 153;
  const std::int64_t day_of_month = in_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", static_cast<int>(year), static_cast<int>(month),
                static_cast<int>(day_of_month), static_cast<int>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60),
                static_cast<int>(ms / 1000 % 60));
  std::string out = text;
  if (ms % 1000 != 0) {
    std::snprintf(text, sizeof text, ".%03d", static_cast<int>(ms % 1000));
    out += text;
  }
  return out;
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && same_word(text.substr(0, word.size()), word);
}

bool holds_mjd(const Field& field) {
  const bool number = field.datatype != Datatype::character && field.datatype != Datatype::unicode_char &&
                      field.datatype != Datatype::boolean && field.datatype != Datatype::bit;
  if (!number || !field.arraysize.scalar()) return false;
  if (same_word(field.xtype, "mjd")) return true;
  const std::string_view unit = trim(field.unit);
  const bool obscore = same_word(field.name, "t_min") || same_word(field.name, "t_max");
  if (obscore && (unit.empty() || unit == "d")) return true;
  // Days and a UCD of time are no calendar yet: they may count from a Julian Date, from a start of one's own, or be a
  // span.
  const auto says = [](std::string_view text) { return lower(text).find("mjd") != std::string::npos; };
  return unit == "d" && starts_with_word(field.ucd, "time.") && (says(field.name) || says(field.utype));
}

}  // namespace

std::string write_csv(const Table& table, const Showing* showing) {
  const TableMeta& meta = showing != nullptr ? showing->meta : table.meta;
  const std::vector<Field>& fields = meta.fields;
  std::string out;
  std::vector<std::size_t> dates;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string& name = fields[i].name.empty() ? fields[i].id : fields[i].name;
    if (i > 0) out += ',';
    append_csv(out, name);
    if (holds_mjd(fields[i]) && !meta.column(name + "_iso")) dates.push_back(i);
  }
  for (const std::size_t i : dates) {
    out += ',';
    append_csv(out, (fields[i].name.empty() ? fields[i].id : fields[i].name) + "_iso");
  }
  out += '\n';
  for (std::size_t r = 0; r < table.size(); ++r) {
    Row row = table.row(r);
    if (showing != nullptr) showing->row(row);
    const auto at = [&](std::size_t i) -> Value { return i < row.size() ? row[i] : Value(); };
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out += ',';
      append_csv(out, to_text(at(i)));
    }
    for (const std::size_t i : dates) {
      out += ',';
      const auto mjd = to_number(at(i));
      if (mjd) out += iso_date(*mjd);
    }
    out += '\n';
  }
  return out;
}

}  // namespace skymount::vo
