// SPDX-License-Identifier: MIT
#include "vo/query/sky.h"

#include "vo/query/interval.h"
#include "vo/query/sphere.h"
#include "vo/query/words.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

using sphere::kDegree;
using sphere::Vec;

// On the border counts as inside: 1e-9 degrees is 4 micro-arcseconds, above rounding and below any astrometry.
constexpr double kBorder = 1e-9 * kDegree;

// Sexagesimal text and wrapped angles go through a division or subtraction; 1e-12 degrees takes its noise back.
constexpr int kAngleDecimals = 12;

struct Sexagesimal {
  double value = 0;
  bool hours = false;  ///< marked with 'h'
  bool plain = false;  ///< a plain number, no parts
};

/// "10:24:02.7", "10h24m02.7s", "48d08m51s", "48°08'51\"", "10 24 02.7" or a plain number.
std::optional<Sexagesimal> read_sexagesimal(std::string_view text) {
  Sexagesimal out;
  if (const auto number = parse_number(text)) {
    out.value = *number;
    out.plain = true;
    return out;
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  static constexpr std::array<std::string_view, 3> kMarks[] = {
      {":", ":", ""}, {"h", "m", "s"}, {"d", "m", "s"}, {"\xC2\xB0", "'", "\""}, {" ", " ", ""}};
  for (const auto& marks : kMarks) {
    std::string_view rest = text;
    double total = 0;
    int parts = 0;
    for (; parts < 3 && !rest.empty(); ++parts) {
      const std::string_view mark = marks[static_cast<std::size_t>(parts)];
      const std::size_t at = mark.empty() ? std::string_view::npos : rest.find(mark);
      const std::string_view digits = rest.substr(0, at);
      const auto number = parse_number(digits);
      if (!number || !is_digit(digits.front()) || (parts > 0 && *number >= 60)) break;
      // Counting in the smallest unit keeps 10:24:02.4 on the decimal grid until one division at the end.
      total = total * 60 + *number;
      rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + mark.size());
      if (at == std::string_view::npos && parts < 2 && marks[2] == "s") rest = "?";  // "10h24" lacks its mark
    }
    if (parts < 2 || !rest.empty()) {
      const bool single_marked = parts == 1 && rest.empty() && marks[0] != ":" && marks[0] != " ";
      if (!single_marked) continue;
    }
    const double divisor = parts == 1 ? 1 : parts == 2 ? 60 : 3600;
    out.value = (negative ? -1 : 1) * total / divisor;
    out.hours = marks[0] == "h";
    return out;
  }
  return std::nullopt;
}

tl::unexpected<Error> bad_position(std::string_view text, std::string why) {
  return fail(Code::invalid, "pos=" + std::string(text) + ": " + std::move(why));
}

}  // namespace

Result<SkyPosition> SkyPosition::parse(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) {
    return bad_position(text, "expected RA,DEC in degrees, for example 156.01,48.14 or 10:24:02.7,+48:08:51");
  }
  const std::string_view ra_text = trim(text.substr(0, comma)), dec_text = trim(text.substr(comma + 1));
  const auto ra = read_sexagesimal(ra_text), dec = read_sexagesimal(dec_text);
  if (!ra || !dec) {
    return bad_position(
        text, "'" + std::string(!ra ? ra_text : dec_text) + "' is no angle; expected degrees, or 10:24:02.7,+48:08:51");
  }
  if (dec->hours) return bad_position(text, "a declination is not in hours; perhaps the two are swapped");
  double ra_deg = ra->value, dec_deg = dec->value;
  // Right ascension with parts is in hours unless it is marked as degrees.
  if (!ra->plain && (ra->hours || ra_text.find_first_of(": ") != std::string_view::npos)) ra_deg *= 15;
  if (!ra->plain) ra_deg = round_to_decimals(ra_deg, kAngleDecimals);
  if (!dec->plain) dec_deg = round_to_decimals(dec_deg, kAngleDecimals);
  if (std::abs(dec_deg) > 90) {
    std::string why = "a declination of " + fixed_shortest(dec_deg) + " lies past the pole";
    why += std::abs(ra_deg) <= 90 ? "; perhaps swapped: pos=" + std::string(dec_text) + "," + std::string(ra_text)
                                  : "; perhaps swapped or mistyped: it is RA,DEC and DEC is within -90 and +90";
    return bad_position(text, std::move(why));
  }
  if (ra_deg < 0 || ra_deg >= 360) {
    ra_deg = std::fmod(ra_deg, 360);
    if (ra_deg < 0) ra_deg += 360;
    ra_deg = round_to_decimals(ra_deg, kAngleDecimals);
    if (ra_deg >= 360) ra_deg = 0;
  }
  return SkyPosition{ra_deg + 0.0, dec_deg + 0.0};  // + 0.0: no negative zero
}

std::string SkyPosition::canonical() const {
  return fixed_shortest(ra_deg) + "," + fixed_shortest(dec_deg);
}

double separation_deg(const SkyPosition& a, const SkyPosition& b) {
  return sphere::angle(sphere::vector_of(a), sphere::vector_of(b)) / kDegree;
}

Result<double> parse_angle(std::string_view whole) {
  const std::string_view text = trim(whole);
  const auto bad = [&](std::string why) {
    return fail(Code::invalid, "'" + std::string(whole) + "': " + std::move(why));
  };
  std::size_t at = text.find_first_not_of("0123456789.+-");
  if (at != std::string_view::npos && (text[at] == 'e' || text[at] == 'E') && at + 1 < text.size() &&
      !is_letter(text[at + 1])) {
    at = text.find_first_not_of("0123456789.+-", at + 1);
  }
  const std::string_view unit = at == std::string_view::npos ? std::string_view{} : trim(text.substr(at));
  const auto number = parse_number(trim(text.substr(0, at)));
  if (!number) return bad("no angle; expected something like 0.5, 30arcmin or 20arcsec");
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1},        {"deg", 1}, {"d", 1},         {"degree", 1}, {"degrees", 1},    {"\xC2\xB0", 1},
      {"arcmin", 60}, {"'", 60},  {"arcsec", 3600}, {"\"", 3600},  {"mas", 3'600'000}};
  const auto* known = std::find_if(std::begin(kUnits), std::end(kUnits), [&](auto& u) { return u.first == unit; });
  if (known == std::end(kUnits)) return bad("unknown unit '" + std::string(unit) + "'; known: deg arcmin arcsec mas");
  if (*number < 0) return bad("an angle here is not negative");
  const double degrees = known->second == 1 ? *number : round_to_decimals(*number / known->second, kAngleDecimals);
  if (degrees > 180) return bad("over 180 degrees");
  return degrees + 0.0;
}

bool SkyRegion::contains(const SkyPosition& point) const {
  return meets({point, 0});
}

bool SkyRegion::meets(const SkyCircle& circle) const {
  const Vec centre = sphere::vector_of(circle.centre);
  const double reach = circle.radius_deg * kDegree + kBorder;
  const auto circle_meets = [&](const SkyCircle& shape) {
    return sphere::angle(centre, sphere::vector_of(shape.centre)) <= shape.radius_deg * kDegree + reach;
  };
  const auto polygon_meets = [&](const SkyPolygon& shape) {
    std::vector<Vec> vertices;
    vertices.reserve(shape.vertices.size());
    for (const SkyPosition& v : shape.vertices) vertices.push_back(sphere::vector_of(v));
    for (std::size_t i = 0; i < vertices.size(); ++i) {
      if (sphere::distance_to_arc(centre, vertices[i], vertices[(i + 1) % vertices.size()]) <= reach) return true;
    }
    return sphere::inside_polygon(centre, vertices);
  };
  return std::any_of(shapes.begin(), shapes.end(), [&](const auto& shape) {
    if (const auto* c = std::get_if<SkyCircle>(&shape)) return circle_meets(*c);
    return polygon_meets(std::get<SkyPolygon>(shape));
  });
}

SkyBox bounding_box(const SkyCircle& circle) {
  const auto& [centre, radius] = circle;
  SkyBox box{0, 360, std::max(-90.0, centre.dec_deg - radius), std::min(90.0, centre.dec_deg + radius)};
  if (centre.dec_deg + radius >= 90 || centre.dec_deg - radius <= -90) return box;
  const double ratio = std::sin(radius * kDegree) / std::cos(centre.dec_deg * kDegree);
  const double half = std::asin(std::min(1.0, ratio)) / kDegree;
  box.ra_min = centre.ra_deg - half;
  box.ra_max = centre.ra_deg + half;
  if (box.ra_min < 0) box.ra_min += 360;
  if (box.ra_max >= 360) box.ra_max -= 360;
  return box;
}

}  // namespace skymount::vo
