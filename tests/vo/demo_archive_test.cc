// SPDX-License-Identifier: MIT
//
// The whole floor against the demo archive, which shares no code with it and knows the truth: what is listed, linked,
// cut out and read, on every rung of the positional ladder.
#include "cache/lmdb.h"
#include "tests/support/temp_dir.h"
#include "tests/vo/fake_service.h"
#include "vo/catalog.h"
#include "vo/demo/archive.h"
#include "vo/query/grammar.h"
#include "vo/sources.h"

#include <gmock/gmock.h>

#include <set>

namespace skymount::vo {
namespace {

using test::soon;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

struct DemoFixture {
  explicit DemoFixture(demo::DemoOptions options = {}) : archive_side(origin, options) {
    ArchiveOptions config;
    config.name = "demo";
    config.tap.url = archive_side.tap_url();
    HttpOptions http;
    http.allow_private = true;
    lmdb = cache::Lmdb::open(dir.path() / "cache").value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    blocks = cache::BlockCache::open({.dir = dir.path() / "cache"}, lmdb).value();
    archive = std::make_shared<Archive>(config, make_http_client(http), store, clock);
    catalog = std::make_unique<Catalog>(archive, store, clock);
    sources = std::make_unique<Sources>("demo", config.limits, config.ttl, config.cutout.max_bytes, archive->http(),
                                        store, *blocks, clock);
  }

  ListingPtr list(std::string_view path) {
    const auto listing = catalog->listing(parse_component(path).value(), soon());
    EXPECT_TRUE(listing) << path << ": " << (listing ? "" : listing.error().what());
    return listing ? *listing : std::make_shared<const Listing>();
  }
  static const Dataset* by_id(const Listing& listing, const std::string& obs_id) {
    for (const Dataset& dataset : listing.datasets) {
      if (listing.table.text(dataset.rows.front(), "obs_id") == obs_id) return &dataset;
    }
    return nullptr;
  }
  std::string bytes_of(const Entry& entry) {
    const auto reader = sources->open(entry, soon());
    if (!reader) return "open: " + reader.error().what();
    const auto bytes = (*reader)->read({0, (*reader)->size()}, soon());
    return bytes ? std::string(as_text(bytes->view())) : "read: " + bytes.error().what();
  }

  skymount::test::TempDir dir;
  SystemClock clock;
  demo::Origin origin;
  demo::DemoArchive archive_side;
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::unique_ptr<cache::BlockCache> blocks;
  std::shared_ptr<Archive> archive;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Sources> sources;
};

std::multiset<std::string> ids(const Listing& listing) {
  std::multiset<std::string> out;
  for (std::size_t i = 0; i < listing.table.size(); ++i) out.insert(listing.table.text(i, "obs_publisher_did"));
  return out;
}

TEST(DemoArchiveMounted, EveryRungOfTheLadderFindsTheSameFootprints) {
  DemoFixture best;
  const ListingPtr reference = best.list("pos=156.01,48.14");
  ASSERT_GT(reference->datasets.size(), 5u);
  EXPECT_TRUE(reference->shortfalls.empty());
  EXPECT_EQ(best.origin.count("/tap/sync"), 2u);
  for (const demo::Geometry geometry :
       {demo::Geometry::contains_only, demo::Geometry::centres_only, demo::Geometry::none}) {
    for (const bool as_200 : {false, true}) {
      SCOPED_TRACE(static_cast<int>(geometry));
      demo::DemoOptions options;
      options.geometry = geometry;
      options.errors_as_200 = as_200;
      DemoFixture degraded(options);
      const ListingPtr listing = degraded.list("pos=156.01,48.14");
      SCOPED_TRACE(listing->adql);
      EXPECT_THAT(ids(*listing), IsSupersetOf(ids(*reference)));
      const bool said =
          !listing->shortfalls.empty() && listing->shortfalls[0].kind == Shortfall::Kind::degraded_geometry;
      EXPECT_EQ(said, geometry != demo::Geometry::contains_only);
    }
  }
}

TEST(DemoArchiveMounted, EverySerializationGivesTheSameRows) {
  std::set<std::multiset<std::string>> answers;
  for (const char* serialization : {"BINARY", "BINARY2", "TABLEDATA"}) {
    demo::DemoOptions options;
    options.serialization = serialization;
    answers.insert(ids(*DemoFixture(options).list("pos=156.01,48.14,2")));
  }
  EXPECT_EQ(answers.size(), 1u);
}

TEST(DemoArchiveMounted, EveryFileReadsAsTheArchiveMadeIt) {
  DemoFixture f;
  const ListingPtr listing = f.list("pos=156.01,48.14,collection=DEMO_PLATES");
  ASSERT_FALSE(listing->datasets.empty());
  std::size_t files = 0;
  for (const Dataset& dataset : listing->datasets) {
    const auto truth = f.archive_side.sky().dataset(std::string(dataset.publisher_did));
    ASSERT_TRUE(truth) << dataset.publisher_did;
    const auto folder = f.catalog->folder(listing, dataset, soon());
    ASSERT_TRUE(folder) << folder.error().what();
    for (const Entry& entry : (*folder)->entries) {
      if (entry.semantics != "#this" || !entry.error.empty()) continue;
      EXPECT_EQ(f.bytes_of(entry), f.archive_side.file_bytes(truth->this_path)) << entry.name;
      EXPECT_TRUE(f.sources->known(entry).exact);
      ++files;
      break;  // some have a second #this, another file
    }
    if (files == 4) break;
  }
  EXPECT_EQ(files, 4u);
}

TEST(DemoArchiveMounted, TheFieldInThePathIsCutOutWithEverythingTheServiceWants) {
  DemoFixture f;
  const Query query = parse_component("pos=156.01,48.14,0.05,collection=DEMO_PLATES").value();
  const ListingPtr listing = f.list(query.canonical());
  std::size_t cut = 0;
  for (const Dataset& dataset : listing->datasets) {
    const auto folder = f.catalog->folder(listing, dataset, soon());
    ASSERT_TRUE(folder) << folder.error().what();
    const auto entry = f.archive->field_cutout(**folder, dataset, query);
    if (!entry) continue;
    const std::string bytes = f.bytes_of(*entry);
    EXPECT_THAT(bytes.substr(0, 9), "SIMPLE  =") << bytes.substr(0, 200);
    EXPECT_EQ(bytes.size() % 2880, 0u);
    EXPECT_EQ(f.sources->known(*entry).size, bytes.size());
    const auto same = f.archive->cutout(**folder, dataset, "circle=516.01,48.14,0.050.fits");
    ASSERT_TRUE(same) << same.error().what();
    EXPECT_EQ(same->identity, entry->identity);
    f.origin.clear_requests();
    EXPECT_EQ(f.bytes_of(*same), bytes);
    EXPECT_EQ(f.origin.requests().size(), 0u);
    if (++cut == 2) break;
  }
  EXPECT_EQ(cut, 2u);
}

TEST(DemoArchiveMounted, ACutoutBesideTheImageIsNoData) {
  DemoFixture f;
  const ListingPtr listing = f.list("pos=156.01,48.14,collection=DEMO_PLATES");
  for (const Dataset& dataset : listing->datasets) {
    const auto folder = f.catalog->folder(listing, dataset, soon());
    ASSERT_TRUE(folder);
    const auto entry = f.archive->cutout(**folder, dataset, "circle=10,-60,0.1.fits");
    if (!entry) continue;
    const auto reader = f.sources->open(*entry, soon());
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().code(), Code::no_data) << reader.error().what();
    return;
  }
  FAIL() << "no dataset with a cutout service";
}

TEST(DemoArchiveMounted, EveryDatasetOfTheArchiveHasAFolderOrAReason) {
  DemoFixture f;
  const ListingPtr listing = f.list("collection=DEMO_*");
  ASSERT_GT(listing->datasets.size(), 30u);
  std::set<std::string> names;
  for (const Dataset& dataset : listing->datasets) {
    SCOPED_TRACE(std::string(dataset.name).append(" ").append(dataset.publisher_did));
    EXPECT_TRUE(names.emplace(dataset.name).second);
    const std::size_t before = f.origin.requests().size();
    const auto folder = f.catalog->folder(listing, dataset, soon());
    if (!folder) {
      EXPECT_NE(folder.error().code(), Code::timed_out);
      EXPECT_FALSE(folder.error().what().empty());
      continue;
    }
    EXPECT_LE(f.origin.requests().size() - before, 1u);
    std::set<std::string> files;
    for (const Entry& entry : (*folder)->entries) {
      EXPECT_TRUE(files.insert(entry.folder + "/" + entry.name).second) << entry.name;
      EXPECT_EQ(entry.name.find('/'), std::string::npos);
      EXPECT_LE(entry.name.size(), 255u);
    }
    EXPECT_FALSE((*folder)->entries.empty() && (*folder)->faults.empty() && (*folder)->links_document.empty());
  }
}

}  // namespace
}  // namespace skymount::vo
