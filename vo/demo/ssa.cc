// SPDX-License-Identifier: MIT
//
// IVOA SSA 1.1, as much as spectra need to be found: REQUEST=queryData with POS and SIZE (a diameter), TARGETNAME,
// MAXREC. REQUEST is mandatory, and what it reports wrong comes under HTTP 200, as at Ondřejov.
#include "vo/demo/services.h"

#include <cstdlib>

namespace skymount::demo {
namespace {

struct Cone {
  Sky centre;
  double radius = 180;
};

Cone cone_of(const Request& request) {
  const auto pos = request.param("POS");
  if (!pos) return {};
  const std::size_t comma = pos->find(',');
  if (comma == std::string::npos) throw QueryError{"POS wants ra,dec"};
  const double size = std::strtod(request.param("SIZE").value_or("0").c_str(), nullptr);
  return {{std::strtod(pos->c_str(), nullptr), std::strtod(pos->c_str() + comma + 1, nullptr)}, size / 2};
}

std::vector<Field> ssa_fields() {
  const auto field = [](const char* name, const char* type, const char* utype, const char* unit = "") {
    return Field{name, type, unit, "", std::string("ssa:") + utype, "", "", ""};
  };
  return {field("accref", "char", "Access.Reference"),
          field("mime", "char", "Access.Format"),
          field("accsize", "long", "Access.Size", "byte"),
          field("ssa_dstitle", "unicodeChar", "DataID.Title"),
          field("ssa_pubDID", "char", "Curation.PublisherDID"),
          field("ssa_targname", "unicodeChar", "Target.Name"),
          field("ssa_location_ra", "double", "", "deg"),
          field("ssa_location_dec", "double", "", "deg"),
          field("ssa_dateObs", "double", "Char.TimeAxis.Coverage.Location.Value", "d"),
          field("ssa_timeExt", "double", "Char.TimeAxis.Coverage.Bounds.Extent", "s"),
          field("ssa_specstart", "double", "Char.SpectralAxis.Coverage.Bounds.Start", "m"),
          field("ssa_specend", "double", "Char.SpectralAxis.Coverage.Bounds.Stop", "m"),
          field("ssa_collection", "char", "DataID.Collection"),
          field("ssa_fluxcalib", "char", "Char.FluxAxis.Calibration")};
}

}  // namespace

Reply ssa_answer(const ServicesPtr& services, const Request& request) {
  std::string text;
  try {
    if (!same_ignoring_case(request.param("REQUEST").value_or(""), "queryData")) {
      throw QueryError{"REQUEST=queryData is missing"};
    }
    const Cone cone = cone_of(request);
    const auto target = request.param("TARGETNAME");
    VotableOut out(
        [&](std::string_view piece) {
          text += piece;
          return true;
        },
        Serialization::tabledata);
    out.begin(ssa_fields(), {{"QUERY_STATUS", "OK", ""}, {"SERVICE_PROTOCOL", "1.1", "SSAP"}});
    for (const Dataset& d : services->sky.datasets()) {
      if (d.type != "spectrum" || separation(*d.centre, cone.centre) > cone.radius) continue;
      if (target && *target != d.target) continue;
      out.row({services->base + encoded_path(d.this_path), std::string("application/fits"),
               static_cast<std::int64_t>(services->sky.file(d.this_path)->layout->size()), d.title, d.did, d.target,
               d.centre->ra, d.centre->dec, (*d.t_min + *d.t_max) / 2, (*d.t_max - *d.t_min) * 86'400, d.em_min,
               d.em_max, d.collection, std::string("NORMALIZED")});
    }
    out.end({});
  } catch (const QueryError& error) {
    text = error_votable(error.message);
  }
  return Reply::text(200, text, "application/x-votable+xml");
}

}  // namespace skymount::demo
