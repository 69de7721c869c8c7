// SPDX-License-Identifier: MIT
#include "vo/protocol/soda.h"

#include "vo/http/message.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/parameter_value.h"

#include <algorithm>
#include <cmath>

namespace skymount::vo {
namespace {

const Field* find(const std::vector<Field>& declared, std::string_view name) {
  const auto it =
      std::find_if(declared.begin(), declared.end(), [&](const Field& field) { return same_word(field.name, name); });
  return it == declared.end() ? nullptr : &*it;
}

std::string text_of(const SkyPolygon& polygon) {
  std::string out;
  for (const SkyPosition& vertex : polygon.vertices) {
    if (!out.empty()) out += ' ';
    out += pair_text(vertex.ra_deg, vertex.dec_deg);
  }
  return out;
}

std::string text_of(const SkyCircle& circle) {
  return pair_text(circle.centre.ra_deg, circle.centre.dec_deg) + " " + number_text(circle.radius_deg);
}

/// RANGE wants longitudes in [0, 360); low > high then wraps over 0.
std::string text_of(const CutoutRange& range) {
  const auto wrapped = [](double ra) { return ra < 0 ? ra + 360 : ra >= 360 ? ra - 360 : ra; };
  return pair_text(wrapped(range.ra_low), wrapped(range.ra_high)) + " " + pair_text(range.dec_low, range.dec_high);
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
  return pair_text(low, high);
}

Error undeclared(std::string_view what, const std::vector<Field>& declared) {
  return {Code::invalid,
          "the service does not take " + words_of(what, 60) + "; it declares " + declared_names(declared)};
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
    out.emplace_back(axes[i]->name, pair_text(*low, *high));
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
  Result<std::string> value = parameter_value(*field, upper);
  if (!value) return fail(std::move(value).error());
  return Parameters{{field->name, std::move(*value)}};
}

// What the extension of a name asks for. The first four are the grammar's own; the others are for services that deliver
// nothing else.
constexpr std::pair<std::string_view, std::string_view> kFormats[] = {{"fits", "application/fits"},
                                                                      {"vot", "application/x-votable+xml"},
                                                                      {"csv", "text/csv"},
                                                                      {"txt", "text/plain"},
                                                                      {"tsv", "text/tab-separated-values"},
                                                                      {"png", "image/png"},
                                                                      {"jpeg", "image/jpeg"},
                                                                      {"jpg", "image/jpeg"},
                                                                      {"json", "application/json"},
                                                                      {"xml", "text/xml"},
                                                                      {"tar", "application/x-tar"},
                                                                      {"zip", "application/zip"}};

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
    return Parameters{{ra->name, ra_interval(*range, *ra)}, {dec->name, pair_text(range->dec_low, range->dec_high)}};
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
  for (const auto& [known, type] : kFormats)
    if (known == extension) return std::string(type);
  return "text/plain";
}

std::vector<std::string> formats_of(const std::vector<Field>& declared, std::string_view content_type) {
  std::vector<std::string> out;
  const auto offers = [&](std::string_view extension, std::string_view type) {
    return !type.empty() && fits_extension(extension, type);
  };
  const Field* field = find(declared, "RESPONSEFORMAT");
  if (field == nullptr) field = find(declared, "FORMAT");
  for (const auto& [extension, type] : kFormats) {
    bool offered = offers(extension, content_type);
    if (field != nullptr)
      for (const Option& option : field->options) offered = offered || offers(extension, option.value);
    if (offered) out.emplace_back(extension);
  }
  return out;
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
