// SPDX-License-Identifier: MIT
//
// Archives without ObsCore: the same questions, answered by SSA, SIA 1 and SIA 2. What the service cannot be asked is
// decided here, and one spectrum in two formats is one dataset with two files.
#include "vo/archive.h"
#include "vo/demo/archive.h"
#include "vo/discovery_service.h"
#include "vo/http/retry.h"
#include "vo/query/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Query query(std::string_view component) {
  Result<Query> parsed = parse_component(component);
  EXPECT_TRUE(parsed) << component << ": " << parsed.error().what();
  return parsed.value_or(Query{});
}

FetchContext soon() {
  return FetchContext::within(std::chrono::seconds(10), "test");
}

struct Asked {
  explicit Asked(ArchiveOptions options) {
    options.name = "fake";
    HttpOptions http;
    http.allow_private = true;
    archive = std::make_unique<Archive>(std::move(options), make_http_client(http), nullptr, clock);
  }
  Listing list(std::string_view component) {
    Result<Listing> listing = archive->query(query(component), soon());
    EXPECT_TRUE(listing) << listing.error().what();
    return listing ? std::move(*listing) : Listing{};
  }
  ManualClock clock;
  std::unique_ptr<Archive> archive;
};

ArchiveOptions ssa_at(const std::string& url) {
  ArchiveOptions options;
  options.ssa_url = url;
  return options;
}

std::vector<std::string> collections(const Listing& listing) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < listing.table.size(); ++i) out.push_back(listing.table.text(i, "obs_collection"));
  return out;
}

TEST(Ssa, SpectraOfTheDemoArchiveAreDatasetsWithTheirFiles) {
  demo::Origin origin;
  const demo::DemoArchive demo(origin);
  Asked asked(ssa_at(origin.url("/ssa?REQUEST=queryData")));
  const Listing all = asked.list("type=spectrum");
  ASSERT_FALSE(all.datasets.empty());
  EXPECT_EQ(origin.count("/ssa"), 1U);
  EXPECT_THAT(origin.requests().front().target, HasSubstr("/ssa?REQUEST=queryData&MAXREC="));
  const Dataset& first = all.datasets.front();
  EXPECT_TRUE(first.t_min_mjd);
  EXPECT_TRUE(first.size_estimate);
  const std::string ra = all.table.text(0, "s_ra"), dec = all.table.text(0, "s_dec");
  const Result<DatasetFolder> folder = asked.archive->folder(all, first, soon());
  ASSERT_TRUE(folder);
  ASSERT_THAT(folder->entries, SizeIs(1));
  EXPECT_THAT(folder->entries[0].name, testing::EndsWith(".fits"));

  const Listing near = asked.list("pos=" + ra + "," + dec + ",0.01");
  EXPECT_FALSE(near.datasets.empty());
  EXPECT_THAT(origin.requests().back().target, HasSubstr("SIZE=0.02"));
  EXPECT_THAT(near.shortfalls, IsEmpty());
  const Listing point = asked.list("pos=" + ra + "," + dec);
  ASSERT_THAT(point.shortfalls, SizeIs(1));
  EXPECT_EQ(point.shortfalls[0].kind, Shortfall::Kind::degraded_geometry);
  EXPECT_THAT(asked.list("type=image").datasets, IsEmpty());
  EXPECT_THAT(asked.list("time=1700..1701").datasets, IsEmpty());
  EXPECT_THAT(asked.list("band=1m..2m").datasets, IsEmpty());
  EXPECT_THAT(collections(asked.list("collection=NOSUCH")), IsEmpty());
  const Result<Count> count = asked.archive->count(query("type=spectrum"), soon());
  ASSERT_TRUE(count);
  EXPECT_EQ(count->rows, all.table.size());
}

constexpr const char* kTwoFormats = R"(<?xml version="1.0"?><VOTABLE version="1.4"><RESOURCE type="results">
<INFO name="QUERY_STATUS" value="OK"/><TABLE>
<PARAM name="coll" datatype="char" arraysize="*" utype="ssa:DataID.Collection" value="CCD700"/>
<FIELD name="accref" datatype="char" arraysize="*" utype="ssa:Access.Reference"/>
<FIELD name="mime" datatype="char" arraysize="*" utype="spec:Spectrum.Access.Format"/>
<FIELD name="size" datatype="long" unit="kbyte" utype="ssa:Access.Size"/>
<FIELD name="did" datatype="char" arraysize="*" utype="ssa:Curation.PublisherDID"/>
<FIELD name="loc" datatype="double" arraysize="2" unit="deg" utype="ssa:Char.SpatialAxis.Coverage.Location.Value"/>
<FIELD name="t" datatype="double" unit="d" utype="ssa:Char.TimeAxis.Coverage.Location.Value"/>
<DATA><TABLEDATA>
<TR><TD>ORIGIN/a.fits</TD><TD>image/fits</TD><TD>12</TD><TD>ivo://asu.cas.cz/stel/ccd700/sa12</TD><TD>10 20</TD><TD>53000</TD></TR>
<TR><TD>ORIGIN/a.vot</TD><TD>application/x-votable+xml</TD><TD/><TD>ivo://asu.cas.cz/stel/ccd700/sa12</TD><TD>10 20</TD><TD>53000</TD></TR>
<TR><TD>ORIGIN/b.fits</TD><TD>image/fits</TD><TD>-1</TD><TD>ivo://asu.cas.cz/stel/ccd700/sa13</TD><TD>10 20</TD><TD/></TR>
</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>)";

TEST(Ssa, OneSpectrumInTwoFormatsIsOneDataset) {
  demo::Origin origin;
  std::string answer = kTwoFormats;
  for (std::size_t at; (at = answer.find("ORIGIN")) != std::string::npos;) answer.replace(at, 6, origin.url(""));
  origin.handle("/ssap.xml", [answer](const demo::Request&) { return demo::Reply::text(200, answer, "text/xml"); });
  Asked asked(ssa_at(origin.url("/ssap.xml")));
  const Listing listing = asked.list("pos=10,20,1");
  ASSERT_THAT(listing.datasets, SizeIs(2));
  EXPECT_EQ(listing.datasets[0].name, "2003-12-27_CCD700_sa12");
  EXPECT_EQ(listing.datasets[0].size_estimate, 12'000U) << "the unit is the archive's";
  EXPECT_EQ(listing.datasets[1].size_estimate, std::nullopt);
  EXPECT_EQ(collections(listing).front(), "CCD700") << "a PARAM is a column of one value";
  const Result<DatasetFolder> folder = asked.archive->folder(listing, listing.datasets[0], soon());
  ASSERT_TRUE(folder);
  std::vector<std::string> names;
  for (const Entry& entry : folder->entries) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("a.fits", "a.vot"));
  EXPECT_EQ(origin.count("/"), 1U);
}

TEST(Ssa, SpectraThatLieElsewhereThanAskedAreNotShownAndTold) {
  demo::Origin origin;
  std::string answer = kTwoFormats;
  answer.replace(answer.rfind("<TD>10 20</TD>"), 14, "<TD>200 -50</TD>");
  for (std::size_t at; (at = answer.find("ORIGIN")) != std::string::npos;) answer.replace(at, 6, origin.url(""));
  origin.handle("/ssap.xml", [answer](const demo::Request&) { return demo::Reply::text(200, answer, "text/xml"); });
  Asked asked(ssa_at(origin.url("/ssap.xml")));
  const Listing near = asked.list("pos=10,20,1");
  EXPECT_THAT(near.datasets, SizeIs(1));
  ASSERT_THAT(near.shortfalls, SizeIs(1));
  EXPECT_THAT(near.shortfalls[0].words, HasSubstr("1 rows that lie elsewhere"));
  EXPECT_THAT(asked.list("time=..2010").shortfalls, IsEmpty());
}

TEST(Ssa, ARefusalAndALoginPageAreNoEmptyAnswers) {
  demo::Origin origin;
  origin.handle("/ssa", [](const demo::Request&) {
    return demo::Reply::text(200,
                             "<VOTABLE><RESOURCE><INFO name=\"QUERY_STATUS\" value=\"ERROR\">REQUEST is missing</INFO>"
                             "</RESOURCE></VOTABLE>",
                             "text/xml");
  });
  origin.handle("/html",
                [](const demo::Request&) { return demo::Reply::text(200, "<html>log in</html>", "text/html"); });
  Result<Listing> listing = Asked(ssa_at(origin.url("/ssa"))).archive->query(query("pos=1,2,3"), soon());
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::invalid);
  EXPECT_THAT(listing.error().what(), HasSubstr("REQUEST is missing"));
  EXPECT_FALSE(Asked(ssa_at(origin.url("/html"))).archive->query(query("pos=1,2,3"), soon()));
}

TEST(Sia1, ImagesAreFoundByTheirUcds) {
  demo::Origin origin;
  origin.handle("/sia", [&origin](const demo::Request&) {
    return demo::Reply::text(
        200,
        "<VOTABLE version=\"1.1\"><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>"
        "<FIELD ID=\"t\" name=\"title\" ucd=\"VOX:Image_Title\" datatype=\"char\" arraysize=\"*\"/>"
        "<FIELD name=\"url\" ucd=\"VOX:Image_AccessReference\" datatype=\"char\" arraysize=\"*\"/>"
        "<FIELD name=\"fmt\" ucd=\"VOX:Image_Format\" datatype=\"char\" arraysize=\"*\"/>"
        "<FIELD name=\"size\" ucd=\"VOX:Image_FileSize\" datatype=\"int\"/>"
        "<FIELD name=\"ra\" ucd=\"POS_EQ_RA_MAIN\" datatype=\"double\"/>"
        "<FIELD name=\"mjd\" ucd=\"VOX:Image_MJDateObs\" datatype=\"double\"/>"
        "<DATA><TABLEDATA><TR><TD>M 31 r</TD><TD><![CDATA[" +
            origin.url("/cut?x=1&y=2") +
            "]]></TD><TD>image/fits</TD><TD>500</TD><TD>10.7</TD><TD>2453000.5</TD></TR></TABLEDATA></DATA></TABLE>"
            "</RESOURCE></VOTABLE>",
        "text/xml");
  });
  ArchiveOptions options;
  options.sia_url = origin.url("/sia?survey=x&");
  options.sia_version = 1;
  Asked asked(options);
  const Listing listing = asked.list("pos=10.68,41.27");
  ASSERT_THAT(listing.datasets, SizeIs(1));
  EXPECT_EQ(listing.datasets[0].access_url, origin.url("/cut?x=1&y=2"));
  EXPECT_EQ(listing.datasets[0].size_estimate, 1000U) << "500 bytes, in kilobytes rounded up";
  EXPECT_EQ(listing.datasets[0].t_min_mjd, 53000.0) << "a Julian Date in an MJD's place";
  EXPECT_EQ(listing.table.text(0, "dataproduct_type"), "image");
  const std::string target = origin.requests().front().target;
  EXPECT_THAT(target, HasSubstr("survey=x"));
  EXPECT_THAT(target, HasSubstr("POS=10.68%2C41.27"));
  EXPECT_THAT(target, HasSubstr("SIZE=0&INTERSECT=COVERS"));
}

TEST(Sia2, SpeaksObsCoreAndIsAskedWhatItKnows) {
  const auto parameters = discovery_parameters(
      DiscoveryKind::sia2,
      parse_component("pos=10.68,41.27,0.1,time=mjd:50000..,band=400nm..500nm,collection=HST").value(), 11);
  EXPECT_THAT(parameters, Contains(std::pair<std::string, std::string>("POS", "CIRCLE 10.68 41.27 0.1")));
  EXPECT_THAT(parameters, Contains(std::pair<std::string, std::string>("TIME", "50000 +Inf")));
  EXPECT_THAT(parameters, Contains(std::pair<std::string, std::string>("BAND", "0.0000004 0.0000005")));
  EXPECT_THAT(parameters, Contains(std::pair<std::string, std::string>("COLLECTION", "HST")));
  EXPECT_THAT(parameters, Contains(std::pair<std::string, std::string>("MAXREC", "11")));
  const auto wild = discovery_parameters(DiscoveryKind::sia2, query("collection=H*,instrument=~ACS"), 11);
  EXPECT_THAT(wild, SizeIs(1)) << "patterns are decided here";
}

}  // namespace
}  // namespace skymount::vo
