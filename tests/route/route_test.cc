// SPDX-License-Identifier: MIT
//
// Routes: which names fit which patterns, what their holes hold, and that what was typed arrives at the archive as
// data.
#include "vo/route/route.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <fstream>

namespace skymount::vo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RoutePtr route(const std::string& path, const std::string& adql = "", Route::Rows rows = Route::Rows::files) {
  auto out = std::make_shared<Route>();
  out->written = path;
  out->where = "x.toml:1";
  out->adql = adql;
  out->rows = rows;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    out->path.push_back(RouteComponent::parse(std::string_view(path).substr(at, slash - at)).value());
    at = slash + 1;
  }
  return out;
}

std::string value(const char* pattern, const char* name) {
  const auto matched = RouteComponent::parse(pattern)->match(name);
  return !matched ? "no match" : *matched ? **matched : "bad: " + matched->error().what();
}

TEST(RouteNames, FitTheirPatternAndType) {
  EXPECT_EQ(value("prog_id={p}", "prog_id=098.C-0739(C)"), "098.C-0739(C)");
  EXPECT_EQ(value("product={p}", "product=ADP.2024-03-19T05:58:04.407"), "ADP.2024-03-19T05:58:04.407");
  EXPECT_EQ(value("{id:name}.fits", "sa120004.fits"), "sa120004");
  EXPECT_EQ(value("x={v}", "x=a%2Fb%20'--"), "a/b '--");
  EXPECT_EQ(value("x={v}", "x="), "no match");
  EXPECT_EQ(value("x={v}", "y=1"), "no match");
  EXPECT_EQ(value("plate={n:int}", "plate=9537"), "9537");
  for (const char* bad : {"plate=x", "plate=1.5", "plate=1;DROP", "plate=%31'", "plate=1e3", "plate= 1"})
    EXPECT_THAT(value("plate={n:int}", bad), HasSubstr("a whole number is needed")) << bad;
  EXPECT_THAT(value("r={x:float}", "r=1.5"), "1.5");
  EXPECT_THAT(value("r={x:float}", "r=inf"), HasSubstr("a number is needed"));
  for (const char* none : {"d=2024-13-01", "d=2024-02-30", "d=2023-02-29", "d=2024-04-31"})
    EXPECT_THAT(value("d={x:date}", none), HasSubstr("a date is needed")) << none;
  EXPECT_EQ(value("d={x:date}", "d=2024-02-29"), "2024-02-29");
  EXPECT_THAT(value("n={x:name}", "n=a b"), HasSubstr("a name is needed"));
  EXPECT_THAT(value("x={v}", "x=%ZZ"), HasSubstr("two hexadecimal digits"));
  EXPECT_THAT(value("x={v}", "x=%00"), HasSubstr("no text"));
  EXPECT_THAT(value("x={v}", "x=%FF"), HasSubstr("no text"));
  for (const char* bad : {"", "{", "}", "{}", "{a}{b}", "{a:what}", "{a b}", "a{b"})
    EXPECT_FALSE(RouteComponent::parse(bad)) << bad;
}

TEST(RouteNames, IntervalsAreTwoNumbersWhateverTheirSpelling) {
  EXPECT_EQ(value("band={b:band}", "band=6.5e-7..6.6e-7"), "0.00000065 0.00000066");
  EXPECT_EQ(value("band={b:band}", "band=650nm..660nm"), "0.00000065 0.00000066");
  EXPECT_EQ(value("band={b:band}", "band=..660nm"), "-Inf 0.00000066");
  EXPECT_EQ(value("v={x:interval}", "v=1.."), "1 +Inf");
  EXPECT_EQ(value("v={x:interval}", "v=-2..3.5"), "-2 3.5");
  for (const char* bad : {"v=..", "v=2..1", "v=a..b", "v=1..2..3", "v=1;2", "v=650nm..660nm", "v=nan..1"})
    EXPECT_THAT(value("v={x:interval}", bad), HasSubstr("an interval is needed")) << bad;
  EXPECT_THAT(value("band={b:band}", "band=650..x"), HasSubstr("a band is needed, such as 650nm..660nm"));
}

TEST(RouteQuestions, AreCountedWithoutTheirOrder) {
  const auto count = [](const std::string& adql, const std::string& size = "", bool sums = true) {
    auto sized = std::make_shared<Route>(*route("plate={n:int}", adql));
    sized->size = size;
    return route_count_adql(*sized, {"plate={n:int}", {{"n", "5"}}}, sums).value();
  };
  EXPECT_EQ(count("SELECT * FROM s WHERE p = {n} ORDER BY id"),
            "SELECT COUNT(*) AS n_rows FROM (SELECT * FROM s WHERE p = 5) AS t");
  EXPECT_EQ(count("SELECT a, kb FROM s\norder  by a desc", "{kb} kB"),
            "SELECT COUNT(*) AS n_rows, SUM(t.kb) AS n_bytes FROM (SELECT a, kb FROM s) AS t");
  EXPECT_EQ(count("SELECT kb FROM s", "{kb} kB", false), "SELECT COUNT(*) AS n_rows FROM (SELECT kb FROM s) AS t");
  EXPECT_EQ(count("SELECT kb FROM s", "{kb}{unit}"), "SELECT COUNT(*) AS n_rows FROM (SELECT kb FROM s) AS t");
  // Words in quotes, comments and brackets are no ORDER BY of the question.
  for (const char* adql :
       {"SELECT 'x order by y' FROM s", "SELECT \"order by\" FROM s", "SELECT * FROM (SELECT * FROM s ORDER BY a) AS q",
        "SELECT * FROM s ORDER BY a LIMIT 10", "SELECT border FROM s"})
    EXPECT_EQ(count(adql), "SELECT COUNT(*) AS n_rows FROM (" + std::string(adql) + ") AS t");
}

TEST(RouteQuestions, NoTypedValueCanChooseTheServer) {
  EXPECT_THAT(holes_of_origin("http://{host}/x/{id}"), ElementsAre("host"));
  EXPECT_THAT(holes_of_origin("{scheme}://h{a}.example:{port}?x={id}"), ElementsAre("scheme", "a", "port"));
  EXPECT_THAT(holes_of_origin("http://a.example/{id}"), IsEmpty());
  EXPECT_THAT(holes_of_origin("{access_url}"), ElementsAre("access_url"));
}

TEST(RouteQuestions, HoldWhatWasTypedAsData) {
  const RoutePtr plates =
      route("t={name}/n={n:int}/r={r:float}", "SELECT * FROM t WHERE a = {name} AND b = {n} AND c < {r}");
  const auto asked = [&](const std::string& name, const std::string& n, const std::string& r) {
    return route_adql(*plates, {plates->written, {{"name", name}, {"n", n}, {"r", r}}}).value();
  };
  EXPECT_EQ(asked("x", "+5", "1e2"), "SELECT * FROM t WHERE a = 'x' AND b = 5 AND c < 100");
  EXPECT_EQ(asked("o'brien' OR 1=1 --", "-3", "0.5"),
            "SELECT * FROM t WHERE a = 'o''brien'' OR 1=1 --' AND b = -3 AND c < 0.5");
  EXPECT_EQ(asked("/* {n} */", "1", "1"), "SELECT * FROM t WHERE a = '/* {n} */' AND b = 1 AND c < 1");
  EXPECT_FALSE(route_adql(*plates, {plates->written, {{"name", "x"}}}));
}

TEST(RoutePaths, MergeWhereTheyBeginAlikeAndLiteralNamesWin) {
  const auto routes = {route("plate={n:int}"), route("plate={n:int}/source"), route("plate={n:int}/{other}"),
                       route("all")};
  ASSERT_TRUE(check_routes(routes));
  const RouteSpotPtr top = route_root(routes);
  EXPECT_EQ(*route_step(*top, "elsewhere"), nullptr);
  EXPECT_THAT(route_step(*top, "plate=x").error().what(),
              HasSubstr("'x' in 'plate={n:int}': a whole number is needed"));
  const RouteSpotPtr plate = *route_step(*top, "plate=9537");
  ASSERT_NE(plate, nullptr);
  EXPECT_EQ(plate->routes.size(), 3U);
  ASSERT_NE(plate->ending(), nullptr);
  EXPECT_EQ(plate->ending()->route->written, "plate={n:int}");
  EXPECT_EQ((*route_step(*plate, "source"))->ending()->route->written, "plate={n:int}/source");
  const RouteSpotPtr other = *route_step(*plate, "sources");
  ASSERT_NE(other->ending(), nullptr);
  EXPECT_THAT(other->ending()->values, ElementsAre(std::pair<std::string, std::string>("n", "9537"),
                                                   std::pair<std::string, std::string>("other", "sources")));
}

TEST(RoutePaths, TwoThatCanMatchOnePathAreAMistake) {
  const auto clash = [](const char* a, const char* b) { return !check_routes({route(a), route(b)}); };
  EXPECT_TRUE(clash("a={x}", "a={x}"));
  EXPECT_TRUE(clash("a={x}", "a={y}"));
  EXPECT_TRUE(clash("a={x:int}", "{y}"));
  EXPECT_TRUE(clash("a={x}/b", "{y}/c"));
  EXPECT_TRUE(clash("{x}.fits", "a{x}"));
  EXPECT_FALSE(clash("a={x}", "b={x}"));
  EXPECT_FALSE(clash("a={x}", "a={x}/b"));
  EXPECT_FALSE(clash("a={x}/b", "a={x}/{y}"));
  EXPECT_FALSE(clash("{x}.fits", "{x}.txt"));
}

TEST(RoutePaths, WhatATypeCannotHoldIsNoClash) {
  const auto checked = [](const char* a, const char* b) {
    return check_routes({route(a, "", Route::Rows::service), route(b, "", Route::Rows::service)}).has_value();
  };
  EXPECT_TRUE(checked("normalized/{id:name}.fits", "normalized/band={b:band}/{id:name}.fits"));
  EXPECT_TRUE(checked("x/{n:int}", "x/plate{n:int}"));
  EXPECT_FALSE(checked("x/{n}", "x/plate{n:int}"));
  EXPECT_FALSE(checked("x/{n:name}.fits", "x/a{m:name}.fits"));
}

TEST(RouteSizes, HaveUnits) {
  EXPECT_EQ(bytes_of_size("1024 kB"), 1'024'000U);
  EXPECT_EQ(bytes_of_size("1.5 MiB"), 1'572'864U);
  EXPECT_EQ(bytes_of_size("1.2e3"), 1200U);
  for (const char* none : {"", "kB", "-5 kB", "0", "1 parsec", "1e300", "nan"})
    EXPECT_FALSE(bytes_of_size(none)) << none;
}

TEST(RouteLists, AreAColumnOfACsvFile) {
  test::TempDir dir;
  RouteList list;
  list.csv = dir.path() / "ids.csv";
  list.columns = {{"id", "pub,did"}};
  list.strip = "ivo://x/";
  std::string fault;
  EXPECT_THAT(listed_values(list, "id", &fault), IsEmpty());
  EXPECT_THAT(fault, HasSubstr("there is no such file"));
  std::ofstream(list.csv)
      << "\xEF\xBB\xBFn,\"pub,did\",z\r\n1,ivo://x/a,\r\n2,\"ivo://x/b\"\"c\",\r\n3\r\n4,ivo://x/a,\n5,,\n6,other";
  EXPECT_THAT(listed_values(list, "id", &fault), ElementsAre("a", "b\"c", "other"));
  EXPECT_THAT(listed_values(list, "elsewhere"), IsEmpty());
  list.columns = {{"id", "nosuch"}};
  EXPECT_THAT(listed_values(list, "id", &fault), IsEmpty());
  EXPECT_THAT(fault, HasSubstr("no column 'nosuch'"));
}

TEST(RouteLists, ThatAreMissingBrokenHugeOrHostileAreToldAndHarmNobody) {
  skymount::test::TempDir dir;
  const std::string file = (dir.path() / "ids.csv").string();
  const RouteList list{file, "", {{"id", "id"}}, ""};
  const auto said = [&](const std::string& text) {
    std::ofstream(file, std::ios::trunc | std::ios::binary) << text;
    std::string fault;
    const std::size_t listed = listed_values(list, "id", &fault).size();
    return std::to_string(listed) + " " + (fault.empty() ? "" : fault.substr(fault.find(": ") + 2));
  };
  std::string fault;
  EXPECT_THAT(listed_values(list, "id", &fault), IsEmpty());
  EXPECT_THAT(fault, HasSubstr("there is no such file, so nothing is listed"));
  EXPECT_THAT(listed_values({dir.path().string(), "", {{"id", "id"}}, ""}, "id", &fault), IsEmpty());
  EXPECT_THAT(fault, HasSubstr("it is no file"));
  EXPECT_THAT(listed_values({"/dev/zero", "", {{"id", "id"}}, ""}, "id", &fault), IsEmpty());
  const std::string pipe = (dir.path() / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(listed_values({pipe, "", {{"id", "id"}}, ""}, "id", &fault), IsEmpty()) << "nobody waits for a writer";
  EXPECT_EQ(said(""), "0 it has no column 'id', so nothing is listed");
  EXPECT_EQ(said("name,x\n1,2\n"), "0 it has no column 'id', so nothing is listed");
  EXPECT_EQ(said("id,x\na,1\nb\n\n,3\na,4\n"), "2 ") << "short lines, empty ones, and doubles";
  EXPECT_EQ(said("id\na\n\"never closed\nb\nc\n"),
            "1 a quote (\") in line 3 is never closed; from there on nothing is listed");
  EXPECT_EQ(said("id\nok\n" + std::string(1000, 'x') + "\n\xFF\xFE\n"),
            "1 2 of its lines hold no text that could be a name; they are left out");
  EXPECT_EQ(said("id\n../../etc/passwd\n"), "1 ") << "a name like others: its '/' is shown as %2F";
  std::string many = "id\n";
  for (int i = 0; i < 100'005; ++i) many += std::to_string(i) + "\n";
  EXPECT_EQ(said(many), "100000 only its first 100000 names are listed");
  EXPECT_EQ(said("id\n\xFF\n" + many.substr(3)),
            "100000 only its first 100000 names are listed; 1 of its lines hold no text that could be a name; they are "
            "left out");
  EXPECT_EQ(RouteComponent::parse("{id}.fits")->name_for("../x"), "%2E.%2Fx.fits");
  const RouteComponent bare = *RouteComponent::parse("{id}");
  EXPECT_EQ(bare.name_for(".."), "%2E.");
  EXPECT_EQ(**bare.match(bare.name_for("..")), "..");
}

}  // namespace
}  // namespace skymount::vo
