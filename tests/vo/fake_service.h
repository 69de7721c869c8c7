// SPDX-License-Identifier: MIT
//
// A small archive of a test's own making: a real HTTP origin whose TAP answers are functions of the query, so that a
// test can say which question is refused and count what was asked.
#pragma once

#include "vo/archive.h"
#include "vo/demo/origin.h"
#include "vo/http/client.h"

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace skymount::vo::test {

/// Column name -> cell text; columns that are not named are null.
using ObscoreRow = std::map<std::string, std::string>;

struct AnswerParts {
  std::string status = "OK";   ///< before the table
  std::string status_after;    ///< after the table; empty: none
  std::string resources = {};  ///< more RESOURCEs, after the results
};
std::string obscore_votable(const std::vector<ObscoreRow>& rows, const AnswerParts& parts = {});
std::string error_votable(const std::string& message);

/// One row of a links answer, in the standard's order.
struct LinkRow {
  std::string id, access_url, service_def, error_message, semantics, description, content_type, content_length;
};
std::string links_votable(const std::vector<LinkRow>& rows, const std::string& resources = {});

/// rows a, b, ... of one collection around 156.01 +48.14, with footprints that contain it.
std::vector<ObscoreRow> rows_around(std::size_t count);

class FakeService {
 public:
  /// QUERY -> answer. TAP_SCHEMA queries are answered with "ivoa.obscore" unless `schema` says otherwise.
  using Tap = std::function<demo::Reply(const std::string& query, std::uint64_t maxrec)>;

  explicit FakeService(Tap tap);

  ArchiveOptions options() const;
  std::shared_ptr<HttpClient> client() const;
  std::size_t tap_requests() const { return origin.count("/tap/sync"); }
  /// The QUERYs in order, TAP_SCHEMA's left out.
  std::vector<std::string> queries() const;

  demo::Origin origin;
  std::string schema_table = "ivoa.obscore";
};

demo::Reply votable_reply(std::string body, int status = 200);
FetchContext soon();

}  // namespace skymount::vo::test
