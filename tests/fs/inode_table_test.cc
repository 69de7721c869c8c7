// SPDX-License-Identifier: MIT
#include "fs/inode_table.h"

#include <gtest/gtest.h>

namespace skymount::fs {
namespace {

Place text_place(const std::string& path) {
  Place place;
  place.kind = PlaceKind::generated;
  place.path = path;
  return place;
}

TEST(InodeTable, OnePlaceIsOneNodeWhileTheKernelKnowsIt) {
  InodeTable table(Place{});
  const NodePtr first = table.intern(text_place("/a"), std::nullopt);
  EXPECT_EQ(table.intern(text_place("/a"), std::nullopt), first);
  EXPECT_NE(table.intern(text_place("/b"), std::nullopt), first);
  table.forget(first->id, 1);
  EXPECT_EQ(table.find(first->id), first) << "looked up twice, forgotten once";
  table.forget(first->id, 1);
  EXPECT_EQ(table.find(first->id), nullptr);
}

TEST(InodeTable, AnotherVersionIsAnotherNodeUnderTheSameInodeNumber) {
  InodeTable table(Place{});
  const NodePtr old = table.intern(text_place("/a"), Bound{"v1", 10});
  const NodePtr fresh = table.intern(text_place("/a"), Bound{"v2", 20});
  EXPECT_NE(fresh->id, old->id) << "the kernel's pages of v1 must not serve v2";
  EXPECT_EQ(fresh->ino, old->ino) << "people see one file";
  EXPECT_EQ(table.intern(text_place("/a"), std::nullopt), fresh);
}

TEST(InodeTable, ANodeWhoseVersionIsGoneIsNotFoundAgain) {
  InodeTable table(Place{});
  const NodePtr node = table.intern(text_place("/a"), std::nullopt);
  EXPECT_TRUE(table.bind(node, {"v1", 10}));
  EXPECT_TRUE(table.bind(node, {"v1", 10}));
  EXPECT_FALSE(table.bind(node, {"v2", 20})) << "the kernel must look the name up again";
  EXPECT_NE(table.intern(text_place("/a"), std::nullopt), node);
  EXPECT_EQ(table.find(node->id), node) << "handles that are open on it go on";
}

TEST(InodeTable, TheRootStays) {
  InodeTable table(Place{});
  table.forget(1, 100);
  EXPECT_NE(table.find(1), nullptr);
}

vo::ListingPtr listing_of(std::uint32_t datasets, std::uint64_t version) {
  vo::Listing listing;
  listing.version = version;
  std::vector<vo::DatasetDraft> drafts;
  for (std::uint32_t i = 0; i < datasets; ++i) {
    drafts.emplace_back().name = "d" + std::to_string(i);
    drafts.back().rows = {i};
  }
  listing.datasets = vo::PackedDatasets::of(drafts, "");
  return std::make_shared<const vo::Listing>(std::move(listing));
}

Place folder_place() {
  Place place;
  place.kind = PlaceKind::query;
  place.path = "/a/pos=1,2";
  return place;
}

Place dataset_place(const vo::ListingPtr& listing, std::uint32_t i) {
  Place place = folder_place();
  place.kind = PlaceKind::dataset;
  place.path += "/" + std::string(listing->datasets[i].name);
  place.listing = listing;
  place.dataset = i;
  return place;
}

TEST(InodeTable, ADatasetIsOneNodeWhetherItWasLookedUpOrListed) {
  InodeTable table(Place{});
  const vo::ListingPtr listing = listing_of(1000, 7);
  const NodeId listed = table.enter_dataset(folder_place(), listing, 998);
  const NodePtr looked_up = table.intern(dataset_place(listing, 998), std::nullopt);
  EXPECT_EQ(looked_up->id, listed);
  EXPECT_EQ(looked_up->ino, dataset_place(listing, 998).ino());
  const NodePtr other = table.intern(dataset_place(listing, 3), std::nullopt);
  EXPECT_NE(other->id, listed);
  const NodePtr found = table.find(listed);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->place.path, "/a/pos=1,2/d998");
  EXPECT_EQ(found->place.kind, PlaceKind::dataset);
  EXPECT_EQ(found->place.dataset_row().name, "d998");
  EXPECT_EQ(found->ino, looked_up->ino);
  EXPECT_EQ(table.size(), 3U) << "the root and two";

  table.forget(listed, 1);
  EXPECT_NE(table.find(listed), nullptr) << "looked up twice, forgotten once";
  table.forget(listed, 1);
  EXPECT_EQ(table.find(listed), nullptr);
  EXPECT_NE(table.find(other->id), nullptr);
  table.forget(other->id, 5);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(listing.use_count(), 4) << "held here and by three nodes that are looked at, not by the table";
}

TEST(InodeTable, DatasetsOfAnotherAnswerAreOtherNodesUnderTheSameInodeNumbers) {
  InodeTable table(Place{});
  const vo::ListingPtr old = listing_of(10, 1), fresh = listing_of(11, 2);
  const NodeId before = table.enter_dataset(folder_place(), old, 9);
  const NodeId after = table.enter_dataset(folder_place(), fresh, 9);
  const NodePtr text = table.intern(text_place("/a/pos=1,2/README.txt"), std::nullopt);
  EXPECT_NE(before, after);
  EXPECT_EQ(table.find(before)->ino, table.find(after)->ino);
  EXPECT_EQ(table.find(before)->place.listing, old) << "what is open goes on";
  EXPECT_EQ(table.find(text->id), text) << "and nobody else has one of their numbers";
  EXPECT_EQ(table.find(after + 1), nullptr);
  EXPECT_EQ(table.find(after + 2), text);
}

TEST(InodeTable, TheKernelIsToForgetTheAnswersUsedLongestAgo) {
  InodeTable table(Place{});
  std::vector<NodeId> folders, datasets;
  std::uint64_t weight = 0;
  for (const char* path : {"/a/q1", "/a/q2", "/a/q3"}) {
    Place folder = folder_place();
    folder.path = path;
    const vo::ListingPtr listing = listing_of(100, 1);
    weight = listing->datasets.weight();
    folders.push_back(table.intern(folder, std::nullopt)->id);
    for (const std::uint32_t dataset : {3U, 98U}) datasets.push_back(table.enter_dataset(folder, listing, dataset));
  }
  EXPECT_TRUE(table.crowd(1'000'000).empty());
  const auto crowd = table.crowd(5 * weight / 2);
  ASSERT_EQ(crowd.size(), 1U);
  EXPECT_EQ(crowd[0].folder, folders[0]);
  EXPECT_EQ(crowd[0].datasets, (std::vector<std::uint32_t>{3, 98}));
  EXPECT_TRUE(table.crowd(5 * weight / 2).empty()) << "somebody may be in it; that is asked once";
  EXPECT_EQ(table.crowd(0).size(), 1U) << "never the one used last";
  for (const NodeId node : datasets) table.forget(node, 1);
  EXPECT_TRUE(table.crowd(0).empty());
}

}  // namespace
}  // namespace skymount::fs
