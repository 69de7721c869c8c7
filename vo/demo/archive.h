// SPDX-License-Identifier: MIT
//
// The demo archive: TAP with ObsCore under /tap, DataLink under /links, SODA under /soda, SSA under /ssa, a name
// resolver under /sesame, files under /files and previews under /previews of an Origin. What it serves is computed and
// the same at every start, so a test knows the right answer without asking the code that it tests.
#pragma once

#include "vo/demo/origin.h"
#include "vo/demo/sky_model.h"

#include <chrono>
#include <memory>
#include <string>

namespace skymount::demo {

/// Which geometry the TAP service understands. The rungs of a client's ladder.
enum class Geometry {
  none,           ///< no geometry function at all
  centres_only,   ///< CONTAINS(POINT, CIRCLE), but not on s_region, which is a text there
  contains_only,  ///< CONTAINS on everything; INTERSECTS is not defined
  all,
};

/// What the links service makes of more than one ID in a request.
enum class ManyIds {
  answered,    ///< up to links_max_ids of them
  first_only,  ///< as if the others had not been there
  refused,     ///< a UsageFault
};

struct DemoOptions {
  std::string obscore_table = "ivoa.obscore";  ///< "schema.table", spelled as TAP_SCHEMA has it
  Geometry geometry = Geometry::all;
  bool errors_as_200 = false;            ///< query errors under HTTP 200, as DaCHS has them, instead of 400
  std::string serialization = "BINARY";  ///< what plain "votable" means: BINARY, BINARY2 or TABLEDATA
  unsigned default_maxrec = 20'000;
  unsigned hard_maxrec = 1'000'000;
  bool links_descriptor = true;  ///< query answers carry a links service whose ID refers to a column
  unsigned extra_rows = 0;       ///< so many rows of DEMO_BULK at 200 -30
  ManyIds links_many_ids = ManyIds::answered;
  unsigned links_max_ids = 50;                ///< more IDs in one request: the first so many, and OVERFLOW
  bool soda = true;                           ///< offer cutouts at all
  std::string public_url = {};                ///< what URLs in answers start with; "": the origin's own
  unsigned generation = 1;                    ///< another one has other pixels and validators
  std::chrono::milliseconds job_duration{0};  ///< how long an asynchronous TAP job seems to run
  bool jobs_ignore_run = false;               ///< PHASE=RUN at creation does nothing, as with DaCHS
  bool jobs_relative = false;                 ///< jobs are at "/tap/async/1", without scheme and host, as at HEASARC
  std::string tap_path = "/tap";              ///< where URLs in answers say that the TAP service is
  std::string language = "";                  ///< a query language beside ADQL
};

class DemoArchive {
 public:
  explicit DemoArchive(Origin& origin, DemoOptions options = {});
  ~DemoArchive();
  DemoArchive(const DemoArchive&) = delete;
  DemoArchive& operator=(const DemoArchive&) = delete;

  /// The truth about everything served.
  const SkyModel& sky() const;
  std::string tap_url() const;
  /// Asynchronous jobs that were neither deleted nor aborted.
  std::size_t jobs_alive() const;
  /// A name resolver: knows M31, M1, Polaris, "Demo Field" and "Demo Bulk".
  std::string sesame_url() const;
  std::string links_url(std::string_view did) const;
  std::string file_url(std::string_view path) const;
  /// The bytes of a served file, without HTTP.
  std::string file_bytes(const std::string& path) const;
  /// The parameter TOKEN that the SODA service wants for a dataset; it comes by reference from the links answer.
  std::string soda_token(std::string_view did) const;
  /// A configuration file for this archive.
  std::string config_toml(std::string_view name = "demo") const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace skymount::demo
