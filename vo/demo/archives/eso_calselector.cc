// SPDX-License-Identifier: MIT
#include "vo/demo/archives/eso.h"

#include <algorithm>

namespace skymount::demo {
namespace {

// Eight calibrations of a frame of SPHERE; of each the raw and the master kind.
constexpr const char* kRaw[] = {"DARK",         "DARK", "FLAT,LAMP",   "FLAT,LAMP",
                                "LAMP,DISTORT", "SKY",  "OBJECT,FLUX", "OBJECT,CENTER"};
constexpr const char* kMaster[] = {"IRD_MASTER_DARK",    "IRD_INS_BG", "IRD_FLAT_FIELD", "IRD_BADPIXELMAP",
                                   "IRD_DISTORTION_MAP", "IRD_SKY_BG", "IRD_FLUX",       "IRD_STAR_CENTER"};

std::string tree(const EsoRaw& raw, const std::string& mode) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<associations mode=\"" + mode +
                    "\"><association category=\"SCIENCE\">" + "<mainFiles><file name=\"" + raw.dp_id +
                    "\"/></mainFiles><associatedFiles>";
  for (const char* kind : kRaw) out += std::string("<association category=\"") + kind + "\"/>";
  return out + "</associatedFiles></association></associations>\n";
}

std::string told(const std::string& key, const std::string& value) {
  return key + "=\"" + value + "\" ";
}

}  // namespace

Reply eso_associations(const Request& request) {
  const std::string dp_id = request.param("dp_id").value_or(""), mode = request.param("mode").value_or("");
  const auto raw =
      std::find_if(eso_raws().begin(), eso_raws().end(), [&](const EsoRaw& r) { return r.dp_id == dp_id; });
  if (raw == eso_raws().end()) return Reply::text(404, "no such file: " + dp_id + "\n");
  if (!same_ignoring_case(request.param("responseformat").value_or(""), "votable"))
    return computed(tree(*raw, mode), "application/xml", "attachment; filename=" + dp_id + "_" + mode + ".xml");
  const bool wants_masters = same_ignoring_case(mode, "Raw2Master");
  const bool masters = wants_masters && raw->masters;
  const bool fell_back = wants_masters && !masters;
  const std::string did = "ivo://eso.org/ID?" + dp_id;
  const std::string links = "https://archive.eso.org/datalink/links?ID=";
  const std::string state = told("category", "SCIENCE") + told("certified", fell_back ? "false" : "true") +
                            told("complete", "true") + told("mode", masters ? "Raw2Master" : "Raw2Raw") +
                            told("type", "OBJECT") + "messages=\"" +
                            (fell_back ? "no master calibrations for this setup" : "") + "\"";
  std::vector<std::vector<std::string>> rows;
  rows.push_back(
      {did, links + did + "&eso_download=file", "", "", "#this", state, "application/x-fits", "500000", "SCIENCE"});
  for (int n = 0; n < 8; ++n) {
    const std::string id =
        (masters ? "M.SPHER.2016-09-26T10:00:0" : "SPHER.2016-09-26T10:00:0") + std::to_string(n) + ".123";
    rows.push_back({"ivo://eso.org/ID?" + id, links + "ivo://eso.org/ID?" + id + "&eso_download=file", "", "",
                    "#calibration", "", "application/x-fits", "500000", masters ? kMaster[n] : kRaw[n]});
  }
  rows.push_back(
      {did, "https://archive.eso.org/calselector/v1/associations?dp_id=" + dp_id + "&mode=" + mode, "", "",
       "http://archive.eso.org/rdf/datalink/eso#calSelector_" + std::string(wants_masters ? "raw2master" : "raw2raw"),
       "Association tree", "application/xml", "500000", "ASSOCIATION_TREE"});
  Reply reply =
      Reply::text(200,
                  text_table({"ID char", "access_url char", "service_def char", "error_message char", "semantics char",
                              "description char", "content_type char", "content_length long byte", "eso_category char"},
                             rows, true),
                  "application/x-votable+xml");
  reply.no_length = true;
  return reply;
}

}  // namespace skymount::demo
