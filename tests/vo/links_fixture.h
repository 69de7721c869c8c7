// SPDX-License-Identifier: MIT
//
// A catalog over an archive whose rows lead to a links service of the test's making: what it answers is a function of
// the IDs asked for, and every request is counted.
#pragma once

#include "cache/lmdb.h"
#include "tests/support/temp_dir.h"
#include "tests/vo/fake_service.h"
#include "vo/catalog.h"
#include "vo/query/grammar.h"
#include "vo/sources.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace skymount::vo::test {

inline constexpr const char* kLinksType = "application/x-votable+xml;content=datalink";

struct LinksServiceFixture {
  /// The rows for one ID.
  using RowsOf = std::function<std::vector<LinkRow>(const std::string& id)>;

  explicit LinksServiceFixture(std::size_t datasets = 1)
      : service([this](auto&, auto) { return votable_reply(obscore_votable(rows)); }), options(service.options()) {
    rows = rows_around(datasets);
    for (std::size_t i = 0; i < datasets; ++i) {
      rows[i]["access_url"] =
          service.origin.url("/links?ID=" + demo::url_encode("ivo://fake/~?plate" + std::to_string(i)));
      rows[i]["access_format"] = kLinksType;
    }
    answer_ids([this](const std::string& id) -> std::vector<LinkRow> {
      const std::string name = id.substr(id.rfind('?') + 1);
      return {{id, service.origin.url("/f/" + name + ".fits"), "", "", "#this", "", "image/fits", "10"}};
    });
  }

  /// A well-behaved service: any number of IDs, each with its rows.
  void answer_ids(RowsOf rows_of) {
    service.origin.handle("/links", [rows_of = std::move(rows_of)](const demo::Request& request) {
      std::vector<LinkRow> out;
      for (const std::string& id : request.params_named("ID")) {
        for (LinkRow& row : rows_of(id)) out.push_back(std::move(row));
      }
      return votable_reply(links_votable(out));
    });
  }

  void start() {
    sources.reset();
    catalog.reset();
    blocks.reset();
    store.reset();
    lmdb.reset();
    lmdb = cache::Lmdb::open(dir.path() / "cache").value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    blocks = cache::BlockCache::open({.dir = dir.path() / "cache"}, lmdb).value();
    archive = std::make_shared<Archive>(options, service.client(), store, clock);
    catalog = std::make_unique<Catalog>(archive, store, clock);
    sources =
        std::make_unique<Sources>("fake", Limits{}, Lifetimes{}, 2'000'000, service.client(), store, *blocks, clock);
    listing = catalog->listing(parse_component(query).value(), soon()).value();
  }

  Result<DatasetFolderPtr> enter(std::size_t dataset, const LinksTrail& trail = {},
                                 Siblings siblings = Siblings::walked) {
    return catalog->folder(listing, listing->datasets[dataset], trail, siblings, soon());
  }
  Renew renewal(std::size_t dataset = 0, LinksTrail trail = {}) {
    return [this, dataset, trail](const Entry& entry, const Error& why, const FetchContext& ctx) {
      return catalog->renewed(listing, listing->datasets[dataset], trail, entry, why, ctx);
    };
  }
  std::size_t links_requests() const { return service.origin.count("/links"); }

  std::vector<ObscoreRow> rows;
  std::string query = "collection=DASCH";
  skymount::test::TempDir dir;
  ManualClock clock;
  FakeService service;
  ArchiveOptions options;
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::unique_ptr<cache::BlockCache> blocks;
  std::shared_ptr<Archive> archive;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Sources> sources;
  ListingPtr listing;
};

inline std::vector<std::string> names_of(const DatasetFolder& folder) {
  std::vector<std::string> out;
  for (const Entry& entry : folder.entries) {
    out.push_back((entry.folder.empty() ? "" : entry.folder + "/") + entry.name + (entry.links_document ? "/" : ""));
  }
  return out;
}

inline Entry entry_of(const DatasetFolder& folder, const std::string& name) {
  for (const Entry& entry : folder.entries) {
    if (entry.name == name) return entry;
  }
  return {};
}

}  // namespace skymount::vo::test
