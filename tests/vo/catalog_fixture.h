// SPDX-License-Identifier: MIT
//
// A catalog over a small archive, with a store on disk and a clock that moves when told: what the tests of remembered
// answers share.
#pragma once

#include "cache/lmdb.h"
#include "tests/support/temp_dir.h"
#include "tests/vo/fake_service.h"
#include "vo/catalog.h"
#include "vo/query/grammar.h"

#include <memory>
#include <string>

namespace skymount::vo::test {

/// --offline: counts what it refuses.
class NobodyClient final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const OnHeader&, const OnBody&, const FetchContext&) override {
    return fail(Code::unavailable, "mounted with --offline, so " + request.url.redacted() + " is not asked");
  }
};

inline std::string count_votable(const std::string& cells, int columns) {
  std::string out = "<VOTABLE><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>";
  for (int i = 0; i < columns; ++i) out += "<FIELD name=\"c" + std::to_string(i) + "\" datatype=\"long\"/>";
  return out + "<DATA><TABLEDATA><TR>" + cells + "</TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
}

/// Two datasets, the second with links. collection=REFUSED is refused; COUNT answers 1234 rows of 5,000 kB.
struct CatalogFixture {
  CatalogFixture()
      : service([this](const std::string& query, auto) {
          if (query.find("'REFUSED'") != std::string::npos)
            return votable_reply(error_votable("no such collection"), 400);
          if (query.find("COUNT(*)") != std::string::npos) {
            const bool sums = query.find("SUM(") != std::string::npos;
            if (sums && no_sums) return votable_reply(error_votable("function SUM is not defined"), 400);
            return votable_reply(count_votable(sums ? "<TD>1234</TD><TD>5000</TD>" : "<TD>1234</TD>", sums ? 2 : 1));
          }
          std::vector<ObscoreRow> rows = rows_around(row_count);
          rows[1]["access_url"] = service.origin.url("/links?ID=1");
          rows[1]["access_format"] = "application/x-votable+xml;content=datalink";
          return votable_reply(obscore_votable(rows, {.status_after = status_after}));
        }) {
    service.origin.handle("/links", [](auto&) {
      return votable_reply(
          links_votable({{"1", "http://127.0.0.1:1/f/a.fits", "", "", "#this", "Image", "image/fits", "7"},
                         {"1", "", "", "NotFoundFault: gone", "#preview", "", "", ""}}));
    });
    options = service.options();
    remount();
  }

  /// New objects on the same directory: what a reboot leaves.
  void remount(bool offline = false) {
    catalog.reset();
    store.reset();
    lmdb.reset();
    lmdb = cache::Lmdb::open(dir.path()).value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    std::shared_ptr<HttpClient> client = service.client();
    if (offline) client = std::make_shared<NobodyClient>();
    options.offline = offline;
    catalog = std::make_unique<Catalog>(std::make_shared<Archive>(options, client, store, clock), store, clock);
  }

  skymount::test::TempDir dir;
  ManualClock clock;
  std::size_t row_count = 2;
  std::string status_after;
  bool no_sums = false;
  FakeService service;
  ArchiveOptions options;
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::unique_ptr<Catalog> catalog;
};

inline Query query_of(std::string_view text) {
  return parse_component(text).value();
}

}  // namespace skymount::vo::test
