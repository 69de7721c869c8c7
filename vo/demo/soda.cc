// SPDX-License-Identifier: MIT
//
// IVOA SODA 1.0, synchronous: the bounding pixel rectangle of a region, cut by cfitsio. Strict on purpose: a parameter
// that the descriptor does not declare, or a constant that it does and that does not arrive, is a UsageError.
#include "vo/demo/services.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <limits>

namespace skymount::demo {
namespace {

/// What a request did wrong: HTTP status and the text of the answer.
struct SodaError {
  int status;
  std::string text;
};

// A cutout is made in memory: 64 million samples are 128 MB for a plate.
constexpr std::int64_t kMaxSamples = 64'000'000;

std::vector<double> numbers(const std::string& name, std::string_view text) {
  std::vector<double> values;
  while (true) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (text.empty()) return values;
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    if (word.starts_with('+')) word.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || std::isnan(value)) {
      throw SodaError{400, "UsageError: " + name + ": '" + std::string(word) + "' is no number"};
    }
    values.push_back(value);
  }
}

/// Directions that lie on the outline of the region (and some inside), close enough together that their pixels span it.
struct Outline {
  std::vector<Sky> points;
  std::optional<Sky> centre;
  double radius = 0;
};

Outline circle_outline(const std::vector<double>& n) {
  if (n.size() != 3 || std::abs(n[1]) > 90 || n[2] < 0 || !std::isfinite(n[0]) || !std::isfinite(n[2])) {
    throw SodaError{400, "UsageError: CIRCLE wants longitude, latitude and radius"};
  }
  Outline outline{{{n[0], n[1]}}, Sky{n[0], n[1]}, n[2]};
  for (int angle = 0; angle < 720; ++angle) outline.points.push_back(offset({n[0], n[1]}, n[2], angle / 2.0));
  return outline;
}

Outline polygon_outline(const std::vector<double>& n) {
  if (n.size() < 6 || n.size() % 2 != 0) throw SodaError{400, "UsageError: POLYGON wants at least three vertices"};
  Outline outline;
  for (std::size_t i = 0; i < n.size(); i += 2) {
    if (!std::isfinite(n[i]) || !(std::abs(n[i + 1]) <= 90))
      throw SodaError{400, "UsageError: POLYGON: not on the sky"};
    outline.points.push_back({n[i], n[i + 1]});
  }
  return outline;
}

Outline range_outline(std::vector<double> n) {
  if (n.size() != 4) throw SodaError{400, "UsageError: RANGE wants two longitudes and two latitudes"};
  if (std::isinf(n[0]) || std::isinf(n[1])) n[0] = 0, n[1] = 360;
  if (n[0] > n[1]) n[1] += 360;
  n[2] = std::max(n[2], -90.0);
  n[3] = std::min(n[3], 90.0);
  if (n[2] > n[3]) throw SodaError{400, "UsageError: RANGE: the latitudes are the wrong way round"};
  Outline outline;
  for (int i = 0; i <= 64; ++i) {
    for (int k = 0; k <= 64; ++k) {
      outline.points.push_back({wrapped_ra(n[0] + (n[1] - n[0]) * i / 64), n[2] + (n[3] - n[2]) * k / 64});
    }
  }
  return outline;
}

Outline outline_of(const std::string& name, const std::string& value) {
  if (name == "CIRCLE") return circle_outline(numbers(name, value));
  if (name == "POLYGON") return polygon_outline(numbers(name, value));
  const std::size_t blank = value.find(' ');
  const std::string shape = value.substr(0, blank);
  const std::vector<double> n = numbers("POS", blank == std::string::npos ? "" : value.substr(blank));
  if (same_ignoring_case(shape, "CIRCLE")) return circle_outline(n);
  if (same_ignoring_case(shape, "POLYGON")) return polygon_outline(n);
  if (same_ignoring_case(shape, "RANGE")) return range_outline(n);
  throw SodaError{400, "UsageError: POS wants CIRCLE, RANGE or POLYGON"};
}

/// The rectangle of pixels that the outline spans, cut to the image. None: it lies outside.
std::optional<PixelBox> box_of(const ImageSpec& spec, const Outline& outline) {
  PixelBox box{0, spec.nx - 1, 0, spec.ny - 1, 0, spec.nz - 1};
  double x0 = std::numeric_limits<double>::infinity(), x1 = -x0, y0 = x0, y1 = -x0;
  for (const Sky& sky : outline.points) {
    const auto p = spec.wcs.pixel_of(sky);
    if (!p) continue;
    x0 = std::min(x0, p->x);
    x1 = std::max(x1, p->x);
    y0 = std::min(y0, p->y);
    y1 = std::max(y1, p->y);
  }
  // A circle of more than a hemisphere has an outline on the far side; what counts is whether it holds the image.
  if (outline.radius > 80)
    return separation(*outline.centre, spec.wcs.crval) <= outline.radius ? std::optional(box) : std::nullopt;
  if (!(x0 <= x1)) return std::nullopt;
  const auto clipped = [](double value) { return static_cast<int>(std::clamp(value, -1e9, 1e9)); };
  box.x0 = std::max(0, clipped(std::floor(x0 + 0.5)) - 1);
  box.x1 = std::min(spec.nx - 1, clipped(std::ceil(x1 - 0.5)) - 1);
  box.y0 = std::max(0, clipped(std::floor(y0 + 0.5)) - 1);
  box.y1 = std::min(spec.ny - 1, clipped(std::ceil(y1 - 0.5)) - 1);
  if (box.x0 > box.x1 || box.y0 > box.y1) return std::nullopt;
  return box;
}

/// Narrows the planes; false: none is left.
bool apply_band(const ImageSpec& spec, const std::string& value, PixelBox& box) {
  const std::vector<double> n = numbers("BAND", value);
  if (n.empty() || n.size() > 2) throw SodaError{400, "UsageError: BAND wants one or two wavelengths in metres"};
  const double low = n.front(), high = n.back();
  if (low > high) throw SodaError{400, "UsageError: BAND: the wavelengths are the wrong way round"};
  int first = spec.nz, last = -1;
  for (int z = 0; z < spec.nz; ++z) {
    const double lower = spec.wave0 + spec.wave_step * (z - 0.5), upper = lower + spec.wave_step;
    if (upper < low || lower > high) continue;
    first = std::min(first, z);
    last = z;
  }
  box.z0 = first;
  box.z1 = last;
  return first <= last;
}

void check_parameters(const Services& services, const Dataset& dataset, const Request& request) {
  for (const auto& [name, value] : request.params) {
    if (same_ignoring_case(name, "RESPONSEFORMAT") || same_ignoring_case(name, "RUNID")) continue;
    std::string upper = name;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (!declares(services, dataset, upper))
      throw SodaError{400, "UsageError: the parameter " + name + " is not known here"};
    if (request.params_named(name).size() > 1) throw SodaError{400, "MultiValuedParamNotSupported: " + name};
  }
  if (request.param("TOKEN") != soda_token(dataset.did)) {
    throw SodaError{400, "UsageError: TOKEN is missing or wrong; take it from the links"};
  }
  if (request.param("COMPRESS") != "false") throw SodaError{400, "UsageError: COMPRESS must be sent as declared"};
  if (request.param("OVERSCAN") != "0") throw SodaError{400, "UsageError: OVERSCAN must be sent as declared"};
}

Reply whole_dataset(const Services& services, const Dataset& dataset) {
  const DataFile* file = services.sky.file(dataset.full_path.empty() ? dataset.this_path : dataset.full_path);
  Reply reply;
  reply.content_type = "application/fits";
  reply.size = file->layout->size();
  reply.read = [layout = file->layout](std::uint64_t at, std::span<std::byte> out) { layout->read(at, out); };
  return reply;
}

Reply cut(const ServicesPtr& services, const Request& request) {
  const auto id = request.param("ID");
  if (!id) throw SodaError{400, "UsageError: ID is missing"};
  const auto dataset = services->sky.dataset(*id);
  if (!dataset || !declares(*services, *dataset, "ID"))
    throw SodaError{404, "NotFoundFault: nothing to cut with ID " + *id};
  check_parameters(*services, *dataset, request);
  const auto image = services->sky.image_of(*dataset);
  const ImageSpec& spec = image->spec();
  std::optional<PixelBox> box = PixelBox{0, spec.nx - 1, 0, spec.ny - 1, 0, spec.nz - 1};
  int regions = 0;
  for (const char* name : {"CIRCLE", "POS", "POLYGON"}) {
    const auto value = request.param(name);
    if (!value) continue;
    if (++regions > 1) throw SodaError{400, "UsageError: one region at a time"};
    box = box_of(spec, outline_of(name, *value));
  }
  const auto band = request.param("BAND");
  if (regions == 0 && !band) return whole_dataset(*services, *dataset);
  if (!box || (band && !apply_band(spec, *band, *box))) return Reply::text(204, "");
  const std::int64_t samples = std::int64_t{box->x1 - box->x0 + 1} * (box->y1 - box->y0 + 1) * (box->z1 - box->z0 + 1);
  if (samples > kMaxSamples) throw SodaError{400, "UsageError: the cutout would be too large"};
  return Reply::text(200, cutout_file(*image, *box), "application/fits");
}

}  // namespace

Reply soda_answer(const ServicesPtr& services, const Request& request) {
  try {
    Reply reply = cut(services, request);
    if (reply.status == 200) reply.last_modified = std::time(nullptr);  // computed just now, as real services say
    reply.no_length = true;
    return reply;
  } catch (const SodaError& error) {
    return Reply::text(error.status, error.text + "\n");
  }
}

}  // namespace skymount::demo
