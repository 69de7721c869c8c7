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

}  // namespace
}  // namespace skymount::fs
