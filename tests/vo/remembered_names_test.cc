// SPDX-License-Identifier: MIT
//
// A listing from disk has the folders it had when it came over the network, whether its names were remembered, made
// with another template since, or damaged.
#include "vo/catalog_records.h"
#include "vo/listing_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace skymount::vo {
namespace {

constexpr char kTemplate[] = "{t_min:date}_{obs_collection:slug}_{obs_id:tail}";
constexpr char kOther[] = "{obs_id:tail}";

/// Eight rows, of which two are one dataset and two have one name.
ListingParts parts() {
  ListingParts out;
  for (const char* column :
       {"obs_publisher_did", "access_url", "obs_id", "obs_collection", "t_min", "access_format", "access_estsize"}) {
    Field field;
    field.name = column;
    field.datatype = Datatype::character;
    out.table.meta.fields.push_back(field);
  }
  out.table.meta.row_count = 8;
  for (const char* id : {"a", "b", "twin", "twin", "c", "same", "same", "d"}) {
    const std::string n = std::to_string(out.table.size());
    const std::string key = std::string(id) == "same" ? "same" : n;
    out.table.append({"ivo://x/y?" + key, "http://x.test/" + key, std::string(id), std::string("SKY"),
                      std::string("36115.5"), std::string("application/fits"), std::string("12")});
  }
  out.adql = "SELECT";
  return out;
}

void expect_same(const Listing& got, const Listing& want) {
  ASSERT_EQ(got.datasets.size(), want.datasets.size());
  for (std::size_t i = 0; i < want.datasets.size(); ++i) {
    const Dataset &a = got.datasets[i], &b = want.datasets[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.rows, b.rows);
    EXPECT_EQ(a.publisher_did, b.publisher_did);
    EXPECT_EQ(a.access_url, b.access_url);
    EXPECT_EQ(a.access_format, b.access_format);
    EXPECT_EQ(a.size_estimate, b.size_estimate);
    EXPECT_EQ(a.t_min_mjd, b.t_min_mjd);
    EXPECT_EQ(got.find(b.name), &a);
  }
  EXPECT_EQ(got.by_name, want.by_name);
  EXPECT_EQ(got.version, want.version);
}

Listing from(const Bytes& record, const char* name_template) {
  std::optional<ListingParts> read = unpack_listing(record);
  EXPECT_TRUE(read);
  return build_listing(read ? std::move(*read) : ListingParts{}, name_template);
}

TEST(RememberedNames, AreThoseThatTheAnswerHad) {
  const Listing fresh = build_listing(parts(), kTemplate);
  ASSERT_EQ(fresh.datasets.size(), 7U);
  const Bytes record = pack(fresh);
  const std::optional<ListingParts> read = unpack_listing(record);
  ASSERT_TRUE(read && read->names) << "they were not remembered at all";
  EXPECT_EQ(read->names->datasets.size(), 7U);
  expect_same(from(record, kTemplate), fresh);
}

TEST(RememberedNames, AreMadeAnewForAnotherTemplate) {
  const Bytes record = pack(build_listing(parts(), kTemplate));
  expect_same(from(record, kOther), build_listing(parts(), kOther));
}

TEST(RememberedNames, AreMadeAnewWhenTheyAreDamaged) {
  const Listing fresh = build_listing(parts(), kTemplate);
  Bytes record = pack(fresh);
  const ByteView name = as_bytes(fresh.datasets[1].name);
  const auto at = std::search(record.begin(), record.end(), name.begin(), name.end());
  ASSERT_NE(at, record.end());
  *at ^= std::byte{0x55};
  expect_same(from(record, kTemplate), fresh);
}

TEST(RememberedNames, ThatDoNotFitTheRowsAreMadeAnew) {
  ListingParts wrong = parts();
  wrong.names = RememberedNames{kTemplate, {{"x", {0}}, {"y", {8}}}};  // there is no row 8
  expect_same(build_listing(std::move(wrong), kTemplate), build_listing(parts(), kTemplate));
}

}  // namespace
}  // namespace skymount::vo
