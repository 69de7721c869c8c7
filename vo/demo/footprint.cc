// SPDX-License-Identifier: MIT
//
// All tests are made on the tangent plane of the polygon's middle, where great circles are straight lines.
#include "vo/demo/footprint.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <numbers>

namespace skymount::demo {
namespace {

struct Words {
  std::string_view text;

  /// The next word in lower case, "" at the end. Brackets are words of their own; commas are blanks.
  std::string next() {
    while (!text.empty() && (std::isspace(static_cast<unsigned char>(text[0])) || text[0] == ','))
      text.remove_prefix(1);
    std::size_t size = 0;
    while (size < text.size() && !std::isspace(static_cast<unsigned char>(text[size])) &&
           std::string_view(",()").find(text[size]) == std::string_view::npos) {
      ++size;
    }
    if (size == 0 && !text.empty()) size = 1;
    std::string word(text.substr(0, size));
    text.remove_prefix(size);
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return word;
  }
};

std::optional<double> number(const std::string& word) {
  double value = 0;
  const char* begin = word.data() + (word.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_frame(const std::string& word) {
  return word == "icrs" || word == "fk5" || word == "j2000" || word == "unknownframe" || word == "topocenter" ||
         word == "geocenter" || word == "barycenter" || word == "unknownrefpos" || word == "spherical2";
}

std::optional<Shape> make_shape(const std::string& kind, const std::vector<double>& n) {
  Shape shape;
  if ((kind == "position" || kind == "point") && n.size() == 2) {
    shape.at = {{n[0], n[1]}};
  } else if (kind == "circle" && n.size() == 3 && n[2] >= 0) {
    shape = {Shape::Kind::circle, {{n[0], n[1]}}, n[2]};
  } else if (kind == "polygon" && n.size() >= 6 && n.size() % 2 == 0) {
    shape.kind = Shape::Kind::polygon;
    for (std::size_t i = 0; i < n.size(); i += 2) shape.at.push_back({n[i], n[i + 1]});
    const auto& first = shape.at.front();
    const auto& last = shape.at.back();
    if (shape.at.size() > 3 && first.ra == last.ra && first.dec == last.dec) shape.at.pop_back();
  } else if (kind == "box" && n.size() == 4) {
    // ADQL 2.0: centre and full widths; corners on the tangent plane of the centre.
    const Tan plane{{n[0], n[1]}, {0, 0}, {1, 0, 0, 1}};
    const double w = n[2] / 2, h = n[3] / 2;
    shape.kind = Shape::Kind::polygon;
    for (auto [x, y] : {std::pair{-w, -h}, {w, -h}, {w, h}, {-w, h}}) shape.at.push_back(plane.sky_of({x, y}));
  } else {
    return std::nullopt;
  }
  for (const Sky& sky : shape.at) {
    if (std::abs(sky.dec) > 90) return std::nullopt;
  }
  return shape;
}

Sky middle_of(const std::vector<Sky>& points) {
  double x = 0, y = 0, z = 0;
  for (const Sky& p : points) {
    const double ra = p.ra * std::numbers::pi / 180, dec = p.dec * std::numbers::pi / 180;
    x += std::cos(dec) * std::cos(ra);
    y += std::cos(dec) * std::sin(ra);
    z += std::sin(dec);
  }
  return {wrapped_ra(std::atan2(y, x) * 180 / std::numbers::pi),
          std::atan2(z, std::hypot(x, y)) * 180 / std::numbers::pi};
}

/// A polygon on the tangent plane of its middle, in degrees.
struct Flat {
  Tan plane;
  std::vector<Pixel> vertices;

  explicit Flat(const Shape& polygon) : plane{middle_of(polygon.at), {0, 0}, {1, 0, 0, 1}} {
    for (const Sky& sky : polygon.at) {
      if (const auto p = plane.pixel_of(sky)) vertices.push_back(*p);
    }
  }
  bool holds(Sky sky) const {
    const auto p = plane.pixel_of(sky);
    if (!p) return false;
    bool inside = false;
    for (std::size_t i = 0, j = vertices.size() - 1; i < vertices.size(); j = i++) {
      const Pixel &a = vertices[i], &b = vertices[j];
      if ((a.y > p->y) != (b.y > p->y) && p->x < (b.x - a.x) * (p->y - a.y) / (b.y - a.y) + a.x) inside = !inside;
    }
    return inside;
  }
  /// Degrees on the sky from `sky` to the nearest edge.
  double edge_distance(Sky sky) const {
    const Tan own{sky, {0, 0}, {1, 0, 0, 1}};  // around the point itself distances along rays are true
    double nearest = 180;
    for (std::size_t i = 0, j = vertices.size() - 1; i < vertices.size(); j = i++) {
      const auto a = own.pixel_of(plane.sky_of(vertices[i])), b = own.pixel_of(plane.sky_of(vertices[j]));
      if (!a || !b) continue;
      const double dx = b->x - a->x, dy = b->y - a->y, length2 = dx * dx + dy * dy;
      const double t = length2 == 0 ? 0 : std::clamp(-(a->x * dx + a->y * dy) / length2, 0.0, 1.0);
      const double flat = std::hypot(a->x + t * dx, a->y + t * dy) * std::numbers::pi / 180;
      nearest = std::min(nearest, std::atan(flat) * 180 / std::numbers::pi);
    }
    return nearest;
  }
};

bool edges_cross(const Flat& a, const Shape& other) {
  std::vector<Pixel> b;
  for (const Sky& sky : other.at) {
    if (const auto p = a.plane.pixel_of(sky)) b.push_back(*p);
  }
  const auto side = [](Pixel p, Pixel q, Pixel r) { return (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x); };
  for (std::size_t i = 0, j = a.vertices.size() - 1; i < a.vertices.size(); j = i++) {
    for (std::size_t k = 0, l = b.size() - 1; k < b.size(); l = k++) {
      const Pixel &p = a.vertices[j], &q = a.vertices[i], &r = b[l], &s = b[k];
      if (side(p, q, r) * side(p, q, s) < 0 && side(r, s, p) * side(r, s, q) < 0) return true;
    }
  }
  return false;
}

bool shape_contains(const Shape& outer, const Shape& inner) {
  if (outer.kind == Shape::Kind::point)
    return inner.kind == Shape::Kind::point && separation(outer.at[0], inner.at[0]) == 0;
  if (outer.kind == Shape::Kind::circle) {
    return std::all_of(inner.at.begin(), inner.at.end(),
                       [&](Sky sky) { return separation(outer.at[0], sky) + inner.radius <= outer.radius; });
  }
  const Flat flat(outer);
  if (!std::all_of(inner.at.begin(), inner.at.end(), [&](Sky sky) { return flat.holds(sky); })) return false;
  if (inner.kind == Shape::Kind::circle) return flat.edge_distance(inner.at[0]) >= inner.radius;
  return inner.kind == Shape::Kind::point || !edges_cross(flat, inner);
}

bool shape_intersects(const Shape& a, const Shape& b) {
  if (a.kind != Shape::Kind::polygon && b.kind == Shape::Kind::polygon) return shape_intersects(b, a);
  if (a.kind != Shape::Kind::polygon) return separation(a.at[0], b.at[0]) <= a.radius + b.radius;
  const Flat flat(a);
  if (b.kind != Shape::Kind::polygon) return flat.holds(b.at[0]) || flat.edge_distance(b.at[0]) <= b.radius;
  return flat.holds(b.at[0]) || Flat(b).holds(a.at[0]) || edges_cross(flat, b);
}

}  // namespace

std::optional<Footprint> parse_footprint(std::string_view text) {
  Footprint footprint;
  Words words{text};
  std::string word = words.next();
  while (!word.empty()) {
    if (word == "union" || word == "(" || word == ")" || is_frame(word)) {
      word = words.next();
      continue;
    }
    const std::string kind = word;
    std::vector<double> numbers;
    for (word = words.next(); !word.empty(); word = words.next()) {
      if (is_frame(word) && numbers.empty()) continue;
      const auto value = number(word);
      if (!value) break;
      numbers.push_back(*value);
    }
    auto shape = make_shape(kind, numbers);
    if (!shape) return std::nullopt;
    footprint.push_back(std::move(*shape));
  }
  return footprint.empty() ? std::nullopt : std::optional(footprint);
}

bool contains(const Footprint& outer, const Footprint& inner) {
  return std::all_of(inner.begin(), inner.end(), [&](const Shape& part) {
    return std::any_of(outer.begin(), outer.end(), [&](const Shape& whole) { return shape_contains(whole, part); });
  });
}

bool intersects(const Footprint& a, const Footprint& b) {
  return std::any_of(a.begin(), a.end(), [&](const Shape& x) {
    return std::any_of(b.begin(), b.end(), [&](const Shape& y) { return shape_intersects(x, y); });
  });
}

}  // namespace skymount::demo
