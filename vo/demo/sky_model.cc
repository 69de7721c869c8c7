// SPDX-License-Identifier: MIT
//
// The words that all datasets share: identifiers, dates, regions; and the bulk that is computed from a number.
#include "vo/demo/sky_model.h"

#include "vo/demo/sky_builder.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace skymount::demo {
namespace {

constexpr std::string_view kAuthority = "ivo://demo.skymount/~?";

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

ImageSpec bulk_spec(unsigned n) {
  ImageSpec spec;
  spec.nx = spec.ny = 32;
  const Sky centre = offset({200, -30}, 0.002 * std::sqrt(static_cast<double>(n % 1'000'000)), n * 137.508);
  spec.wcs = Tan::centred(centre, spec.nx, spec.ny, 0.01);
  spec.seed = 7'000'000 + n;
  spec.cards = {{"OBJECT", quoted("bulk " + std::to_string(n)), ""}};
  return spec;
}

std::string bulk_name(unsigned n) {
  char name[16];
  std::snprintf(name, sizeof name, "b%06u", n);
  return name;
}

}  // namespace

std::string did_of(std::string_view collection, std::string_view name) {
  return std::string(kAuthority) + std::string(collection) + "/" + std::string(name);
}

double mjd_of(int year, int month, int day) {
  // Fliegel and van Flandern's integers, for the Gregorian calendar.
  const int a = (14 - month) / 12, y = year + 4800 - a, m = month + 12 * a - 3;
  const int julian = day + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 32045;
  return julian - 2400001;
}

std::string iso_date(double mjd) {
  const auto julian = static_cast<int>(std::floor(mjd)) + 2400001;
  const int a = julian + 32044, b = (4 * a + 3) / 146097, c = a - 146097 * b / 4;
  const int d = (4 * c + 3) / 1461, e = c - 1461 * d / 4, m = (5 * e + 2) / 153;
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", 100 * b + d - 4800 + m / 10, m + 3 - 12 * (m / 10),
                e - (153 * m + 2) / 5 + 1);
  return text;
}

std::string region_of(const ImageSpec& spec) {
  std::string text = "Polygon ICRS";
  const double right = spec.nx + 0.5, top = spec.ny + 0.5;
  for (const Pixel corner : {Pixel{0.5, 0.5}, {right, 0.5}, {right, top}, {0.5, top}}) {
    const Sky sky = spec.wcs.sky_of(corner);
    text += " " + short_number(sky.ra) + " " + short_number(sky.dec);
  }
  return text;
}

Dataset bulk_dataset(unsigned n) {
  const ImageSpec spec = bulk_spec(n);
  const std::string name = bulk_name(n);
  Dataset d;
  d.did = did_of("DEMO_BULK", name);
  d.obs_id = name;
  d.collection = "DEMO_BULK";
  d.title = "Bulk exposure " + std::to_string(n);
  d.target = "bulk";
  d.facility = "Demo Observatory";
  d.instrument = "BULKCAM";
  d.t_min = mjd_of(1990, 1, 1) + n * 0.1;
  d.t_max = *d.t_min + 0.01;
  d.exposure_s = 864;
  d.centre = spec.wcs.crval;
  d.fov = 0.45;
  d.s_region = region_of(spec);
  d.access_format = kDatalinkType;
  d.this_path = "/files/DEMO_BULK/" + name + ".fits";
  d.links.cutouts = Cutouts::none;
  return d;
}

DataFile bulk_file(unsigned n) {
  DataFile file;
  file.path = "/files/DEMO_BULK/" + bulk_name(n) + ".fits";
  file.image = std::make_shared<PlateImage>(bulk_spec(n));
  file.layout = image_file(file.image);
  return file;
}

std::optional<unsigned> bulk_number(std::string_view text) {
  const std::size_t at = text.find("DEMO_BULK/b");
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + 11);
  if (text.ends_with(".fits")) text.remove_suffix(5);
  unsigned n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size() || text.size() != 6) return std::nullopt;
  return n;
}

SkyModel::SkyModel(unsigned generation) : generation_(generation) {
  SkyBuilder builder(*this);
  builder.plates();
  builder.survey();
  builder.zero_and_pole();
  builder.big();
  builder.cube();
  builder.spectra();
  builder.odd();
}

const DataFile* SkyModel::file(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

std::optional<Dataset> SkyModel::dataset(const std::string& did) const {
  for (const Dataset& d : datasets_) {
    if (d.did == did) return d;
  }
  if (const auto n = bulk_number(did)) return bulk_dataset(*n);
  return std::nullopt;
}

std::optional<Dataset> SkyModel::by_obs_id(const std::string& obs_id) const {
  for (const Dataset& d : datasets_) {
    if (d.obs_id == obs_id) return d;
  }
  return std::nullopt;
}

std::shared_ptr<const PlateImage> SkyModel::image_of(const Dataset& dataset) const {
  const DataFile* best = file(dataset.full_path.empty() ? dataset.this_path : dataset.full_path);
  return best == nullptr ? nullptr : best->image;
}

}  // namespace skymount::demo
