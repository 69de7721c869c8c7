// SPDX-License-Identifier: MIT
//
// Links that lead to links documents are folders, however the archive calls them; what cannot be followed says so.
// And an id that only the links service knows.
#include "tests/vo/links_fixture.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::vo {
namespace {

using test::entry_of;
using test::kLinksType;
using test::LinkRow;
using test::links_votable;
using test::LinksServiceFixture;
using test::names_of;
using test::obscore_votable;
using test::soon;
using test::votable_reply;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr const char* kEso = "http://archive.eso.org/rdf/datalink/eso#";

/// As ESO's archive: an unmarked links document behind a term of its own.
struct EsoFixture : LinksServiceFixture {
  explicit EsoFixture(std::size_t datasets = 1) : LinksServiceFixture(datasets) {
    answer_ids([this](const std::string& id) -> std::vector<LinkRow> {
      const std::string tail = demo::url_encode(id);
      return {{id, service.origin.url("/f/raw.fits.Z"), "", "", "#this", "", "application/x-fits-gzip", "5"},
              {id, service.origin.url("/calselector?mode=Raw2Master&dp_id=" + tail), "", "",
               std::string(kEso) + "calSelector_raw2master", "", "application/x-votable+xml", "500000"},
              {id, service.origin.url("/night.txt?dp_id=" + tail), "", "", std::string(kEso) + "night_log", "",
               "text/plain", ""}};
    });
    service.origin.handle("/calselector", [this](const demo::Request&) {
      return votable_reply(
          links_votable({{"x", service.origin.url("/f/M.BIAS.fits"), "", "", "#calibration", "", "image/fits", ""},
                         {"x", service.origin.url("/tree.xml"), "", "", std::string(kEso) + "calSelector_raw2master",
                          "", "text/xml", ""},
                         {"x", "", "", "NotFoundFault: no flat of that night", "#calibration", "", "", ""}}));
    });
  }
};

TEST(NestedLinks, AnUnmarkedDocumentBehindACustomTermIsAFolderOfThatName) {
  EsoFixture f;
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_THAT(names_of(**folder), UnorderedElementsAre("raw.fits.Z", "calSelector_raw2master/", "night_log/night.txt"));
  const auto nested = f.enter(0, {entry_of(**folder, "calSelector_raw2master")});
  ASSERT_TRUE(nested) << nested.error().what();
  EXPECT_THAT(names_of(**nested), UnorderedElementsAre("calibration/M.BIAS.fits", "calSelector_raw2master/tree.xml"));
  ASSERT_THAT((*nested)->faults, SizeIs(1));
  EXPECT_THAT((*nested)->faults[0].fault, HasSubstr("no flat of that night"));
  EXPECT_THAT((*nested)->links_document, HasSubstr("M.BIAS.fits"));
}

TEST(NestedLinks, OneLookTellsWhatAllLinksOfAKindAre) {
  EsoFixture f(40);
  f.start();
  for (std::size_t i = 0; i < 40; ++i) {
    const auto folder = f.enter(i);
    ASSERT_TRUE(folder);
    EXPECT_THAT(names_of(**folder), Contains("calSelector_raw2master/"));
  }
  EXPECT_EQ(f.service.origin.count("/calselector"), 1u);
  f.start();  // remembered over a remount
  f.clock.advance(std::chrono::hours(24 * 20));
  ASSERT_TRUE(f.enter(3));
  EXPECT_EQ(f.service.origin.count("/calselector"), 1u);
}

/// All from one address, told apart by a parameter, and the tree under the term that led to it: as the archive is
/// today.
TEST(NestedLinks, TheTreeOfACascadeIsAFileThoughTheCascadeBearsItsTerm) {
  EsoFixture f(3);
  const auto link = [&](const std::string& what, const std::string& id) {
    return f.service.origin.url("/links?ID=" + id + "&eso_download=" + what);
  };
  const std::string term = std::string(kEso) + "calSelector_raw2master", sibling = std::string(kEso) + "sibling_raw";
  f.service.origin.handle("/links", [&](const demo::Request& request) {
    const std::string id = request.param("ID").value_or(""), what = request.param("eso_download").value_or("");
    if (what == "tree") return demo::Reply::text(200, "<?xml version=\"1.0\"?><association/>", "application/xml");
    if (what == "calSelector_raw2master") {
      std::vector<LinkRow> rows{{id, link("file", id), "", "", "#this", "mode=\"Raw2Master\"", "application/fits", ""},
                                {id, link("tree", id), "", "", term, "", "application/xml", "10000"}};
      for (int i = 0; i < 8; ++i)
        rows.push_back({id, f.service.origin.url("/file/M.SPHERE." + std::to_string(i)), "", "", "#calibration", "",
                        "application/fits", "500000"});
      return votable_reply(links_votable(rows));
    }
    return votable_reply(links_votable(
        {{id, f.service.origin.url("/file/SPHER.x"), "", "", "#this", "", "application/fits", ""},
         {id, link("calSelector_raw2master", id), "", "", term, "", "application/x-votable+xml", "500000"},
         {id, link("", "ivo://eso.org/ID?SPHER.2016-09-26T03:05:00.1"), "", "", sibling, "raw", kLinksType, ""},
         {id, link("", "ivo://eso.org/ID?SPHER.2016-09-26T03:06:00.2"), "", "", sibling, "raw", kLinksType, ""}}));
  });
  f.start();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto folder = f.enter(i);
    ASSERT_TRUE(folder) << folder.error().what();
    EXPECT_THAT(names_of(**folder), UnorderedElementsAre("SPHER.x.fits", "calSelector_raw2master/",
                                                         "sibling_raw/SPHER.2016-09-26T03:05:00.1/",
                                                         "sibling_raw/SPHER.2016-09-26T03:06:00.2/"));
    const auto nested = f.enter(i, {entry_of(**folder, "calSelector_raw2master")});
    ASSERT_TRUE(nested) << nested.error().what();
    EXPECT_THAT(names_of(**nested), SizeIs(10));
    EXPECT_THAT(names_of(**nested), Contains("calibration/M.SPHERE.7.fits"));
    EXPECT_THAT(names_of(**nested), Contains("calSelector_raw2master/plate" + std::to_string(i) + ".xml"));
  }
}

TEST(NestedLinks, ANestedDocumentIsRememberedLikeTheFirst) {
  EsoFixture f;
  f.start();
  const LinksTrail way{entry_of(**f.enter(0), "calSelector_raw2master")};
  EXPECT_EQ(f.catalog->folder_in_memory(*f.listing, f.listing->datasets[0], way), nullptr);
  ASSERT_TRUE(f.enter(0, way));
  const std::size_t asked = f.service.origin.requests().size();
  EXPECT_NE(f.catalog->folder_in_memory(*f.listing, f.listing->datasets[0], way), nullptr);
  ASSERT_TRUE(f.enter(0, way));
  f.start();
  f.service.origin.go_down();
  EXPECT_TRUE(f.enter(0, way));
  EXPECT_EQ(f.service.origin.requests().size(), asked);
}

TEST(NestedLinks, WhatManyDatasetsShareIsOneFile) {
  EsoFixture f(2);
  f.start();
  std::set<std::string> identities;
  for (const std::size_t i : {0, 1}) {
    const auto nested = f.enter(i, {entry_of(**f.enter(i), "calSelector_raw2master")});
    ASSERT_TRUE(nested);
    identities.insert(entry_of(**nested, "M.BIAS.fits").identity);
  }
  EXPECT_THAT(identities, SizeIs(1));
}

TEST(NestedLinks, LoopsAndDeepNestsAreToldAndNotFollowed) {
  LinksServiceFixture f;
  f.answer_ids([&](const std::string& id) -> std::vector<LinkRow> {
    return {{id, f.service.origin.url("/links?ID=" + demo::url_encode("ivo://fake/~?plate0")), "", "", "#progenitor",
             "", kLinksType, ""},
            {id, f.service.origin.url("/links?ID=" + demo::url_encode(id + "+")), "", "", "#derivation", "", kLinksType,
             ""},
            {id, "http://127.0.0.1:1/" + std::to_string(id.size()) + ".fits", "", "", "#this", "", "image/fits", ""}};
  });
  f.start();
  LinksTrail way;
  for (std::size_t depth = 0; depth <= 4; ++depth) {
    const auto folder = f.enter(0, way);
    ASSERT_TRUE(folder) << depth << ": " << folder.error().what();
    std::string faults;
    for (const LinkFault& fault : (*folder)->faults) faults += fault.fault + "\n";
    EXPECT_THAT(names_of(**folder), Not(Contains("progenitor/"))) << depth;
    EXPECT_THAT(faults, HasSubstr("not followed again")) << depth;
    if (depth < 4) {
      ASSERT_THAT(names_of(**folder), Contains("derivation/")) << depth;
      way.push_back(entry_of(**folder, "derivation"));
    } else {
      EXPECT_THAT(names_of(**folder), Not(Contains("derivation/")));
      EXPECT_THAT(faults, HasSubstr("more than 4 levels deep"));
    }
  }
  EXPECT_EQ(f.links_requests(), 5u);
}

TEST(NestedLinks, SeveralDocumentsAndFilesUnderOneTermShareItsFolder) {
  LinksServiceFixture f;
  f.answer_ids([&](const std::string& id) -> std::vector<LinkRow> {
    const auto more = [&](const std::string& what) { return f.service.origin.url("/links?ID=" + what); };
    return {{id, more("a"), "", "", "#calibration", "Flats of May", kLinksType, ""},
            {id, more("b"), "", "", "#calibration", "Flats of June", kLinksType, ""},
            {id, "http://127.0.0.1:1/flat.fits", "", "", "#calibration", "", "image/fits", ""},
            {id, more("c"), "", "", "#this", "The parts", kLinksType, ""},
            {id, more("d"), "", "", "", "", kLinksType, ""}};
  });
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder);
  EXPECT_THAT(names_of(**folder), UnorderedElementsAre("calibration/Flats_of_May/", "calibration/Flats_of_June/",
                                                       "calibration/flat.fits", "The_parts/", "plate0/"));
}

TEST(NestedLinks, TermsOfTwoVocabulariesDoNotShareAFolder) {
  LinksServiceFixture f;
  f.answer_ids([&](const std::string& id) -> std::vector<LinkRow> {
    return {{id, "http://127.0.0.1:1/a.fits", "", "", "#flat", "", "image/fits", ""},
            {id, "http://127.0.0.1:1/b.fits", "", "", "http://x.org/terms#flat", "", "image/fits", ""},
            {id, "http://127.0.0.1:1/c.fits", "", "", "http://y.org/terms/flat", "", "image/fits", ""},
            {id, "http://127.0.0.1:1/d.fits", "", "", "http://y.org/terms/Night Log!", "", "image/fits", ""}};
  });
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder);
  std::set<std::string> folders;
  for (const Entry& entry : (*folder)->entries) folders.insert(entry.folder);
  EXPECT_THAT(folders, SizeIs(4));
  EXPECT_THAT(folders, Contains("flat"));
  EXPECT_THAT(folders, Contains("Night_Log_"));
  EXPECT_EQ(entry_of(**folder, "a.fits").folder, "flat");
}

TEST(NestedLinks, ARowsOwnUrlAndItsServiceAreBothThere) {
  LinksServiceFixture f;
  f.service.origin.handle("/links", [&](const demo::Request&) {
    return votable_reply(links_votable(
        {{"d", "http://127.0.0.1:1/all.tar", "members", "", "#this", "All of it", "application/x-tar", ""}},
        R"(<RESOURCE type="meta" utype="adhoc:service" ID="members" name="members">
<PARAM name="standardID" datatype="char" arraysize="*" value="ivo://ivoa.net/std/DataLink#links-1.1"/>
<PARAM name="accessURL" datatype="char" arraysize="*" value="/links"/><GROUP name="inputParams">
<PARAM name="ID" datatype="char" arraysize="*" value="ivo://fake/all.tar"/></GROUP></RESOURCE>)"));
  });
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder);
  EXPECT_THAT(names_of(**folder), UnorderedElementsAre("all.tar", "members/"));
}

TEST(NestedLinks, ALinkThatNeedsALoginSaysSoAndAnEmptyRowIsNotDropped) {
  LinksServiceFixture f;
  f.service.origin.handle("/links", [&](const demo::Request&) {
    return votable_reply(R"(<VOTABLE><RESOURCE><TABLE><FIELD name="ID" datatype="char" arraysize="*"/>
<FIELD name="access_url" datatype="char" arraysize="*"/><FIELD name="semantics" datatype="char" arraysize="*"/>
<FIELD name="content_qualifier" datatype="char" arraysize="*"/><FIELD name="link_auth" datatype="char" arraysize="*"/>
<FIELD name="link_authorized" datatype="boolean"/><DATA><TABLEDATA>
<TR><TD>d</TD><TD>http://127.0.0.1:1/a.fits</TD><TD>#this</TD><TD>#image</TD><TD>true</TD><TD>false</TD></TR>
<TR><TD>d</TD><TD/><TD>#coderived</TD><TD/><TD/><TD/></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>)");
  });
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder);
  EXPECT_THAT(entry_of(**folder, "a.fits").error, HasSubstr("needs a login"));
  EXPECT_EQ(entry_of(**folder, "a.fits").content_qualifier, "#image");
  ASSERT_THAT((*folder)->faults, SizeIs(1));
  EXPECT_EQ((*folder)->faults[0].semantics, "#coderived");
}

TEST(UnmarkedLinks, ARowThatCallsItsLinksDocumentAFitsFileIsAFolderOnceThatIsKnown) {
  LinksServiceFixture f(3);
  for (auto& row : f.rows) row["access_format"] = "image/fits";
  f.start();
  const auto before = f.enter(0);
  ASSERT_TRUE(before);
  ASSERT_THAT((*before)->entries, SizeIs(1));
  EXPECT_EQ(f.links_requests(), 0u);
  const auto opened = f.sources->open((*before)->entries[0], soon(), f.renewal());
  ASSERT_FALSE(opened) << "a links document was served as a FITS file";
  EXPECT_EQ(opened.error().code(), Code::stale);
  EXPECT_THAT(opened.error().what(), HasSubstr("links document"));
  const auto after = f.enter(0);
  ASSERT_TRUE(after);
  EXPECT_THAT(names_of(**after), ElementsAre("plate0.fits"));
  EXPECT_EQ(entry_of(**after, "plate0.fits").url, f.service.origin.url("/f/plate0.fits"));
  EXPECT_EQ(entry_of(**f.enter(2), "plate2.fits").url, f.service.origin.url("/f/plate2.fits"));  // nobody opened it
}

TEST(UnmarkedLinks, ADocumentThatIsSentAsAnImageIsAFolderOnceThatIsKnown) {
  LinksServiceFixture f(2);
  for (std::size_t i = 0; i < 2; ++i) {
    f.rows[i]["access_url"] = f.service.origin.url("/plates/p" + std::to_string(i) + ".fits");
    f.rows[i]["access_format"] = "image/fits";
  }
  f.service.origin.handle("/plates", [](auto&) {
    return demo::Reply::text(
        200, links_votable({{"x", "http://127.0.0.1:1/f/real.fits", "", "", "#this", "", "image/fits", ""}}),
        "image/fits");
  });
  f.start();
  const auto before = f.enter(0);
  ASSERT_TRUE(before);
  EXPECT_THAT(names_of(**before), ElementsAre("p0.fits"));
  const auto opened = f.sources->open((*before)->entries[0], soon(), f.renewal());
  ASSERT_FALSE(opened) << "a links document was served as a FITS file";
  const auto after = f.enter(0);
  ASSERT_TRUE(after);
  EXPECT_THAT(names_of(**after), ElementsAre("real.fits"));
  EXPECT_THAT(names_of(**f.enter(1)), ElementsAre("p1.fits"));  // a file among files speaks for itself alone
  f.start();                                                    // a remount
  EXPECT_THAT(names_of(**f.enter(0)), ElementsAre("real.fits"));
}

TEST(UnmarkedLinks, RowsOfOneKindAreLookedAtOnce) {
  LinksServiceFixture f(20);
  for (std::size_t i = 0; i < 20; ++i) {
    f.rows[i]["access_url"] = f.service.origin.url("/spectra/s" + std::to_string(i));
    f.rows[i]["access_format"] = "application/x-votable+xml";
  }
  f.service.origin.handle("/spectra", [](auto&) { return votable_reply(obscore_votable({})); });
  f.start();
  for (std::size_t i = 0; i < 20; ++i) {
    const auto folder = f.enter(i);
    ASSERT_TRUE(folder);
    EXPECT_THAT((*folder)->entries, SizeIs(1));
  }
  EXPECT_EQ(f.service.origin.count("/spectra"), 1u);
}

TEST(LinksFaults, WhatTheLinksServiceRefusesIsNotTheCallersMistake) {
  LinksServiceFixture f(1);
  f.service.origin.handle("/links", [](auto&) { return votable_reply(test::error_votable("UsageFault: no"), 400); });
  f.start();
  for (int looks = 0; looks < 2; ++looks) {
    const auto folder = f.enter(0);
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code(), Code::corrupt);
    EXPECT_THAT(folder.error().what(), HasSubstr("UsageFault"));
  }
  EXPECT_EQ(f.links_requests(), 1u);  // remembered for a while
}

TEST(LinksFaults, AnErrorBehindTheLinksIsToldBesideThemAndAskedAboutAgainSoon) {
  LinksServiceFixture f(1);
  std::string document = links_votable({{"x", "http://127.0.0.1:1/f/a.fits", "", "", "#this", "", "image/fits", ""},
                                        {"x", "http://127.0.0.1:1/f/b.fits", "", "", "#this", "", "image/fits", ""}});
  document.replace(document.find("</TABLE>"), 8,
                   "</TABLE><INFO name=\"QUERY_STATUS\" value=\"ERROR\">disk on fire</INFO>");
  f.service.origin.handle("/links", [document](auto&) { return votable_reply(document); });
  f.start();
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_THAT(names_of(**folder), ElementsAre("a.fits", "b.fits"));
  ASSERT_THAT((*folder)->faults, SizeIs(1));
  EXPECT_THAT((*folder)->faults[0].fault, HasSubstr("disk on fire"));
  ASSERT_TRUE(f.enter(0));
  EXPECT_EQ(f.links_requests(), 1u);
  f.clock.advance(f.options.ttl.negative + std::chrono::seconds(1));
  ASSERT_TRUE(f.enter(0));
  for (int i = 0; i < 400 && f.links_requests() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(f.links_requests(), 2u);
}

/// A table that has nothing, and a links service that knows one id.
struct LinksOnlyFixture : LinksServiceFixture {
  explicit LinksOnlyFixture(std::string id) : LinksServiceFixture(0) {
    options.datalink.url = service.origin.url("/links");
    query = "id=" + id;
    answer_ids([this](const std::string& asked) -> std::vector<LinkRow> {
      if (asked != "ivo://fake/ID?SPHER.2016-09-26T03:04:09.308")
        return {{asked, "", "", "NotFoundFault: no such id", "#this", "", "", ""}};
      return {{asked, service.origin.url("/f/x.fits"), "", "", "#this", "", "image/fits", ""}};
    });
  }
};

TEST(LinksOnly, AnIdThatNoRowHasIsOneFolderMadeOfItsLinks) {
  LinksOnlyFixture f("ivo:%2F%2Ffake%2FID?SPHER.2016-09-26T03:04:09.308");
  f.start();
  ASSERT_THAT(f.listing->datasets, SizeIs(1));
  EXPECT_EQ(f.listing->datasets[0].name, "SPHER.2016-09-26T03:04:09.308");
  EXPECT_EQ(f.listing->table.size(), 0u);
  const auto folder = f.enter(0);
  ASSERT_TRUE(folder);
  EXPECT_THAT(names_of(**folder), ElementsAre("x.fits"));
  EXPECT_EQ(f.links_requests(), 1u);
  EXPECT_EQ(f.catalog->count(f.listing->query, soon()).value().rows, 0u);  // the table has no such row
  f.start();
  f.service.origin.go_down();
  EXPECT_THAT(f.listing->datasets, SizeIs(1));
  EXPECT_TRUE(f.enter(0));
}

TEST(LinksOnly, AnIdThatNobodyKnowsIsAnEmptyAnswer) {
  LinksOnlyFixture f("nosuch");
  f.start();
  EXPECT_THAT(f.listing->datasets, IsEmpty());
  EXPECT_EQ(f.links_requests(), 1u);
}

TEST(LinksOnly, WhenTheLinksServiceCannotBeAskedTheAnswerIsNoEmptyFolder) {
  LinksOnlyFixture f("nosuch");
  f.start();
  f.service.origin.misbehave("/links", {.drop_connection = true});
  const auto listing = f.catalog->listing(parse_component("id=other").value(), soon());
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::unavailable);
}

TEST(LinksOnly, PatternsAndFurtherConstraintsAreForTheTableAlone) {
  LinksOnlyFixture f("nosuch*");
  f.start();
  EXPECT_THAT(f.catalog->listing(parse_component("id=x,type=image").value(), soon()).value()->datasets, IsEmpty());
  EXPECT_EQ(f.links_requests(), 0u);
}

}  // namespace
}  // namespace skymount::vo
