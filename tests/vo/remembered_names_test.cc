// SPDX-License-Identifier: MIT
//
// A listing from disk has the folders it had when it came over the network, whether its names were remembered, made
// with another template since, or damaged.
#include "vo/catalog_records.h"
#include "vo/listing_builder.h"

#include <gmock/gmock.h>

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
    EXPECT_THAT(a.rows, ::testing::ElementsAreArray(b.rows));
    EXPECT_EQ(a.publisher_did, b.publisher_did);
    EXPECT_EQ(a.access_url, b.access_url);
    EXPECT_EQ(a.access_format, b.access_format);
    EXPECT_EQ(a.size_estimate, b.size_estimate);
    EXPECT_EQ(a.t_min_mjd, b.t_min_mjd);
    EXPECT_EQ(got.find(b.name), &a);
  }
  for (const char* short_name : {"1957-10-04_SKY_twin", "1957-10-04_SKY_same", "twin", "nothing", ""}) {
    const Dataset *a = got.find(short_name), *b = want.find(short_name);
    EXPECT_EQ(a == nullptr ? "" : a->name, b == nullptr ? "" : b->name) << short_name;
  }
  EXPECT_EQ(got.version, want.version);
}

Listing from(const Bytes& record, const char* name_template) {
  std::optional<ListingParts> read = unpack_listing(SharedBytes(record));
  EXPECT_TRUE(read);
  return build_listing(read ? std::move(*read) : ListingParts{}, name_template);
}

TEST(RememberedNames, AreThoseThatTheAnswerHad) {
  const Listing fresh = build_listing(parts(), kTemplate);
  ASSERT_EQ(fresh.datasets.size(), 7U);
  const Bytes record = pack(fresh);
  const std::optional<ListingParts> read = unpack_listing(SharedBytes(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->datasets.size(), 7U) << "they were not remembered at all";
  EXPECT_EQ(read->datasets.name_template(), kTemplate);
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
  Listing listing = build_listing(parts(), kTemplate);
  DatasetDraft wrong;
  wrong.name = "x";
  wrong.rows = {8};  // there is no row 8
  listing.datasets = PackedDatasets::of({wrong}, kTemplate);
  ASSERT_EQ(listing.datasets.size(), 1U);
  expect_same(from(pack(listing), kTemplate), build_listing(parts(), kTemplate));
}

TEST(RememberedNames, DamageOfRowsMakesTheAnswerAbsent) {
  const Listing fresh = build_listing(parts(), kTemplate);
  const Bytes record = pack(fresh);
  const std::size_t datasets = fresh.datasets.bytes().size();
  for (std::size_t at = record.size() - fresh.table.bytes(); at < record.size(); ++at) {
    Bytes damaged = record;
    damaged[at] ^= std::byte{0x10};
    EXPECT_FALSE(unpack_listing(SharedBytes(std::move(damaged)))) << at;
  }
  for (std::size_t length = 0; length < record.size(); ++length) {
    EXPECT_FALSE(
        unpack_listing(SharedBytes(Bytes(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(length)))))
        << length;
    const ByteView part = fresh.datasets.bytes().first(std::min(length, datasets));
    if (part.size() < datasets) {
      EXPECT_FALSE(PackedDatasets::read(SharedBytes(Bytes(part.begin(), part.end())), 8)) << length;
    }
  }
}

TEST(RememberedNames, AShortNameIsFoundWhereOneTwinHasIt) {
  std::vector<DatasetDraft> drafts;
  for (const char* name : {"b~12", "a~1", "a~2", "c", "c~3", "d~4~5", "d~4", "~x"}) {
    drafts.emplace_back().name = name;
    drafts.back().rows = {static_cast<std::uint32_t>(drafts.size() - 1)};
  }
  const PackedDatasets datasets = PackedDatasets::of(drafts, kTemplate);
  for (const DatasetDraft& draft : drafts) {
    ASSERT_NE(datasets.find(draft.name), nullptr) << draft.name;
    EXPECT_EQ(datasets.find(draft.name)->name, draft.name);
    EXPECT_THAT(datasets.find(draft.name)->rows, ::testing::ElementsAreArray(draft.rows));
  }
  EXPECT_EQ(datasets.find("a"), nullptr) << "two have it";
  EXPECT_EQ(datasets.find("b"), &datasets[0]);
  EXPECT_EQ(datasets.find("d"), &datasets[6]) << "d~4~5 is a twin of d~4";
  EXPECT_EQ(datasets.find(""), nullptr);
  EXPECT_EQ(datasets.find("e"), nullptr);
  EXPECT_EQ(PackedDatasets().find("a"), nullptr);
}

}  // namespace
}  // namespace skymount::vo
