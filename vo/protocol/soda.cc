// SPDX-License-Identifier: MIT
#include "vo/protocol/soda.h"

#include "vo/http/message.h"
#include "vo/protocol/dali.h"
#include "vo/query/interval.h"

#include <algorithm>
#include <cmath>

namespace skymount::vo {
namespace {

const Field* find(const std::vector<Field>& declared, std::string_view name) {
  const auto it = std::find_if(declared.begin(), declared.end(),
                               [&](const Field& field) { return same_word(field.name, name); });
  return it == declared.end() ? nullptr : &*it;
}

std::string number(double value) {
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  return fixed_shortest(value);
}

std::string pair_of(double low, double high) {
  return number(low) + " " + number(high);
}

std::string text_of(const SkyPolygon& polygon) {
  std::string out;
  for (const SkyPosition& vertex : polygon.vertices) {
    if (!out.empty()) out += ' ';
    out += pair_of(vertex.ra_deg, vertex.dec_deg);
  }
  return out;
}

std::string text_of(const SkyCircle& circle) {
  return pair_of(circle.centre.ra_deg, circle.centre.dec_deg) + " " + number(circle.radius_deg);
}

/// RANGE wants longitudes in [0, 360); low > high then wraps over 0.
std::string text_of(const CutoutRange& range) {
  const auto wrapped = [](double ra) { return ra < 0 ? ra + 360 : ra >= 360 ? ra - 360 : ra; };
  return pair_of(wrapped(range.ra_low), wrapped(range.ra_high)) + " " + pair_of(range.dec_low, range.dec_high);
}

/// DaCHS offers RA with limits that may be negative or over 360; the interval asked for is turned to meet them.
std::string ra_interval(const CutoutRange& range, const Field& ra) {
  double low = range.ra_low;
  double high = range.ra_high < range.ra_low ? range.ra_high + 360 : range.ra_high;
  const auto least = number_in(ra.min), most = number_in(ra.max);
  if (least && high < *least) {
    low += 360;
    high += 360;
  } else if (most && low > *most) {
    low -= 360;
    high -= 360;
  }
  return pair_of(low, high);
}

Error undeclared(std::string_view what, const std::vector<Field>& declared) {
  return {Code::invalid,
          "the service does not take " + words_of(what, 60) + "; it declares " + declared_names(declared)};
}

Result<std::string> interval_text(std::string_view key, std::string_view value) {
  const bool band = same_word(key, "band");
  const std::size_t dots = value.find("..");
  const auto end = [&](std::string_view part, double open) {
    return part.empty() ? std::optional(open) : number_in(part);
  };
  const auto low = end(value.substr(0, dots), -INFINITY);
  const auto high = dots == std::string_view::npos ? low : end(value.substr(dots + 2), INFINITY);
  // Bare numbers of a band are metres, as SODA has them; a bare number of a time would be a year.
  if (band && low && high) {
    if (*low > *high) return fail(Code::invalid, words_of(value, 60) + ": the low end comes first");
    return pair_of(*low, *high);
  }
  const Result<Interval> interval = band ? parse_band(value) : parse_time(value);
  if (!interval) return fail(interval.error().during(key));
  return pair_of(interval->low, interval->high);
}

bool is_text(const Field& field) {
  return field.datatype == Datatype::character || field.datatype == Datatype::unicode_char ||
         field.datatype == Datatype::unknown;
}

Result<std::string> option_text(const Field& field, std::string_view value) {
  for (const bool exact : {true, false}) {
    for (const Option& option : field.options) {
      const std::string& known = option.value.empty() ? option.name : option.value;
      if (exact ? known == value : same_word(known, value)) return known;
    }
  }
  std::string listed;
  for (const Option& option : field.options) {
    listed += (listed.empty() ? "" : ", ") + words_of(option.value.empty() ? option.name : option.value, 60);
  }
  return fail(Code::invalid, field.name + " is one of " + listed + "; not " + words_of(value, 60));
}

/// Numbers between commas or "..", each checked, joined by single blanks.
Result<std::string> array_text(const Field& field, std::string_view value) {
  std::string out;
  std::uint64_t count = 0;
  bool after_dots = false;
  for (std::size_t at = 0; at <= value.size(); ++count) {
    const std::size_t comma = std::min(value.find_first_of(", ", at), value.size());
    const std::size_t dots = value.substr(0, comma).find("..", at);
    const bool before_dots = dots < comma;
    const std::size_t stop = before_dots ? dots : comma;
    auto item = number_in(value.substr(at, stop - at));
    if (stop == at && before_dots && count == 0) item = -INFINITY;          // "..b"
    if (stop == at && after_dots && stop == value.size()) item = INFINITY;  // "a.."
    if (!item) return fail(Code::invalid, field.name + "=" + words_of(value, 60) + ": not a number");
    out += (out.empty() ? "" : " ") + number(*item);
    at = before_dots ? dots + 2 : comma + 1;
    after_dots = before_dots;
  }
  const std::uint64_t wanted = field.arraysize.elements();
  if (!field.arraysize.variable && wanted > 1 && count != wanted) {
    return fail(Code::invalid,
                field.name + "=" + words_of(value, 60) + ": expected " + std::to_string(wanted) + " numbers");
  }
  return out;
}

Result<std::string> plain_value(const Field& field, std::string_view value) {
  if (!field.options.empty()) return option_text(field, value);
  if (same_word(field.name, "band") || same_word(field.name, "time")) {
    return interval_text(field.name, value);
  }
  if (is_text(field)) return std::string(value);
  if (field.datatype == Datatype::boolean) return std::string(value);
  return array_text(field, value);
}

Result<Parameters> pixel_parameters(std::string_view value, const std::vector<Field>& declared) {
  const Field* axes[] = {find(declared, "PIXEL_1"), find(declared, "PIXEL_2")};
  if (axes[0] == nullptr || axes[1] == nullptr) return fail(undeclared("pixels", declared));
  const std::size_t comma = value.find(',');
  Parameters out;
  const std::string_view parts[] = {value.substr(0, comma),
                                    comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1)};
  for (int i = 0; i < 2; ++i) {
    const std::size_t dots = parts[i].find("..");
    const auto low = number_in(parts[i].substr(0, dots));
    const auto high = dots == std::string_view::npos ? std::nullopt : number_in(parts[i].substr(dots + 2));
    const bool whole = low && high && *low >= 1 && *low <= *high && *high < 1e9 && *low == std::floor(*low) &&
                       *high == std::floor(*high);
    if (!whole)
      return fail(Code::invalid, "pixels=" + words_of(value, 60) + ": expected X0..X1,Y0..Y1, counted from 1");
    out.emplace_back(axes[i]->name, pair_of(*low, *high));
  }
  return out;
}

Result<Parameters> term_parameters(const CutoutTerm& term, const std::vector<Field>& declared,
                                   double default_radius_deg) {
  if (is_shape_key(term.key)) {
    const Result<CutoutShape> shape = parse_shape(term.key, term.value, default_radius_deg);
    if (!shape) return fail(shape.error());
    return shape_parameters(*shape, declared);
  }
  const Field* field = find(declared, term.key);
  if (field == nullptr) {
    if (same_word(term.key, "pixels")) return pixel_parameters(term.value, declared);
    return fail(undeclared(term.key, declared));
  }
  // Polarisation states are upper case in the standard; people need not know.
  const bool pol = same_word(term.key, "pol") && field->options.empty();
  std::string upper = term.value;
  if (pol) std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  Result<std::string> value = plain_value(*field, upper);
  if (!value) return fail(std::move(value).error());
  return Parameters{{field->name, std::move(*value)}};
}

bool is_fits_type(std::string_view type) {
  return type.find("fits") != std::string_view::npos && type.find("fits-header") == std::string_view::npos;
}

bool fits_extension(std::string_view extension, std::string_view content_type) {
  const std::string type = MediaType::parse(content_type).type;
  if (extension == "fits") return is_fits_type(type);
  if (extension == "vot") return type.find("votable") != std::string::npos;
  return type == type_of_extension(extension);
}

}  // namespace

std::string declared_names(const std::vector<Field>& declared) {
  std::string out;
  for (const Field& field : declared) out += (out.empty() ? "" : ", ") + words_of(field.name, 60);
  return out.empty() ? "nothing to set" : out;
}

bool takes_position(const std::vector<Field>& declared) {
  return find(declared, "CIRCLE") != nullptr || find(declared, "POS") != nullptr ||
         find(declared, "POLYGON") != nullptr || (find(declared, "RA") != nullptr && find(declared, "DEC") != nullptr);
}

Result<Parameters> shape_parameters(const CutoutShape& shape, const std::vector<Field>& declared) {
  const Field* pos = find(declared, "POS");
  const Field* polygon = find(declared, "POLYGON");
  const auto* drawn = std::get_if<SkyPolygon>(&shape);
  const std::optional<CutoutRange> range = surrounding_range(shape);
  if (const auto* circle = std::get_if<SkyCircle>(&shape)) {
    if (const Field* field = find(declared, "CIRCLE")) return Parameters{{field->name, text_of(*circle)}};
    if (pos != nullptr) return Parameters{{pos->name, "CIRCLE " + text_of(*circle)}};
  } else if (drawn == nullptr && pos != nullptr && range) {
    return Parameters{{pos->name, "RANGE " + text_of(*range)}};
  }
  if (polygon != nullptr) return Parameters{{polygon->name, text_of(outline(shape))}};
  if (pos != nullptr) return Parameters{{pos->name, "POLYGON " + text_of(outline(shape))}};
  const Field* ra = find(declared, "RA");
  const Field* dec = find(declared, "DEC");
  if (ra != nullptr && dec != nullptr && range) {
    return Parameters{{ra->name, ra_interval(*range, *ra)}, {dec->name, pair_of(range->dec_low, range->dec_high)}};
  }
  return fail(undeclared("this shape", declared));
}

Result<Parameters> soda_parameters(const CutoutName& name, const std::vector<Field>& declared,
                                   double default_radius_deg) {
  Parameters out;
  for (const CutoutTerm& term : name.terms) {
    Result<Parameters> some = term_parameters(term, declared, default_radius_deg);
    if (!some) return fail(std::move(some).error());
    for (auto& parameter : *some) {
      const auto twice = [&](const auto& earlier) { return earlier.first == parameter.first; };
      if (std::any_of(out.begin(), out.end(), twice)) {
        return fail(Code::invalid, "two terms of the name both set " + words_of(parameter.first, 60));
      }
      out.push_back(std::move(parameter));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string type_of_extension(std::string_view extension) {
  if (extension == "fits") return "application/fits";
  if (extension == "vot") return "application/x-votable+xml";
  if (extension == "csv") return "text/csv";
  return "text/plain";
}

Result<std::optional<std::pair<std::string, std::string>>> soda_format(std::string_view extension,
                                                                       const std::vector<Field>& declared,
                                                                       std::string_view content_type) {
  using Format = std::optional<std::pair<std::string, std::string>>;
  const Field* field = find(declared, "RESPONSEFORMAT");
  if (field == nullptr) field = find(declared, "FORMAT");
  if (field == nullptr) {
    if (content_type.empty() ? extension == "fits" : fits_extension(extension, content_type)) return Format{};
    const std::string delivers = content_type.empty() ? "one format" : words_of(content_type, 60);
    return fail(Code::invalid,
                "the service delivers " + delivers + " only; ." + std::string(extension) + " cannot be had");
  }
  if (field->options.empty()) return Format({field->name, type_of_extension(extension)});
  const Option* best = nullptr;
  for (const Option& option : field->options) {
    if (!fits_extension(extension, option.value)) continue;
    const bool usual = same_word(option.value, type_of_extension(extension));
    if (best == nullptr || usual) best = &option;
  }
  if (best != nullptr) return Format({field->name, best->value});
  if (!content_type.empty() && fits_extension(extension, content_type)) return Format{};
  std::string listed;
  for (const Option& option : field->options) listed += (listed.empty() ? "" : ", ") + words_of(option.value, 60);
  return fail(Code::invalid, "the service delivers " + listed + "; ." + std::string(extension) + " cannot be had");
}

}  // namespace skymount::vo
