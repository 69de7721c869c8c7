// SPDX-License-Identifier: MIT
//
// GAVO's data center, served by DaCHS: base64 tables, errors under HTTP 200, links and cutouts by dlmeta and dlget,
// previews whose URL has no extension. The sky is the demo archive's, under the names of Heidelberg's collections.
#include "vo/demo/archives/site.h"

namespace skymount::demo {
namespace {

const std::string kHost = "dc.g-vo.org";
const std::string kBase = "http://" + kHost;
const std::string kDids = "ivo://org.gavo.dc/~?";

struct Collection {
  const char *of_demo, *name, *service;  ///< service: the path of its resource descriptor
};
constexpr Collection kCollections[] = {{"DEMO_PLATES", "DASCH", "dasch/q"},
                                       {"DEMO_SURVEY", "HDAP", "lswscans/res/positions"}};

const Collection* collection_of(const Dataset& dataset) {
  for (const Collection& each : kCollections)
    if (dataset.collection == each.of_demo) return &each;
  return nullptr;
}

std::string did_at_gavo(const Dataset& dataset) {
  return kDids + collection_of(dataset)->service + "/" + dataset.obs_id;
}

const Dataset* dataset_at_gavo(const SkyModel& sky, const std::string& did) {
  for (const Dataset& each : sky.datasets())
    if (collection_of(each) != nullptr && did_at_gavo(each) == did) return &each;
  return nullptr;
}

/// Images of the X-ray survey, at the same place: what a notebook leaves out.
std::vector<Obs> rass() {
  std::vector<Obs> out;
  for (int n = 0; n < 2; ++n) {
    const std::string id = "930415" + std::to_string(n);
    out.push_back({.type = "image",
                   .collection = "RASS",
                   .id = id,
                   .did = kDids + "rosat/q/" + id,
                   .url = kBase + "/getproduct/rosat/" + id + ".fits",
                   .format = "image/fits",
                   .ra = 156.2,
                   .dec = 48,
                   .fov = 9,
                   .region = "Polygon ICRS 150 44 162 44 163 52 149 52",
                   .t_min = 48'102.0 + n,
                   .t_max = 48'104.0 + n,
                   .em_min = 5e-10,
                   .em_max = 1.2e-8,
                   .facility = "ROSAT",
                   .instrument = "PSPC-C",
                   .kilobytes = 27});
  }
  return out;
}

Table gavo_obscore() {
  Table out = obscore("ivoa", "Obscore", {});
  out.rows = [](const TableSource::Add& add) {
    const SkyModel sky;
    for (const Dataset& each : sky.datasets()) {
      if (collection_of(each) == nullptr || !each.centre) continue;
      Obs obs{.type = each.type,
              .collection = collection_of(each)->name,
              .id = each.obs_id,
              .did = did_at_gavo(each),
              .url = kBase + "/" + collection_of(each)->service + "/dl/dlmeta?ID=" + url_encode(did_at_gavo(each)),
              .target = each.target,
              .ra = each.centre->ra,
              .dec = each.centre->dec,
              .fov = each.fov,
              .region = each.s_region.value_or(""),
              .em_min = each.em_min,
              .em_max = each.em_max,
              .facility = each.facility,
              .instrument = each.instrument};
      if (each.t_min) obs.t_min = *each.t_min;
      if (each.t_max) obs.t_max = *each.t_max;
      add(obs_row(obs));
    }
    for (const Obs& each : rass()) add(obs_row(each));
  };
  return out;
}

std::string soda_inputs(const std::string& did) {
  const auto interval = [](const char* name, const char* ucd) {
    return param_text(name, "double", "2", "", "unit=\"deg\" xtype=\"interval\" ucd=\"" + std::string(ucd) + "\"/>");
  };
  return param_text("ID", "char", "*", did, "ucd=\"meta.id;meta.main\"/>") + interval("RA", "pos.eq.ra") +
         interval("DEC", "pos.eq.dec") + param_text("POS", "char", "*", "", "ucd=\"phys.angArea;obs\"/>") +
         param_text("CIRCLE", "double", "3", "", "unit=\"deg\" xtype=\"circle\" ucd=\"phys.angArea;obs\"/>") +
         param_text("POLYGON", "double", "*", "", "unit=\"deg\" xtype=\"polygon\" ucd=\"phys.angArea;obs\"/>") +
         param_text("KIND", "char", "*", "",
                    "><DESCRIPTION>Set to HEADER to retrieve just the primary header, leave empty for data."
                    "</DESCRIPTION><VALUES><OPTION name=\"Retrieve header only\" value=\"HEADER\"/></VALUES></PARAM>");
}

Reply dlmeta(const Services& all, const Request& request) {
  const SkyModel& sky = all.sky;
  static const std::vector<std::string> columns = {
      "ID char",        "access_url char",   "service_def char",         "error_message char",  "description char",
      "semantics char", "content_type char", "content_length long byte", "local_semantics char"};
  std::vector<std::vector<std::string>> rows;
  std::string services;
  const std::vector<std::string> ids = request.params_named("ID");
  for (const std::string& did : ids) {
    const Dataset* dataset = dataset_at_gavo(sky, did);
    if (dataset == nullptr) {
      rows.push_back({did, "", "", "NotFoundFault: accref not in the product table", "", "#this", "", "-1", ""});
      continue;
    }
    const std::string product = kBase + "/getproduct" + encoded_path(dataset->this_path);
    const DataFile* file = sky.file(dataset->this_path);
    rows.push_back({did, product, "", "", "The dataset at reduced resolution", "#this", "image/fits",
                    std::to_string(file->layout->size()), ""});
    rows.push_back({did, product + "?preview=True", "", "", "A preview", "#preview-image", "image/jpeg", "-1", ""});
    if (!dataset->full_path.empty()) {
      rows.push_back({did, kBase + "/getproduct" + encoded_path(dataset->full_path), "", "", "The full-resolution scan",
                      "#coderived", "image/fits", std::to_string(sky.file(dataset->full_path)->layout->size()), ""});
    }
    if (!declares(all, *dataset, "ID")) continue;  // scans that nobody cuts there
    const std::string service = "procsvc" + (ids.size() > 1 ? std::to_string(rows.size()) : std::string());
    rows.push_back({did, "", service, "", "Cutouts", "#proc", "", "-1", ""});
    services += service_text(service, "ivo://ivoa.net/std/SODA#sync-1.0",
                             kBase + "/" + collection_of(*dataset)->service + "/dl/dlget", "", soda_inputs(did));
  }
  return links_reply(columns, rows, false, services);
}

/// "lo hi" of RA and DEC as the RANGE that the demo's own service knows.
std::string range_of(const Request& request) {
  return "RANGE " + request.param("RA").value_or("-Inf +Inf") + " " + request.param("DEC").value_or("-Inf +Inf");
}

Reply dlget(const ServicesPtr& services, const Request& request) {
  if (request.method != "GET") return Reply::text(500, "<html>Internal error</html>", "text/html");
  const Dataset* dataset = dataset_at_gavo(services->sky, request.param("ID").value_or(""));
  if (dataset == nullptr) return Reply::text(404, "NotFoundFault: no such dataset\n");
  Request cut = request;
  cut.params = {{"ID", dataset->did}, {"TOKEN", soda_token(dataset->did)}, {"COMPRESS", "false"}, {"OVERSCAN", "0"}};
  for (const auto& [name, value] : request.params) {
    if (name == "POS" || name == "POLYGON" || name == "CIRCLE") {
      // The demo's datasets differ in which of these they take; here all take all.
      const std::string shape = name == "POS" ? value : name + " " + value;
      if (declares(*services, *dataset, name)) {
        cut.params.emplace_back(name, value);
      } else if (declares(*services, *dataset, "POS")) {
        cut.params.emplace_back("POS", shape);
      } else {
        cut.params.emplace_back("CIRCLE", shape.substr(shape.find(' ') + 1));
      }
    } else if (name != "ID" && name != "RA" && name != "DEC" && name != "KIND") {
      return Reply::text(422, "UsageError: unknown parameter " + name + "\n");
    }
  }
  if (request.param("RA") || request.param("DEC")) cut.params.emplace_back("POS", range_of(request));
  Reply reply = soda_answer(services, cut);
  if (reply.status == 400) reply.status = 422;
  if (request.param("KIND") == "HEADER" && reply.status == 200)
    return computed(reply.body.substr(0, 2880), "application/fits-header");
  if (reply.status == 200) reply.no_length = false;  // spatial cutouts have a length
  return reply;
}

Reply product(const SkyModel& sky, const Request& request) {
  const std::string path = request.path.substr(std::string_view("/getproduct").size());
  if (path.starts_with("/rosat/")) return computed(bytes_of(image_at(path, {156.2, 48})), "image/fits");
  const DataFile* file = sky.file(path);
  if (file == nullptr) return Reply::text(404, "no such product\n");
  if (request.param("preview") == "True") return computed(std::string(tiny_jpeg()), "image/jpeg");
  Reply reply;  // ranges and a date, but never an ETag
  reply.content_type = "image/fits";
  reply.size = file->layout->size();
  reply.read = [layout = file->layout](std::uint64_t at, std::span<std::byte> out) { layout->read(at, out); };
  reply.ranges = true;
  reply.last_modified = 1'500'000'000;
  return reply;
}

}  // namespace

void make_gavo(Site& site) {
  Tap tap{.path = "/tap"};
  tap.options.errors_as_200 = true;
  tap.options.links_descriptor = false;
  tap.options.jobs_ignore_run = true;
  const ServicesPtr services = site.tap(kBase, tap, {gavo_obscore()});
  for (const Collection& each : kCollections) {
    const std::string path = std::string("/") + each.service + "/dl/";
    site.answer(kHost, path + "dlmeta", [services](const Request& request) { return dlmeta(*services, request); });
    site.answer(kHost, path + "dlget", [services](const Request& request) { return dlget(services, request); });
  }
  site.answer(kHost, "/getproduct/", [services](const Request& request) { return product(services->sky, request); });
}

}  // namespace skymount::demo
