// SPDX-License-Identifier: MIT
#include "cache/meta_store.h"

#include <gtest/gtest.h>

#include "cache/lmdb.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace skymount::cache {
namespace {

using Room = MetaStore::Room;
using namespace std::chrono_literals;

class MetaStoreTest : public testing::Test {
 protected:
  MetaStore open() { return {*Lmdb::open(dir_.path()), clock_}; }
  test::TempDir dir_;
  ManualClock clock_;
};

TEST_F(MetaStoreTest, AnswersAtOnceWithTheTimeItWasTold) {
  MetaStore store = open();
  const WallTime before = clock_.now();
  ASSERT_TRUE(store.put(Room::listings, "gavo pos=1,2", as_bytes("rows")));
  clock_.advance(1h);
  const auto record = store.get(Room::listings, "gavo pos=1,2");
  ASSERT_TRUE(record);
  EXPECT_EQ(as_text(record->value), "rows");
  EXPECT_EQ(record->stored_at, before);
  EXPECT_FALSE(store.get(Room::links, "gavo pos=1,2"));
  EXPECT_FALSE(store.get(Room::listings, "gavo pos=1,3"));
}

TEST_F(MetaStoreTest, KeepsKeysAndValuesOfAnyLengthAcrossAReopen) {
  const std::string key(100'000, 'k');
  const Bytes value = test::pattern(30'000'000);
  {
    MetaStore store = open();
    ASSERT_TRUE(store.put(Room::links, key, value));
    ASSERT_TRUE(store.put(Room::links, "", as_bytes("")));
  }
  MetaStore store = open();
  const auto record = store.get(Room::links, key);
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->value == value);
  ASSERT_TRUE(store.get(Room::links, ""));
  EXPECT_TRUE(store.get(Room::links, "")->value.empty());
}

TEST_F(MetaStoreTest, ErasesAndVisits) {
  MetaStore store = open();
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(store.put(Room::saved, name, as_bytes(name)));
  store.erase(Room::saved, "b");
  std::string seen;
  store.each(Room::saved, [&](std::string_view key, const MetaStore::Record& record) {
    EXPECT_EQ(key, as_text(record.value));
    seen += key;
    return true;
  });
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, "ac");
  int visits = 0;
  store.each(Room::saved, [&](auto, auto&) { return ++visits < 1; });
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace skymount::cache
