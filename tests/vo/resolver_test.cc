// SPDX-License-Identifier: MIT
//
// Names become positions: one question a month, the mirror when the first does not answer, an honest "nobody knows it"
// only when everybody was asked, and nothing that a hostile answer could do.
#include "vo/resolver.h"
#include "tests/support/random.h"
#include "tests/vo/catalog_fixture.h"
#include "vo/demo/archive.h"
#include "vo/protocol/sesame.h"
#include "vo/query/grammar.h"

#include <gmock/gmock.h>

#include <thread>

namespace skymount::vo {
namespace {

using test::soon;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kM31 =
    "# M31\t#Q123\n#=Sc=Simbad (CDS, via client/server):    1     4ms\n%@ 1575544\n%I.0 M  31\n%C.0 AGN\n"
    "%J 10.684708 +41.268750 = 00:42:44.33 +41:16:07.5\n#====Done (2025-01-01)====\n";

/// Two resolvers, the first the one that is asked first.
struct ResolverFixture {
  ResolverFixture() {
    answer(first, kM31);
    answer(second, kM31);
    remount();
  }
  static void answer(demo::Origin& origin, std::string body, int status = 200) {
    origin.handle("/s", [body, status](const demo::Request&) { return demo::Reply::text(status, body); });
  }
  void remount() {
    resolver.reset();
    store.reset();
    lmdb.reset();
    lmdb = cache::Lmdb::open(dir.path()).value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    HttpOptions options;
    options.allow_private = true;
    options.connect = std::chrono::seconds(2);
    resolver = std::make_unique<Resolver>(ResolverOptions{{first.url("/s"), second.url("/s/")}},
                                          make_http_client(options), store, clock);
  }
  std::size_t asked() const { return first.requests().size() + second.requests().size(); }

  skymount::test::TempDir dir;
  ManualClock clock;
  demo::Origin first, second;
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::unique_ptr<Resolver> resolver;
};

TEST(Resolver, AsksOnceAndRemembersOverARemountForAMonth) {
  ResolverFixture f;
  EXPECT_FALSE(f.resolver->in_memory("M31"));
  const auto found = f.resolver->resolve("M31", soon());
  ASSERT_TRUE(found) << found.error().what();
  EXPECT_EQ(found->position, (SkyPosition{10.684708, 41.26875}));
  EXPECT_EQ(found->name, "M 31");
  EXPECT_EQ(found->resolver, "Simbad (CDS, via client/server)");
  EXPECT_EQ(found->url, f.first.url("/s"));
  ASSERT_THAT(f.first.requests(), SizeIs(1));
  EXPECT_EQ(f.first.requests()[0].target, "/s/-oI/SNV?M31");
  EXPECT_TRUE(f.resolver->in_memory("M31"));
  ASSERT_TRUE(f.resolver->resolve("M31", soon()));
  f.clock.advance(std::chrono::hours(24 * 29));
  f.remount();
  EXPECT_EQ(f.resolver->resolve("M31", soon())->position, found->position);
  EXPECT_EQ(f.asked(), 1u);
}

TEST(Resolver, SaysWhenAnAnswerHoldsTwoPositions) {
  ResolverFixture f;
  f.answer(f.first, "# x\n#=Sc=Simbad\n%J 10.5 +41.2 = x\n%J 10.5001 +41.2001\n%J 200 -60\n#====Done====\n");
  const auto found = f.resolver->resolve("x", soon());
  ASSERT_TRUE(found) << found.error().what();
  EXPECT_EQ(found->position, (SkyPosition{10.5, 41.2}));
  EXPECT_THAT(found->remark, HasSubstr("200,-60"));
  f.remount();
  EXPECT_EQ(f.resolver->resolve("x", soon())->remark, found->remark);
  EXPECT_EQ(parse_sesame(kM31)->remark, "");
}

TEST(Resolver, AnOldAnswerIsShownAtOnceAndRefreshedBehind) {
  ResolverFixture f;
  ASSERT_TRUE(f.resolver->resolve("M31", soon()));
  f.clock.advance(std::chrono::hours(24 * 40));
  f.first.misbehave("/", {.latency = std::chrono::milliseconds(100)});
  EXPECT_TRUE(f.resolver->resolve("M31", soon())->stale);
  for (int i = 0; i < 100 && f.resolver->resolve("M31", soon())->stale; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(f.resolver->resolve("M31", soon())->stale);
  EXPECT_EQ(f.asked(), 2u);
}

TEST(Resolver, NobodyKnowsItIsRememberedForAWhile) {
  ResolverFixture f;
  f.answer(f.first, "# Nix\t#Q1\n#=Sc=Simbad:    0     4ms\n#!SIMBAD: No known object\n#====Done====\n");
  const auto nobody = f.resolver->resolve("Nix", soon());
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code(), Code::not_found);
  EXPECT_THAT(nobody.error().what(), HasSubstr("target=Nix"));
  EXPECT_THAT(nobody.error().what(), HasSubstr("No known object"));
  EXPECT_FALSE(f.resolver->resolve("Nix", soon()));
  EXPECT_EQ(f.asked(), 1u);  // a mirror knows no more
  f.clock.advance(std::chrono::minutes(11));
  EXPECT_FALSE(f.resolver->resolve("Nix", soon()));
  EXPECT_EQ(f.asked(), 2u);
}

TEST(Resolver, AsksTheMirrorWhenTheFirstIsGoneBrokenOrHalfBlind) {
  for (const int way : {0, 1, 2, 3}) {
    SCOPED_TRACE(way);
    ResolverFixture f;
    if (way == 0) f.first.go_down();
    if (way == 1) f.answer(f.first, "<html><title>Login</title></html>");
    if (way == 2) f.answer(f.first, "# M31\t#Q1\n#!SIMBAD: connection timed out\n#====Done====\n");
    if (way == 3) f.answer(f.first, std::string(kM31).substr(0, 140));  // cut off in the middle of the position
    const auto found = f.resolver->resolve("M31", soon());
    ASSERT_TRUE(found) << found.error().what();
    EXPECT_EQ(found->url, f.second.url("/s/"));
    EXPECT_EQ(f.second.requests()[0].target, "/s/-oI/SNV?M31");
  }
}

TEST(Resolver, ASilentResolverCostsAThirdOfTheBudget) {
  ResolverFixture f;
  f.first.misbehave("/", {.silent = true});
  const auto start = std::chrono::steady_clock::now();
  const auto found = f.resolver->resolve("M31", FetchContext::within(std::chrono::milliseconds(900), "test"));
  ASSERT_TRUE(found) << found.error().what();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(800));
}

TEST(Resolver, WithNobodyThereItSaysSoAndWhatWasSeenStays) {
  ResolverFixture f;
  ASSERT_TRUE(f.resolver->resolve("M31", soon()));
  f.first.go_down();
  f.second.go_down();
  f.clock.advance(std::chrono::hours(24 * 3650));
  const auto old = f.resolver->resolve("M31", FetchContext::within(std::chrono::seconds(3), "test"));
  ASSERT_TRUE(old) << old.error().what();
  EXPECT_TRUE(old->stale);
  const auto unseen = f.resolver->resolve("M33", FetchContext::within(std::chrono::seconds(3), "test"));
  ASSERT_FALSE(unseen);
  EXPECT_NE(unseen.error().code(), Code::not_found);
}

TEST(Resolver, OfflineAsksNobody) {
  ResolverFixture f;
  ASSERT_TRUE(f.resolver->resolve("M31", soon()));
  f.clock.advance(std::chrono::hours(24 * 3650));
  Resolver offline({{f.first.url("/s")}}, std::make_shared<test::NobodyClient>(), f.store, f.clock);
  EXPECT_TRUE(offline.resolve("M31", soon())->stale);
  const auto unseen = offline.resolve("M33", soon());
  ASSERT_FALSE(unseen);
  EXPECT_EQ(unseen.error().code(), Code::unavailable);
  EXPECT_THAT(unseen.error().what(), HasSubstr("--offline"));
  EXPECT_EQ(f.asked(), 1u);
}

TEST(Resolver, CompletesAQueryWithoutChangingItsName) {
  ResolverFixture f;
  const Query query = parse_component("target=M31,0.5,type=image").value();
  EXPECT_FALSE(f.resolver->complete_in_memory(query));
  const auto complete = f.resolver->complete(query, soon());
  ASSERT_TRUE(complete);
  EXPECT_EQ(complete->position->ra_deg, 10.684708);
  EXPECT_EQ(complete->canonical(), query.canonical());
  EXPECT_EQ(f.resolver->complete_in_memory(query), *complete);
  const Query without = parse_component("pos=1,2").value();
  EXPECT_EQ(f.resolver->complete_in_memory(without), without);
  EXPECT_EQ(f.asked(), 1u);
}

TEST(Resolver, AsksTheDemoArchivesResolver) {
  demo::Origin origin;
  const demo::DemoArchive archive(origin);
  const SystemClock clock;
  HttpOptions options;
  options.allow_private = true;
  Resolver resolver({{archive.sesame_url()}}, make_http_client(options), nullptr, clock);
  EXPECT_EQ(resolver.resolve("Demo Field", soon())->position, (SkyPosition{156.01, 48.14}));
  EXPECT_EQ(resolver.resolve("Nix & Co", soon()).error().code(), Code::not_found);
}

// --- the answers themselves ---

Code code_of(std::string_view body) {
  const auto answer = parse_sesame(body);
  EXPECT_FALSE(answer) << body;
  return answer ? Code::stale : answer.error().code();
}

TEST(Sesame, ReadsTheXmlForm) {
  const auto answer = parse_sesame(
      "<?xml version=\"1.0\"?><Sesame><Target><name>M31</name><Resolver name=\"N=NED\"><INFO>Nothing found</INFO>"
      "</Resolver><Resolver name=\"S=Simbad\"><jradeg>10.684708</jradeg><jdedeg>+41.26875</jdedeg><oname>M  31</oname>"
      "</Resolver></Target></Sesame>");
  ASSERT_TRUE(answer) << answer.error().what();
  EXPECT_EQ(answer->position, (SkyPosition{10.684708, 41.26875}));
  EXPECT_EQ(answer->name, "M 31");
  EXPECT_EQ(answer->resolver, "S=Simbad");
}

TEST(Sesame, TellsUnknownFromBrokenAndFromNonsense) {
  EXPECT_EQ(code_of("<Sesame><Target><Resolver name=\"S\"><INFO>Zero (0) answers</INFO></Resolver></Target></Sesame>"),
            Code::not_found);
  EXPECT_EQ(code_of("<Sesame><Target><Resolver name=\"S\"><INFO>timeout</INFO></Resolver></Target></Sesame>"),
            Code::unavailable);
  EXPECT_EQ(code_of("# x\t#Q1\n#! *** Nothing found ***\n#====Done====\n"), Code::not_found);
  EXPECT_EQ(code_of("# x\t#Q1\n#!SIMBAD: cannot connect\n#!NED: Nothing found\n#====Done====\n"), Code::unavailable);
  EXPECT_EQ(code_of("# x\t#Q1\n"), Code::corrupt);
  EXPECT_EQ(code_of(""), Code::corrupt);
  EXPECT_EQ(code_of("Service moved\n"), Code::corrupt);
  EXPECT_EQ(code_of("<html><body>Sign in</body></html>"), Code::corrupt);
  EXPECT_EQ(code_of("# x\n%J 400 10 = x\n"), Code::corrupt);
  EXPECT_EQ(code_of("# x\n%J 10 100 = x\n"), Code::corrupt);
  EXPECT_EQ(code_of("# x\n%J nan inf = x\n"), Code::corrupt);
  EXPECT_EQ(code_of("# x\n%J\n%J \n"), Code::corrupt);
}

TEST(Sesame, HostileAnswersEnd) {
  EXPECT_EQ(code_of("<Sesame>" + std::string(200'000, '<')), Code::corrupt);
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<a>";
  EXPECT_FALSE(parse_sesame("<Sesame>" + deep));
  for (const unsigned seed : skymount::test::seeds(200)) {
    SCOPED_TRACE(seed);
    std::string damaged = kM31;
    for (const std::byte b : skymount::test::pattern(4, seed)) {
      damaged[(static_cast<std::size_t>(b) * 131 + seed) % damaged.size()] = static_cast<char>(b);
    }
    const auto answer = parse_sesame(damaged);
    if (answer) {
      EXPECT_LE(std::abs(answer->position.dec_deg), 90);
    }
  }
}

}  // namespace
}  // namespace skymount::vo
