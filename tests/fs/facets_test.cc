// SPDX-License-Identifier: MIT
//
// Sorting an answer by its rows, and what is kept with mkdir: without a mount.
#include "fs/tree/facets.h"
#include "fs/tree/saved_queries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> names(const Facet& facet) {
  std::vector<std::string> out;
  for (const auto& [name, datasets] : facet) out.push_back(name);
  return out;
}

/// One dataset a row, of its collection; a null one when empty.
vo::Listing listing_of(const std::vector<std::string>& collections, std::uint64_t version = 1) {
  vo::Listing listing;
  listing.version = version;
  vo::Field field;
  field.name = "obs_collection";
  listing.table.meta.fields.push_back(field);
  std::vector<vo::DatasetDraft> datasets;
  for (std::uint32_t i = 0; i < collections.size(); ++i) {
    listing.table.append({collections[i].empty() ? vo::Value() : vo::Value(collections[i])});
    datasets.emplace_back().name = "dataset" + std::to_string(i);
    datasets.back().rows = {i};
  }
  listing.datasets = vo::PackedDatasets::of(datasets, "");
  return listing;
}

TEST(Facets, ABandIsAroundTheGeometricMean) {
  EXPECT_EQ(band_word(0.21, 0.21), "radio");
  EXPECT_EQ(band_word(1e-3, 1e-3), "millimeter");
  EXPECT_EQ(band_word(2e-6, 2.4e-6), "infrared");
  EXPECT_EQ(band_word(4e-7, 7e-7), "optical");
  EXPECT_EQ(band_word(1.5e-7, 2e-7), "uv");
  EXPECT_EQ(band_word(2e-8, 3e-8), "euv");
  EXPECT_EQ(band_word(6e-10, 2.5e-9), "x-ray");
  EXPECT_EQ(band_word(1e-14, 1e-12), "gamma-ray");
  EXPECT_EQ(band_word(2e-8, 2e-6), "uv") << "around 200 nm, in waves as in energies";
  EXPECT_EQ(band_word(std::nullopt, 5e-7), "optical");
  EXPECT_EQ(band_word(5e-7, std::nullopt), "optical");
  EXPECT_EQ(band_word(-1, 0), "");
  EXPECT_EQ(band_word(std::nullopt, std::nullopt), "");
}

TEST(Facets, ValuesBecomeNamesThatTellThemApart) {
  const Facet facet = sort_by(FacetKind::collection, listing_of({"A B", "A-B", "", "unknown", "x/../y", "A B"}));
  ASSERT_THAT(facet, SizeIs(5)) << "five values";
  EXPECT_THAT(facet.at("unknown"), ElementsAre(2U)) << "the missing value, not the word";
  for (const std::string& name : names(facet)) {
    EXPECT_EQ(name.find('/'), std::string::npos);
    EXPECT_FALSE(name.starts_with('.'));
  }
  std::size_t datasets = 0;
  for (const auto& [name, members] : facet) datasets += members.size();
  EXPECT_EQ(datasets, 6U);
}

TEST(Facets, ADatasetWithoutRowsIsUnknown) {
  vo::Listing listing = listing_of({"A"});
  std::vector<vo::DatasetDraft> datasets(2);
  datasets[0].name = "dataset0";
  datasets[0].rows = {0};
  datasets[1].name = "without";
  listing.datasets = vo::PackedDatasets::of(datasets, "");
  EXPECT_THAT(names(sort_by(FacetKind::collection, listing)), ElementsAre("A", "unknown"));
  EXPECT_THAT(names(sort_by(FacetKind::year, listing)), ElementsAre("unknown")) << "no such column";
}

TEST(Facets, ASortingIsMadeOnceForAVersionOfAnAnswer) {
  FacetShelf shelf;
  const vo::Listing one = listing_of({"A"}, 1), other = listing_of({"B"}, 2);
  EXPECT_EQ(shelf.find(FacetKind::collection, one), nullptr);
  const FacetPtr made = shelf.get(FacetKind::collection, one);
  EXPECT_EQ(shelf.get(FacetKind::collection, one), made);
  EXPECT_THAT(names(*shelf.get(FacetKind::collection, other)), ElementsAre("B"));
  EXPECT_EQ(shelf.find(FacetKind::type, one), nullptr);
}

TEST(SavedQueries, ListTheWayToWhatIsKept) {
  SavedQueries saved(nullptr, "x");
  ASSERT_TRUE(saved.save("pos=1,2/type=image/time=1890"));
  EXPECT_THAT(saved.names_in(""), ElementsAre("pos=1,2"));
  EXPECT_THAT(saved.names_in("pos=1,2"), ElementsAre("type=image"));
  EXPECT_THAT(saved.names_in("pos=1"), IsEmpty());
  EXPECT_TRUE(saved.shows("pos=1,2/type=image"));
  EXPECT_FALSE(saved.shows("pos=1,2/type"));
  ASSERT_TRUE(saved.save("pos=1,2")) << "shown is not kept";
  EXPECT_EQ(saved.save("pos=1,2").error().code(), Code::exists);
  EXPECT_EQ(saved.remove("pos=1,2").error().code(), Code::not_empty);
  EXPECT_EQ(saved.remove("pos=3,4").error().code(), Code::read_only);
  ASSERT_TRUE(saved.remove("pos=1,2/type=image/time=1890"));
  ASSERT_TRUE(saved.remove("pos=1,2"));
  EXPECT_THAT(saved.names_in(""), IsEmpty());
}

}  // namespace
}  // namespace skymount::fs
