// SPDX-License-Identifier: MIT
//
// What the imitated archives are built of: hosts, tables written as text, links documents, small files. Each archive is
// a function that puts its parts onto a Site.
#pragma once

#include "vo/demo/origin.h"
#include "vo/demo/services.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::demo {

/// A table and its rows.
struct Table {
  TableInfo info;
  std::function<void(const TableSource::Add&)> rows;
};

/// `columns`: "dp_id char", "access_estsize long kbyte phys.size", name, type, unit and UCD a column.
Table table(const char* schema, const char* name, std::initializer_list<const char*> columns, std::vector<Row> rows);

/// A dataset in the mandatory columns of ObsCore; what is empty is null.
struct Obs {
  std::string type, collection, id, did, url, format = "application/x-votable+xml;content=datalink", target = {};
  double ra = 0, dec = 0, fov = 0;
  std::string region = {};
  double t_min = 0, t_max = 0, em_min = 0, em_max = 0;
  std::string facility = {}, instrument = {}, rights = "public";
  int level = 2;
  long kilobytes = 0;
};
Row obs_row(const Obs& obs);
/// An ObsCore table under that name, with columns of the archive's own behind the standard's.
Table obscore(const char* schema, const char* name, std::vector<Obs> rows);

struct Tap {
  std::string path;  ///< "/tap_obs"
  DemoOptions options = {};
  bool sync_redirects = false;  ///< a POST to sync leads to sync/N/run, which is to be fetched by GET, as at CADC
};

/// The parts of one archive on their way onto an origin. Paths are as the imitated host sees them.
class Site {
 public:
  Site(Origin& origin, std::vector<std::string>& maps) : origin_(origin), maps_(maps) {}

  using Answer = std::function<Reply(const Request&)>;
  /// Answers for all paths below `path`. An answer that throws std::invalid_argument is a 400 with its words.
  void answer(const std::string& host, const std::string& path, Answer answer);
  /// The same for requests that show one of these values of Authorization, and 401 or 403 for all others.
  void guarded(const std::string& host, const std::string& path, std::vector<std::string> shown, Answer answer);
  /// A file at exactly that path.
  void file(const std::string& host, const std::string& path, OriginFile file);
  void file(const std::string& host, const std::string& path, std::string bytes, const std::string& content_type);
  /// TAP at `url`, such as "https://archive.eso.org" and its own path.
  ServicesPtr tap(const std::string& url, Tap tap, std::vector<Table> tables);
  /// Archives that hand nothing out without a login guard their TAP service as well.
  ServicesPtr guarded_tap(const std::string& url, Tap tap, std::vector<Table> tables, std::vector<std::string> shown);

 private:
  void map(const std::string& host);

  Origin& origin_;
  std::vector<std::string>& maps_;
};

/// A VOTable of texts in TABLEDATA. `columns`: "ID char", "content_length long byte"; empty cells are null.
/// `cdata`: cells are CDATA sections, as at ESO. `resources` follow the results.
std::string text_table(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows,
                       bool cdata = false, const std::string& resources = {});
/// A links document (DataLink 1.1), as content=datalink.
Reply links_reply(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows,
                  bool cdata = false, const std::string& resources = {});
/// <PARAM name datatype arraysize value more/>.
std::string param_text(const std::string& name, const std::string& type, const std::string& arraysize,
                       const std::string& value, const std::string& more = {});
/// <RESOURCE utype="adhoc:service">; `inputs` are PARAMs.
std::string service_text(const std::string& id, const std::string& standard, const std::string& url,
                         const std::string& content_type, const std::string& inputs);

/// 120 by 100 pixels, tan projection, one degree a hundred pixels; different for each name.
std::shared_ptr<const PlateImage> small_image(const std::string& name, Sky centre);
/// Such an image as a file with ranges, ETag and Last-Modified.
OriginFile image_at(const std::string& name, Sky centre);
/// A whole body of known length, without validators and ranges: what a dynamic service sends.
Reply computed(std::string bytes, const std::string& content_type, const std::string& disposition = {});
std::string bytes_of(const OriginFile& file);
/// What compress(1) makes of it.
std::string compressed(std::string_view bytes);
/// A grey square as JPEG.
std::string_view tiny_jpeg();

using ArchiveMaker = void (*)(Site&);
void make_applause(Site& site);
void make_eso(Site& site);
void make_gavo(Site& site);
void make_ondrejov(Site& site);
void make_alma(Site& site);
void make_cadc(Site& site);
void make_casda(Site& site);
void make_gaia(Site& site);
void make_heasarc(Site& site);
void make_irsa(Site& site);
void make_mast(Site& site);
void make_noirlab(Site& site);
void make_rubin(Site& site);
void make_vizier(Site& site);

}  // namespace skymount::demo
