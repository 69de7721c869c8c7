// SPDX-License-Identifier: MIT
//
// Services with parameters of their own, as their descriptors declare them: names become calls, what the declaration
// forbids is told in words before anybody is asked, and several services of one dataset are told apart.
#include "tests/vo/links_fixture.h"
#include "vo/cutout_services.h"
#include "vo/cutouts.h"
#include "vo/protocol/parameter_value.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using test::links_votable;
using test::LinksServiceFixture;
using test::votable_reply;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

Field field(std::string name, Datatype type, std::string arraysize, std::string min = "", std::string max = "",
            std::string unit = "") {
  Field out;
  out.name = std::move(name);
  out.datatype = type;
  out.arraysize = ArraySize::parse(arraysize);
  out.min = std::move(min);
  out.max = std::move(max);
  out.unit = std::move(unit);
  return out;
}

std::string said(const Field& parameter, std::string_view value) {
  const Result<std::string> out = parameter_value(parameter, value);
  return out ? *out : std::string(out.error().code() == Code::invalid ? "invalid: " : "?") + out.error().what();
}

const Field kBand = field("BAND", Datatype::float64, "2", "6.2e-7", "6.7e-7", "m");
const Field kScale = field("SCALE", Datatype::int32, "", "2", "32");

TEST(ServiceParameters, ANumberIsHeldAgainstTheDeclaredRange) {
  EXPECT_EQ(said(kBand, "6.5e-7..6.6e-7"), "0.00000065 0.00000066");
  EXPECT_EQ(said(kBand, "650nm..700nm"), "0.00000065 0.0000007") << "an interval that overlaps is right";
  EXPECT_THAT(said(kBand, "1e-7..2e-7"),
              HasSubstr("BAND=1e-7..2e-7 lies outside of what the service has, 6.2e-07 to 6.7e-07 m"));
  EXPECT_EQ(said(kScale, "4"), "4");
  EXPECT_THAT(said(kScale, "64"), HasSubstr("invalid: SCALE=64 lies outside of what the service has, 2 to 32"));
  EXPECT_THAT(said(kScale, "2.5"), HasSubstr("expected whole numbers"));
  EXPECT_THAT(said(kScale, "4,5"), HasSubstr("expected one number"));
  EXPECT_THAT(said(kScale, "four"), HasSubstr("not a number"));
  const Field pair = field("LAMBDA", Datatype::float64, "2", "", "1 5");
  EXPECT_EQ(said(pair, "..2"), "-Inf 2");
  EXPECT_THAT(said(pair, "6..7"), HasSubstr("1 to 5"));
  EXPECT_THAT(said(pair, "3..2"), HasSubstr("the low end comes first"));
}

TEST(ServiceParameters, ARangeThatMakesNoSenseForbidsNothing) {
  for (const auto& [min, max] : {std::pair{"5", "1"}, {"-", "x"}, {"1 2", "3 4"}, {"1", "1"}, {"nan", "2"}})
    EXPECT_EQ(said(field("X", Datatype::float64, "", min, max), "99"), "99") << min << " " << max;
  EXPECT_EQ(said(field("BAND", Datatype::float64, "2", "400", "700", "nm"), "1e-7..2e-7"), "0.0000001 0.0000002")
      << "a range in another unit than what is typed";
  EXPECT_EQ(said(field("RA", Datatype::float64, "2", "-1", "2"), "359..361"), "359 361") << "longitudes wrap";
}

TEST(ServiceParameters, AChoiceIsListedWhenAnotherIsTyped) {
  Field calib = field("FLUXCALIB", Datatype::character, "*");
  calib.options = {{"", "normalized"}, {"", "relative"}, {"", "UNCALIBRATED"}};
  EXPECT_EQ(said(calib, "uncalibrated"), "UNCALIBRATED");
  EXPECT_THAT(said(calib, "absolute"),
              HasSubstr("FLUXCALIB is one of normalized, relative, UNCALIBRATED; not absolute"));
  EXPECT_EQ(said(field("HEADER", Datatype::boolean, ""), "T"), "true");
  EXPECT_THAT(said(field("HEADER", Datatype::boolean, ""), "maybe"), HasSubstr("true or false"));
  EXPECT_EQ(limits_text(calib), "one of normalized, relative, UNCALIBRATED");
  EXPECT_EQ(limits_text(kBand), "6.2e-07 to 6.7e-07 m, as LOW..HIGH");
  EXPECT_EQ(limits_text(kScale), "2 to 32, a whole number");
}

TEST(ServiceParameters, WhatIsShownAsAnExampleIsTaken) {
  Field calib = field("FLUXCALIB", Datatype::character, "*");
  calib.options = {{"", "a,b"}, {"", "relative"}};
  for (const Field& parameter : {kBand, kScale, calib, field("X", Datatype::float64, "", "0", "1e-9")}) {
    const std::optional<std::string> value = example_value(parameter);
    ASSERT_TRUE(value) << parameter.name;
    EXPECT_TRUE(parameter_value(parameter, *value)) << parameter.name << "=" << *value;
  }
  EXPECT_FALSE(example_value(field("FREE", Datatype::character, "*")));
  DatasetFolder folder;
  folder.services.push_back({"get", "", "http://x/dlget", "application/fits", {{"ID", "d"}}, {calib, kBand}});
  const std::optional<std::string> name = example_name(folder.services[0], {});
  ASSERT_TRUE(name);
  const Result<Entry> entry = cutout_entry(folder, {}, *name, {});
  ASSERT_TRUE(entry) << *name << ": " << entry.error().what();
  EXPECT_THAT(entry->service->parameters, Contains(Pair("FLUXCALIB", "a,b")));
}

constexpr const char* kServices = R"(
<RESOURCE type="meta" utype="adhoc:service" ID="spec" name="spectrum">
<PARAM name="accessURL" datatype="char" arraysize="*" value="/dlget"/><GROUP name="inputParams">
<PARAM name="ID" datatype="char" arraysize="*" value="d"/>
<PARAM name="FLUXCALIB" datatype="char" arraysize="*" value=""><VALUES><OPTION value="normalized"/></VALUES></PARAM>
<PARAM name="BAND" datatype="double" arraysize="2" unit="m" value=""><VALUES><MAX value="6.2e-7 6.7e-7"/></VALUES></PARAM>
</GROUP></RESOURCE>
<RESOURCE type="meta" utype="adhoc:service" ID="plot" name="a plot">
<PARAM name="accessURL" datatype="char" arraysize="*" value="/plot"/>
<PARAM name="contentType" datatype="char" arraysize="*" value="image/png"/><GROUP name="inputParams">
<PARAM name="ID" datatype="char" arraysize="*" value="d"/>
<PARAM name="BAND" datatype="double" arraysize="2" unit="m" value=""/></GROUP></RESOURCE>
<RESOURCE type="meta" utype="adhoc:service" ID="later" name="later">
<PARAM name="standardID" datatype="char" arraysize="*" value="ivo://ivoa.net/std/SODA#async-1.0"/>
<PARAM name="accessURL" datatype="char" arraysize="*" value="/async"/><GROUP name="inputParams">
<PARAM name="BAND" datatype="double" arraysize="2" value=""/></GROUP></RESOURCE>)";

TEST(ServiceParameters, ServicesOfOnesOwnAreFoundAndToldApart) {
  LinksServiceFixture f;
  f.service.origin.handle("/links", [](const demo::Request&) {
    return votable_reply(
        links_votable({{"d", "", "spec", "", "#proc", "", "", ""}, {"d", "", "later", "", "#proc", "", "", ""}},
                      kServices));  // the plot is described, and no row speaks of it
  });
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder) << folder.error().what();
  ASSERT_THAT((*folder)->services, SizeIs(2)) << "what only runs jobs is none";
  EXPECT_THAT(service_folders(**folder), ElementsAre("spectrum", "a_plot"));
  const auto both = cutout_entry(**folder, {}, "FLUXCALIB=normalized,BAND=6.5e-7..6.6e-7.fits", {});
  ASSERT_TRUE(both) << both.error().what();
  EXPECT_THAT(both->service->access_url, HasSubstr("/dlget"));
  EXPECT_THAT(both->service->parameters,
              ElementsAre(Pair("ID", "d"), Pair("BAND", "0.00000065 0.00000066"), Pair("FLUXCALIB", "normalized")));
  const auto plot = with_service(**folder, "a_plot");
  ASSERT_TRUE(plot);
  EXPECT_THAT(cutout_entry(*plot, {}, "band=6.5e-7..6.6e-7.png", {})->service->access_url, HasSubstr("/plot"));
  EXPECT_THAT(cutout_entry(*plot, {}, "fluxcalib=normalized.png", {}).error().what(), HasSubstr("one of BAND"));
  EXPECT_THAT(cutout_entry(**folder, {}, "fluxcalb=normalized.fits", {}).error().what(),
              HasSubstr("did you mean FLUXCALIB=?"));
  EXPECT_FALSE(with_service(**folder, "nosuch"));
}

TEST(ServiceParameters, AServiceThatOnlyRunsJobsIsTold) {
  LinksServiceFixture f;
  f.service.origin.handle("/links", [](const demo::Request&) {
    std::string services = kServices;
    services.erase(0, services.rfind("<RESOURCE"));
    return votable_reply(links_votable({{"d", "", "later", "", "#cutout", "", "", ""}}, services));
  });
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_THAT((*folder)->services, IsEmpty());
  ASSERT_THAT((*folder)->faults, SizeIs(1));
  EXPECT_THAT((*folder)->faults[0].fault, HasSubstr("only runs jobs"));
}

}  // namespace
}  // namespace skymount::vo
