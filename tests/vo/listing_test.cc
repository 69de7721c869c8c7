// SPDX-License-Identifier: MIT
//
// From a query to a listing over real HTTP: how many requests it costs, what is said when rows are missing, which
// errors step down the positional ladder, and which never may.
#include "tests/vo/fake_service.h"
#include "vo/query/grammar.h"

#include <gmock/gmock.h>

#include <set>

namespace skymount::vo {
namespace {

using test::error_votable;
using test::FakeService;
using test::obscore_votable;
using test::ObscoreRow;
using test::rows_around;
using test::soon;
using test::votable_reply;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Query query_of(std::string_view text) {
  return parse_component(text).value();
}

const SystemClock kClock;

Archive archive_of(const FakeService& service, const ArchiveOptions& options) {
  return Archive(options, service.client(), nullptr, kClock);
}

std::vector<Shortfall::Kind> kinds(const Listing& listing) {
  std::vector<Shortfall::Kind> out;
  for (const Shortfall& shortfall : listing.shortfalls) out.push_back(shortfall.kind);
  return out;
}

TEST(Listing, CostsOneRequestOnceTheServiceIsKnown) {
  FakeService service([](auto&, auto) { return votable_reply(obscore_votable(rows_around(3))); });
  Archive archive = archive_of(service, service.options());

  const auto first = archive.query(query_of("pos=156.01,48.14"), soon());
  ASSERT_TRUE(first) << first.error().what();
  EXPECT_EQ(service.tap_requests(), 2u);  // where is the table, and the query
  EXPECT_THAT(first->datasets, SizeIs(3));
  EXPECT_THAT(first->shortfalls, IsEmpty());
  EXPECT_EQ(first->datasets[0].size_estimate, 12'000u);  // kbyte are decimal

  ASSERT_TRUE(archive.query(query_of("pos=10,10"), soon()));
  EXPECT_EQ(service.tap_requests(), 3u);
}

TEST(Listing, AsksAtTheServiceWithoutADoubleSlashAndWithAnExplicitMaxrec) {
  FakeService service([](auto&, auto) { return votable_reply(obscore_votable({})); });
  ArchiveOptions options = service.options();
  options.obscore.table = "ivoa.ObsCore";
  ASSERT_TRUE(archive_of(service, options).query(query_of("collection=DASCH"), soon()));
  const auto requests = service.origin.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/tap/sync");
  EXPECT_THAT(requests[0].body, HasSubstr("REQUEST=doQuery"));
  EXPECT_THAT(requests[0].body, HasSubstr("MAXREC=20001"));
  EXPECT_THAT(service.queries(), ElementsAre(HasSubstr("ivoa.ObsCore")));
}

TEST(Listing, UsesTheTablesNameAsTheSchemaSpellsIt) {
  FakeService service([](auto&, auto) { return votable_reply(obscore_votable({})); });
  service.schema_table = "ObsCore";  // without its schema, as some services write it
  ASSERT_TRUE(archive_of(service, service.options()).query(query_of("collection=DASCH"), soon()));
  EXPECT_THAT(service.queries(), ElementsAre(HasSubstr("ivoa.ObsCore")));
}

TEST(Listing, SaysWhenTheArchiveHasMoreRows) {
  FakeService service([](auto&, std::uint64_t maxrec) {
    return votable_reply(obscore_votable(rows_around(maxrec), {.status_after = "OVERFLOW"}));
  });
  ArchiveOptions options = service.options();
  options.tap.maxrec = 5;
  const auto listing = archive_of(service, options).query(query_of("pos=156.01,48.14"), soon());
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->datasets, SizeIs(5));
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::overflow});
}

TEST(Listing, ExactlyAsManyRowsAsAllowedAreNoOverflow) {
  FakeService service([](auto&, auto) { return votable_reply(obscore_votable(rows_around(5))); });
  ArchiveOptions options = service.options();
  options.tap.maxrec = 5;
  const auto listing = archive_of(service, options).query(query_of("pos=156.01,48.14"), soon());
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->datasets, SizeIs(5));
  EXPECT_THAT(listing->shortfalls, IsEmpty());
}

TEST(Listing, AnOverflowBelowWhatWasAskedIsTheArchivesOwnLimit) {
  FakeService service(
      [](auto&, auto) { return votable_reply(obscore_votable(rows_around(2), {.status_after = "OVERFLOW"})); });
  const auto listing = archive_of(service, service.options()).query(query_of("pos=156.01,48.14"), soon());
  ASSERT_TRUE(listing);
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::overflow});
  EXPECT_THAT(listing->shortfalls[0].words, HasSubstr("after 2 rows"));
}

TEST(Listing, AServiceThatIgnoresMaxrecIsCutOff) {
  const std::string everything = obscore_votable(rows_around(20'000));
  FakeService service([&](auto&, auto) { return votable_reply(everything); });
  ArchiveOptions options = service.options();
  options.tap.maxrec = 10;
  const auto listing = archive_of(service, options).query(query_of("pos=156.01,48.14"), soon());
  ASSERT_TRUE(listing) << listing.error().what();
  EXPECT_THAT(listing->datasets, SizeIs(10));
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::overflow});
}

TEST(Listing, ALimitThatWasAskedForIsSaidAsSuch) {
  FakeService service([](auto&, std::uint64_t maxrec) {
    return votable_reply(obscore_votable(rows_around(std::min<std::size_t>(maxrec, 40))));
  });
  const auto listing = archive_of(service, service.options()).query(query_of("pos=156.01,48.14,limit=3"), soon());
  ASSERT_TRUE(listing);
  EXPECT_THAT(listing->datasets, SizeIs(3));
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::limit_asked});
  EXPECT_THAT(service.origin.requests().back().body, HasSubstr("MAXREC=4"));
}

TEST(Listing, WildcardAnswersAreFilteredAgainBeforeTheLimitCounts) {
  FakeService service([](auto&, auto) {
    std::vector<ObscoreRow> rows = rows_around(4);
    rows[0]["obs_collection"] = "AxB 1";  // what LIKE 'A_B%' also finds
    rows[1]["obs_collection"] = "A_B 2";
    rows[2]["obs_collection"] = "A_B 3";
    rows[3]["obs_collection"] = "A_B 4";
    return votable_reply(obscore_votable(rows));
  });
  const auto listing = archive_of(service, service.options()).query(query_of("collection=A_B*,limit=2"), soon());
  ASSERT_TRUE(listing);
  ASSERT_THAT(listing->datasets, SizeIs(2));
  EXPECT_EQ(listing->table.text(0, "obs_collection"), "A_B 2");
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::limit_asked});
}

// --- the ladder ---

TEST(Ladder, AnErrorThatNamesTheGeometryStepsDownAndTheRungIsRemembered) {
  FakeService service([](const std::string& query, auto) {
    if (query.find("INTERSECTS") != std::string::npos)
      return votable_reply(error_votable("Function INTERSECTS is not defined"), 400);
    return votable_reply(obscore_votable(rows_around(1)));
  });
  Archive archive = archive_of(service, service.options());
  const auto listing = archive.query(query_of("pos=156.01,48.14,0.5"), soon());
  ASSERT_TRUE(listing) << listing.error().what();
  EXPECT_EQ(service.tap_requests(), 3u);
  EXPECT_EQ(kinds(*listing), std::vector{Shortfall::Kind::degraded_geometry});
  EXPECT_THAT(listing->adql, HasSubstr("CONTAINS"));
  ASSERT_TRUE(archive.query(query_of("pos=156.01,48.14,0.6"), soon()));
  EXPECT_EQ(service.tap_requests(), 4u);
}

TEST(Ladder, TheLastRungFiltersByFootprintHereAndSaysSo) {
  FakeService service([](const std::string& query, auto) {
    if (query.find("CONTAINS") != std::string::npos) return votable_reply(error_votable("unknown function CONTAINS"));
    std::vector<ObscoreRow> rows = rows_around(4);
    rows[1]["s_region"] = "CIRCLE ICRS 156.01 49.5 0.1";  // elsewhere
    rows[2]["s_region"] = "";
    rows[2]["s_fov"] = "0.4";
    rows[2]["s_dec"] = "48.3";  // covered by its field of view
    rows[3]["s_region"] = "";
    rows[3]["s_dec"] = "50";  // nothing but a centre, within the search radius
    return votable_reply(obscore_votable(rows));
  });
  const auto listing = archive_of(service, service.options()).query(query_of("pos=156.01,48.14"), soon());
  ASSERT_TRUE(listing) << listing.error().what();
  EXPECT_THAT(listing->adql, HasSubstr("BETWEEN"));
  std::set<std::string> ids;
  for (std::size_t i = 0; i < listing->table.size(); ++i) ids.insert(listing->table.text(i, "obs_id"));
  EXPECT_EQ(ids, (std::set<std::string>{"plate0", "plate2", "plate3"}));
  ASSERT_EQ(kinds(*listing), std::vector{Shortfall::Kind::degraded_geometry});
  EXPECT_THAT(listing->shortfalls[0].words, HasSubstr("1 rows without any footprint"));
}

TEST(Ladder, NeitherATimeoutNorARefusalNorAnotherErrorStepsDown) {
  struct Case {
    const char* message;
    int status;
    Code code;
  };
  for (const Case& c : {Case{"Query timed out (took too long) in function CONTAINS", 500, Code::timed_out},
                        Case{"Permission denied for function CONTAINS", 400, Code::denied},
                        Case{"column obs_colection does not exist", 400, Code::invalid}}) {
    SCOPED_TRACE(c.message);
    FakeService service([&](const std::string& query, auto) {
      // Many archives quote the query: its own CONTAINS must not count.
      return votable_reply(error_votable(std::string(c.message) + " in: " + query), c.status);
    });
    ArchiveOptions options = service.options();
    options.obscore.table = "ivoa.obscore";
    options.tap.mode = "sync";  // else what timed out would be asked again, as a job
    const auto listing = archive_of(service, options).query(query_of("pos=156.01,48.14"), soon());
    ASSERT_FALSE(listing);
    EXPECT_EQ(listing.error().code(), c.code);
    EXPECT_THAT(listing.error().what(), HasSubstr(c.message));
    EXPECT_THAT(service.queries(), SizeIs(1));
  }
}

TEST(Ladder, AConfiguredFormIsNeverLeft) {
  FakeService service([](auto&, auto) { return votable_reply(error_votable("unknown function CONTAINS")); });
  ArchiveOptions options = service.options();
  options.obscore.table = "ivoa.obscore";
  options.obscore.form = "contains";
  EXPECT_FALSE(archive_of(service, options).query(query_of("pos=156.01,48.14"), soon()));
  EXPECT_THAT(service.queries(), SizeIs(1));
}

// --- errors ---

TEST(ListingErrors, AnErrorDocumentUnder200IsTheQuerysError) {
  FakeService service([](auto&, auto) { return votable_reply(error_votable("no such\x07 column")); });
  const auto listing = archive_of(service, service.options()).query(query_of("collection=X"), soon());
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::invalid);
}

TEST(ListingErrors, ATruncatedAnswerIsNeverAShorterListing) {
  FakeService service([](auto&, auto) {
    const std::string whole = obscore_votable(rows_around(20));
    return votable_reply(whole.substr(0, whole.size() / 2));
  });
  const auto listing = archive_of(service, service.options()).query(query_of("collection=X"), soon());
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::corrupt);
}

TEST(ListingErrors, ALoginPageIsNoListing) {
  FakeService service([](auto&, auto) {
    return demo::Reply::text(200, "<!DOCTYPE html><html><head><title>Sign in</title></head></html>", "text/html");
  });
  const auto listing = archive_of(service, service.options()).query(query_of("collection=X"), soon());
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::corrupt);
  EXPECT_THAT(listing.error().what(), HasSubstr("Sign in"));
}

TEST(ListingErrors, ADownArchiveIsUnavailable) {
  FakeService service([](auto&, auto) { return votable_reply(obscore_votable({})); });
  Archive archive = archive_of(service, service.options());
  service.origin.go_down();
  const auto listing = archive.query(query_of("collection=X"), FetchContext::within(std::chrono::seconds(3), "test"));
  ASSERT_FALSE(listing);
  EXPECT_TRUE(listing.error().code() == Code::unavailable || listing.error().code() == Code::timed_out)
      << listing.error().what();
}

TEST(ListingErrors, ANameIsNotAPosition) {
  FakeService service([](auto&, auto) { return votable_reply(obscore_votable({})); });
  const auto listing = archive_of(service, service.options()).query(query_of("target=M31"), soon());
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::unsupported);
  EXPECT_EQ(service.tap_requests(), 0u);
}

// --- datasets ---

TEST(Datasets, RowsOfOneIdAndUrlAreOneDatasetAndTwinsGetDifferentNames) {
  FakeService service([](auto&, auto) {
    std::vector<ObscoreRow> rows = rows_around(4);
    rows[1] = rows[0];
    rows[2]["obs_id"] = rows[0]["obs_id"];
    rows[2]["t_min"] = rows[0]["t_min"];
    rows[3]["access_url"] = "";
    rows[3]["t_min"] = "";
    return votable_reply(obscore_votable(rows));
  });
  const auto listing = archive_of(service, service.options()).query(query_of("collection=DASCH"), soon());
  ASSERT_TRUE(listing);
  ASSERT_THAT(listing->datasets, SizeIs(3));
  EXPECT_THAT(listing->datasets[0].rows, ElementsAre(0u, 1u));
  EXPECT_NE(listing->datasets[0].name, listing->datasets[1].name);
  EXPECT_THAT(listing->datasets[2].name, ::testing::StartsWith("undated_DASCH_plate3"));
  for (const Dataset& dataset : listing->datasets) EXPECT_EQ(listing->find(dataset.name), &dataset);
  EXPECT_EQ(listing->find("nonsense"), nullptr);
}

TEST(ListingErrors, ATableWithoutObsCoreColumnsIsNoListing) {
  FakeService service([](auto&, auto) {
    return votable_reply(
        "<VOTABLE><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE><FIELD name=\"foo\" "
        "datatype=\"int\"/><DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>");
  });
  const auto listing = archive_of(service, service.options()).query(query_of("collection=X"), soon());
  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), Code::corrupt);
  EXPECT_THAT(listing.error().what(), HasSubstr("[obscore] table"));
}

TEST(Datasets, TwinsKeepTheirNamesWhenTheirUrlsChange) {
  std::string session = "1";
  FakeService service([&](auto&, auto) {
    std::vector<ObscoreRow> rows = rows_around(2);
    for (ObscoreRow& row : rows)
      row["obs_id"] = "same", row["t_min"] = "11490", row["access_url"] += "?session=" + session;
    return votable_reply(obscore_votable(rows));
  });
  Archive archive = archive_of(service, service.options());
  const auto before = archive.query(query_of("collection=DASCH"), soon());
  session = "2";
  const auto after = archive.query(query_of("collection=DASCH"), soon());
  ASSERT_TRUE(before && after);
  ASSERT_THAT(before->datasets, SizeIs(2));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(before->datasets[i].name, after->datasets[i].name);
}

TEST(Datasets, NamesDoNotDependOnTheOrderOfRows) {
  bool turned = false;
  FakeService service([&](auto&, auto) {
    std::vector<ObscoreRow> rows = rows_around(6);
    for (ObscoreRow& row : rows) row["obs_id"] = "same", row["t_min"] = "11490";
    if (turned) std::reverse(rows.begin(), rows.end());
    return votable_reply(obscore_votable(rows));
  });
  Archive archive = archive_of(service, service.options());
  const auto names = [&] {
    std::map<std::string, std::string> out;
    const auto listing = archive.query(query_of("collection=DASCH"), soon());
    for (const Dataset& dataset : listing->datasets) out[std::string(dataset.publisher_did)] = dataset.name;
    return out;
  };
  const auto before = names();
  turned = true;
  EXPECT_EQ(before, names());
  EXPECT_THAT(before, SizeIs(6));
}

}  // namespace
}  // namespace skymount::vo
