// SPDX-License-Identifier: MIT
//
// What becomes of links answers: files with names, faults, services with exactly the parameters that must be sent; and
// how the links of a row are found without asking more than once.
#include "tests/vo/fake_service.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/datalink.h"
#include "vo/query/grammar.h"

#include <gmock/gmock.h>

#include <set>

namespace skymount::vo {
namespace {

using test::FakeService;
using test::LinkRow;
using test::links_votable;
using test::obscore_votable;
using test::ObscoreRow;
using test::rows_around;
using test::soon;
using test::votable_reply;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const SystemClock kClock;
constexpr const char* kDatalink = "application/x-votable+xml;content=datalink";

/// One dataset whose links come from `links`; what the folder then holds.
struct LinksFixture {
  explicit LinksFixture(std::string links, ObscoreRow changes = {})
      : service([this](auto&, auto) {
          return votable_reply(obscore_votable({row}, {"OK", "", query_resources}));
        }) {
    service.origin.handle("/links", [links = std::move(links)](auto&) { return votable_reply(links); });
    row = rows_around(1)[0];
    row["access_url"] = service.origin.url("/links?ID=ivo://fake/~?plate0");
    row["access_format"] = kDatalink;
    for (auto& [name, value] : changes) row[name] = value;
  }

  Result<DatasetFolder> folder() {
    options = service.options();
    archive = std::make_unique<Archive>(options, service.client(), nullptr, kClock);
    auto queried = archive->query(parse_component("collection=DASCH").value(), soon());
    if (!queried) return fail(queried.error());
    listing = std::move(*queried);
    return archive->folder(listing, listing.datasets[0], soon());
  }
  std::size_t links_requests() const { return service.origin.count("/links"); }

  ObscoreRow row;
  std::string query_resources;
  FakeService service;
  ArchiveOptions options;
  std::unique_ptr<Archive> archive;
  Listing listing;
};

const std::string kSoda = R"(<RESOURCE type="meta" utype="adhoc:service" ID="soda1" name="cutout">
<PARAM name="standardID" datatype="char" arraysize="*" value="ivo://ivoa.net/std/SODA#sync-1.0"/>
<PARAM name="accessURL" datatype="char" arraysize="*" value="/soda/sync"/>
<GROUP name="inputParams">
<PARAM name="ID" datatype="char" arraysize="*" value="ivo://fake/~?plate0"/>
<PARAM name="COMPRESS" datatype="char" arraysize="*" value="false"/>
<PARAM name="OVERSCAN" datatype="int" value="0"/>
<PARAM name="WHO" datatype="char" arraysize="*" ref="idcol" value=""/>
<PARAM name="CIRCLE" datatype="double" arraysize="3" xtype="circle" value=""/>
</GROUP></RESOURCE>)";

std::vector<std::string> names(const DatasetFolder& folder) {
  std::vector<std::string> out;
  for (const Entry& entry : folder.entries)
    out.push_back((entry.folder.empty() ? "" : entry.folder + "/") + entry.name);
  return out;
}

TEST(Links, BecomeFilesWithNamesFoldersAndEstimates) {
  LinksFixture f(links_votable({
      {"d", "http://127.0.0.1:1/f/i00811.fits", "", "", "#this", "Image", "image/fits", "12345"},
      {"d", "http://127.0.0.1:1/p/i00811.jpg", "", "", "#preview-image", "", "image/jpeg", "-1"},
      {"d", "http://127.0.0.1:1/f/i00811_full.fits", "", "", "http://www.ivoa.net/rdf/datalink/core#coderived", "",
       "image/fits", "0"},
      {"d", "http://127.0.0.1:1/more?ID=d", "", "", "#calibration", "", kDatalink, "500000"},
      {"d", "", "", "NotFoundFault: no log\nfor this", "#auxiliary", "", "", ""},
  }));
  const auto folder = f.folder();
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_EQ(f.links_requests(), 1u);
  ASSERT_THAT(folder->entries, SizeIs(4));
  EXPECT_THAT(names(*folder), Contains("i00811.fits"));
  EXPECT_THAT(names(*folder), Contains("coderived/i00811_full.fits"));
  EXPECT_EQ(folder->entries[0].size_estimate, 12345u);
  EXPECT_FALSE(folder->entries[1].size_estimate);
  EXPECT_TRUE(folder->entries[3].links_document);
  ASSERT_THAT(folder->faults, SizeIs(1));
  EXPECT_EQ(folder->faults[0].fault, "NotFoundFault: no log for this");
}

TEST(Links, OneLineOfXmlMayHoldOldAndNewColumnsInAnyOrder) {
  const auto answer = parse_links(as_bytes(
      R"(<VOTABLE><RESOURCE><TABLE><FIELD name="semantics" datatype="char" arraysize="*"/>
<FIELD name="link_authorized" datatype="boolean"/><FIELD name="ACCESS_URL" datatype="char" arraysize="*"/>
<FIELD name="eso_origfile" datatype="char" arraysize="*"/><FIELD name="id" datatype="char" arraysize="*"/>
<DATA><TABLEDATA><TR><TD>this</TD><TD>false</TD><TD><![CDATA[http://x/a?b?c]]></TD><TD>real.fits</TD><TD>d</TD></TR></TABLEDATA></DATA>
</TABLE></RESOURCE></VOTABLE>)"));
  ASSERT_TRUE(answer) << answer.error().what();
  ASSERT_THAT(answer->links, SizeIs(1));
  EXPECT_EQ(answer->links[0].semantics, "#this");
  EXPECT_EQ(answer->links[0].access_url, "http://x/a?b?c");
  EXPECT_EQ(answer->links[0].file_name, "real.fits");
  EXPECT_TRUE(answer->links[0].forbidden);
}

TEST(Links, TheMediaTypeIsReadAsOneAndNotCompared) {
  for (const char* type :
       {"application/x-votable+xml;content=datalink", "application/x-votable+xml; content=datalink",
        "APPLICATION/X-VOTABLE+XML;CONTENT=\"datalink\"", "text/xml;charset=utf-8;content=DataLink"}) {
    EXPECT_TRUE(is_datalink_type(type)) << type;
  }
  for (const char* type : {"application/x-votable+xml", "content=datalink", "", "image/fits;content=data"}) {
    EXPECT_FALSE(is_datalink_type(type)) << type;
  }
}

TEST(Links, AMissingRightIsKnownBeforehand) {
  LinksFixture f(links_votable({{"d", "http://127.0.0.1:1/f/a.fits", "", "", "#this", "", "image/fits", ""},
                                {"d", "http://127.0.0.1:1/f/a.jpg", "", "", "#preview", "", "image/jpeg", ""}}),
                 {{"obs_release_date", "2999-01-01"}, {"data_rights", "proprietary"}});
  const auto folder = f.folder();
  ASSERT_TRUE(folder);
  ASSERT_THAT(folder->entries, SizeIs(2));
  EXPECT_THAT(folder->entries[0].error, HasSubstr("2999-01-01"));
  EXPECT_THAT(folder->entries[1].error, IsEmpty());
}

TEST(Links, AFileItselfCostsNoRequest) {
  LinksFixture f("", {{"access_url", "http://127.0.0.1:1/files/x.fits"}, {"access_format", "image/fits"}});
  const auto folder = f.folder();
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_THAT(names(*folder), ElementsAre("x.fits"));
  EXPECT_EQ(folder->entries[0].size_estimate, 12'000u);
  EXPECT_EQ(folder->entries[0].semantics, "#this");
  EXPECT_THAT(folder->links_document, IsEmpty());
  EXPECT_EQ(f.links_requests(), 0u);
  EXPECT_TRUE(f.archive->folder_of_row(f.listing, f.listing.datasets[0]));
}

TEST(Links, AnUnmarkedLinksDocumentIsRecognised) {
  for (const char* format : {"application/x-votable+xml", "", "text/xml"}) {
    LinksFixture f(links_votable({{"d", "http://127.0.0.1:1/f/a.fits", "", "", "#this", "", "image/fits", ""}}),
                   {{"access_format", format}});
    const auto folder = f.folder();
    ASSERT_TRUE(folder) << folder.error().what();
    EXPECT_THAT(names(*folder), ElementsAre("a.fits")) << format;
    EXPECT_EQ(f.links_requests(), 1u);
  }
}

TEST(Links, AVotableThatIsNoLinksDocumentIsTheFile) {
  LinksFixture f(obscore_votable(rows_around(3)), {{"access_format", "application/x-votable+xml"}});
  const auto folder = f.folder();
  ASSERT_TRUE(folder) << folder.error().what();
  ASSERT_THAT(folder->entries, SizeIs(1));
  EXPECT_EQ(folder->entries[0].semantics, "#this");
}

TEST(Links, ALargeFileOfNoTypeIsNotFetchedToSeeWhatItIs) {
  LinksFixture f("", {{"access_format", ""}, {"access_url", "-"}});
  f.row["access_url"] = f.service.origin.url("/big");
  f.service.origin.put("/big", std::string(40'000'000, 'x'), "application/octet-stream");
  const auto folder = f.folder();
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_THAT(folder->entries, SizeIs(1));
  EXPECT_LT(f.service.origin.body_bytes_sent(), 20'000'000u);
}

TEST(Links, TheQuerysOwnDescriptorIsUsedWithTheRowsValue) {
  LinksFixture f(links_votable({{"d", "http://127.0.0.1:1/f/a.fits", "", "", "#this", "", "image/fits", ""}}),
                 {{"access_url", "http://127.0.0.1:1/files/x.fits"}, {"access_format", "image/fits"}});
  f.query_resources = R"(<RESOURCE type="meta" utype="adhoc:service" name="links">
<PARAM name="standardID" datatype="char" arraysize="*" value="ivo://ivoa.net/std/DataLink#links-1.1"/>
<PARAM name="accessURL" datatype="char" arraysize="*" value=")" +
                      f.service.origin.url("/links?RUNID=7") + R"("/>
<GROUP name="inputParams"><PARAM name="ID" datatype="char" arraysize="*" ref="c_obs_publisher_did" value=""/></GROUP></RESOURCE>)";
  const auto folder = f.folder();
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_THAT(names(*folder), ElementsAre("a.fits"));
  EXPECT_EQ(f.service.origin.requests().back().target, "/links?RUNID=7&ID=ivo%3A%2F%2Ffake%2F~%3Fplate0");
}

TEST(Links, ServiceDescriptorsCarryEveryConstantAndTheRowsValues) {
  std::string soda = kSoda;
  LinksFixture f(links_votable({{"d", "http://127.0.0.1:1/f/a.fits", "", "", "#this", "", "image/fits", ""},
                                {"d", "", "soda1", "", "#cutout", "Cut it", "image/fits", ""}},
                               soda.replace(soda.find("idcol"), 5, "ID")));
  const auto folder = f.folder();
  ASSERT_TRUE(folder) << folder.error().what();
  ASSERT_THAT(folder->entries, SizeIs(1));
  ASSERT_THAT(folder->services, SizeIs(1));
  const auto& service = folder->services[0];
  EXPECT_EQ(service.access_url, f.service.origin.url("/soda/sync"));  // relative in the document
  EXPECT_THAT(service.fixed, UnorderedElementsAre(Pair("ID", "ivo://fake/~?plate0"), Pair("COMPRESS", "false"),
                                                  Pair("OVERSCAN", "0"), Pair("WHO", "d")));
}

TEST(Links, AServiceThatIsNotDescribedIsAFault) {
  LinksFixture f(links_votable({{"d", "", "nosuch", "", "#cutout", "", "", ""}}));
  const auto folder = f.folder();
  ASSERT_TRUE(folder);
  EXPECT_THAT(folder->services, IsEmpty());
  EXPECT_THAT(folder->faults, SizeIs(1));
}

TEST(Links, SecretsAreBlankedInTheDocumentAndNowhereElse) {
  const std::string url = "http://joe:pw@127.0.0.1:1/f/a.fits?X-Amz-Signature=abcdef&x=1&access_token=t0ps";
  LinksFixture f(links_votable({{"d", url, "", "", "#this", "", "image/fits", ""}}));
  const auto folder = f.folder();
  ASSERT_TRUE(folder);
  for (const char* secret : {"joe", "pw@", "abcdef", "t0ps"})
    EXPECT_THAT(folder->links_document, Not(HasSubstr(secret)));
  EXPECT_THAT(folder->links_document, HasSubstr("x=1"));
  ASSERT_THAT(folder->entries, SizeIs(1));
  EXPECT_EQ(folder->entries[0].url, url);
  EXPECT_THAT(folder->entries[0].identity, Not(HasSubstr("abcdef")));
}

TEST(Links, SecretsInTheArchivesWordsAreBlankedInTheDocument) {
  LinksFixture f(links_votable({{"d", "", "", "token=geheim gone", "#this", "", "", ""},
                                {"d", "http://127.0.0.1:1/b.fits", "", "", "#auxiliary", "Bearer geheimgeheimgeheim",
                                 "image/fits", ""}}));
  const auto folder = f.folder();
  ASSERT_TRUE(folder);
  EXPECT_THAT(folder->links_document, Not(HasSubstr("geheim")));
  EXPECT_THAT(folder->links_document, HasSubstr("token=*** gone"));
}

TEST(Links, CellsOfTokenColumnsAreBlanked) {
  const std::string document = R"(<VOTABLE><RESOURCE><TABLE><FIELD name="ID" datatype="char" arraysize="*"/>
<FIELD name="access_url" datatype="char" arraysize="*"/><FIELD name="semantics" datatype="char" arraysize="*"/>
<FIELD name="authenticated_id_token" datatype="char" arraysize="*"/><DATA><TABLEDATA>
<TR><TD>d</TD><TD>http://x/a</TD><TD>#this</TD><TD>s3cr3t</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>)";
  const auto answer = parse_links(as_bytes(document));
  ASSERT_TRUE(answer);
  const std::string shown = shown_links(answer->table, document);
  EXPECT_THAT(shown, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(shown, HasSubstr("http://x/a"));
}

TEST(Links, HostileAnswersAreErrorsOrHarmless) {
  for (const std::string& hostile :
       {std::string("<VOTABLE>"), std::string("not xml"), std::string(), std::string("<!DOCTYPE html><html></html>"),
        std::string("<VOTABLE><RESOURCE><TABLE><FIELD name=\"a\" datatype=\"int\"/></TABLE></RESOURCE></VOTABLE>"),
        std::string(200'000, '<')}) {
    EXPECT_FALSE(parse_links(as_bytes(hostile)));
  }
  LinksFixture f(
      links_votable({{"d", "file:///etc/passwd", "", "", "#this", "", "", ""},
                     {"d", "http://127.0.0.1:1/../../etc/passwd", "", "", "#../../x", "", "", "99999999999999999999"},
                     {"d", "http://127.0.0.1:1/a%2Fb%00c", "", "", "#this", "", "", ""},
                     {"d", "http://127.0.0.1:1/README.txt", "", "", "#this", "", "text/plain", ""}}));
  const auto folder = f.folder();
  ASSERT_TRUE(folder) << folder.error().what();
  EXPECT_THAT(folder->entries, SizeIs(3));
  EXPECT_THAT(folder->faults, SizeIs(1));
  for (const Entry& entry : folder->entries) {
    EXPECT_EQ(entry.name.find('/'), std::string::npos);
    EXPECT_EQ(entry.folder.find('/'), std::string::npos);
    EXPECT_NE(entry.name, "README.txt");
    EXPECT_EQ(entry.name.find('\0'), std::string::npos);
  }
}

TEST(Links, IdentitiesDifferWithinAFolderAndStayWhenUrlsChange) {
  const auto identities = [](const std::string& signature) {
    LinksFixture f(links_votable(
        {{"d", "http://127.0.0.1:1/f/a.fits?sig=" + signature, "", "", "#this", "one", "image/fits", ""},
         {"d", "http://127.0.0.1:1/g/a.fits?sig=" + signature, "", "", "#this", "two", "image/fits", ""}}));
    std::set<std::string> out;
    const auto folder = f.folder();
    for (const Entry& entry : folder->entries) out.insert(entry.identity);
    return out;
  };
  const auto today = identities("1"), tomorrow = identities("2");
  EXPECT_THAT(today, SizeIs(2));
  EXPECT_EQ(today, tomorrow);
}

TEST(Links, AnEmptyAnswerIsNeverSilent) {
  LinksFixture f(links_votable({}));
  const auto folder = f.folder();
  ASSERT_TRUE(folder);
  EXPECT_THAT(folder->entries, IsEmpty());
  EXPECT_THAT(folder->faults, SizeIs(1));
}

TEST(Links, AnErrorDocumentIsTheArchivesWordAndALoginPageIsNoDocument) {
  LinksFixture f(test::error_votable("NotFoundFault: no such thing"));
  const auto refused = f.folder();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what(), HasSubstr("no such thing"));
  LinksFixture g("<!DOCTYPE html><html><head><title>Sign in</title></head></html>");
  const auto login = g.folder();
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().code(), Code::corrupt);
}

TEST(Links, APartInThePlaceOfTheWholeIsNamedAsOne) {
  const Error error = error_of_answer(206, "<?xml version=\"1.0\"?><VOTABLE/>");
  EXPECT_EQ(error.code(), Code::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("HTTP 206: a part came"));
  EXPECT_THAT(error_of_answer(200, "Please log in").what(), HasSubstr("not a VOTable: Please log in"));
}

}  // namespace
}  // namespace skymount::vo
