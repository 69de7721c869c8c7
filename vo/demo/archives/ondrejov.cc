// SPDX-License-Identifier: MIT
//
// Ondřejov's CCD700 spectra, served by DaCHS: SSA with two rows a spectrum (FITS and VOTable), a links service, and
// dlget, which calibrates and cuts a spectrum for each request.
#include "vo/demo/archives/site.h"
#include "vo/demo/fits_maker.h"
#include "vo/demo/stars.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace skymount::demo {
namespace {

const std::string kHost = "voarchive.asu.cas.cz";
const std::string kBase = "http://" + kHost + "/ccd700/q";
const std::string kPrefix = "ivo://asu.cas.cz/stel/ccd700/";

struct Spectrum {
  const char *id, *target;
  double ra, dec, mjd;
};
constexpr Spectrum kSpectra[] = {{"sh270028", "gam Cas", 14.177, 60.717, 54'369.03},
                                 {"si160026", "gam Cas", 14.177, 60.717, 54'758.91},
                                 {"ta250031", "28 Tau", 57.297, 24.137, 55'128.02}};

const Spectrum* spectrum_of(const std::string& did) {
  for (const Spectrum& each : kSpectra)
    if (did == kPrefix + each.id) return &each;
  return nullptr;
}

constexpr double kFirst = 6250, kStep = 0.25;  // Angstrom
constexpr int kPoints = 2000;

std::string made(const Spectrum& spectrum, const std::string& calibration, double low_m, double high_m) {
  const auto point = [](double metres) { return std::clamp((metres * 1e10 - kFirst) / kStep, -1.0, 1.0 * kPoints); };
  const int from = std::max(0, static_cast<int>(std::ceil(point(low_m))));
  const int to = std::min(kPoints - 1, static_cast<int>(std::floor(point(high_m))));
  if (from > to) return {};
  return spectrum_file({.title = std::string(spectrum.target) + " " + spectrum.id,
                        .points = to - from + 1,
                        .first_angstrom = kFirst + from * kStep,
                        .step_angstrom = kStep,
                        .seed = mixed(std::string_view(spectrum.id)) ^ mixed(std::string_view(calibration))});
}

Reply usage(const std::string& words) {
  return Reply::text(422, "UsageError: " + words + "\n");
}

Reply dlget(const Request& request) {
  // POST is not understood there.
  if (request.method != "GET") return Reply::text(500, "<html>Internal error</html>", "text/html");
  std::string calibration = "none";
  double low = 0, high = 1;
  const Spectrum* spectrum = nullptr;
  for (const auto& [name, value] : request.params) {
    if (request.params_named(name).size() > 1) return usage(name + ": one value only");
    if (name == "ID") {
      spectrum = spectrum_of(value);
      if (spectrum == nullptr) return Reply::text(404, "NotFoundFault: " + value + "\n");
    } else if (name == "FLUXCALIB") {
      if (value != "normalized" && value != "relative" && value != "UNCALIBRATED") return usage("FLUXCALIB: " + value);
      calibration = value;
    } else if (name == "BAND") {
      char* end = nullptr;
      low = std::strtod(value.c_str(), &end);
      if (*end != ' ') return usage("BAND: two wavelengths in metres, please");
      high = std::strtod(end, nullptr);
    } else if (name == "FORMAT") {
      if (value != "application/fits") return usage("FORMAT: " + value);
    } else {
      return usage("unknown parameter " + name);
    }
  }
  if (spectrum == nullptr) return usage("ID is missing");
  const std::string bytes = made(*spectrum, calibration, low, high);
  if (bytes.empty()) return Reply::text(204, "");
  Reply reply = computed(bytes, "application/fits", "attachment; filename=" + std::string(spectrum->id) + ".fits");
  reply.no_length = true;
  return reply;
}

Reply ssa(const Request& request) {
  if (!same_ignoring_case(request.param("REQUEST").value_or(""), "queryData"))
    return Reply::text(200, error_votable("REQUEST=queryData is missing"), "application/x-votable+xml");
  std::vector<std::vector<std::string>> rows;
  const std::string pos = request.param("POS").value_or("");
  const double radius = std::strtod(request.param("SIZE").value_or("360").c_str(), nullptr) / 2;
  for (const Spectrum& each : kSpectra) {
    if (const std::size_t comma = pos.find(','); comma != std::string::npos) {
      const Sky centre{std::strtod(pos.c_str(), nullptr), std::strtod(pos.c_str() + comma + 1, nullptr)};
      if (separation(centre, {each.ra, each.dec}) > radius) continue;
    }
    if (const auto did = request.param("PUBDID"); did && *did != kPrefix + each.id) continue;
    const std::string product = "http://" + kHost + "/getproduct/ccd700/data/" + each.id;
    for (const bool fits : {true, false}) {
      rows.push_back({product + (fits ? ".fits" : ".vot"), fits ? "image/fits" : "application/x-votable+xml",
                      fits ? "14400" : "-1", std::string(each.target) + " " + each.id, kPrefix + each.id, each.target,
                      "Position ICRS " + number_text(each.ra) + " " + number_text(each.dec), number_text(each.mjd),
                      "900", "6.25e-7", "6.75e-7", "CCD700", "NORMALIZED", ""});
    }
  }
  const std::string links = service_text("links", "ivo://ivoa.net/std/DataLink#links-1.1", kBase + "/sdl/dlmeta", "",
                                         "<PARAM name=\"ID\" datatype=\"char\" arraysize=\"*\" value=\"\" "
                                         "ref=\"ssa_pubDID\" ucd=\"meta.id;meta.main\"/>\n");
  std::string text = text_table(
      {"accref char - ssa:Access.Reference meta.ref.url", "mime char - ssa:Access.Format meta.code.mime",
       "accsize long byte ssa:Access.Size", "ssa_dstitle char - ssa:DataID.Title",
       "ssa_pubDID char - ssa:Curation.PublisherDID", "ssa_targname char - ssa:Target.Name",
       "ssa_location char - ssa:Char.SpatialAxis.Coverage.Location.Value",
       "ssa_dateObs double d ssa:Char.TimeAxis.Coverage.Location.Value",
       "ssa_timeExt double s ssa:Char.TimeAxis.Coverage.Bounds.Extent",
       "ssa_specstart double m ssa:Char.SpectralAxis.Coverage.Bounds.Start",
       "ssa_specend double m ssa:Char.SpectralAxis.Coverage.Bounds.Stop", "ssa_collection char - ssa:DataID.Collection",
       "ssa_fluxcalib char - ssa:Char.FluxAxis.Calibration", "embargo char"},
      rows, false, links);
  const std::string field = "<FIELD name=\"ssa_pubDID\"";
  text.insert(text.find(field) + 6, " ID=\"ssa_pubDID\"");
  Reply reply = Reply::text(200, text, "application/x-votable+xml");
  reply.no_length = true;
  return reply;
}

Reply dlmeta(const Request& request) {
  static const std::vector<std::string> columns = {
      "ID char",        "access_url char",   "service_def char",         "error_message char",  "description char",
      "semantics char", "content_type char", "content_length long byte", "local_semantics char"};
  std::vector<std::vector<std::string>> rows;
  std::string services;
  for (const std::string& did : request.params_named("ID")) {
    const Spectrum* spectrum = spectrum_of(did);
    if (spectrum == nullptr) {
      rows.push_back({did, "", "", "NotFoundFault: no such dataset", "", "#this", "", "", ""});
      continue;
    }
    const std::string service = "procsvc" + (services.empty() ? std::string() : std::to_string(rows.size()));
    rows.push_back({did, "http://" + kHost + "/getproduct/ccd700/data/" + spectrum->id + ".fits", "", "",
                    "The spectrum", "#this", "image/fits", "14400", ""});
    rows.push_back({did, "", service, "", "Calibrated, and cut in wavelength", "#proc", "", "-1", ""});
    services += service_text(
        service, "ivo://ivoa.net/std/SODA#sync-1.0", kBase + "/sdl/dlget", "",
        param_text("ID", "char", "*", did, "ucd=\"meta.id;meta.main\"/>") +
            param_text("FLUXCALIB", "char", "*", "",
                       "><DESCRIPTION>Recalibrate the spectrum</DESCRIPTION><VALUES><OPTION value=\"normalized\"/>"
                       "<OPTION value=\"relative\"/><OPTION value=\"UNCALIBRATED\"/></VALUES></PARAM>") +
            param_text("BAND", "double", "2", "",
                       "unit=\"m\" xtype=\"interval\" ucd=\"em.wl;stat.interval\"><DESCRIPTION>Wavelengths to keep"
                       "</DESCRIPTION><VALUES><MIN value=\"6.25e-7\"/><MAX value=\"6.7475e-7\"/></VALUES></PARAM>") +
            param_text("FORMAT", "char", "*", "",
                       "><DESCRIPTION>MIME type of the output</DESCRIPTION><VALUES>"
                       "<OPTION name=\"FITS\" value=\"application/fits\"/></VALUES></PARAM>"));
  }
  return links_reply(columns, rows, false, services);
}

Reply product(const Request& request) {
  const std::string name = request.path.substr(request.path.rfind('/') + 1);
  const Spectrum* spectrum = spectrum_of(kPrefix + name.substr(0, name.find('.')));
  if (spectrum == nullptr) return Reply::text(404, "no such product\n");
  if (name.ends_with(".vot")) {
    return computed(text_table({"spectral double Angstrom", "flux double"}, {{"6250", "1"}, {"6250.25", "1.01"}}),
                    "application/x-votable+xml");
  }
  Reply reply = computed(made(*spectrum, "none", 0, 1), "image/fits");
  reply.ranges = true;
  reply.last_modified = 1'300'000'000;
  return reply;
}

}  // namespace

void make_ondrejov(Site& site) {
  site.answer(kHost, "/ccd700/q/ssa/ssap.xml", ssa);
  site.answer(kHost, "/ccd700/q/sdl/dlmeta", dlmeta);
  site.answer(kHost, "/ccd700/q/sdl/dlget", dlget);
  site.answer(kHost, "/getproduct/ccd700/", product);
}

}  // namespace skymount::demo
