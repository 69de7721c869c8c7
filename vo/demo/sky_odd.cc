// SPDX-License-Identifier: MIT
//
// DEMO_ODD, at 10.68 +41.27: one dataset for each thing that an archive was seen to get wrong, and each named after it.
#include "vo/demo/sky_builder.h"

namespace skymount::demo {
namespace {

const Sky kOddField{10.68, 41.27};

}  // namespace

Dataset SkyBuilder::odd_dataset(const std::string& name, int number) {
  ImageSpec spec;
  spec.nx = spec.ny = 64;
  spec.wcs = Tan::centred(offset(kOddField, 0.05, number * 20.0), spec.nx, spec.ny, 0.01);
  spec.cards = {{"OBJECT", quoted("odd " + std::to_string(number)), ""}};
  Dataset d = image_dataset("DEMO_ODD", name, spec);
  d.target = "M31";
  d.t_min = mjd_of(1920, 1, 1) + 30.0 * number;
  d.t_max = *d.t_min + 0.01;
  d.this_path = "/files/DEMO_ODD/odd" + std::to_string(number) + ".fits";
  DataFile file{d.this_path, "image/fits", "", nullptr, image(spec, d.this_path)};
  file.layout = image_file(file.image);
  add_file(std::move(file));
  return d;
}

void SkyBuilder::odd() {
  odd_access();
  odd_names();
  odd_regions();
  odd_links();
}

void SkyBuilder::odd_access() {
  Dataset no_date = odd_dataset("no-date", 1);
  no_date.t_min.reset();
  no_date.t_max.reset();
  add(no_date);
  Dataset no_url = odd_dataset("no-access-url", 2);
  no_url.access = Dataset::Access::none;
  add(no_url);
  Dataset malformed = odd_dataset("malformed-format", 3);
  malformed.access = Dataset::Access::file;
  malformed.access_format = "image/x-fits;;=";
  add(malformed);
  Dataset shouting = odd_dataset("shouting-format", 4);
  shouting.access_format = "APPLICATION/X-VOTABLE+XML; Content=\"datalink\"";
  add(shouting);
  Dataset unmarked = odd_dataset("unmarked-links", 5);
  unmarked.access_format.reset();
  add(unmarked);
  Dataset wrong = odd_dataset("links-called-fits", 6);
  wrong.access_format = "image/fits";
  add(wrong);

  // Two rows with one identifier and one URL: one dataset. Two rows with one identifier and two URLs: two.
  Dataset same = odd_dataset("same-row", 7);
  add(same);
  same.title = "the same row once more";
  add(same);
  Dataset shared = odd_dataset("shared-did-a", 8);
  shared.access = Dataset::Access::file;
  shared.access_format = "image/fits";
  add(shared);
  Dataset other = odd_dataset("shared-did-b", 9);
  other.access = Dataset::Access::file;
  other.access_format = "image/fits";
  other.did = shared.did;
  add(other);
}

void SkyBuilder::odd_names() {
  const std::string names[] = {
      "../../etc/passwd", "Ünïcødé ☆ 7", "tab\tand\nnewline",   "\u202Egnp.stif", "~tilde+1", "-rf *", "[1](2){3}!",
      "a%2Fb%00c",        "con.",        std::string(300, 'x'),
  };
  int number = 20;
  for (const std::string& name : names) {
    Dataset d = odd_dataset(name, number++);
    d.title = name;
    add(std::move(d));
  }
  // The same in file names, which is where Content-Disposition lies as well.
  const std::string paths[] = {"/files/DEMO_ODD/a b[1]+2.fits", "/files/DEMO_ODD/Grüße.fits",
                               "/files/DEMO_ODD/..%2F..%2Fx.fits"};
  for (const std::string& path : paths) {
    Dataset d = odd_dataset("file-name-" + std::to_string(number), number);
    DataFile file = *model_.file(d.this_path);
    file.path = path;
    file.disposition = "attachment; filename=\"../../" + std::to_string(number) + ".fits.fits\"";
    d.this_path = path;
    d.access = Dataset::Access::file;
    d.access_format = "image/fits";
    add_file(std::move(file));
    add(std::move(d));
    ++number;
  }
}

void SkyBuilder::odd_regions() {
  Dataset none = odd_dataset("no-region", 40);
  none.s_region.reset();
  add(none);
  Dataset nonsense = odd_dataset("nonsense-region", 41);
  nonsense.s_region = "not a region";
  add(nonsense);
  Dataset circle = odd_dataset("circle-region", 42);
  circle.s_region = "CIRCLE J2000 10.68 41.27 0.3";
  add(circle);
  Dataset split = odd_dataset("union-region", 43);
  split.s_region =
      "Union ICRS ( Polygon ICRS 10.5 41.1 10.9 41.1 10.9 41.4 10.5 41.4 Polygon ICRS 12.5 41.1 12.9 41.1 12.9 41.4 )";
  add(split);
  Dataset plain = odd_dataset("dali-region", 44);
  plain.s_region = "polygon 10.3 41.0 11.0 41.0 11.0 41.6 10.3 41.6 10.3 41.0";
  add(plain);
  Dataset nowhere = odd_dataset("no-position", 45);
  nowhere.centre.reset();
  nowhere.s_region.reset();
  add(nowhere);
}

void SkyBuilder::odd_links() {
  Dataset fatal = odd_dataset("fatal-links", 50);
  fatal.links.only_error = true;
  add(fatal);
  Dataset empty = odd_dataset("empty-links", 51);
  empty.links.empty = true;
  add(empty);
  Dataset twice = odd_dataset("two-this", 52);
  twice.links.extra_this = "/files/doc/plate-notes.txt";
  add(twice);
  Dataset everything = odd_dataset("every-fault", 53);
  everything.links.errors = {"#coderived|NotFoundFault: no such file",
                             "#calibration|AuthorizationFault: not for you",
                             "#progenitor|AuthenticationFault: who are you?",
                             "#derivation|TransientFault: later",
                             "#auxiliary|UsageFault: not like this",
                             "#weight|FatalFault: the disk is gone",
                             "#noise|DefaultFault"};
  add(everything);
  Dataset no_soda = odd_dataset("no-soda", 54);
  no_soda.links.cutouts = Cutouts::none;
  add(no_soda);
}

}  // namespace skymount::demo
