// SPDX-License-Identifier: MIT
//
// Reading s_region as archives write it: STC-S, DALI text, bare numbers. What is not understood in full gives no region
// at all, because half a footprint would hide a dataset, while an unknown one is merely shown.
#include "vo/query/sky.h"
#include "vo/query/sphere.h"
#include "vo/query/words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace skymount::vo {
namespace {

using sphere::kDegree;
using sphere::Vec;

// Far beyond real footprints (ALMA mosaics have some thousand vertices), small enough that a hostile cell costs
// nothing.
constexpr std::size_t kMaxText = 1 << 20, kMaxNumbers = 100'000, kMaxShapes = 10'000;
constexpr int kMaxDepth = 8;

enum class Frame { icrs, galactic };

Vec from_galactic(double lon_deg, double lat_deg) {
  // Rows of the matrix from galactic to ICRS (Hipparcos catalogue, volume 1, section 1.5.3, transposed).
  constexpr std::array<std::array<double, 3>, 3> m{{{-0.0548755604162154, 0.4941094278755837, -0.8676661490190047},
                                                    {-0.8734370902348850, -0.4448296299600112, -0.1980763734312015},
                                                    {-0.4838350155487132, 0.7469822444972189, 0.4559837761750669}}};
  const Vec g = sphere::vector_of({lon_deg, lat_deg});
  const auto row = [&](int i) {
    const auto& r = m[static_cast<std::size_t>(i)];
    return r[0] * g.x + r[1] * g.y + r[2] * g.z;
  };
  return {row(0), row(1), row(2)};
}

/// Nothing for a latitude past a pole.
std::optional<SkyPosition> position(double lon, double lat, Frame frame) {
  if (!std::isfinite(lon) || !std::isfinite(lat) || std::abs(lat) > 90) return std::nullopt;
  if (frame == Frame::galactic) return sphere::position_of(from_galactic(lon, lat));
  double ra = std::fmod(lon, 360);
  if (ra < 0) ra += 360;
  if (ra >= 360) ra = 0;
  return SkyPosition{ra + 0.0, lat};
}

using Shapes = std::vector<std::variant<SkyCircle, SkyPolygon>>;
using Numbers = std::vector<double>;

bool add_circle(Shapes& out, const Numbers& n, Frame frame) {
  if (n.size() != 3 || !(n[2] >= 0 && n[2] <= 180)) return false;
  const auto centre = position(n[0], n[1], frame);
  if (centre) out.push_back(SkyCircle{*centre, n[2]});
  return centre.has_value();
}

bool add_point(Shapes& out, const Numbers& n, Frame frame) {
  return n.size() == 2 && add_circle(out, {n[0], n[1], 0}, frame);
}

bool add_polygon(Shapes& out, const Numbers& n, Frame frame) {
  if (n.size() < 6 || n.size() % 2 != 0) return false;
  SkyPolygon polygon;
  for (std::size_t i = 0; i < n.size(); i += 2) {
    const auto vertex = position(n[i], n[i + 1], frame);
    if (!vertex) return false;
    if (polygon.vertices.empty() || polygon.vertices.back() != *vertex) polygon.vertices.push_back(*vertex);
  }
  while (polygon.vertices.size() > 1 && polygon.vertices.back() == polygon.vertices.front())
    polygon.vertices.pop_back();
  if (polygon.vertices.size() < 3) return false;
  out.push_back(std::move(polygon));
  return true;
}

/// Sides along parallels are no great circles: pieces of at most 90 degrees whose parallels have many vertices.
bool add_range(Shapes& out, const Numbers& n, Frame frame) {
  if (n.size() != 4 || n[2] > n[3] || n[2] < -90 || n[3] > 90) return false;
  double width = n[1] - n[0];
  if (width < 0) width += 360;
  if (width < 0 || width > 360) return false;
  if (width == 0 && n[0] != n[1]) return false;
  const int pieces = std::max(1, static_cast<int>(std::ceil(width / 90)));
  // 64 steps: at 90 degrees wide a chord leaves its parallel by 20 arcsec at most, at 1 degree by less than a
  // milli-arcsecond.
  constexpr int kSteps = 64;
  for (int piece = 0; piece < pieces; ++piece) {
    Numbers vertices;
    const double west = n[0] + width * piece / pieces, step = width / pieces / kSteps;
    for (int i = 0; i <= kSteps; ++i) vertices.insert(vertices.end(), {west + i * step, n[2]});
    for (int i = kSteps; i >= 0; --i) vertices.insert(vertices.end(), {west + i * step, n[3]});
    if (!add_polygon(out, vertices, frame)) return false;
  }
  return true;
}

/// Full widths in coordinate degrees, corners joined by great circles (ADQL 2.0 section 2.4.3).
bool add_box(Shapes& out, const Numbers& n, Frame frame) {
  if (n.size() != 4 || n[2] < 0 || n[3] < 0 || n[2] > 180) return false;
  const double w = n[2] / 2, low = std::max(-90.0, n[1] - n[3] / 2), high = std::min(90.0, n[1] + n[3] / 2);
  return add_polygon(out, {n[0] - w, low, n[0] + w, low, n[0] + w, high, n[0] - w, high}, frame);
}

/// Centre, two semi-axes, position angle (north through east).
bool add_ellipse(Shapes& out, const Numbers& n, Frame frame) {
  if (n.size() != 5 || frame != Frame::icrs || !(n[2] > 0 && n[2] < 90) || !(n[3] > 0 && n[3] < 90)) return false;
  const auto centre = position(n[0], n[1], frame);
  if (!centre) return false;
  SkyPolygon polygon;
  constexpr int kSteps = 72;
  for (int i = 0; i < kSteps; ++i) {
    const double t = 2 * std::numbers::pi * i / kSteps;
    const double along = n[2] * std::cos(t), across = n[3] * std::sin(t);
    const double pa = n[4] * kDegree + std::atan2(across, along);
    polygon.vertices.push_back(sphere::position_of(sphere::offset(*centre, pa, std::hypot(along, across) * kDegree)));
  }
  out.push_back(std::move(polygon));
  return true;
}

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) out.push_back(lower(word));
    word.clear();
  };
  for (char c : text) {
    if (c == '(' || c == ')') {
      flush();
      out.emplace_back(1, c);
    } else if (c == ',' || std::isspace(static_cast<unsigned char>(c)) != 0) {
      flush();
    } else {
      word += c;
    }
  }
  flush();
  return out;
}

/// shape+ of the grammar in the protocol notes; stops understanding at the first word it does not know.
class Reader {
 public:
  explicit Reader(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}

  bool read_all(Shapes& out) {
    while (at_ < tokens_.size()) {
      if (!read_shape(out, Frame::icrs, 0)) return false;
    }
    return true;
  }

 private:
  std::string_view peek() const { return at_ < tokens_.size() ? std::string_view(tokens_[at_]) : std::string_view{}; }
  bool take(std::string_view word) {
    if (peek() != word) return false;
    ++at_;
    return true;
  }

  /// Frames within 0.1 arcsec of ICRS are ICRS here; FK4 and ecliptic are not understood.
  bool read_frames(Frame& frame) {
    for (;; ++at_) {
      const std::string_view word = peek();
      if (word == "galactic" || word == "galactic_ii") {
        frame = Frame::galactic;
      } else if (word == "icrs" || word == "fk5" || word == "j2000") {
        frame = Frame::icrs;
      } else if (word == "unit") {
        ++at_;
        if (peek() != "deg") return false;
      } else if (!is_one_of(word, {"unknownframe", "unknown", "barycenter", "geocenter", "heliocenter", "topocenter",
                                   "lsr", "unknownrefpos", "spherical2"})) {
        return word != "fk4" && word != "b1950" && word != "ecliptic" && word != "cartesian2";
      }
    }
  }

  static bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  }

  bool read_numbers(Numbers& out) {
    int open = 0;  // some write POLYGON((1 2, 3 4, ...))
    while (at_ < tokens_.size()) {
      if (take("(")) {
        if (++open > kMaxDepth) return false;
      } else if (open > 0 && take(")")) {
        --open;
      } else if (const auto number = parse_number(peek())) {
        out.push_back(*number);
        ++at_;
      } else {
        break;
      }
    }
    return open == 0;
  }

  bool read_union(Shapes& out, Frame frame, int depth) {
    if (depth >= kMaxDepth || !read_frames(frame) || !take("(")) return false;
    while (!take(")")) {
      if (!read_shape(out, frame, depth + 1)) return false;
    }
    return true;
  }

  bool read_shape(Shapes& out, Frame frame, int depth) {
    if (out.size() >= kMaxShapes) return false;
    const std::string word(peek());
    ++at_;
    if (word == "union") return read_union(out, frame, depth);
    Numbers numbers;
    if (!read_frames(frame) || !read_numbers(numbers) || !read_suffix()) return false;
    if (word == "circle") return add_circle(out, numbers, frame);
    if (word == "polygon") return add_polygon(out, numbers, frame);
    if (word == "position" || word == "point") return add_point(out, numbers, frame);
    if (word == "range") return add_range(out, numbers, frame);
    if (word == "box") return add_box(out, numbers, frame);
    if (word == "ellipse") return add_ellipse(out, numbers, frame);
    return false;
  }

  /// "unit deg" may also follow the numbers.
  bool read_suffix() {
    if (!take("unit")) return true;
    return take("deg");
  }

  std::vector<std::string> tokens_;
  std::size_t at_ = 0;
};

bool read_bare_numbers(Shapes& out, const std::vector<std::string>& tokens, std::string_view xtype) {
  Numbers numbers;
  for (const std::string& token : tokens) {
    if (token == "(" || token == ")") continue;
    const auto number = parse_number(token);
    if (!number) return false;
    numbers.push_back(*number);
  }
  if (same_word(xtype, "point")) return add_point(out, numbers, Frame::icrs);
  if (same_word(xtype, "circle")) return add_circle(out, numbers, Frame::icrs);
  if (same_word(xtype, "range")) return add_range(out, numbers, Frame::icrs);
  if (same_word(xtype, "polygon")) return add_polygon(out, numbers, Frame::icrs);
  switch (numbers.size()) {
    case 2: return add_point(out, numbers, Frame::icrs);
    case 3: return add_circle(out, numbers, Frame::icrs);
    case 4: return add_range(out, numbers, Frame::icrs);
    default: return add_polygon(out, numbers, Frame::icrs);
  }
}

}  // namespace

SkyRegion SkyRegion::parse(std::string_view text, std::string_view xtype) {
  if (text.size() > kMaxText) return {};
  std::vector<std::string> tokens = tokens_of(text);
  if (tokens.empty() || tokens.size() > kMaxNumbers) return {};
  const auto first_word = std::find_if(tokens.begin(), tokens.end(), [](const std::string& t) { return t != "("; });
  const bool bare = first_word != tokens.end() && parse_number(*first_word).has_value();
  SkyRegion out;
  const bool understood =
      bare ? read_bare_numbers(out.shapes, tokens, xtype) : Reader(std::move(tokens)).read_all(out.shapes);
  if (!understood) out.shapes.clear();
  return out;
}

}  // namespace skymount::vo
