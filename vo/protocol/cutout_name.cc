// SPDX-License-Identifier: MIT
#include "vo/protocol/cutout_name.h"

#include "vo/http/url.h"
#include "vo/protocol/dali.h"
#include "vo/query/grammar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

namespace skymount::vo {
namespace {

constexpr std::array<std::string_view, 4> kExtensions = {"fits", "vot", "csv", "txt"};
constexpr double kDegree = std::numbers::pi / 180;

bool is_known(std::string_view key, const std::vector<std::string>& declared) {
  const auto same = [&](std::string_view known) { return same_word(key, known); };
  return std::any_of(cutout_keys().begin(), cutout_keys().end(), same) ||
         std::any_of(declared.begin(), declared.end(), same);
}

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/// The key before '=' at the start of `text`; empty when there is none.
std::string_view leading_key(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_key_character(text[n])) ++n;
  return n < text.size() && text[n] == '=' ? text.substr(0, n) : std::string_view{};
}

std::vector<std::string_view> split_terms(std::string_view text, const std::vector<std::string>& declared) {
  std::vector<std::string_view> out;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ',' || !is_known(leading_key(text.substr(i + 1)), declared)) continue;
    out.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  out.push_back(text.substr(start));
  return out;
}

std::string list_of_keys(const std::vector<std::string>& declared) {
  std::string out;
  for (const std::string& name : declared) out += (out.empty() ? "" : ", ") + words_of(name, 60);
  for (const std::string_view key : cutout_keys()) {
    const bool listed = std::any_of(declared.begin(), declared.end(), [&](auto& d) { return same_word(d, key); });
    if (!listed) out += (out.empty() ? "" : ", ") + std::string(key);
  }
  return out;
}

/// Numbers between commas, blanks or "..".
std::optional<std::vector<double>> numbers_in(std::string_view text) {
  std::vector<double> out;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == ',' || text[at] == ' ') {
      ++at;
      continue;
    }
    std::size_t end = std::min(text.find_first_of(", ", at), text.size());
    const std::size_t dots = text.substr(0, end).find("..", at);
    const std::size_t stop = std::min(dots, end);
    const auto number = number_in(text.substr(at, stop - at));
    if (!number || !std::isfinite(*number)) return std::nullopt;
    out.push_back(*number);
    at = dots < end ? dots + 2 : end;
  }
  return out;
}

double wrapped(double ra) {
  const double turned = std::fmod(ra, 360.0);
  return turned < 0 ? turned + 360 : turned;
}

Result<SkyPosition> position_of(double ra, double dec, std::string_view text) {
  if (std::abs(dec) > 90 || std::abs(ra) > 720) {
    return fail(Code::invalid, words_of(text, 100) + ": not a position; RA comes first, |Dec| is at most 90 degrees");
  }
  return SkyPosition{wrapped(ra), dec};
}

Result<CutoutShape> circle_of(const std::vector<double>& n, std::string_view text,
                              std::optional<double> default_radius) {
  if (n.size() != 3 && !(n.size() == 2 && default_radius)) {
    return fail(Code::invalid, words_of(text, 100) + ": a circle is RA,DEC,RADIUS in degrees");
  }
  const double radius = n.size() == 3 ? n[2] : *default_radius;
  if (!(radius > 0) || radius > 180)
    return fail(Code::invalid, words_of(text, 100) + ": the radius must be over 0 and at most 180 degrees");
  const Result<SkyPosition> centre = position_of(n[0], n[1], text);
  if (!centre) return fail(centre.error());
  return SkyCircle{*centre, radius};
}

Result<CutoutShape> box_of(const std::vector<double>& n, std::string_view text) {
  if (n.size() != 4 || !(n[2] > 0) || !(n[3] > 0) || n[2] >= 90 || n[3] >= 90) {
    return fail(Code::invalid, words_of(text, 100) + ": a box is RA,DEC,WIDTH,HEIGHT in degrees, full widths under 90");
  }
  const Result<SkyPosition> centre = position_of(n[0], n[1], text);
  if (!centre) return fail(centre.error());
  return CutoutBox{*centre, n[2], n[3]};
}

Result<CutoutShape> range_of(const std::vector<double>& n, std::string_view text) {
  if (n.size() != 4 || std::abs(n[2]) > 90 || std::abs(n[3]) > 90 || n[2] >= n[3] || n[0] == n[1]) {
    return fail(Code::invalid, words_of(text, 100) + ": a range is RA1,RA2,DEC1,DEC2 in degrees, DEC1 under DEC2");
  }
  return CutoutRange{n[0], n[1], n[2], n[3]};
}

Result<CutoutShape> polygon_of(const std::vector<double>& n, std::string_view text) {
  // 2,000 vertices: more than any footprint; a URL would not carry them.
  if (n.size() < 6 || n.size() % 2 != 0 || n.size() > 4000) {
    return fail(Code::invalid, words_of(text, 100) + ": a polygon is at least three pairs RA,DEC in degrees");
  }
  SkyPolygon polygon;
  for (std::size_t i = 0; i < n.size(); i += 2) {
    const Result<SkyPosition> vertex = position_of(n[i], n[i + 1], text);
    if (!vertex) return fail(vertex.error());
    polygon.vertices.push_back(*vertex);
  }
  return polygon;
}

/// The point at tangent-plane offsets (degrees along the tangent, east and north) from `centre`.
SkyPosition deproject(const SkyPosition& centre, double east_deg, double north_deg) {
  const double xi = std::tan(east_deg * kDegree), eta = std::tan(north_deg * kDegree);
  const double dec0 = centre.dec_deg * kDegree;
  const double below = std::cos(dec0) - eta * std::sin(dec0);
  const double ra = centre.ra_deg + std::atan2(xi, below) / kDegree;
  const double dec = std::atan2(std::sin(dec0) + eta * std::cos(dec0), std::hypot(xi, below)) / kDegree;
  return {wrapped(ra), dec};
}

SkyPolygon around(const SkyCircle& circle) {
  // 16 sides: the bounding rectangle exceeds the circle's by under 2 %.
  constexpr int kSides = 16;
  SkyPolygon out;
  const double reach = std::min(circle.radius_deg / std::cos(std::numbers::pi / kSides), 89.0) * kDegree;
  for (int i = 0; i < kSides; ++i) {
    const double angle = 2 * std::numbers::pi * i / kSides;
    const double east = std::atan(std::tan(reach) * std::sin(angle)) / kDegree;
    const double north = std::atan(std::tan(reach) * std::cos(angle)) / kDegree;
    out.vertices.push_back(deproject(circle.centre, east, north));
  }
  return out;
}

SkyPolygon around(const CutoutBox& box) {
  const double x = box.width_deg / 2, y = box.height_deg / 2;
  return {{deproject(box.centre, x, -y), deproject(box.centre, x, y), deproject(box.centre, -x, y),
           deproject(box.centre, -x, -y)}};
}

SkyPolygon around(const CutoutRange& r) {
  const double low = wrapped(r.ra_low), high = wrapped(r.ra_high);
  return {{{high, r.dec_low}, {high, r.dec_high}, {low, r.dec_high}, {low, r.dec_low}}};
}

std::optional<CutoutRange> range_about(const SkyPosition& centre, double half_ra, double half_dec) {
  if (half_ra >= 90 || std::abs(centre.dec_deg) + half_dec >= 90) return std::nullopt;
  return CutoutRange{centre.ra_deg - half_ra, centre.ra_deg + half_ra, centre.dec_deg - half_dec,
                     centre.dec_deg + half_dec};
}

}  // namespace

const std::vector<std::string_view>& cutout_keys() {
  static const std::vector<std::string_view> keys = {"circle", "box", "polygon", "pos",    "range",  "band",
                                                     "time",   "pol", "hdu",     "pixels", "planes", "from"};
  return keys;
}

bool is_shape_key(std::string_view key) {
  for (std::size_t i = 0; i < 5; ++i) {
    if (same_word(key, cutout_keys()[i])) return true;
  }
  return false;
}

std::optional<double> number_in(std::string_view text) {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  if (text.empty() || (plus && text.front() == '-')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
  return value;
}

Result<CutoutName> parse_cutout_name(std::string_view name, const std::vector<std::string>& declared,
                                     const std::vector<std::string>& formats) {
  CutoutName out;
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) out.extension = lower(name.substr(dot + 1));
  const auto same = [&](std::string_view known) { return known == out.extension; };
  if (std::none_of(kExtensions.begin(), kExtensions.end(), same) &&
      std::none_of(formats.begin(), formats.end(), same)) {
    std::string more;
    for (const std::string& format : formats)
      if (std::find(kExtensions.begin(), kExtensions.end(), format) == kExtensions.end()) more += ", ." + format;
    return fail(Code::invalid, "a cutout's name ends in .fits, .vot, .csv or .txt" + more + ": " + words_of(name, 100));
  }
  bool shape = false;
  for (const std::string_view term : split_terms(name.substr(0, dot), declared)) {
    const std::string_view key = leading_key(term);
    if (!is_known(key, declared)) {
      std::vector<std::string_view> known(declared.begin(), declared.end());
      known.insert(known.end(), cutout_keys().begin(), cutout_keys().end());
      const std::string near(nearest(key, known));
      return fail(Code::invalid, words_of(term, 100) + ": expected KEY=VALUE with one of " + list_of_keys(declared) +
                                     (near.empty() ? "" : " - did you mean " + near + "=?"));
    }
    const auto repeated = [&](const CutoutTerm& earlier) { return same_word(earlier.key, key); };
    if (std::any_of(out.terms.begin(), out.terms.end(), repeated)) {
      return fail(Code::invalid, std::string(key) + " is given twice");
    }
    if (shape && is_shape_key(key))
      return fail(Code::invalid, "a cutout has one shape; " + std::string(key) + " is a second");
    shape = shape || is_shape_key(key);
    Result<std::string> value = percent_decode(term.substr(key.size() + 1));
    if (!value) return fail(std::move(value).error().during(key));
    if (value->empty()) return fail(Code::invalid, std::string(key) + "= has no value");
    out.terms.push_back({std::string(key), std::move(*value)});
  }
  return out;
}

Result<CutoutShape> parse_shape(std::string_view key, std::string_view value, double default_radius_deg) {
  std::string shape = lower(key);
  std::string_view rest = value;
  const bool pos = shape == "pos";
  if (pos) {
    std::size_t letters = 0;
    while (letters < value.size() && std::isalpha(static_cast<unsigned char>(value[letters])) != 0) ++letters;
    shape = letters == 0 ? "circle" : lower(value.substr(0, letters));
    rest = value.substr(letters);
  }
  const auto numbers = numbers_in(rest);
  const std::string text = std::string(key) + "=" + std::string(value);
  if (!numbers) return fail(Code::invalid, words_of(text, 100) + ": expected numbers in degrees between commas");
  if (shape == "circle") return circle_of(*numbers, text, pos ? std::optional(default_radius_deg) : std::nullopt);
  if (shape == "box") return box_of(*numbers, text);
  if (shape == "range") return range_of(*numbers, text);
  if (shape == "polygon") return polygon_of(*numbers, text);
  return fail(Code::invalid, words_of(text, 100) + ": expected RA,DEC[,RADIUS], CIRCLE, RANGE or POLYGON");
}

SkyPolygon outline(const CutoutShape& shape) {
  if (const auto* polygon = std::get_if<SkyPolygon>(&shape)) return *polygon;
  if (const auto* circle = std::get_if<SkyCircle>(&shape)) return around(*circle);
  if (const auto* box = std::get_if<CutoutBox>(&shape)) return around(*box);
  return around(std::get<CutoutRange>(shape));
}

std::optional<CutoutRange> surrounding_range(const CutoutShape& shape) {
  if (const auto* range = std::get_if<CutoutRange>(&shape)) return *range;
  if (const auto* box = std::get_if<CutoutBox>(&shape)) {
    const double half = box->width_deg / 2 / std::cos(box->centre.dec_deg * kDegree);
    return range_about(box->centre, half, box->height_deg / 2);
  }
  if (const auto* circle = std::get_if<SkyCircle>(&shape)) {
    const double sine = std::sin(circle->radius_deg * kDegree) / std::cos(circle->centre.dec_deg * kDegree);
    if (circle->radius_deg >= 90 || sine >= 1) return std::nullopt;
    return range_about(circle->centre, std::asin(sine) / kDegree, circle->radius_deg);
  }
  return std::nullopt;
}

}  // namespace skymount::vo
