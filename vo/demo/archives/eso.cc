// SPDX-License-Identifier: MIT
//
// ESO's archive: tap_obs with dbo.raw, ivoa.ObsCore and phase3v2.product_files, DataLink with columns of its own in
// CDATA, files that are named by Content-Disposition alone, tokens by GET. Calibrations are in eso_calselector.cc.
#include "vo/demo/archives/eso.h"

#include <cstdio>
#include <ctime>

namespace skymount::demo {

const std::vector<EsoRaw>& eso_raws() {
  static const std::vector<EsoRaw> raws = {
      {"SPHER.2016-09-26T03:04:09.308", "SPHERE_IRDIS_OBS270_0012.fits", "098.C-0739(C)", "2016-09-26T03:04:09.308",
       "2017-09-26T05:00:00Z", true},
      {"SPHER.2016-09-26T03:10:11.512", "SPHERE_IRDIS_OBS270_0013.fits", "098.C-0739(C)", "2016-09-26T03:10:11.512",
       "2017-09-26T05:00:00Z", false},
      {"SPHER.2016-09-26T03:16:12.001", "SPHERE_IRDIS_OBS270_0014.fits", "098.C-0739(C)", "2016-09-26T03:16:12.001",
       "2099-01-01T00:00:00Z", true},
      // The programme without its parentheses is another one.
      {"SPHER.2016-10-01T02:00:00.000", "SPHERE_IRDIS_OBS275_0001.fits", "098.C-0739", "2016-10-01T02:00:00.000",
       "2017-10-01T02:00:00Z", true},
  };
  return raws;
}

std::string eso_file_url(const std::string& dp_id) {
  return "https://dataportal.eso.org/dataPortal/file/" + dp_id;
}

namespace {

const std::string kArchive = "archive.eso.org", kPortal = "dataportal.eso.org";
const Sky kField{85.25, -2.0};
const std::string kProduct = "ADP.2024-03-19T05:58:04.407";
constexpr int kPreviews = 64'782;  // what MUSE had when a notebook asked

struct EsoFile {
  const char *id, *name, *category;
  long kilobytes;
};
// One product, six files; two of them of one name.
constexpr EsoFile kFiles[] = {
    {"ADP.2024-03-19T05:58:04.407", "MUSE_DEEP_NGC2023.fits", "SCIENCE.CUBE.IFS", 2'800'000},
    {"ADP.2024-03-19T05:58:04.408", "MUSE_DEEP_NGC2023_IMAGE_FOV.fits", "ANCILLARY.IMAGE.WHITELIGHT", 4'100},
    {"ADP.2024-03-19T05:58:04.409", "MUSE_DEEP_NGC2023_PREVIEW.jpg", "ANCILLARY.PREVIEW", 310},
    {"ADP.2024-03-19T05:58:04.410", "r.MUSE.2019-12-04T03:22:10.123_pst.fits", "ANCILLARY.PIXTABLE", 900'000},
    {"ADP.2024-03-19T05:58:04.411", "reduction.log", "ANCILLARY.README", 12},
    {"ADP.2024-03-19T05:58:04.412", "reduction.log", "ANCILLARY.README", 9},
};

std::string preview_id(int n) {
  char text[48];
  std::snprintf(text, sizeof text, "ADP.2017-%02d-%02dT%02d:%02d:%02d.%03d", n / 5600 % 12 + 1, n / 200 % 28 + 1,
                n / 3600 % 24, n / 60 % 60, n % 60, n % 1000);
  return text;
}

void previews(const std::function<void(const std::string& product, const std::string& file, int n)>& each) {
  for (int n = 0; n < kPreviews; ++n) {
    const std::string id = preview_id(n) + std::to_string(n);
    each(id, "ADP.P" + id.substr(4), n);
  }
}

Table raw_table() {
  std::vector<Row> rows;
  for (const EsoRaw& raw : eso_raws()) {
    rows.push_back({raw.dp_id, raw.origfile, "SR 13", "SCIENCE", "OBJECT", "IRDIS", "SPHERE", raw.start,
                    std::string(raw.release), raw.programme, kField.ra, kField.dec, 64.0, eso_file_url(raw.dp_id),
                    "https://archive.eso.org/datalink/links?ID=ivo://eso.org/ID?" + std::string(raw.dp_id), 8200});
  }
  return table(
      "dbo", "raw",
      {"dp_id char", "origfile char", "object char", "dp_cat char", "dp_type char", "dp_tech char", "instrument char",
       "exp_start char", "release_date char", "prog_id char", "ra double deg", "dec double deg", "exposure double s",
       "access_url char", "datalink_url char", "access_estsize long kbyte"},
      rows);
}

Table product_files() {
  Table out = table("phase3v2", "product_files",
                    {"product_id char", "archive_id char", "original_filename char", "eso_category char",
                     "extension char", "access_url char", "access_estsize long kbyte", "internal_file_id long"},
                    {});
  out.rows = [](const TableSource::Add& add) {
    int internal = 1000;
    for (const EsoFile& file : kFiles) {
      const std::string name = file.name;
      std::string extension = name.substr(name.rfind('.') + 1);
      for (char& c : extension) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      add({kProduct, file.id, name, file.category, extension, eso_file_url(file.id), std::int64_t{file.kilobytes},
           internal++});
    }
    previews([&](const std::string& product, const std::string& file, int n) {
      add({product, file, "MUSE_" + std::to_string(n) + "_preview.jpg", "ANCILLARY.PREVIEW", "JPG", eso_file_url(file),
           300, internal++});
    });
  };
  return out;
}

/// The products; access_url is http, as it is there.
Table products() {
  Table out = obscore("ivoa", "ObsCore", {});
  out.info.columns.emplace_back().field.name = "dp_id";
  out.rows = [](const TableSource::Add& add) {
    const auto product = [&](const std::string& id, const std::string& collection, const std::string& target, double ra,
                             double t) {
      Row row = obs_row({.type = "cube",
                         .collection = collection,
                         .id = id,
                         .did = "ivo://eso.org/ID?" + id,
                         .url = "http://archive.eso.org/datalink/links?ID=ivo://eso.org/ID?" + id,
                         .target = target,
                         .ra = ra,
                         .dec = kField.dec,
                         .fov = 0.024,
                         .region = "POLYGON J2000 " + number_text(ra + 0.01) + " -2.01 " + number_text(ra + 0.01) +
                                   " -1.99 " + number_text(ra - 0.01) + " -1.99 " + number_text(ra - 0.01) + " -2.01 " +
                                   number_text(ra + 0.01) + " -2.01",
                         .t_min = t,
                         .t_max = t + 0.04,
                         .em_min = 4.75e-7,
                         .em_max = 9.35e-7,
                         .facility = "ESO-VLT-U4",
                         .instrument = "MUSE",
                         .kilobytes = 2'800'000});
      row.push_back(id);
      add(row);
    };
    product(kProduct, "MUSE-DEEP", "NGC 2023", kField.ra, 58'821.14);
    previews([&](const std::string& id, const std::string&, int n) {
      product(id, "MUSE", "FIELD " + std::to_string(n), 0.5 + n % 3500 / 10.0, 57'800 + n / 100.0);
    });
  };
  return out;
}

/// A token: three parts, the middle one says until when it is good.
std::string id_token() {
  return base64("{\"alg\":\"RS256\"}") + "." +
         base64("{\"sub\":\"anna\",\"exp\":" + std::to_string(std::time(nullptr) + 28'800) + "}") + ".signature";
}

bool logged_in(const Request& request) {
  const std::string shown = request.header("Authorization");
  return shown.starts_with("Bearer ") && shown.ends_with(".signature");
}

Reply token_answer(const Request& request) {
  if (request.method != "GET") return Reply::text(405, "GET only\n");
  const auto is = [&](const char* name, const char* value) { return request.param(name) == value; };
  if (!is("grant_type", "password") || !is("client_id", "clientid") || !is("username", "anna") ||
      !is("password", "open sesame")) {
    return Reply::text(400, R"({"error":"invalid_grant","error_description":"the credentials are not valid"})",
                       "application/json");
  }
  return Reply::text(
      200, R"({"access_token":"opaque","token_type":"bearer","expires_in":28800,"id_token":")" + id_token() + "\"}",
      "application/json");
}

Reply file_answer(const Request& request) {
  const std::string id = request.path.substr(request.path.rfind('/') + 1);
  for (const EsoRaw& raw : eso_raws()) {
    if (id == std::string(raw.dp_id) + ".NL") {
      return computed("Night log of " + raw.programme + "\nseeing 0.7\n", "text/plain",
                      "attachment; filename=" + id + ".txt");
    }
    if (id != raw.dp_id) continue;
    if (raw.release[2] == '9' && !logged_in(request)) {
      return Reply::text(request.header("Authorization").empty() ? 401 : 403,
                         "proprietary until " + std::string(raw.release));
    }
    // As the archive keeps raw files; the name is here and nowhere else, and not quoted.
    Reply reply = computed(compressed(bytes_of(image_at(raw.dp_id, kField))), "application/octet-stream",
                           "attachment; filename=" + id + ".fits.Z");
    reply.ranges = true;
    reply.last_modified = 1'474'859'049;
    return reply;
  }
  if (id.starts_with("M.SPHER") || id.starts_with("SPHER")) {
    return computed(bytes_of(image_at(id, kField)), "application/octet-stream", "attachment; filename=" + id + ".fits");
  }
  for (const EsoFile& file : kFiles) {
    if (id != file.id) continue;
    const std::string disposition = "attachment; filename=" + id;
    const std::string_view name = file.name;
    if (name.ends_with(".log")) return computed("log of " + id + "\n", "text/plain", disposition + ".txt");
    if (name.ends_with(".jpg")) return computed(std::string(tiny_jpeg()), "image/jpeg", disposition + ".jpg");
    // Headers of products are patched on their way out: no ranges, and another length than the catalogue's.
    return computed(bytes_of(image_at(id, kField)), "application/octet-stream", disposition + ".fits");
  }
  if (id.starts_with("ADP.P"))
    return computed(std::string(tiny_jpeg()), "image/jpeg", "attachment; filename=" + id + ".jpg");
  if (id.starts_with("ADP.2017")) return computed(bytes_of(image_at(id, kField)), "application/octet-stream");
  return Reply::text(404, "no such file: " + id);
}

Reply links_answer_of_eso(const Request& request) {
  const std::string did = request.param("ID").value_or("");
  const std::string id = did.substr(did.find('?') + 1);
  if (request.param("eso_download") == "file") {
    Reply reply = Reply::text(302, "");
    reply.headers.emplace_back("Location", eso_file_url(id));
    return reply;
  }
  static const std::vector<std::string> columns = {
      "ID char",           "access_url char",   "service_def char",        "error_message char",
      "eso_origfile char", "eso_category char", "eso_datalink char",       "semantics char",
      "description char",  "content_type char", "content_length long byte"};
  const std::string eso = "http://archive.eso.org/rdf/datalink/eso#";
  const std::string nested = "application/x-votable+xml;content=datalink";
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const std::string& url, const std::string& semantics, const std::string& type,
                       const std::string& origfile, const std::string& category, const std::string& description,
                       const std::string& length) {
    rows.push_back({did, url, "", "", origfile, category, "", semantics, description, type, length});
  };
  for (const EsoRaw& raw : eso_raws()) {
    if (id != raw.dp_id) continue;
    const std::string associations = "https://archive.eso.org/calselector/v1/associations?dp_id=" + id;
    add(eso_file_url(id), "#this", "application/x-fits", std::string(raw.origfile) + ".Z", "SCIENCE", "Requested file",
        "500000");
    add(eso_file_url(id + ".NL"), eso + "night_log", "text/plain", id + ".NL.txt", "", "Night log", "2000");
    add(associations + "&mode=Raw2Raw&responseformat=votable", eso + "calSelector_raw2raw", nested, "", "",
        "Raw calibrations", "");
    add(associations + "&mode=Raw2Master&responseformat=votable", eso + "calSelector_raw2master", nested, "", "",
        "Master calibrations", "");
    return links_reply(columns, rows, true);
  }
  if (!id.starts_with("ADP.")) {
    rows.push_back({did, "", "", "NotFoundFault: no permission or does not exist", "", "", "", "#this", "", "", ""});
    return links_reply(columns, rows, true);
  }
  for (const EsoFile& file : kFiles) {
    if (id != kProduct) break;
    const std::string_view category = file.category;
    add(eso_file_url(file.id),
        category.starts_with("SCIENCE") ? "#this"
        : category.ends_with("PREVIEW") ? "#preview"
                                        : "#auxiliary",
        category.ends_with("PREVIEW")  ? "image/jpeg"
        : category.ends_with("README") ? "text/plain"
                                       : "application/fits",
        file.name, file.category, "File of the product", std::to_string(file.kilobytes * 1000));
  }
  if (id != kProduct)
    add(eso_file_url(id), "#this", "application/fits", "MUSE_" + id + ".fits", "SCIENCE.CUBE.IFS", "Cube",
        "2800000000");
  return links_reply(columns, rows, true);
}

}  // namespace

void make_eso(Site& site) {
  Tap tap{.path = "/tap_obs"};
  tap.options.obscore_table = "ivoa.ObsCore";
  tap.options.serialization = "TABLEDATA";
  tap.options.links_descriptor = false;
  tap.options.default_maxrec = 2000;
  tap.options.hard_maxrec = 15'000'000;
  site.tap("https://" + kArchive, tap, {raw_table(), products(), product_files()});
  site.answer(kArchive, "/datalink/links", links_answer_of_eso);
  site.answer(kArchive, "/calselector/v1/associations", eso_associations);
  site.answer(kPortal, "/dataPortal/file/", file_answer);
  site.answer("www.eso.org", "/sso/oidc/token", token_answer);
}

}  // namespace skymount::demo
