// SPDX-License-Identifier: MIT
#include "fs/tree/readme.h"

#include "fs/tree/readable.h"

namespace skymount::fs {

std::string root_readme(const std::vector<std::shared_ptr<MountedArchive>>& archives) {
  std::string out =
      "This is skymount " SKYMOUNT_VERSION
      ": archives of the Virtual Observatory as folders.\n"
      "A folder name is a question, its contents are the answer; files are fetched when they are read.\n\n"
      "Archives in this mount:\n";
  for (const auto& archive : archives) {
    out += "  " + archive->name() + "/";
    if (!archive->options().title.empty()) out += "    " + readable(archive->options().title);
    out += '\n';
  }
  const std::string name = archives.empty() ? "ARCHIVE" : archives.front()->name();
  out += "\nTry, in this folder:\n  ls " + name + "/pos=156.01,48.14\n  ls " + name +
         "/pos=156.01,48.14,30arcmin/type=image\n  cat " + name +
         "/README.txt\n\n"
         ".skymount/errors.log tells in words why something failed; .skymount/status.json how the mount is.\n";
  return out;
}

std::string archive_readme(const vo::ArchiveOptions& options) {
  std::string out = options.title.empty() ? options.name : readable(options.title);
  out += "\n";
  if (!options.description.empty()) out += readable(options.description) + "\n";
  out +=
      "Service: " + readable(options.tap.url) +
      "\n\nEnter a folder whose name is a question; it need not be listed:\n"
      "  ls pos=156.01,48.14                     every dataset whose footprint contains the position (degrees, ICRS)\n"
      "  ls pos=156.01,48.14,0.5                 footprint meets the circle of 0.5 degrees (also 30arcmin, 20arcsec)\n"
      "  ls pos=10:24:02.7,+48:08:51             the same in hours and degrees\n"
      "  ls pos=156.01,48.14/type=image          nesting is AND; so is a comma: pos=156.01,48.14,type=image\n"
      "  ls 'pos=156.01,48.14,collection=D*'     * stands for anything; key=~PATTERN for anything but\n\n"
      "Keys:\n"
      "  pos         RA,DEC or RA,DEC,RADIUS\n"
      "  time        1888..1900, 1953-04-18, mjd:36305..36306\n"
      "  band        400nm..700nm, 1.2um, 0.5keV..2keV\n"
      "  type        image, cube, spectrum, ...\n"
      "  collection, instrument, facility, calib, id\n"
      "  limit       at most so many rows\n\n"
      "In an answer: one folder a dataset, results.vot and results.csv with the table behind it, and cutouts/, "
      "images/,\n"
      "previews/ with one file a dataset.\n";
  return out;
}

std::string query_readme(const vo::Query& query, const vo::Listing* listing) {
  std::string out = "Question: " + query.canonical() + "\n";
  if (listing != nullptr) {
    out += "Answer: " + std::to_string(listing->datasets.size()) + " datasets in " +
           std::to_string(listing->table.size()) + " rows.\n";
    if (!listing->shortfalls.empty()) out += "Read INCOMPLETE.txt: the answer is not the whole truth.\n";
  }
  out +=
      "\n  results.csv, results.vot   the table behind this folder (csv with ISO dates)\n"
      "  query.adql                 what was asked, of which service, when\n"
      "  images/ previews/          one file a dataset\n";
  if (query.position) out += "  cutouts/                   the field of this position, one file a dataset\n";
  out += "\nTry, in this folder:\n  head -3 results.csv\n  ls -l images/\n";
  if (query.position) out += "  cp cutouts/* /tmp/\n";
  out += "  ls type=image              asks further: only the images among these\n";
  return out;
}

namespace {

void describe(std::string& out, const vo::Field& parameter) {
  out += "  " + readable(parameter.name);
  if (!parameter.unit.empty()) out += " [" + readable(parameter.unit) + "]";
  if (!parameter.description.empty()) out += "  " + readable(parameter.description);
  out += '\n';
  if (!parameter.min.empty()) out += "      from " + readable(parameter.min) + "\n";
  if (!parameter.max.empty()) out += "      up to " + readable(parameter.max) + "\n";
  if (parameter.options.empty()) return;
  out += "      one of:";
  for (const vo::Option& option : parameter.options) out += " " + readable(option.value);
  out += '\n';
}

}  // namespace

std::string cutout_readme(const vo::DatasetFolder& folder) {
  std::string out =
      "Any cutout: open a file here whose name says what you want. It need not be listed.\n"
      "  circle=RA,DEC,RADIUS.fits      degrees; the bounding rectangle of the circle\n"
      "  NAME=VALUE,NAME=VALUE.fits     parameters that the service declares (below), in any case\n"
      "Intervals are written LOW..HIGH, arrays with commas.\n";
  for (const auto& service : folder.services) {
    out += "\nService";
    if (!service.name.empty()) out += " " + readable(service.name);
    if (!service.description.empty()) out += ": " + readable(service.description);
    out += "\n";
    for (const vo::Field& parameter : service.parameters) describe(out, parameter);
  }
  return out;
}

}  // namespace skymount::fs
