// SPDX-License-Identifier: MIT
//
// Archives of ObsCore tables with links services of their own habits: CADC, ALMA, CASDA, Gaia, VizieR.
#include "vo/demo/archives/site.h"

namespace skymount::demo {
namespace {

const std::vector<std::string> kLinks10 = {
    "ID char",        "access_url char",  "service_def char",  "error_message char",
    "semantics char", "description char", "content_type char", "content_length long byte"};

std::vector<std::string> with_columns(std::vector<std::string> more) {
  std::vector<std::string> out = kLinks10;
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Tap tap_at(const std::string& path, const std::string& obscore_name, Geometry geometry = Geometry::all) {
  Tap tap{.path = path};
  tap.options.obscore_table = obscore_name;
  tap.options.geometry = geometry;
  tap.options.links_descriptor = false;
  return tap;
}

}  // namespace

/// POST to sync leads elsewhere; links have `readable` and take 20 IDs; URLs carry a runid; tiles compressed.
void make_cadc(Site& site) {
  const std::string host = "ws.cadc-ccda.hia-iha.nrc-cnrc.gc.ca", base = "https://" + host;
  const auto did = [](int n) {
    return "ivo://cadc.nrc.ca/CFHT?100000" + std::to_string(n) + "/100000" + std::to_string(n) + "o";
  };
  std::vector<Obs> rows;
  for (int n = 0; n < 3; ++n) {
    rows.push_back({.type = "image",
                    .collection = "CFHT",
                    .id = "100000" + std::to_string(n),
                    .did = did(n),
                    .url = base + "/caom2ops/datalink?ID=" + url_encode(did(n)),
                    .target = "D1",
                    .ra = 36.5,
                    .dec = -4.5,
                    .fov = 1.2,
                    .region = "polygon 36 -5 37 -5 37 -4 36 -4",
                    .t_min = 53'680.2 + n,
                    .t_max = 53'680.3 + n,
                    .em_min = 5.6e-7,
                    .em_max = 6.9e-7,
                    .facility = "CFHT 3.6m",
                    .instrument = "MegaPrime",
                    .kilobytes = 400'000});
    site.file(host, "/data/pub/CFHT/100000" + std::to_string(n) + "o.fits",
              image_at("cfht" + std::to_string(n), {36.5, -4.5}));
  }
  Tap tap = tap_at("/argus", "ivoa.ObsCore");
  tap.sync_redirects = true;
  site.tap(base, tap, {obscore("ivoa", "ObsCore", rows)});
  site.answer(host, "/caom2ops/datalink", [=](const Request& request) {
    std::vector<std::vector<std::string>> links;
    const std::vector<std::string> ids = request.params_named("ID");
    if (ids.size() > 20) return Reply::text(400, "UsageFault: at most 20 IDs\n");
    for (const std::string& id : ids) {
      const std::string name = id.substr(id.rfind('/') + 1);
      // Semantics come before the description, and `readable` is the older link_authorized.
      links.push_back({id, base + "/data/pub/CFHT/" + name + ".fits?runid=k3v9", "", "", "#this", "science",
                       "application/fits", "", "true"});
      links.push_back({id, base + "/caom2ops/pkg?ID=" + url_encode(id) + "&runid=k3v9", "", "",
                       "http://www.opencadc.org/caom2#pkg", "all files as one", "application/x-tar", "", "true"});
    }
    return links_reply(with_columns({"readable boolean"}), links);
  });
}

/// Two rows of one publisher DID, footprints as unions, links that lead to links, and a login page instead of a
/// refusal.
void make_alma(Site& site) {
  const std::string host = "almascience.eso.org", base = "https://" + host;
  const std::string open = "uid://A001/X1465/Xd5a", closed = "uid://A001/X3500/X11";
  const auto row = [&](const std::string& uid, const std::string& source, double t, const std::string& rights) {
    return Obs{
        .type = "cube",
        .collection = "ALMA",
        .id = uid,
        .did = "ADS/JAO.ALMA#2019.1.00001.S",
        .url = base + "/datalink/sync?ID=" + uid,
        .target = source,
        .ra = 83.82,
        .dec = -5.39,
        .fov = 0.02,
        .region = "Union ICRS ( Polygon 83.81 -5.4 83.83 -5.4 83.83 -5.38 83.81 -5.38 Circle 83.82 -5.39 0.005 )",
        .t_min = t,
        .t_max = t + 0.1,
        .em_min = 1.28e-3,
        .em_max = 1.41e-3,
        .facility = "JAO",
        .instrument = "ALMA",
        .rights = rights};
  };
  site.tap(base, tap_at("/tap", "ivoa.obscore"),
           {obscore("ivoa", "obscore",
                    {row(open, "Orion_KL", 58'800, "Public"), row(closed, "Orion_KL", 59'900, "Proprietary")})});
  const std::vector<std::string> columns = with_columns({"readable boolean"});
  site.answer(host, "/datalink/sync", [=](const Request& request) {
    const std::string id = request.param("ID").value_or("");
    const std::string files = base + "/dataPortal/";
    if (id == "member.tar") {
      return links_reply(
          columns, {{id, files + "member.uid___A001_X1465_Xd5a.Orion_KL.cube.I.pbcor.fits", "", "", "#this", "cube",
                     "application/fits", "28800", "true"},
                    {id, files + "readme.txt", "", "", "#documentation", "README", "text/plain", "30", "true"}});
    }
    if (id == open) {
      return links_reply(
          columns,
          {{id, files + "2019.1.00001.S_001_of_001.tar", "", "", "#this", "all products", "application/x-tar", "51200",
            "true"},
           {id, "", "DataLink.member", "", "#this", "what is in it", "application/x-votable+xml;content=datalink", "",
            "true"}},
          false,
          service_text("DataLink.member", "ivo://ivoa.net/std/DataLink#links-1.0",
                       base + "/datalink/sync?ID=member.tar", "application/x-votable+xml;content=datalink", ""));
    }
    if (id == closed) return links_reply(columns, {});  // proprietary: no rows for who is not logged in
    return links_reply(columns, {{id, "", "", "NotFoundFault: " + id, "#error", "", "", "", ""}});
  });
  site.answer(host, "/dataPortal/", [](const Request& request) {
    if (request.path.ends_with(".fits"))
      return computed(bytes_of(image_at("alma", {83.82, -5.39})), "application/fits");
    if (request.path.ends_with(".txt")) return computed("One cube of Orion KL.\n", "text/plain");
    // What needs a login leads to a page of the single sign-on, with status 200.
    return computed("<!DOCTYPE html><html><title>Sign in to ALMA</title></html>", "text/html");
  });
}

/// Two #this, one inside the archive's own network; errors as rows of "#error"; cutouts as jobs only.
void make_casda(Site& site) {
  const std::string host = "casda.csiro.au", base = "https://" + host, tools = base + "/casda_vo_tools";
  std::vector<Obs> rows;
  for (int n = 1; n <= 2; ++n) {
    const std::string id = "cube-" + std::to_string(1000 + n);
    rows.push_back({.type = "cube",
                    .collection = "ASKAP Pilot Survey for WALLABY",
                    .id = std::to_string(10'600 + n),
                    .did = id,
                    .url = tools + "/datalink/links?ID=" + id,
                    .ra = 201.365,
                    .dec = -43.019,
                    .fov = 5,
                    .region = "POLYGON ICRS 199 -45 204 -45 204 -41 199 -41",
                    .t_min = 58'600.0 + n,
                    .t_max = 58'600.5 + n,
                    .em_min = 0.2,
                    .em_max = 0.22,
                    .facility = "ASKAP",
                    .instrument = "ASKAP",
                    .kilobytes = 29});
  }
  site.tap(base, tap_at("/casda_vo_tools/tap", "ivoa.obscore"), {obscore("ivoa", "obscore", rows)});
  site.guarded(host, "/casda_vo_tools/datalink/links", {"Basic " + base64("opal:secret")}, [=](const Request& request) {
    const std::string id = request.param("ID").value_or("");
    if (id != "cube-1001") return links_reply(kLinks10, {{id, "", "", "NotFoundFault: " + id, "#error", "", "", ""}});
    return links_reply(kLinks10,
                       {{id, base + "/casda_data_access/data/async/" + id + ".fits", "", "", "#this", "image",
                         "application/fits", "28800"},
                        {id, "", "async_service", "", "#cutout", "cutouts as a job", "application/fits", ""}},
                       false,
                       service_text("async_service", "ivo://ivoa.net/std/SODA#async-1.0",
                                    base + "/casda_data_access/data/async", "application/fits",
                                    param_text("ID", "char", "*", "encrypted-" + id) +
                                        param_text("CIRCLE", "double", "3", "", "unit=\"deg\" xtype=\"circle\"/>") +
                                        param_text("BAND", "double", "2", "", "unit=\"m\" xtype=\"interval\"/>")));
  });
  site.guarded(host, "/casda_data_access/", {"Basic " + base64("opal:secret")}, [](const Request&) {
    return computed(bytes_of(image_at("casda", {201.365, -43.019})), "application/fits");
  });
}

/// ESA's Gaia archive: products as ZIP by RETRIEVAL_TYPE, no footprints.
void make_gaia(Site& site) {
  const std::string host = "gea.esac.esa.int", base = "https://" + host;
  std::vector<Obs> rows;
  for (const char* source : {"5937083312263887616", "5853498713190525696"}) {
    rows.push_back({.type = "spectrum",
                    .collection = "Gaia DR3",
                    .id = source,
                    .did = std::string("ivo://esavo/gaia/dr3/spectra?") + source,
                    .url = base + "/data-server/data?RETRIEVAL_TYPE=XP_SAMPLED&ID=" + source + "&FORMAT=fits",
                    .format = "application/zip",
                    .target = source,
                    .ra = 217.42894,
                    .dec = -62.67948,
                    .t_min = 56'863,
                    .t_max = 57'901,
                    .em_min = 3.3e-7,
                    .em_max = 1.05e-6,
                    .facility = "Gaia",
                    .instrument = "BP/RP"});
  }
  site.tap(base, tap_at("/tap-server/tap", "ivoa.obscore"), {obscore("ivoa", "obscore", rows)});
  site.answer(host, "/data-server/data", [](const Request& request) {
    // The smallest ZIP there is: an empty one.
    return computed(std::string("PK\x05\x06", 4) + std::string(18, '\0'), "application/zip",
                    "attachment;filename=\"" + request.param("ID").value_or("") + ".zip\"");
  });
}

/// TAPVizieR: geometry about points only, little ObsCore, and no more than five requests a second.
void make_vizier(Site& site) {
  const std::string host = "tapvizier.cds.unistra.fr", files = "https://cdsarc.cds.unistra.fr";
  site.tap("http://" + host, tap_at("/TAPVizieR/tap", "ivoa.obscore", Geometry::centres_only),
           {obscore("ivoa", "obscore",
                    {{.type = "image",
                      .collection = "J/A+A/650/A202",
                      .id = "m51-co",
                      .did = "ivo://CDS.VizieR/J/A+A/650/A202?m51-co",
                      .url = files + "/saadavizier/download?oid=864691128455135234",
                      .format = "application/fits",
                      .target = "M51",
                      .ra = 202.47,
                      .dec = 47.195,
                      .fov = 0.1,
                      .region = "CIRCLE ICRS 202.47 47.195 0.05",
                      .t_min = 55'000,
                      .t_max = 55'001,
                      .em_min = 2.6e-3,
                      .em_max = 2.61e-3,
                      .facility = "IRAM 30m",
                      .instrument = "HERA",
                      .kilobytes = 29}})});
  site.answer("cdsarc.cds.unistra.fr", "/saadavizier/download", [](const Request&) {
    return computed(bytes_of(image_at("m51-co", {202.47, 47.195})), "application/fits",
                    "attachment; filename=m51-co.fits");
  });
}

}  // namespace skymount::demo
