// SPDX-License-Identifier: MIT
//
// A route's answer from disk is the folder that it was when it came over the network: its files are found by group and
// name, its datasets under their names, and it says no more than it did.
#include "vo/route_listing.h"
#include "vo/catalog_records.h"
#include "vo/dataset_folder.h"

#include <gmock/gmock.h>

#include <array>
#include <set>

namespace skymount::vo {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

ListingParts parts(const std::vector<std::array<const char*, 3>>& rows) {
  ListingParts out;
  for (const char* column : {"id", "url", "kind"}) {
    Field field;
    field.name = column;
    field.datatype = Datatype::character;
    out.table.meta.fields.push_back(field);
  }
  out.table.meta.row_count = rows.size();
  for (const auto& [id, url, kind] : rows) out.table.append({std::string(id), std::string(url), std::string(kind)});
  out.adql = "SELECT";
  out.query.route = RouteCall{"product={p}", {{"p", "1"}}};
  return out;
}

Route route(Route::Rows rows) {
  Route out;
  out.written = "product={p}";
  out.rows = rows;
  out.id = "{id}";
  out.url = "{url}";
  out.group = rows == Route::Rows::files ? "{kind}" : "";
  return out;
}

Listing remembered(const Listing& fresh, const Route& route) {
  std::optional<ListingParts> read = unpack_listing(SharedBytes(pack(fresh)));
  EXPECT_TRUE(read);
  if (!read) return {};
  read->query = fresh.query;
  return build_route_listing(std::move(*read), route);
}

TEST(RouteListing, AFileIsFoundByItsGroupAndItsNameAlsoAfterARemount) {
  const Route files = route(Route::Rows::files);
  const Listing fresh = build_route_listing(parts({{"1", "http://x.test/b.fits", "RAW"},
                                                   {"2", "http://x.test/a.fits", ""},
                                                   {"3", "http://x.test/b.fits?", "CALIB"},
                                                   {"4", "http://x.test/c.fits", "RAW"}}),
                                            files);
  ASSERT_THAT(fresh.files, SizeIs(4));
  for (const Listing& listing : {fresh, remembered(fresh, files)}) {
    ASSERT_THAT(listing.files, SizeIs(4));
    for (const Entry& entry : listing.files) EXPECT_EQ(listing.file(entry.folder, entry.name), &entry) << entry.name;
    EXPECT_EQ(listing.file("RAW", "b.fits"), &listing.files[0]);
    EXPECT_EQ(listing.file("CALIB", "b.fits"), &listing.files[2]);
    for (const char* group : {"", "RAX", "Z"}) EXPECT_EQ(listing.file(group, "b.fits"), nullptr) << group;
    for (const char* name : {"", "a", "zz", "RAW"}) EXPECT_EQ(listing.file("RAW", name), nullptr) << name;
    EXPECT_EQ(listing.version, fresh.version);
  }
  EXPECT_EQ(Listing().file("", "a.fits"), nullptr);
}

TEST(RouteListing, AFileIsAnotherOneUnderAnotherAddressOrRouteThoughItsIdIsTheSame) {
  Route files = route(Route::Rows::files);
  const Listing one = build_route_listing(parts({{"0", "http://x.test/a/0.fits", ""}}), files);
  const Listing other = build_route_listing(parts({{"0", "http://x.test/b/0.fits", ""}}), files);
  const Listing signed_anew =
      build_route_listing(parts({{"0", "http://x.test/a/0.fits?X-Amz-Signature=f00&X-Amz-Date=1", ""}}), files);
  files.written = "night={p}";
  const Listing elsewhere = build_route_listing(parts({{"0", "http://x.test/a/0.fits", ""}}), files);
  for (const Listing* listing : {&one, &other, &signed_anew, &elsewhere}) ASSERT_THAT(listing->files, SizeIs(1));
  EXPECT_NE(one.files[0].identity, other.files[0].identity);
  EXPECT_EQ(one.files[0].identity, signed_anew.files[0].identity);
  EXPECT_NE(one.files[0].identity, elsewhere.files[0].identity);
}

TEST(RouteListing, NoRowOfOneIdIsDropped) {
  const Listing listing = build_route_listing(parts({{"0", "http://x.test/a/f.fits", ""},
                                                     {"0", "http://x.test/b/f.fits", ""},
                                                     {"1", "http://x.test/b/f.fits", ""},
                                                     {"0", "http://x.test/a/f.fits", ""}}),
                                              route(Route::Rows::files));
  ASSERT_THAT(listing.files, SizeIs(3)) << "equal in id and address: one file";
  std::set<std::string> names;
  for (const Entry& entry : listing.files) {
    EXPECT_THAT(entry.name, StartsWith("f~"));
    names.insert(entry.name);
  }
  EXPECT_THAT(names, SizeIs(3));
}

TEST(RouteListing, RowsThatNameNoFileAreToldOnceAlsoAfterARemount) {
  const Route files = route(Route::Rows::files);
  const Listing fresh = build_route_listing(parts({{"1", "http://x.test/b.fits", ""}, {"2", "", ""}}), files);
  for (const Listing& listing : {fresh, remembered(fresh, files)}) {
    ASSERT_THAT(listing.shortfalls, SizeIs(1));
    EXPECT_THAT(listing.shortfalls[0].words, HasSubstr("1 of 2 rows name no file"));
  }
}

TEST(RouteListing, DatasetsHaveTheirNamesAndRowsAlsoAfterARemountAndOthersWhenTheRouteChanged) {
  Route datasets = route(Route::Rows::datasets);
  const Listing fresh = build_route_listing(parts({{"ivo://x/y?a", "http://x.test/1", "K"},
                                                   {"ivo://x/y?b", "http://x.test/2", "L"},
                                                   {"ivo://x/y?a", "http://x.test/1", "M"}}),
                                            datasets);
  const Listing again = remembered(fresh, datasets);
  ASSERT_THAT(fresh.datasets, SizeIs(2));
  ASSERT_THAT(again.datasets, SizeIs(2));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again.datasets[i].name, fresh.datasets[i].name);
    EXPECT_THAT(again.datasets[i].rows, ElementsAreArray(fresh.datasets[i].rows));
    EXPECT_EQ(again.find(fresh.datasets[i].name), &again.datasets[i]);
  }
  EXPECT_EQ(again.version, fresh.version);

  datasets.name = "{kind}_{id:tail}";
  const Listing other = remembered(fresh, datasets);
  ASSERT_THAT(other.datasets, SizeIs(2));
  EXPECT_EQ(other.datasets[0].name, "K_a");
  EXPECT_NE(other.version, fresh.version);
}

/// What names the bytes of the one link of the first dataset.
std::string identity_of_link(const char* id, const char* links, const std::string& path) {
  Route datasets = route(Route::Rows::datasets);
  datasets.written = path;
  ListingParts rows = parts({{id, links, "K"}});
  rows.query.route->route = path;
  const Listing listing = build_route_listing(std::move(rows), datasets);
  LinksAnswer answer;
  Link link;
  link.id = id;
  link.access_url = std::string(links) + "/f.fits";
  link.semantics = "#this";
  answer.links.push_back(link);
  const Result<Url> base = Url::parse(links);
  const LinksWay way{.documents = {links}, .unmarked = {}};
  const DatasetFolder folder = folder_of_links(listing, listing.datasets[0], answer, "", *base, way, {});
  EXPECT_THAT(folder.entries, SizeIs(1));
  return folder.entries.empty() ? "" : folder.entries[0].identity;
}

TEST(RouteListing, LinksOfDatasetsOfOneIdAreKeptApartUnlessTheIdIsTheWorlds) {
  const std::string one = identity_of_link("0", "http://x.test/a", "product={p}");
  EXPECT_EQ(one, identity_of_link("0", "http://x.test/a", "product={p}"));
  EXPECT_NE(one, identity_of_link("0", "http://x.test/b", "product={p}"));
  EXPECT_NE(one, identity_of_link("0", "http://x.test/a", "night={p}"));
  EXPECT_EQ(identity_of_link("ivo://x/y?a", "http://x.test/a", "product={p}"),
            identity_of_link("ivo://x/y?a", "http://x.test/a", "night={p}"));
}

}  // namespace
}  // namespace skymount::vo
