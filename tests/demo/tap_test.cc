// SPDX-License-Identifier: MIT
//
// The demo's TAP service answers as TAP does: right rows, all serialisations alike, overflow said, errors in words.
#include "tests/demo/archive_fixture.h"
#include "vo/demo/tap_store.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

namespace skymount::demo {
namespace {

using test::Answer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using vo::QueryStatus;

using TapTest = test::ArchiveTest;

TEST_F(TapTest, FindsFootprintsThatHoldAPosition) {
  EXPECT_EQ(count("1=CONTAINS(POINT('ICRS', 156.01, 48.14), s_region)"), 24);
  EXPECT_EQ(count("1=CONTAINS(POINT('ICRS', 156.01, 48.14), s_region) AND obs_collection = 'DEMO_SURVEY'"), 6);
  EXPECT_EQ(count("CONTAINS(POINT('', 0.0, 12.5), s_region)=1"), 3) << "RA 0";
  EXPECT_EQ(count("1=CONTAINS(POINT('ICRS', 300, 89.99), s_region)"), 2) << "the pole";
  EXPECT_EQ(count("1=INTERSECTS(s_region, CIRCLE('ICRS', 0.0, 12.5, 0.1))"), 3);
  EXPECT_GT(count("1=INTERSECTS(s_region, CIRCLE('ICRS', 156.01, 48.14, 3))"), 24);
  EXPECT_EQ(count("1=CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 83.82, -5.39, 0.1))"), 1);
  EXPECT_EQ(count("DISTANCE(POINT('ICRS', s_ra, s_dec), POINT('ICRS', 83.82, -5.39)) < 0.1"), 1);
  EXPECT_EQ(count("t_min IS NULL"), 2);
  EXPECT_EQ(count("access_url IS NULL"), 1);
  EXPECT_EQ(count("s_region IS NULL"), 2);
}

TEST_F(TapTest, AllSerialisationsHoldTheSameRows) {
  const std::string query = "SELECT * FROM ivoa.ObsCore ORDER BY obs_publisher_did, access_url, obs_title";
  const vo::Table binary = table(tap(query));
  const vo::Table binary2 = table(tap(query, "&RESPONSEFORMAT=votable/b2"));
  const vo::Table text = table(tap(query, "&RESPONSEFORMAT=votable/td"));
  ASSERT_EQ(binary.size(), archive().sky().datasets().size());
  ASSERT_EQ(binary2.size(), binary.size());
  ASSERT_EQ(text.size(), binary.size());
  for (std::size_t i = 0; i < binary.size(); ++i) {
    EXPECT_EQ(binary.row(i), text.row(i)) << i;
    EXPECT_EQ(binary2.row(i), text.row(i)) << i;
  }
  EXPECT_EQ(text.meta.status.kind, QueryStatus::Kind::ok);
  ASSERT_EQ(text.meta.services.size(), 1u);
  EXPECT_THAT(text.meta.services[0].access_url, ::testing::EndsWith("/links"));
  EXPECT_EQ(text.meta.services[0].inputs.at(0).ref, text.meta.fields.at(*text.meta.column("obs_publisher_did")).id);
}

TEST_F(TapTest, ARowIsItsDataset) {
  const vo::Table rows = table(tap("SELECT * FROM ivoa.obscore WHERE obs_id = 'bi01577'"));
  ASSERT_EQ(rows.size(), 1u);
  const Dataset d = *archive().sky().by_obs_id("bi01577");
  EXPECT_EQ(rows.text(0, "obs_publisher_did"), "ivo://demo.skymount/~?DEMO_PLATES/bi01577");
  EXPECT_EQ(vo::to_number(rows.cell(0, "s_ra")), d.centre->ra);
  EXPECT_EQ(vo::to_number(rows.cell(0, "t_min")), d.t_min);
  EXPECT_EQ(iso_date(*d.t_min), "1953-04-18");
  EXPECT_EQ(rows.text(0, "access_url"), archive().links_url(d.did));
}

TEST_F(TapTest, OverflowIsSaidAfterTheTable) {
  const vo::Table cut = table(tap("SELECT obs_id FROM ivoa.obscore", "&MAXREC=5"));
  EXPECT_EQ(cut.size(), 5u);
  EXPECT_EQ(cut.meta.status.kind, QueryStatus::Kind::overflow);
  EXPECT_EQ(table(tap("SELECT obs_id FROM ivoa.obscore", "&MAXREC=0")).meta.status.kind, QueryStatus::Kind::overflow);
  EXPECT_EQ(table(tap("SELECT TOP 5 obs_id FROM ivoa.obscore")).meta.status.kind, QueryStatus::Kind::ok);
  EXPECT_EQ(table(tap("SELECT TOP 5 obs_id FROM ivoa.obscore", "&MAXREC=5")).meta.status.kind, QueryStatus::Kind::ok);
}

TEST_F(TapTest, TopIsMovedWhereSqliteWantsIt) {
  EXPECT_EQ(sqlite_from_adql("SELECT TOP 3 a FROM t"), "SELECT  a FROM t LIMIT 3 ");
  EXPECT_EQ(sqlite_from_adql("select distinct top 3 'TOP 1' from t"), "select distinct  'TOP 1' from t LIMIT 3 ");
  EXPECT_EQ(sqlite_from_adql("SELECT a FROM (SELECT TOP 2 b FROM t) AS s"),
            "SELECT a FROM (SELECT  b FROM t LIMIT 2 ) AS s");
  EXPECT_EQ(sqlite_from_adql("SELECT TOP\n\t3 (a) FROM t"), "SELECT  (a) FROM t LIMIT 3 ");
  EXPECT_EQ(sqlite_from_adql("SELECT a FROM t OFFSET 7"), "SELECT a FROM t  LIMIT -1 OFFSET 7 ");
  EXPECT_EQ(sqlite_from_adql("SELECT a FROM t -- TOP 3"), "SELECT a FROM t ");
}

TEST_F(TapTest, LikeMindsTheCaseAndUnknownColumnsAreNoStrings) {
  EXPECT_EQ(count("obs_collection LIKE 'DEMO\\_SUR%' ESCAPE '\\'"), 6);
  EXPECT_EQ(count("obs_collection LIKE 'demo%'"), 0);
  const Answer unknown = tap("SELECT \"nonsense\" FROM ivoa.obscore");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(table(unknown).meta.status.message, "column nonsense does not exist");
}

TEST_F(TapTest, ErrorsAreDocumentsThatNameTheCulprit) {
  const Answer answer = tap("SELECT FROB(1) FROM ivoa.obscore");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(table(answer).meta.status.kind, QueryStatus::Kind::error);
  EXPECT_EQ(table(answer).meta.status.message, "function FROB is not defined");
  EXPECT_THAT(tap("SELECT a FROM b.c").body, HasSubstr("table b.c does not exist"));
  EXPECT_THAT(tap("SELECT 1 LIMIT 3").body, HasSubstr("LIMIT"));
  EXPECT_THAT(tap("SELECT obs_id FROM ivoa.obscore", "&MAXREC=x").body, HasSubstr("MAXREC"));
  EXPECT_THAT(tap("SELECT obs_id FROM ivoa.obscore", "&FORMAT=fits").body, HasSubstr("RESPONSEFORMAT"));
  EXPECT_THAT(get("/tap/sync?LANG=SQL&QUERY=SELECT+1").body, HasSubstr("LANG"));
  EXPECT_THAT(get("/tap/sync").body, HasSubstr("QUERY is missing"));
}

TEST_F(TapTest, ErrorsComeUnder200WhereTheServerIsLikeThat) {
  options.errors_as_200 = true;
  const Answer answer = tap("SELECT FROB(1) FROM ivoa.obscore");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(table(answer).meta.status.kind, QueryStatus::Kind::error);
}

TEST_F(TapTest, QueriesCannotWrite) {
  for (const char* evil : {"DROP TABLE ivoa.obscore", "DELETE FROM ivoa.obscore", "ATTACH '/tmp/x' AS x",
                           "PRAGMA database_list", "SELECT 1; DROP TABLE ivoa.obscore",
                           "SELECT name FROM ivoa.sqlite_master", "UPDATE ivoa.obscore SET obs_id=1"}) {
    EXPECT_EQ(tap(evil).status, 400) << evil;
  }
  EXPECT_GT(count("1=1"), 40);
}

TEST_F(TapTest, CsvQuotesWhatNeedsIt) {
  const std::string body =
      tap("SELECT obs_id, access_format FROM ivoa.obscore WHERE obs_id LIKE 'shouting%'", "&FORMAT=csv").body;
  EXPECT_EQ(body,
            "obs_id,access_format\r\nshouting-format,\"APPLICATION/X-VOTABLE+XML; Content=\"\"datalink\"\"\"\r\n");
}

TEST_F(TapTest, TheSchemaTellsOfItself) {
  options.obscore_table = "ivoa.ObsCore";
  const vo::Table tables =
      table(tap("SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name IN ('ivoa.obscore', 'ivoa.ObsCore')"));
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables.text(0, "table_name"), "ivoa.ObsCore");
  const vo::Table columns =
      table(tap("SELECT column_name, datatype, \"size\" FROM TAP_SCHEMA.columns WHERE table_name = 'ivoa.ObsCore'"));
  EXPECT_EQ(columns.size(), obscore_columns().size());
  EXPECT_THAT(get("/tap/capabilities").body, HasSubstr("ivo://ivoa.net/std/ObsCore"));
  EXPECT_THAT(get("/tap/tables").body, HasSubstr("<name>ivoa.ObsCore</name>"));
  EXPECT_THAT(get("/tap/availability").body, HasSubstr("<available>true"));
}

TEST_F(TapTest, ExtraRowsAreThereAndTheirFilesToo) {
  options.extra_rows = 3000;
  EXPECT_EQ(count("obs_collection = 'DEMO_BULK'"), 3000);
  EXPECT_GT(count("1=CONTAINS(POINT('ICRS', 200, -30), s_region)"), 10);
  const Answer file = get("/files/DEMO_BULK/b002999.fits");
  EXPECT_EQ(file.status, 200);
  EXPECT_THAT(file.body, StartsWith("SIMPLE  ="));
  EXPECT_EQ(file.body.size(), 5760u);
  EXPECT_EQ(get("/files/DEMO_BULK/bogus.fits").status, 404);
}

class GeometryTest : public TapTest, public ::testing::WithParamInterface<Geometry> {};

TEST_P(GeometryTest, EachRungOfTheLadderFailsByNameOrWorks) {
  options.geometry = GetParam();
  const std::string select = "SELECT obs_id FROM ivoa.obscore WHERE ";
  const Answer meets = tap(select + "1=INTERSECTS(s_region, CIRCLE('ICRS', 156.01, 48.14, 0.1))");
  const Answer holds = tap(select + "1=CONTAINS(POINT('ICRS', 156.01, 48.14), s_region)");
  const Answer centre = tap(select + "1=CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 156.01, 48.14, 3))");
  const Answer box = tap(select + "s_ra BETWEEN 155 AND 157 AND s_dec BETWEEN 47 AND 49");
  const Geometry g = GetParam();
  EXPECT_EQ(meets.status, g == Geometry::all ? 200 : 400);
  EXPECT_EQ(holds.status, g == Geometry::all || g == Geometry::contains_only ? 200 : 400);
  EXPECT_EQ(centre.status, g == Geometry::none ? 400 : 200);
  EXPECT_EQ(box.status, 200);
  if (g != Geometry::all) {
    EXPECT_THAT(meets.body, HasSubstr(g == Geometry::none ? "function CIRCLE is not" : "function INTERSECTS is not"));
  }
  if (g == Geometry::centres_only) {
    EXPECT_THAT(holds.body, HasSubstr("function CONTAINS(geometry, text) is not defined"));
  }
}

INSTANTIATE_TEST_SUITE_P(Ladder, GeometryTest,
                         ::testing::Values(Geometry::all, Geometry::contains_only, Geometry::centres_only,
                                           Geometry::none));

TEST_F(TapTest, JobsRunAndEndAndAreDeleted) {
  options.job_duration = std::chrono::milliseconds(60);
  archive();
  const auto path_of = [](const Answer& created) {
    const std::string url = created.header("Location");
    return url.substr(url.find("/tap/"));
  };
  const Answer created =
      test::post_form(origin.port(), "/tap/async", "LANG=ADQL&QUERY=SELECT+TOP+2+obs_id+FROM+ivoa.obscore");
  ASSERT_EQ(created.status, 303);
  const std::string job = path_of(created);
  EXPECT_EQ(get(job + "/phase").body, "PENDING");
  EXPECT_EQ(test::post_form(origin.port(), job + "/phase", "PHASE=RUN").status, 303);
  EXPECT_EQ(get(job + "/phase").body, "EXECUTING");
  EXPECT_EQ(get(job + "/results/result").status, 404);
  const Answer done = get(job + "?WAIT=5");
  EXPECT_THAT(done.body, HasSubstr("<uws:phase>COMPLETED</uws:phase>"));
  EXPECT_THAT(done.body, HasSubstr(job + "/results/result\""));
  EXPECT_EQ(table(get(job + "/results/result")).size(), 2u);
  EXPECT_EQ(test::Client(origin.port()).send("DELETE", job).status, 303);
  EXPECT_EQ(get(job).status, 404);

  const Answer failing = test::post_form(origin.port(), "/tap/async", "PHASE=RUN&QUERY=SELECT+FROB(1)");
  const Answer failed = get(path_of(failing) + "?WAIT=5");
  EXPECT_THAT(failed.body, HasSubstr("<uws:phase>ERROR</uws:phase>"));
  EXPECT_THAT(failed.body, HasSubstr("function FROB is not defined"));
}

TEST_F(TapTest, AnOriginThatGoesDownDoesNotWaitForItsJobs) {
  options.job_duration = std::chrono::seconds(60);
  archive();
  const Answer created =
      test::post_form(origin.port(), "/tap/async", "PHASE=RUN&QUERY=SELECT+obs_id+FROM+ivoa.obscore");
  const std::string url = created.header("Location");
  std::thread waiting([&] { get(url.substr(url.find("/tap/")) + "?WAIT=50"); });
  while (origin.count("/tap/async/") == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto start = std::chrono::steady_clock::now();
  origin.go_down();
  waiting.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(TapTest, SpectraAreFoundByPosition) {
  const vo::Table found = table(get("/ssa?REQUEST=queryData&POS=279.2347,38.7837&SIZE=0.1"));
  EXPECT_EQ(found.size(), 3u);
  EXPECT_TRUE(found.meta.column_by_utype("Access.Reference"));
  EXPECT_EQ(table(get("/ssa?REQUEST=queryData&POS=10,10&SIZE=0.1")).size(), 0u);
  EXPECT_EQ(table(get("/ssa?POS=10,10")).meta.status.kind, QueryStatus::Kind::error);
  EXPECT_THAT(get("/files/DEMO_SPECTRA/vega_01.fits").body, StartsWith("SIMPLE  ="));
}

}  // namespace
}  // namespace skymount::demo
