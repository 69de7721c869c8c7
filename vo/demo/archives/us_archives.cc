// SPDX-License-Identifier: MIT
//
// Archives of the United States: MAST, IRSA, HEASARC, NOIRLab's Astro Data Archive, Rubin's science platform.
#include "vo/demo/archives/site.h"

#include <cstdlib>

namespace skymount::demo {
namespace {

/// "CIRCLE ra dec r" of SIA 2.
Sky circle_centre(const Request& request) {
  std::string text = request.param("POS").value_or("CIRCLE 0 0 180");
  text.erase(0, text.find(' ') + 1);
  char* end = nullptr;
  const double ra = std::strtod(text.c_str(), &end);
  return {ra, std::strtod(end, nullptr)};
}

Reply votable(const std::string& text) {
  Reply reply = Reply::text(200, text, "application/x-votable+xml");
  reply.no_length = true;
  return reply;
}

}  // namespace

/// Files by URI in a parameter, chunked, named by Content-Disposition; several polygons in one footprint.
void make_mast(Site& site) {
  const std::string host = "mast.stsci.edu", base = "https://" + host;
  std::vector<Obs> rows;
  for (const char* name : {"hst_10766_01_acs_wfc_f606w_drz", "hst_10766_02_acs_wfc_f814w_drz"}) {
    const std::string uri = "mast:HST/product/" + std::string(name) + ".fits";
    rows.push_back({.type = "image",
                    .collection = "HST",
                    .id = name,
                    .did = "ivo://archive.stsci.edu/HST?" + std::string(name),
                    .url = base + "/api/v0.1/Download/file?uri=" + uri,
                    .format = "image/fits",
                    .target = "NGC-4258",
                    .ra = 184.74,
                    .dec = 47.304,
                    .fov = 0.06,
                    .region = "POLYGON ICRS 184.7 47.28 184.78 47.28 184.78 47.33 184.7 47.33 POLYGON ICRS 184.71 "
                              "47.29 184.72 47.29 184.72 47.3",
                    .t_min = 53'700.1,
                    .t_max = 53'700.2,
                    .em_min = 4.6e-7,
                    .em_max = 7.2e-7,
                    .facility = "HST",
                    .instrument = "ACS/WFC",
                    .rights = "PUBLIC",
                    .kilobytes = 29});
  }
  Tap tap{.path = "/vo-tap/api/v0.1/caom"};
  tap.options.geometry = Geometry::contains_only;
  tap.options.links_descriptor = false;
  site.tap(base, tap, {obscore("ivoa", "obscore", rows)});
  site.answer(host, "/api/v0.1/Download/file", [](const Request& request) {
    const std::string uri = request.param("uri").value_or("");
    Reply reply = computed(bytes_of(image_at(uri, {184.74, 47.304})), "application/octet-stream",
                           "attachment; filename=" + uri.substr(uri.rfind('/') + 1));
    reply.no_length = true;
    return reply;
  });
}

/// SIA 2 whose answer lacks QUERY_STATUS, files with a Content-Encoding whatever was accepted.
void make_irsa(Site& site) {
  const std::string host = "irsa.ipac.caltech.edu", base = "https://" + host;
  site.answer(host, "/SIA", [=](const Request& request) {
    std::vector<std::vector<std::string>> rows;
    if (separation(circle_centre(request), {148.9, 69.1}) < 1) {
      for (const char* band : {"w1", "w2"}) {
        const std::string name = std::string("1489p696_ac51-") + band + "-int-3.fits";
        rows.push_back({"image", "3", "wise_allwise", "1489p696_ac51", std::string("ivo://irsa.ipac/allwise?") + name,
                        base + "/ibe/data/wise/allwise/p3am_cdd/14/1489/1489p696_ac51/" + name, "image/fits", "29",
                        "148.97", "69.68", "1.56", "POLYGON ICRS 147 68 151 68 151 70.4 147 70.4", "55300", "55490",
                        band[1] == '1' ? "2.75e-6" : "3.96e-6", band[1] == '1' ? "3.87e-6" : "5.34e-6", "WISE",
                        "WISE"});
      }
    }
    std::string text = text_table(
        {"dataproduct_type char", "calib_level int", "obs_collection char", "obs_id char", "obs_publisher_did char",
         "access_url char", "access_format char", "access_estsize long kbyte", "s_ra double deg", "s_dec double deg",
         "s_fov double deg", "s_region char", "t_min double d", "t_max double d", "em_min double m", "em_max double m",
         "facility_name char", "instrument_name char"},
        rows);
    const std::string status = "<INFO name=\"QUERY_STATUS\" value=\"OK\"/>";
    text.erase(text.find(status), status.size());
    return votable(text);
  });
  site.answer(host, "/ibe/data/", [](const Request& request) {
    Reply reply = computed(gzip(bytes_of(image_at(request.path, {148.9, 69.1}))), "image/fits");
    reply.headers.emplace_back("Content-Encoding", "gzip");
    return reply;
  });
}

/// Jobs at relative addresses; a links service named by each query's answer.
void make_heasarc(Site& site) {
  const std::string host = "heasarc.gsfc.nasa.gov", base = "https://" + host;
  const std::string did = "ivo://nasa.heasarc/chanmaster?4735";
  Tap tap{.path = "/xamin/vo/tap"};
  tap.options.jobs_relative = true;
  tap.options.links_descriptor = false;
  site.tap(base, tap,
           {obscore("ivoa", "obscore",
                    {{.type = "event",
                      .collection = "chanmaster",
                      .id = "4735",
                      .did = did,
                      .url = base + "/xamin/vo/datalink?ID=" + url_encode(did),
                      .target = "Kepler SNR",
                      .ra = 262.67,
                      .dec = -21.48,
                      .fov = 0.28,
                      .region = "CIRCLE ICRS 262.67 -21.48 0.14",
                      .t_min = 53'300,
                      .t_max = 53'301,
                      .em_min = 1.2e-10,
                      .em_max = 1.2e-8,
                      .facility = "CHANDRA",
                      .instrument = "ACIS-S"}})});
  site.answer(host, "/xamin/vo/datalink", [=](const Request& request) {
    const std::string id = request.param("ID").value_or("");
    return links_reply({"ID char", "access_url char", "service_def char", "error_message char", "semantics char",
                        "description char", "content_type char"},
                       {{id, base + "/FTP/chandra/data/byobsid/5/4735/primary/acisf04735N005_evt2.fits.gz", "", "",
                         "this", "Events", "application/gzip"}});
  });
  site.answer(host, "/FTP/", [](const Request&) {
    Reply reply = computed(gzip(bytes_of(image_at("acis", {262.67, -21.48}))), "application/x-gzip");
    reply.ranges = true;
    reply.last_modified = 1'400'000'000;
    return reply;
  });
}

/// SIA 1: columns by UCD, addresses in CDATA with "&amp;" escaped twice, files by their checksum.
void make_noirlab(Site& site) {
  const std::string host = "astroarchive.noirlab.edu", base = "https://" + host;
  site.answer(host, "/api/sia/voimg", [=](const Request& request) {
    const std::string pos = request.param("POS").value_or("0,0");
    const Sky centre{std::strtod(pos.c_str(), nullptr), std::strtod(pos.substr(pos.find(',') + 1).c_str(), nullptr)};
    std::vector<std::vector<std::string>> rows;
    if (separation(centre, {150.1, 2.2}) < 2) {
      rows.push_back({"c4d_130401_012345_ooi_g_v1", base + "/api/retrieve/5a1b0e4c6f0fb0b6c1b6a0d0a3f3f6b1/",
                      "image/fits", "28800", "150.1", "2.2", "56383.05", "decam"});
      rows.push_back({"c4d_170202_054321_ooi_r_v1", base + "/api/retrieve/77aa0e4c6f0fb0b6c1b6a0d0a3f3f6b2/",
                      "image/fits", "28800", "150.2", "2.1", "57786.22", "decam"});
    }
    return votable(text_table({"archive_filename char - - VOX:Image_Title", "url char - - VOX:Image_AccessReference",
                               "format char - - VOX:Image_Format", "filesize long byte - VOX:Image_FileSize",
                               "ra_center double deg - POS_EQ_RA_MAIN", "dec_center double deg - POS_EQ_DEC_MAIN",
                               "mjd double d - VOX:Image_MJDateObs", "instrument char - - INST_ID"},
                              rows, true));
  });
  site.answer(host, "/api/retrieve/", [](const Request& request) {
    const std::string shown = request.header("Authorization");
    if (!shown.empty() && shown != "noao-token") return Reply::text(401, "bad token\n");
    return computed(bytes_of(image_at(request.path, {150.1, 2.2})), "application/octet-stream",
                    "attachment; filename=\"c4d_130401_012345_ooi_g_v1.fits.fz\"");
  });
}

/// Nothing without a token; geometry about points in footprints; files at signed addresses of another host, which
/// refuses who shows a token there.
void make_rubin(Site& site) {
  const std::string host = "data.lsst.cloud", base = "https://" + host, bucket = "storage.googleapis.com";
  const std::vector<std::string> shown = {"Bearer gt-demo"};
  std::vector<Obs> rows;
  for (const char* visit : {"2024110800245", "2024110800248"}) {
    const std::string did = "ivo://org.rubinobs/usdac/lsst-dp1?repo=dp1&id=" + std::string(visit);
    rows.push_back({.type = "image",
                    .collection = "LSST.DP1",
                    .id = visit,
                    .did = did,
                    .url = base + "/api/datalink/links?ID=" + url_encode(did),
                    .target = "ECDFS",
                    .ra = 53.13,
                    .dec = -28.1,
                    .fov = 0.3,
                    .region = "POLYGON ICRS 53 -28.3 53.3 -28.3 53.3 -27.9 53 -27.9",
                    .t_min = 60'622.1,
                    .t_max = 60'622.2,
                    .em_min = 5.5e-7,
                    .em_max = 6.9e-7,
                    .facility = "Rubin:Simonyi",
                    .instrument = "LSSTComCam",
                    .rights = "secure",
                    .kilobytes = 29});
  }
  Tap tap{.path = "/api/tap"};
  tap.options.geometry = Geometry::contains_only;
  tap.options.links_descriptor = false;
  site.guarded_tap(base, tap, {obscore("ivoa", "ObsCore", rows)}, shown);
  site.guarded(host, "/api/datalink/links", shown, [=](const Request& request) {
    const std::string id = request.param("ID").value_or("");
    const std::string visit = id.substr(id.rfind('=') + 1);
    return links_reply(
        {"ID char", "access_url char", "service_def char", "error_message char", "description char", "semantics char",
         "content_type char", "content_length long byte"},
        {{id,
          "https://" + bucket + "/rubin-dp1/visit_image_" + visit + ".fits?X-Goog-Expires=3600&X-Goog-Signature=5ig9",
          "", "", "Primary image", "#this", "application/fits", "28800"}});
  });
  site.answer(bucket, "/rubin-dp1/", [](const Request& request) {
    if (!request.header("Authorization").empty())
      return Reply::text(400, "<Error><Code>InvalidRequest</Code></Error>", "application/xml");
    if (request.param("X-Goog-Signature") != "5ig9") return Reply::text(403, "no signature\n");
    Reply reply = computed(bytes_of(image_at(request.path, {53.13, -28.1})), "application/fits");
    reply.ranges = true;
    reply.etag = "\"" + url_encode(request.path.substr(request.path.rfind('_') + 1)) + "\"";
    return reply;
  });
}

}  // namespace skymount::demo
