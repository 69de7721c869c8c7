// SPDX-License-Identifier: MIT
//
// The well-behaved part of the demo's holdings.
#include "vo/demo/sky_builder.h"

#include <map>
#include <mutex>

namespace skymount::demo {
namespace {

const Sky kField{156.01, 48.14};  // the position of the demo and of its notebooks

struct PlateRow {
  const char* name;
  int year, month, day;
  double distance, angle, rotation;  // of the plate's middle from kField, degrees
};

// Plates are 5 by 4 degrees. The last four do not contain kField, two of them only by a little.
constexpr PlateRow kPlates[] = {
    {"i00811", 1890, 5, 3, 0.40, 30, 0},      {"i00102", 1888, 11, 17, 1.10, 200, 2},
    {"a01345", 1894, 2, 8, 0.75, 110, -1},    {"i20611", 1898, 4, 20, 1.50, 310, 5},
    {"ac00417", 1901, 3, 12, 0.20, 75, 0},    {"ac12345", 1907, 12, 30, 0.95, 260, 1},
    {"mc07003", 1914, 1, 25, 1.30, 15, -3},   {"rh00099", 1928, 4, 1, 0.10, 0, 0},
    {"rh03210", 1931, 2, 14, 0.60, 145, 0.5}, {"ir02219", 1936, 5, 22, 1.70, 350, 12},
    {"b61422", 1938, 3, 3, 0.33, 222, 0},     {"mf31207", 1943, 11, 9, 1.00, 90, -8},
    {"rh12001", 1949, 12, 31, 0.85, 180, 0},  {"bi01577", 1953, 4, 18, 0.05, 45, 0},
    {"dnb0021", 1962, 6, 6, 0.45, 270, 3},    {"dny0133", 1963, 1, 1, 0.70, 65, 0},
    {"i00900", 1891, 6, 1, 2.75, 90, 0},      {"a09001", 1909, 2, 2, 2.30, 0, 0},
    {"mc20000", 1924, 9, 9, 5.00, 180, 0},    {"rl00001", 1953, 4, 19, 6.50, 300, 0},
};

std::vector<Card> plate_cards(const std::string& name, double mjd, int history) {
  std::vector<Card> cards = {
      {"OBJECT", quoted("Demo field"), ""},
      {"TELESCOP", quoted("Demo Patrol Astrograph"), ""},
      {"INSTRUME", quoted("PLATE " + name.substr(0, name.find_first_of("0123456789"))), ""},
      {"OBSERVER", quoted("A. J. O'Demo"), "quotes are doubled in FITS"},
      {"PLATENUM", quoted(name), "series and number"},
      {"DATE-OBS", quoted(iso_date(mjd)), "start of the exposure, UTC"},
      {"MJD-OBS", real_value(mjd), ""},
      {"EXPTIME", "3600.0", "[s]"},
      {"ORIGIN", quoted("skymount demo"), "computed, not observed"},
      {"COMMENT", "Every pixel is a function of its place; the stars are where the WCS says.", ""},
  };
  for (int line = 0; line < history; ++line) {
    cards.push_back({"HISTORY", "step " + std::to_string(line) + " of a long life on a shelf", ""});
  }
  return cards;
}

}  // namespace

std::shared_ptr<const PlateImage> SkyBuilder::image(ImageSpec spec, const std::string& name) {
  spec.seed = mixed(mixed(std::string_view(name)) + model_.generation());
  return std::make_shared<PlateImage>(std::move(spec));
}

LayoutPtr SkyBuilder::remembered(const std::string& path, const std::function<std::string()>& make) const {
  static std::mutex mutex;
  static std::map<std::pair<std::string, unsigned>, LayoutPtr> made;
  std::lock_guard lock(mutex);
  LayoutPtr& layout = made[{path, model_.generation()}];
  if (!layout) layout = constant_file(make());
  return layout;
}

DataFile& SkyBuilder::add_file(DataFile file) {
  const std::string path = file.path;
  return model_.files_.insert_or_assign(path, std::move(file)).first->second;
}

Dataset& SkyBuilder::add(Dataset dataset) {
  model_.datasets_.push_back(std::move(dataset));
  return model_.datasets_.back();
}

Dataset SkyBuilder::image_dataset(const std::string& collection, const std::string& name, const ImageSpec& spec) {
  Dataset d;
  d.did = did_of(collection, name);
  d.obs_id = name;
  d.collection = collection;
  d.title = collection + " " + name;
  d.target = "Demo field";
  d.facility = "Demo Observatory";
  d.instrument = "DEMOCAM";
  d.centre = spec.wcs.sky_of({(spec.nx + 1) / 2.0, (spec.ny + 1) / 2.0});
  d.fov = separation(spec.wcs.sky_of({0.5, 0.5}), spec.wcs.sky_of({spec.nx + 0.5, spec.ny + 0.5}));
  d.s_region = region_of(spec);
  d.access_format = kDatalinkType;
  d.exposure_s = 3600;
  return d;
}

/// A reduced scan under #this and the full resolution, five times finer, under #coderived.
void SkyBuilder::plate(const std::string& collection, const std::string& name, double mjd, Sky centre,
                       double rotation) {
  const std::string folder = "/files/" + collection + "/";
  // One plate has a header of a dozen blocks, as those have that were processed for a century.
  const int history = name == "i00102" ? 400 : 3;
  ImageSpec reduced;
  reduced.nx = 500;
  reduced.ny = 400;
  reduced.wcs = Tan::centred(centre, reduced.nx, reduced.ny, 0.01, rotation);
  reduced.cards = plate_cards(name, mjd, history);
  ImageSpec full = reduced;
  full.nx = 2500;
  full.ny = 2000;
  full.wcs = Tan::centred(centre, full.nx, full.ny, 0.002, rotation);

  Dataset d = image_dataset(collection, name, reduced);
  d.title = "Plate " + name;
  d.facility = "Demo Patrol Astrograph";
  d.instrument = "PLATE " + name.substr(0, name.find_first_of("0123456789"));
  d.t_min = mjd + 0.1;
  d.t_max = mjd + 0.1 + 1.0 / 24;
  d.this_path = folder + name + ".fits";
  d.full_path = folder + name + "_full.fits";
  DataFile small{d.this_path, "image/fits", "", nullptr, image(reduced, d.this_path)};
  small.layout = image_file(small.image);
  DataFile large{d.full_path, "image/fits", "", nullptr, image(full, d.full_path)};
  large.layout = image_file(large.image);
  add_file(std::move(small));
  add_file(std::move(large));
  add(std::move(d));
}

void SkyBuilder::plates() {
  int n = 0;
  for (const PlateRow& row : kPlates) {
    const Sky centre = offset(kField, row.distance, row.angle);
    plate("DEMO_PLATES", row.name, mjd_of(row.year, row.month, row.day), centre, row.rotation);
    LinkTraits& links = model_.datasets_.back().links;
    links.length = static_cast<LengthClaim>(n % 7);
    links.calibration = n % 3 == 0;
    links.documentation = n % 2 == 0;
    links.cutouts = n % 5 == 3 ? Cutouts::circle_only : n % 5 == 4 ? Cutouts::pos_only : Cutouts::all;
    ++n;
  }
  // A twin: the other half of the same exposure, told apart by its identifier alone.
  Dataset twin = *model_.by_obs_id("ac12345");
  plate("DEMO_PLATES", "ac12345b", *twin.t_min - 0.1, *twin.centre, 0);
  Dataset& second = model_.datasets_.back();
  second.obs_id = twin.obs_id;
  second.t_min = twin.t_min;
  // A plate whose envelope was lost.
  plate("DEMO_PLATES", "x99999", mjd_of(1900, 1, 1), offset(kField, 0.3, 10), 0);
  model_.datasets_.back().t_min.reset();
  model_.datasets_.back().t_max.reset();
  model_.datasets_[6].links.loops = true;
  model_.datasets_[1].links.full_uri_terms = true;
  model_.datasets_[2].links.errors = {"#coderived|NotFoundFault: the full scan is not there yet"};
  model_.datasets_[3].links.errors = {"#calibration|AuthorizationFault: flats are for the staff"};
  model_.datasets_[4].links.errors = {"#documentation|TransientFault: the scanner room is closed, try again later"};

  DataFile notes{"/files/doc/plate-notes.txt", "text/plain", "", nullptr, nullptr};
  notes.layout = constant_file("The plates of this archive are computed.\nStars are where the WCS says they are.\n");
  add_file(std::move(notes));
  for (const char* kind : {"flat", "dark"}) {
    ImageSpec spec;
    spec.nx = spec.ny = 100;
    spec.wcs = Tan::centred({0, -80}, 100, 100, 0.01);
    DataFile file{std::string("/files/calib/") + kind + ".fits", "image/fits", "", nullptr, nullptr};
    file.image = image(spec, file.path);
    file.layout = image_file(file.image);
    add_file(std::move(file));
  }
}

void SkyBuilder::zero_and_pole() {
  plate("DEMO_ZERO", "z00001", mjd_of(1905, 9, 1), {0.0, 12.5}, 0);
  plate("DEMO_ZERO", "z00002", mjd_of(1906, 9, 1), {359.2, 12.3}, 4);
  plate("DEMO_ZERO", "z00003", mjd_of(1907, 9, 1), {0.7, 12.8}, 0);
  plate("DEMO_POLE", "p00001", mjd_of(1910, 3, 1), {45.0, 89.5}, 0);
  plate("DEMO_POLE", "p00002", mjd_of(1911, 3, 1), {200.0, 88.6}, 20);
}

void SkyBuilder::big() {
  ImageSpec spec;
  spec.nx = 10'000;
  spec.ny = 10'486;  // times two bytes: 209.7 MB
  const double mjd = mjd_of(1957, 10, 4);
  spec.wcs = Tan::centred({83.82, -5.39}, spec.nx, spec.ny, 0.001);
  spec.cards = plate_cards("big0001", mjd, 3);
  Dataset d = image_dataset("DEMO_BIG", "big0001", spec);
  d.title = "A plate of 200 MB";
  d.target = "Orion";
  d.t_min = mjd;
  d.t_max = mjd + 1.0 / 24;
  d.this_path = "/files/DEMO_BIG/big0001.fits";
  DataFile file{d.this_path, "image/fits", "", nullptr, image(spec, d.this_path)};
  file.layout = image_file(file.image);
  add_file(std::move(file));
  add(std::move(d));
}

/// Files without links, in every form that FITS comes in.
void SkyBuilder::survey() {
  const struct {
    const char* file;
    Sample sample;
    const char* type;
    int year, month, day;
    double distance;
  } rows[] = {
      {"E0672.fits", Sample::int16, "image/fits", 1953, 4, 18, 0.0},
      {"E0673.fits", Sample::uint16, "application/fits", 1954, 1, 9, 0.1},
      {"O0672.fits", Sample::float32, "image/fits", 1953, 4, 18, 0.05},
      {"E0674.fits.gz", Sample::int16, "image/x-fits-gzip", 1955, 2, 24, 0.12},
      {"E0675.fits.fz", Sample::int16, "image/fits", 1955, 3, 1, 0.08},
      {"M0001.fits", Sample::int16, "application/x-fits-mef", 1955, 12, 24, 0.15},
  };
  int n = 0;
  for (const auto& row : rows) {
    const std::string name(row.file, 5);
    ImageSpec spec;
    spec.nx = spec.ny = 400;
    spec.sample = row.sample;
    const double mjd = mjd_of(row.year, row.month, row.day);
    spec.wcs = Tan::centred(offset(kField, row.distance, 60.0 * n++), spec.nx, spec.ny, 0.00125);
    spec.cards = plate_cards(name, mjd, 0);
    Dataset d = image_dataset("DEMO_SURVEY", name, spec);
    d.calib_level = 3;
    d.t_min = mjd + 0.3;
    d.t_max = mjd + 0.35;
    d.em_min = name[0] == 'O' ? 3.5e-7 : 6.2e-7;
    d.em_max = name[0] == 'O' ? 5.0e-7 : 6.7e-7;
    d.access = Dataset::Access::file;
    d.access_format = row.type;
    d.this_path = std::string("/files/DEMO_SURVEY/") + row.file;
    DataFile file{d.this_path, row.type, "", nullptr, image(spec, d.this_path)};
    file.layout = image_file(file.image);
    if (d.this_path.ends_with(".gz")) {
      file.layout = remembered(d.this_path, [&plain = *file.layout] {
        std::string whole(plain.size(), '\0');
        plain.read(0, std::as_writable_bytes(std::span(whole)));
        return gzip(whole);
      });
    } else if (d.this_path.ends_with(".fz")) {
      file.layout = remembered(d.this_path, [&] { return compressed_file(*file.image); });
    } else if (name == "M0001") {
      ImageSpec left = spec, right = spec;
      left.nx = right.nx = 200;
      right.wcs.crpix.x -= 200;
      file.layout = multi_extension_file({image(left, "left"), image(right, "right")});
      file.image = nullptr;
    }
    add_file(std::move(file));
    add(std::move(d));
  }
}

void SkyBuilder::cube() {
  ImageSpec spec;
  spec.nx = 80;
  spec.ny = 60;
  spec.nz = 24;
  spec.sample = Sample::float32;
  spec.wave0 = 6.50e-7;
  spec.wave_step = 5e-10;
  const double mjd = mjd_of(1962, 12, 1);
  spec.wcs = Tan::centred({49.95, 41.51}, spec.nx, spec.ny, 0.0005);
  spec.cards = plate_cards("cube01", mjd, 0);
  Dataset d = image_dataset("DEMO_CUBE", "cube01", spec);
  d.type = "cube";
  d.target = "NGC 1275";
  d.t_min = mjd;
  d.t_max = mjd + 0.1;
  d.em_min = spec.wave0 - spec.wave_step / 2;
  d.em_max = spec.wave0 + spec.wave_step * (spec.nz - 0.5);
  d.this_path = "/files/DEMO_CUBE/cube01.fits";
  DataFile file{d.this_path, "application/fits", "", nullptr, image(spec, d.this_path)};
  file.layout = image_file(file.image);
  add_file(std::move(file));
  add(std::move(d));
}

void SkyBuilder::spectra() {
  for (int n = 1; n <= 3; ++n) {
    const std::string name = "vega_0" + std::to_string(n);
    Dataset d;
    d.did = did_of("DEMO_SPECTRA", name);
    d.obs_id = name;
    d.collection = "DEMO_SPECTRA";
    d.title = "Vega, night " + std::to_string(n);
    d.target = "α Lyr";
    d.facility = "Perek telescope, as it were";
    d.instrument = "Coudé 700";
    d.type = "spectrum";
    d.t_min = mjd_of(1961, 7, n);
    d.t_max = *d.t_min + 0.02;
    d.centre = Sky{279.2347, 38.7837};
    d.fov = 0.0005;
    d.s_region = "Circle ICRS 279.2347 38.7837 0.00025";
    d.em_min = 6.3e-7;
    d.em_max = 6.8e-7;
    d.access = Dataset::Access::file;
    d.access_format = "application/fits";
    d.this_path = "/files/DEMO_SPECTRA/" + name + ".fits";
    DataFile file{d.this_path, "application/fits", "", nullptr, nullptr};
    const SpectrumSpec spec{name, 1000, 6300, 0.5, static_cast<std::uint64_t>(n) + 10ull * model_.generation()};
    file.layout = remembered(d.this_path, [&] { return spectrum_file(spec); });
    add_file(std::move(file));
    add(std::move(d));
  }
}

}  // namespace skymount::demo
