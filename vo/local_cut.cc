// SPDX-License-Identifier: MIT
#include "vo/local_cut.h"

#include "vo/http/url.h"
#include "vo/protocol/dali.h"
#include "vo/query/interval.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

namespace skymount::vo {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
// A circle by so many points exceeds their hull by 3e-5 of its radius: less than a pixel of any image.
constexpr int kCirclePoints = 400;
// Great circles between corners bend on the pixels: so many points show how.
constexpr int kEdgePoints = 32;

SkyPoint point_of(const SkyPosition& position) {
  return {position.ra_deg, position.dec_deg};
}

struct Vector {
  double x = 0, y = 0, z = 0;
};

Vector vector_of(const SkyPoint& p) {
  const double ra = p.ra_deg * kDegree, dec = p.dec_deg * kDegree;
  return {std::cos(dec) * std::cos(ra), std::cos(dec) * std::sin(ra), std::sin(dec)};
}

SkyPoint point_of(const Vector& v) {
  const double ra = std::atan2(v.y, v.x) / kDegree;
  return {ra < 0 ? ra + 360 : ra, std::atan2(v.z, std::hypot(v.x, v.y)) / kDegree};
}

/// Where one comes from `from` in that direction (0 is north, 90 east).
SkyPoint offset(const SkyPoint& from, double angle_deg, double distance_deg) {
  const double d = distance_deg * kDegree, a = angle_deg * kDegree;
  const double dec = from.dec_deg * kDegree;
  const double north = std::cos(d) * std::sin(dec) + std::sin(d) * std::cos(dec) * std::cos(a);
  const double along = std::cos(d) * std::cos(dec) - std::sin(d) * std::sin(dec) * std::cos(a);
  const double east = std::sin(d) * std::sin(a);
  const double ra = from.ra_deg + std::atan2(east, along) / kDegree;
  return {std::fmod(ra + 720, 360), std::atan2(north, std::hypot(along, east)) / kDegree};
}

void add_circle(CutSpec& spec, const SkyCircle& circle) {
  spec.centre = point_of(circle.centre);
  spec.reach_deg = circle.radius_deg;
  spec.outline.push_back(spec.centre);
  // Rings inside, too: near a pole or in an all-sky map a border alone does not show how far the inside reaches.
  for (const double part : {0.25, 0.5, 0.75, 1.0}) {
    for (int i = 0; i < kCirclePoints; ++i)
      spec.outline.push_back(offset(spec.centre, 360.0 * i / kCirclePoints, circle.radius_deg * part));
  }
}

void add_polygon(CutSpec& spec, const SkyPolygon& polygon) {
  Vector sum;
  const std::size_t count = polygon.vertices.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Vector a = vector_of(point_of(polygon.vertices[i])),
                 b = vector_of(point_of(polygon.vertices[(i + 1) % count]));
    for (int k = 0; k < kEdgePoints; ++k) {
      const double t = static_cast<double>(k) / kEdgePoints;  // along the chord: its direction is on the great circle
      const Vector at{a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t, a.z + (b.z - a.z) * t};
      spec.outline.push_back(point_of(at));
    }
    sum = {sum.x + a.x, sum.y + a.y, sum.z + a.z};
  }
  spec.centre = point_of(sum);
  spec.outline.push_back(spec.centre);
  const SkyPosition centre{spec.centre.ra_deg, spec.centre.dec_deg};
  for (const SkyPosition& vertex : polygon.vertices)
    spec.reach_deg = std::max(spec.reach_deg, separation_deg(centre, vertex));
}

std::string canonical_of(const CutoutShape& shape) {
  if (const auto* circle = std::get_if<SkyCircle>(&shape))
    return "circle=" + circle->centre.canonical() + "," + fixed_shortest(circle->radius_deg);
  if (const auto* box = std::get_if<CutoutBox>(&shape))
    return "box=" + box->centre.canonical() + "," + fixed_shortest(box->width_deg) + "," +
           fixed_shortest(box->height_deg);
  std::string out = "polygon=";
  for (const SkyPosition& vertex : outline(shape).vertices) out += (out.ends_with('=') ? "" : ",") + vertex.canonical();
  return out;
}

void add_shape(CutSpec& spec, const CutoutShape& shape) {
  if (const auto* circle = std::get_if<SkyCircle>(&shape))
    add_circle(spec, *circle);
  else
    add_polygon(spec, outline(shape));
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "A..B", or one number for both.
std::optional<PixelSpan> span_in(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = whole_number(text.substr(0, std::min(dots, text.size())));
  const auto last = dots == std::string_view::npos ? first : whole_number(text.substr(dots + 2));
  if (!first || !last || *last < *first) return std::nullopt;
  return PixelSpan{*first, *last};
}

std::string text_of(const PixelSpan& span) {
  return std::to_string(span.first) + ".." + std::to_string(span.second);
}

Result<void> add_pixels(CutSpec& spec, const CutoutTerm& term) {
  const std::size_t comma = term.value.find(',');
  spec.x = span_in(std::string_view(term.value).substr(0, comma));
  if (comma != std::string::npos) spec.y = span_in(std::string_view(term.value).substr(comma + 1));
  if (spec.x && (spec.y || comma == std::string::npos)) return {};
  return fail(Code::invalid,
              words_of(term.value, 100) + ": expected pixels=X0..X1,Y0..Y1, counted from 1, ends included");
}

/// Bare numbers are metres, as SODA has them.
Result<void> add_band(CutSpec& spec, const CutoutTerm& term) {
  const std::size_t dots = term.value.find("..");
  const auto bare = [&](std::string_view text, double open) {
    return text.empty() ? std::optional(open) : number_in(text);
  };
  const std::string_view value(term.value);
  const auto low = bare(value.substr(0, std::min(dots, value.size())), 0);
  const auto high = dots == std::string_view::npos ? low : bare(value.substr(dots + 2), HUGE_VAL);
  if (low && high && *low <= *high) {
    spec.band_m.emplace(*low, *high);
    return {};
  }
  const Result<Interval> interval = parse_band(value);
  if (!interval) return fail(interval.error());
  spec.band_m.emplace(std::max(interval->low, 0.0), interval->high);
  return {};
}

/// One term that is neither a shape nor from=.
Result<void> add_term(CutSpec& spec, const CutoutTerm& term) {
  if (same_word(term.key, "pixels")) return add_pixels(spec, term);
  if (same_word(term.key, "band")) return add_band(spec, term);
  if (same_word(term.key, "planes")) {
    spec.planes = span_in(term.value);
    if (spec.planes) return {};
    return fail(Code::invalid, words_of(term.value, 100) + ": expected planes=A..B, counted from 1, ends included");
  }
  if (same_word(term.key, "hdu")) {
    const auto number = whole_number(term.value);
    if (number && *number >= 0 && *number < 100'000) {
      spec.hdu = static_cast<int>(*number);
      return {};
    }
    return fail(Code::invalid, words_of(term.value, 100) + ": expected hdu=N, 0 for the primary HDU");
  }
  return fail(Code::invalid, "only a cutout service of the archive could understand " + words_of(term.key, 60) +
                                 "=; known here are circle, box, polygon, pos, range, pixels, planes, band, hdu, from");
}

void finish(CutSpec& spec, const std::string& shape) {
  spec.canonical = shape;
  const auto add = [&](const std::string& term) { spec.canonical += (spec.canonical.empty() ? "" : ",") + term; };
  if (spec.x) add("pixels=" + text_of(*spec.x) + (spec.y ? "," + text_of(*spec.y) : std::string()));
  if (spec.planes) add("planes=" + text_of(*spec.planes));
  if (spec.band_m) add("band=" + canonical_band({spec.band_m->first, spec.band_m->second}));
  if (spec.hdu) add("hdu=" + std::to_string(*spec.hdu));
}

std::string source_of(const Entry& entry, const Dataset& dataset) {
  if (!dataset.publisher_did.empty()) return std::string(dataset.publisher_did) + " " + entry.name;
  const Result<Url> url = Url::parse(entry.url);
  return url ? url->redacted() : entry.name;
}

void take(LocalCut& cut, const Entry& of, const DatasetFolder& folder, const Dataset& dataset) {
  cut.of = of;
  cut.source = source_of(of, dataset);
  for (const Entry& entry : folder.entries) {
    if (has_header_text(entry)) cut.wholes.push_back(entry.identity);
  }
}

Result<const Entry*> file_named(const DatasetFolder& folder, std::string_view name) {
  for (const Entry& entry : folder.entries) {
    if (entry.name == name && !entry.links_document && !entry.service && is_fits(entry)) return &entry;
  }
  return fail(Code::invalid, "from=" + words_of(name, 100) + ": the dataset has no FITS file of this name");
}

}  // namespace

bool can_be_cut_here(const DatasetFolder& folder, const Dataset& dataset, const CutDefaults& defaults) {
  return image_to_cut(folder, dataset, defaults.image) != nullptr;
}

Result<std::shared_ptr<const LocalCut>> local_cut(const DatasetFolder& folder, const Dataset& dataset,
                                                  const CutoutName& name, const CutDefaults& defaults) {
  if (name.extension != "fits")
    return fail(Code::unsupported, "what is cut out here is FITS: a name that ends in .fits");
  const Entry* of = image_to_cut(folder, dataset, defaults.image);
  auto cut = std::make_shared<LocalCut>();
  std::string shape_text;
  for (const CutoutTerm& term : name.terms) {
    if (same_word(term.key, "from")) {
      const Result<const Entry*> named = file_named(folder, term.value);
      if (!named) return fail(named.error());
      of = *named;
    } else if (is_shape_key(term.key)) {
      const Result<CutoutShape> shape = parse_shape(term.key, term.value, defaults.radius_deg);
      if (!shape) return fail(shape.error());
      add_shape(cut->spec, *shape);
      shape_text = canonical_of(*shape);
    } else if (Result<void> added = add_term(cut->spec, term); !added) {
      return fail(added.error());
    }
  }
  if (of == nullptr) return fail(Code::unsupported, "the dataset has no FITS image that could be cut here");
  finish(cut->spec, shape_text);
  if (cut->spec.canonical.empty())
    return fail(Code::invalid, "a cutout needs a region, pixels, planes, a band or an HDU");
  take(*cut, *of, folder, dataset);
  return cut;
}

Result<std::shared_ptr<const LocalCut>> local_field_cut(const DatasetFolder& folder, const Dataset& dataset,
                                                        const SkyCircle& field, const CutDefaults& defaults) {
  const Entry* of = dataset.product_type.empty() ? nullptr : image_to_cut(folder, dataset, defaults.image);
  if (of == nullptr) return fail(Code::unsupported, "the dataset has no FITS image that could be cut here");
  auto cut = std::make_shared<LocalCut>();
  add_circle(cut->spec, field);
  finish(cut->spec, canonical_of(field));
  take(*cut, *of, folder, dataset);
  return cut;
}

std::string identity_of(const LocalCut& cut) {
  return "cut:" + cut.of.identity + "\n" + cut.spec.canonical;
}

}  // namespace skymount::vo
