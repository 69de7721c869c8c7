// SPDX-License-Identifier: MIT
//
// Texts that skymount makes itself: no secret of a row is shown, and no sentence has a hole where a name is missing.
#include "fs/tree/generated.h"
#include "vo/listing_builder.h"

#include <gmock/gmock.h>

namespace skymount::fs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(GeneratedTexts, ShowNoSecretOfARow) {
  vo::ListingParts parts;
  for (const char* name : {"obs_id", "access_url"}) {
    vo::Field field;
    field.name = name;
    field.datatype_text = "char";
    field.arraysize_text = "*";
    parts.table.meta.fields.push_back(field);
  }
  parts.table.append({std::string("a"), std::string("http://joe:geheim@a.example/f?v=1&token=geheim")});
  const vo::Listing listing = vo::build_listing(std::move(parts), "{obs_id}");
  ASSERT_EQ(listing.datasets.size(), 1U);
  for (const std::string& text :
       {results_vot(listing), results_csv(listing), dataset_json(listing, listing.datasets[0])}) {
    EXPECT_THAT(text, AllOf(HasSubstr("http://***@a.example/f?v=1"), Not(HasSubstr("geheim"))));
  }
}

TEST(GeneratedTexts, AResolverWithoutANameIsNamedByItsAddress) {
  vo::Resolved resolved;
  resolved.position = {10, 20};
  resolved.url = "https://sesame.example/s";
  resolved.remark = "It gives another position";
  EXPECT_THAT(resolved_text(resolved), AllOf(HasSubstr("The object is at 10,20"),
                                             HasSubstr("says the name resolver at https://sesame.example/s, asked at"),
                                             HasSubstr(". It gives another position")));
}

}  // namespace
}  // namespace skymount::fs
