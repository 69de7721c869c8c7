// SPDX-License-Identifier: MIT
#include "fs/tree/readme.h"

#include "fs/tree/generated.h"
#include "fs/tree/readable.h"
#include "vo/cutout_services.h"
#include "vo/discovery_service.h"
#include "vo/local_cut.h"
#include "vo/protocol/parameter_value.h"
#include "vo/protocol/soda.h"

#include <algorithm>
#include <cstring>

namespace skymount::fs {
namespace {

/// A line to paste, and behind it what it does.
std::string example(std::string command, std::string_view does) {
  constexpr std::size_t kColumn = 44;  // the longest command of ours, so that explanations stand below one another
  if (does.empty()) return "  " + command + "\n";
  if (command.size() < kColumn) command.resize(kColumn, ' ');
  return "  " + command + "  # " + std::string(does) + "\n";
}

/// Quoted where a shell would see more in it than a name.
std::string in_shell(const std::string& name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || std::strchr("=,.-+_%:@/", c) != nullptr; };
  if (std::all_of(name.begin(), name.end(), plain)) return name;
  return name.find('\'') == std::string::npos ? "'" + name + "'" : "";
}

}  // namespace

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
  if (archives.empty()) return out + "  (none; `skymount archives` tells what is configured)\n";
  const std::string name = archives.front()->name();
  out += "\nTry, in this folder:\n";
  out += example("cat " + name + "/README.txt", "what can be asked there");
  out += example("ls " + name + "/pos=156.01,48.14", "everything that contains a position");
  out += example("head -2 " + name + "/pos=156.01,48.14/results.csv", "the same as a table");
  for (const auto& archive : archives) {
    // Archives are also entered by names of their own; one example of each shows how.
    const auto& routes = archive->options().routes;
    const auto shown = std::find_if(routes.begin(), routes.end(), [](const auto& route) {
      return !route->example.empty() && readable(route->example) == route->example;
    });
    if (shown == routes.end()) continue;
    const bool folder = (*shown)->rows == vo::Route::Rows::files || (*shown)->rows == vo::Route::Rows::datasets;
    if (const std::string path = in_shell(archive->name() + "/" + (*shown)->example); !path.empty())
      out += example((folder ? "ls " : "head -c 80 ") + path, readable((*shown)->description));
  }
  out += example("cat .skymount/errors.log", "in words why something failed");
  return out + "\n.skymount/status.json tells how the mount is, .skymount/config.toml what is configured.\n";
}

std::string archive_readme(const vo::ArchiveOptions& options) {
  std::string out = options.title.empty() ? options.name : readable(options.title);
  out += "\n";
  if (!options.description.empty()) out += readable(options.description) + "\n";
  out += "Service: " + readable(vo::discovery_url(options)) + "\n";
  if (!options.routes.empty())
    out += "\nFolders of this archive's own:\n" + routes_text(*vo::route_root(options.routes));
  out += "\nEnter a folder whose name is a question; it need not be listed. Try, in this folder:\n";
  out += example("ls pos=156.01,48.14", "datasets whose footprint contains the position (degrees, ICRS)");
  out += example("ls pos=156.01,48.14,0.5", "footprint meets the circle of 0.5 degrees (also 30arcmin)");
  out += example("ls pos=10:24:02.7,+48:08:51", "the same in hours and degrees");
  out += example("ls pos=156.01,48.14/type=image", "nesting is AND; so is a comma: pos=156.01,48.14,type=image");
  out += example("ls 'pos=156.01,48.14,collection=D*'", "* stands for anything; key=~PATTERN for anything but");
  out += example("cat pos=156.01,48.14/COUNT.txt", "how much that is");
  out += example("ls -t recent", "questions that were asked last");
  out +=
      "\nKeys:\n"
      "  pos         RA,DEC or RA,DEC,RADIUS\n"
      "  target      M31 or M31,RADIUS: an object's name instead of a position\n"
      "  time        1888..1900, 1953-04-18, mjd:36305..36306\n"
      "  band        400nm..700nm, 1.2um, 0.5keV..2keV\n"
      "  type        image, cube, spectrum, ...\n"
      "  collection, instrument, facility, calib, id\n"
      "  limit       at most so many rows\n\n"
      "`mkdir pos=156.01,48.14` keeps a question: it is listed here from then on, until `rmdir`.\n"
      "In an answer: one folder a dataset, results.vot and results.csv with the table behind it, cutouts/, images/ "
      "and\n"
      "previews/ with one file a dataset, and by-collection/, by-year/, by-instrument/, by-type/, by-band/.\n";
  return out;
}

std::string query_readme(const vo::Query& query, const vo::Listing* listing, const vo::Resolved* resolved) {
  std::string out = "Question: " + query.canonical() + "\n";
  if (resolved != nullptr) out += resolved_text(*resolved) + "\n";
  if (listing != nullptr) {
    out += "Answer: " + std::to_string(listing->datasets.size()) + " datasets in " +
           std::to_string(listing->table.size()) + " rows.\n";
    if (!listing->shortfalls.empty()) out += "Read INCOMPLETE.txt: the answer is not the whole truth.\n";
  }
  out += "\nTry, in this folder:\n";
  out += example("head -3 results.csv", "the table behind this folder, with ISO dates; results.vot is a VOTable");
  out += example("cat query.adql", "what was asked, of which service, when");
  out += example("cat COUNT.txt", "rows and bytes, if one fetched all");
  out += example("ls -R by-year", "the datasets by year; also by-collection, by-instrument, by-type, by-band");
  out += example("ls images previews", "one file a dataset; their links are asked for first");
  if (query.position) out += example("ls cutouts", "the field of this position, one file a dataset: cp cutouts/* DIR");
  if (!query.text.contains(vo::TextKey::type)) out += example("ls type=image", "asks further: images among these");
  if (!query.limit) out += example("ls limit=10", "not more than ten of these");
  return out + "\nEach dataset is a folder; files are fetched when they are read, and only what is read of them.\n";
}

namespace {

void describe(std::string& out, const vo::Field& parameter) {
  out += "  " + readable(parameter.name);
  if (!parameter.unit.empty()) out += " [" + readable(parameter.unit) + "]";
  if (!parameter.description.empty()) out += "  " + readable(parameter.description);
  out += '\n';
  const std::string limits = vo::limits_text(parameter);
  if (!limits.empty()) out += "      " + readable(limits) + "\n";
  if (!parameter.value.empty()) out += "      without it: " + readable(parameter.value) + "\n";
}

void describe(std::string& out, const vo::DatasetFolder::CutoutService& service, const std::string& own_folder,
              const vo::Dataset& dataset) {
  out += "\nService";
  if (!service.name.empty()) out += " " + readable(service.name);
  if (!service.description.empty()) out += ": " + readable(service.description);
  out += "\n";
  if (!own_folder.empty()) out += "  names in " + own_folder + "/ here are for it alone\n";
  std::string formats;
  for (const std::string& format : vo::formats_of(service.parameters, service.content_type)) formats += " ." + format;
  if (!formats.empty()) out += "  delivers" + formats + "\n";
  for (const vo::Field& parameter : service.parameters) describe(out, parameter);
  const std::string name = in_shell(vo::example_name(service, dataset).value_or(""));
  if (!name.empty() && readable(name) == name)
    out += "Try, in this folder:\n" + example("head -c 80 " + (own_folder.empty() ? "" : own_folder + "/") + name, "");
}

}  // namespace

std::string cutout_readme(const vo::DatasetFolder& folder, const vo::Dataset& dataset, bool cut_here,
                          const std::optional<vo::SkyPosition>& field) {
  std::string out = "Made on demand: open a file here whose name says what you want. It need not be listed.\n";
  if (field) {
    out += "\nTry, in this folder:\n";
    out += example("head -c 80 circle=" + field->canonical() + ",0.05.fits", "the rectangle around a circle, degrees");
    out += example("ls", "and this README; cutouts that were fetched are listed");
  }
  if (cut_here) {
    out +=
        "\nNAME=VALUE,NAME=VALUE.fits, cut out of the image on this machine where no service does it:\n"
        "  circle=RA,DEC,RADIUS  box=RA,DEC,WIDTH,HEIGHT  polygon=RA,DEC,RA,DEC,RA,DEC   the rectangle around it, "
        "degrees\n"
        "  pixels=X0..X1,Y0..Y1  planes=A..B  hdu=N     counted from 1, ends included; HDU 0 is the primary one\n"
        "  band=400nm..700nm                            planes of a cube, by its spectral axis\n"
        "  from=NAME                                    another FITS file of the dataset\n"
        "NAME.fits.png is a picture of a cutout.\n";
  }
  if (folder.services.empty()) return out;
  out +=
      "\nNAME=VALUE,NAME=VALUE.fits: parameters that the service declares (below), in any case.\n"
      "Intervals are written LOW..HIGH, arrays with commas; circle= is RA,DEC,RADIUS in degrees.\n";
  const std::vector<std::string> folders = vo::service_folders(folder);
  for (std::size_t i = 0; i < folder.services.size(); ++i)
    describe(out, folder.services[i], folders.empty() ? "" : folders[i], dataset);
  return out;
}

}  // namespace skymount::fs
