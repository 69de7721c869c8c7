// SPDX-License-Identifier: MIT
//
// Dataset folders: sorted by time, told apart by id, and a template's mistakes reported where they are.
#include "vo/dataset_names.h"

#include "tests/support/random.h"
#include "vo/query/words.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace skymount::vo {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::string_view kDefault = "{t_min:date}_{obs_collection:slug}_{obs_id:tail}";

std::string named(std::string_view pattern, const std::map<std::string, std::string, std::less<>>& row) {
  const Result<NameTemplate> name = NameTemplate::parse(pattern);
  EXPECT_TRUE(name) << (name ? "" : name.error().what());
  if (!name) return {};
  return name->name_of([&](std::string_view column) {
    const auto found = row.find(column);
    return found == row.end() ? std::string() : found->second;
  });
}

TEST(DatasetName, IsDateCollectionAndId) {
  EXPECT_EQ(
      named(kDefault, {{"t_min", "11490.84375"}, {"obs_collection", "DASCH"}, {"obs_id", "ivo://x/y?p/i00811.fits"}}),
      "1890-05-03_DASCH_i00811");
  EXPECT_EQ(named(kDefault,
                  {{"t_min", "1890-05-03T20:15:00"}, {"obs_collection", "Sloan (DR7) _ imaging"}, {"obs_id", "a b"}}),
            "1890-05-03_Sloan-DR7-imaging_a_b");
}

TEST(DatasetName, SaysWhatIsMissing) {
  EXPECT_EQ(named(kDefault, {{"obs_collection", "DASCH"}, {"obs_id", "i1"}}), "undated_DASCH_i1");
  EXPECT_EQ(named(kDefault, {{"t_min", "NaN"}, {"obs_collection", "DASCH"}, {"obs_id", "i1"}}), "undated_DASCH_i1");
  EXPECT_EQ(named(kDefault, {{"t_min", "1e300"}}), "undated_unknown_unknown");
}

TEST(DatasetName, FiltersChain) {
  const std::map<std::string, std::string, std::less<>> row{
      {"c", "Big SURVEY"}, {"t", "11490.84375"}, {"i", "ivo://A/B"}};
  EXPECT_EQ(named("{c:slug:lower}-{t:year}", row), "big-survey-1890");
  EXPECT_EQ(named("{i:tail:lower}", row), "b");
  EXPECT_EQ(named("{none:year}", row), "undated");
  EXPECT_EQ(named("fixed", row), "fixed");
}

TEST(DatasetName, AMistakeInTheTemplateIsShownWithItsPlace) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"{t_min:dat}_x", "position 8: 'dat' is no filter; perhaps :date"},
      {"{a}_{b:slug:upper}", "position 13: 'upper' is no filter"},
      {"{t_min", "position 1: '{' without '}'"},
      {"x}y", "position 2: '}' without '{'"},
      {"{}", "needs the name of a column"},
      {"{:date}", "needs the name of a column"},
      {"{a b}", "needs the name of a column"},
      {"{a{b}}", "position 1"},
      {"{a:}", "'' is no filter"},
      {"", "empty"},
  };
  for (const auto& [text, words] : cases) {
    const Result<NameTemplate> name = NameTemplate::parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code(), Code::invalid);
    EXPECT_THAT(name.error().what(), HasSubstr(std::string(words))) << text;
  }
}

TEST(DatasetName, TellsItsColumns) {
  EXPECT_THAT(NameTemplate::parse("{t_min:date}_{a}_{t_min:year}")->columns(), ElementsAre("t_min", "a"));
}

TEST(DatasetName, TwinsBearSixDigitsOfTheirId) {
  const auto names =
      unique_dataset_names({{"1890_x_a.fits", "did 1", ""}, {"1890_x_a.fits", "did 2", ""}, {"images", "d", "i"}});
  EXPECT_THAT(names, ElementsAre(MatchesRegex("1890_x_a\\.fits~[0-9a-f]{6}"),
                                 MatchesRegex("1890_x_a\\.fits~[0-9a-f]{6}"), "images~i"));
}

TEST(DatasetName, IsSafeAndLeavesRoomForWhatIsAdded) {
  for (unsigned seed : test::seeds(300)) {
    SCOPED_TRACE(seed);
    const Bytes bytes = test::pattern(1 + seed * 3 % 700, seed);
    const std::string text(as_text(bytes));
    const std::string name = named(kDefault, {{"t_min", text}, {"obs_collection", text}, {"obs_id", text}});
    EXPECT_LE(name.size(), kMaxDatasetName);
    EXPECT_TRUE(is_utf8(name));
    EXPECT_EQ(safe_name(name), name);
  }
}

}  // namespace
}  // namespace skymount::vo
