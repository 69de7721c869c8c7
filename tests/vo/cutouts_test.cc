// SPDX-License-Identifier: MIT
//
// Names of cutouts become calls that hold what the service declares and nothing else; equal cutouts are one content.
#include "vo/cutouts.h"
#include "vo/query/grammar.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

Field field(std::string name, Datatype type = Datatype::float64, std::string arraysize = "2",
            std::vector<Option> options = {}) {
  Field out;
  out.name = std::move(name);
  out.datatype = type;
  out.arraysize = ArraySize::parse(arraysize);
  out.options = std::move(options);
  return out;
}

Field text(std::string name, std::vector<Option> options = {}) {
  return field(std::move(name), Datatype::character, "*", std::move(options));
}

DatasetFolder folder_with(std::vector<Field> parameters, std::string content_type = "image/fits") {
  DatasetFolder folder;
  folder.services.push_back({"cutout",
                             "",
                             "http://x/soda?sig=1",
                             std::move(content_type),
                             {{"ID", "did"}, {"COMPRESS", "false"}, {"TOKEN", "abc"}},
                             std::move(parameters)});
  return folder;
}

Dataset dataset() {
  Dataset out;
  out.publisher_did = "did";
  return out;
}

Result<Entry> cut(const DatasetFolder& folder, std::string_view name) {
  return cutout_entry(folder, dataset(), name, {});
}

const Field kCircle = field("CIRCLE", Datatype::float64, "3"), kPos = text("POS"),
            kPolygon = field("POLYGON", Datatype::float64, "*"), kBand = field("BAND"), kRa = field("RA"),
            kDec = field("DEC"), kTime = field("TIME"), kPol = text("POL");

TEST(Cutouts, AShapeIsSaidInTheWordsThatTheServiceKnows) {
  struct Case {
    std::vector<Field> declared;
    const char* name;
    const char* parameter;
    const char* value;
  };
  for (const Case& c : {
           Case{{kPos, kCircle}, "circle=156.01,48.14,0.5.fits", "CIRCLE", "156.01 48.14 0.5"},
           Case{{kPos}, "circle=156.01,48.14,0.5.fits", "POS", "CIRCLE 156.01 48.14 0.5"},
           Case{{kPos, kCircle}, "pos=156.01,48.14.fits", "CIRCLE", "156.01 48.14 0.25"},
           Case{{kPos, kCircle}, "POS=CIRCLE 156.01 48.14 0.5.fits", "CIRCLE", "156.01 48.14 0.5"},
           Case{{kCircle}, "circle=-203.99,48.14,0.5.fits", "CIRCLE", "156.01 48.14 0.5"},
           Case{{kRa, kDec}, "circle=156,0,0.5.fits", "DEC", "-0.5 0.5"},
           Case{{kPos, kPolygon}, "box=0,0,2,1.fits", "POS", "RANGE 359 1 -0.5 0.5"},
           Case{{kPolygon}, "polygon=1,1,2,1,2,2.fits", "POLYGON", "1 1 2 1 2 2"},
           Case{{kPos}, "polygon=1,1,2,1,2,2.fits", "POS", "POLYGON 1 1 2 1 2 2"},
           Case{{kPos}, "range=1..2,3..4.fits", "POS", "RANGE 1 2 3 4"},
           Case{{kBand}, "band=400nm..700nm.fits", "BAND", "0.0000004 0.0000007"},
           Case{{kBand}, "BAND=6.5e-7..6.6e-7.fits", "BAND", "0.00000065 0.00000066"},
           Case{{kBand}, "band=400nm...fits", "BAND", "0.0000004 +Inf"},
           Case{{kTime}, "time=mjd:36305..36306.fits", "TIME", "36305 36306"},
           Case{{kPol}, "pol=i.fits", "POL", "I"},
           Case{{field("PIXEL_1", Datatype::int32), field("PIXEL_2", Datatype::int32)},
                "pixels=1..100,5..50.fits",
                "PIXEL_2",
                "5 50"},
           Case{{field("SCALE", Datatype::int32, "")}, "scale=4.fits", "SCALE", "4"},
           Case{{text("FLUXCALIB", {{"", "RELATIVE"}, {"", "normalized"}})},
                "fluxcalib=NORMALIZED.fits",
                "FLUXCALIB",
                "normalized"},
       }) {
    SCOPED_TRACE(c.name);
    const auto entry = cut(folder_with(c.declared), c.name);
    ASSERT_TRUE(entry) << entry.error().what();
    EXPECT_THAT(entry->service->parameters, Contains(Pair(c.parameter, c.value)));
    EXPECT_EQ(entry->name, c.name);
  }
}

TEST(Cutouts, OnlyWhatIsDeclaredIsSentWithEveryConstant) {
  const auto entry = cut(folder_with({kPos, kCircle, kBand}), "band=1e-7..2e-7,circle=1,2,3.fits");
  ASSERT_TRUE(entry) << entry.error().what();
  EXPECT_THAT(entry->service->parameters,
              ::testing::ElementsAre(Pair("ID", "did"), Pair("COMPRESS", "false"), Pair("TOKEN", "abc"),
                                     Pair("BAND", "0.0000001 0.0000002"), Pair("CIRCLE", "1 2 3")));
}

TEST(Cutouts, WhatIsNotDeclaredIsInvalidAndTheMessageListsWhatIs) {
  for (const char* name :
       {"band=400nm..700nm.fits", "pixels=1..2,3..4.fits", "hdu=1.fits", "from=x.fits", "planes=1..2.fits"}) {
    const auto entry = cut(folder_with({kCircle, kPol}), name);
    ASSERT_FALSE(entry) << name;
    EXPECT_EQ(entry.error().code(), Code::invalid);
    EXPECT_THAT(entry.error().what(), HasSubstr("CIRCLE, POL"));
  }
}

TEST(Cutouts, BadNamesAreInvalid) {
  const DatasetFolder folder = folder_with({kPos, kCircle, kBand, kTime});
  for (const char* name : {"",
                           ".fits",
                           "cutout.fits",
                           "circle=1,2,3",
                           "circle=1,2,3.png",
                           "circle=1,2.fits",
                           "circle=a,b,c.fits",
                           "circle=1,95,1.fits",
                           "circle=1,2,-1.fits",
                           "circle=1,2,nan.fits",
                           "circle=1,2,inf.fits",
                           "circle=.fits",
                           "circle=1,2,3,circle=1,2,3.fits",
                           "circle=1,2,3,pos=1,2.fits",
                           "band=2e-7..1e-7.fits",
                           "time=yesterday.fits",
                           "colour=blue.fits",
                           "circle=1,2,3,colour=blue.fits",
                           "polygon=1,2,3,4.fits",
                           "circle=%zz.fits"}) {
    const auto entry = cut(folder, name);
    ASSERT_FALSE(entry) << name;
    EXPECT_EQ(entry.error().code(), Code::invalid) << name;
  }
  EXPECT_EQ(cut({}, "circle=1,2,3.fits").error().code(), Code::unsupported);
}

TEST(Cutouts, EqualCutoutsShareOneIdentityAndSecretsAreNoPartOfIt) {
  const DatasetFolder folder = folder_with({kPos, kCircle, kBand});
  const auto identity = [&](const char* name) { return cut(folder, name)->identity; };
  const std::string one = identity("circle=156.01,48.14,0.5,band=400nm..700nm.fits");
  EXPECT_EQ(one, identity("BAND=4e-7..7e-7,CIRCLE=516.01,48.140,0.50.fits"));
  EXPECT_EQ(one, identity("pos=156.01,48.14,0.5,band=0.4um..0.7um.fits"));
  EXPECT_NE(one, identity("circle=156.01,48.14,0.6,band=400nm..700nm.fits"));
  EXPECT_THAT(one, Not(HasSubstr("abc")));
  DatasetFolder tomorrow = folder;
  tomorrow.services[0].access_url = "http://x/soda?sig=2";
  tomorrow.services[0].fixed[2].second = "def";
  EXPECT_EQ(one, cut(tomorrow, "circle=156.01,48.14,0.5,band=400nm..700nm.fits")->identity);
}

TEST(Cutouts, TheExtensionSelectsTheFormat) {
  const Field format =
      text("FORMAT",
           {{"VOTable", "application/x-votable+xml"}, {"", "image/fits"}, {"", "application/fits"}, {"", "text/csv"}});
  const DatasetFolder folder = folder_with({kBand, format}, "");
  EXPECT_THAT(cut(folder, "band=1e-7..2e-7.fits")->service->parameters, Contains(Pair("FORMAT", "application/fits")));
  EXPECT_THAT(cut(folder, "band=1e-7..2e-7.csv")->service->parameters, Contains(Pair("FORMAT", "text/csv")));
  EXPECT_THAT(cut(folder, "band=1e-7..2e-7.vot")->service->parameters,
              Contains(Pair("FORMAT", "application/x-votable+xml")));
  EXPECT_FALSE(cut(folder, "band=1e-7..2e-7.txt"));
  EXPECT_THAT(cut(folder, "band=1e-7..2e-7,format=image/fits.fits")->service->parameters,
              Contains(Pair("FORMAT", "image/fits")));
  EXPECT_FALSE(cut(folder_with({kBand}), "band=1e-7..2e-7.csv"));  // the service delivers image/fits only
}

TEST(Cutouts, TheFieldInThePathNeedsAPositionAndAServiceThatTakesOne) {
  const Query query = parse_component("pos=156.01,48.14").value();
  const auto entry = field_cutout_entry(folder_with({kCircle}), dataset(), query, {});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->name, "cutout.fits");
  EXPECT_THAT(entry->service->parameters, Contains(Pair("CIRCLE", "156.01 48.14 0.25")));
  const Query wide = parse_component("pos=156.01,48.14,1").value();
  EXPECT_THAT(field_cutout_entry(folder_with({kCircle}), dataset(), wide, {})->service->parameters,
              Contains(Pair("CIRCLE", "156.01 48.14 1")));
  EXPECT_EQ(field_cutout_entry(folder_with({kBand}), dataset(), query, {}).error().code(), Code::not_found);
  EXPECT_EQ(field_cutout_entry(folder_with({kCircle}), dataset(), {}, {}).error().code(), Code::not_found);
}

TEST(Cutouts, DachsIntervalsMeetTheRangeThatIsOffered) {
  Field ra = kRa;
  ra.min = "-1.5";
  ra.max = "2.5";
  const auto entry = cut(folder_with({ra, kDec}), "circle=359.5,0,0.25.fits");
  ASSERT_TRUE(entry) << entry.error().what();
  EXPECT_THAT(entry->service->parameters, Contains(Pair("RA", ::testing::StartsWith("-0.75"))));
}

TEST(Cutouts, AUsersValueReplacesAConstantThatWasOnlyADefault) {
  Field size = field("SIZE", Datatype::float64, "");
  size.value = "0.5";
  DatasetFolder folder = folder_with({size, kCircle});
  folder.services[0].fixed.emplace_back("SIZE", "0.5");
  const auto entry = cut(folder, "size=2.fits");
  ASSERT_TRUE(entry) << entry.error().what();
  EXPECT_THAT(entry->service->parameters, Contains(Pair("SIZE", "2")));
  EXPECT_THAT(entry->service->parameters, Not(Contains(Pair("SIZE", "0.5"))));
}

}  // namespace
}  // namespace skymount::vo
