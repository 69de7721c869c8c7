// SPDX-License-Identifier: MIT
//
// What an archive showed to one user is kept for that one: not for who is logged out, nor for another one. What it
// shows to everybody is kept for everybody, whoever fetched it. Requests are counted.
#include "cache/lmdb.h"
#include "tests/support/temp_dir.h"
#include "tests/vo/fake_service.h"
#include "vo/archive_client.h"
#include "vo/catalog.h"
#include "vo/derived_files.h"
#include "vo/query/grammar.h"
#include "vo/sources.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

namespace skymount::vo {
namespace {

using test::soon;
using ::testing::AnyOf;
using ::testing::HasSubstr;

std::string card(std::string text) {
  text.resize(80, ' ');
  return text;
}

/// A FITS file of headers alone.
const std::string kSecret = card("SIMPLE  =                    T") + card("BITPIX  =                    8") +
                            card("NAXIS   =                    0") + card("END") + std::string(2880 - 4 * 80, ' ');

/// An archive whose /mine is for anna and bert, each with a token, and whose /open is for everybody.
struct Vault {
  Vault() {
    remount();
    origin.handle("/mine", [](const demo::Request& request) { return guarded(request); });
    origin.put("/open", "for everybody", "text/plain", "\"o1\"");
  }

  static demo::Reply guarded(const demo::Request& request) {
    const std::string shown = request.header("Authorization");
    if (shown != "Bearer anna" && shown != "Bearer bert")
      return demo::Reply::text(shown.empty() ? 401 : 403, "not for you");
    demo::Reply reply = demo::Reply::text(200, kSecret, "image/fits");
    reply.headers.emplace_back("ETag", "\"m1\"");
    return reply;
  }

  void remount() {
    sources.reset();
    blocks.reset();
    store.reset();
    lmdb.reset();
    lmdb = cache::Lmdb::open(dir.path() / "cache").value();
    store = std::make_shared<cache::MetaStore>(lmdb, clock);
    blocks = cache::BlockCache::open({.dir = dir.path() / "cache"}, lmdb).value();
    ArchiveOptions options;
    options.name = "vault";
    options.tap.url = origin.url("/tap");
    options.auth.kind = AuthOptions::Kind::bearer;
    options.auth.hosts = {HostRule::parse(origin.url("")).value()};
    options.auth.token_file = dir.path() / "tokens" / "vault.json";
    options.auth.files = files_in_scope;
    HttpOptions http;
    http.allow_private = true;
    client = make_archive_client(options, http, RetryPolicy{}, clock);
    sources = std::make_unique<Sources>("vault", Limits{}, Lifetimes{}, 2'000'000, client.http, store, *blocks, clock,
                                        nullptr, true);
  }

  void login(const std::string& who) {
    Token token;
    token.value = who;
    token.origins = {HostRule::parse(origin.url("")).value()};
    ASSERT_TRUE(keep_token(dir.path() / "tokens" / "vault.json", token));
  }
  void logout() { ASSERT_TRUE(forget_token(dir.path() / "tokens" / "vault.json").value()); }

  Entry entry(const std::string& path) const {
    Entry out;
    out.name = path.substr(1);
    out.url = origin.url(path);
    out.identity = "id:" + path;
    if (path == "/mine") out.content_type = "image/fits";
    return out;
  }
  /// The file, or the kind of failure.
  std::string read(const std::string& path) { return read(entry(path)); }
  std::string read(const Entry& entry) {
    const auto reader = sources->open(entry, soon());
    if (!reader) return reader.error().code() == Code::denied ? "denied" : reader.error().what();
    const auto bytes = (*reader)->read({0, (*reader)->size()}, soon());
    return bytes ? std::string(as_text(bytes->view())) : bytes.error().what();
  }
  std::size_t asked() const { return origin.requests().size(); }

  skymount::test::TempDir dir;
  ManualClock clock;
  demo::Origin origin;
  bool files_in_scope = true;
  ArchiveClient client;
  std::shared_ptr<cache::Lmdb> lmdb;
  std::shared_ptr<cache::MetaStore> store;
  std::unique_ptr<cache::BlockCache> blocks;
  std::unique_ptr<Sources> sources;
};

TEST(WhatOneUserMaySee, IsNotServedAfterTheLogout) {
  Vault v;
  EXPECT_EQ(v.read("/mine"), "denied");
  v.login("anna");
  EXPECT_EQ(v.read("/mine"), kSecret);
  const std::size_t asked = v.asked();
  EXPECT_EQ(v.read("/mine"), kSecret);
  EXPECT_NE(v.sources->open_in_memory(v.entry("/mine")), nullptr);
  EXPECT_EQ(v.asked(), asked) << "here already";
  v.logout();
  EXPECT_EQ(v.sources->open_in_memory(v.entry("/mine")), nullptr);
  EXPECT_EQ(v.read("/mine"), "denied");
  v.remount();
  EXPECT_EQ(v.read("/mine"), "denied");
  v.origin.go_down();
  v.remount();
  EXPECT_THAT(v.read("/mine"), testing::Not(testing::StartsWith("SIMPLE"))) << "nor with the archive gone";
}

TEST(WhatOneUserMaySee, IsThereAgainForTheSameUserAndNotForAnother) {
  Vault v;
  v.login("anna");
  EXPECT_EQ(v.read("/mine"), kSecret);
  v.login("carl");
  EXPECT_EQ(v.read("/mine"), "denied");
  v.login("bert");
  const std::size_t before = v.asked();
  EXPECT_EQ(v.read("/mine"), kSecret);
  EXPECT_GT(v.asked(), before) << "bert has it from the archive, not from anna";
  v.login("anna");
  const std::size_t asked = v.asked();
  EXPECT_EQ(v.read("/mine"), kSecret);
  v.remount();
  EXPECT_EQ(v.read("/mine"), kSecret);
  EXPECT_EQ(v.asked(), asked);
}

TEST(WhatOneUserMaySee, NeitherIsWhatWasMadeOfIt) {
  Vault v;
  v.login("anna");
  Entry file = v.entry("/mine");
  file.name = "mine.fits";
  const auto headers = header_entry(file);
  ASSERT_TRUE(headers);
  EXPECT_THAT(v.read(*headers), HasSubstr("SIMPLE"));
  v.logout();
  EXPECT_EQ(v.sources->open_in_memory(*headers), nullptr);
  EXPECT_EQ(v.read(*headers), "denied");
}

TEST(WhatEverybodyMaySee, IsFetchedWithoutTheCredentialAndStays) {
  Vault v;
  v.login("anna");
  EXPECT_EQ(v.read("/open"), "for everybody");
  EXPECT_EQ(v.asked(), 1U);
  v.logout();
  EXPECT_EQ(v.read("/open"), "for everybody");
  v.login("bert");
  EXPECT_EQ(v.read("/open"), "for everybody");
  v.remount();
  EXPECT_EQ(v.read("/open"), "for everybody");
  EXPECT_EQ(v.asked(), 1U) << "one fetch for all of them";
  for (const auto& request : v.origin.requests())
    for (const auto& [name, value] : request.headers) EXPECT_FALSE(demo::same_ignoring_case(name, "Authorization"));
}

TEST(WhatEverybodyMaySee, WhoReadsMuchThatIsProtectedPaysOneRequestAFile) {
  Vault v;
  v.login("anna");
  for (int i = 0; i < 6; ++i) {
    Entry entry = v.entry("/mine");
    entry.identity += std::to_string(i);
    EXPECT_EQ(v.read(entry), kSecret);
  }
  EXPECT_EQ(v.asked(), 3U * 2 + 3) << "three were asked for without it first";
  EXPECT_EQ(v.read("/open"), "for everybody");
}

TEST(WhatEverybodyMaySee, IsKeptForEverybodyOnceAnEmbargoIsOver) {
  Vault v;
  v.login("anna");
  EXPECT_EQ(v.read("/mine"), kSecret);
  v.origin.put("/mine", kSecret, "image/fits", "\"m1\"");
  v.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(v.read("/mine"), kSecret);
  v.logout();
  EXPECT_EQ(v.read("/mine"), kSecret);
}

TEST(WhatEverybodyMaySee, ALoginPageInItsPlaceIsAskedForOnceMoreWithTheCredential) {
  Vault v;
  v.login("anna");
  v.origin.handle("/mine", [](const demo::Request& request) {
    if (request.header("Authorization").empty())
      return demo::Reply::text(200, "<html><body>Please log in</body></html>", "text/html");
    return Vault::guarded(request);
  });
  EXPECT_EQ(v.read("/mine"), kSecret);
  v.logout();
  EXPECT_THAT(v.read("/mine"), testing::Not(testing::StartsWith("SIMPLE")));
}

TEST(WhatOneUserMaySee, IsAlsoWhatASignatureOpensThatTheUserWasGiven) {
  Vault v;
  v.login("anna");
  Entry signed_one = v.entry("/signed");
  signed_one.url += "?X-Amz-Signature=0123456789abcdef";
  v.origin.put("/signed", "for anna", "text/plain", "\"s1\"");
  EXPECT_EQ(v.read(signed_one), "for anna");
  v.origin.misbehave("/signed", {.status = 403});
  EXPECT_EQ(v.read(signed_one), "for anna") << "it is here";
  v.logout();
  EXPECT_EQ(v.read("/signed"), "denied") << "the same file under the address that everybody gets";
}

TEST(WhatEverybodyMaySee, IsAllThatIsAskedForWhereScopeLeavesFilesOut) {
  Vault v;
  v.files_in_scope = false;
  v.remount();
  v.login("anna");
  EXPECT_EQ(v.read("/mine"), "denied");
  EXPECT_EQ(v.asked(), 1U);
}

TEST(ListingsOfOneUser, AreKeptForThatOneWhereTapIsInScope) {
  for (const bool in_scope : {true, false}) {
    SCOPED_TRACE(in_scope);
    test::FakeService service(
        [](auto&, auto) { return test::votable_reply(test::obscore_votable(test::rows_around(2))); });
    skymount::test::TempDir dir;
    ManualClock clock;
    ArchiveOptions options = service.options();
    options.auth.kind = AuthOptions::Kind::bearer;
    options.auth.tap = in_scope;
    options.auth.hosts = {HostRule::parse(service.origin.url("")).value()};
    options.auth.token_file = dir.path() / "tokens" / "x.json";
    options.http.allow_private = true;
    const auto client = make_archive_client(options, options.http, RetryPolicy{}, clock);
    const auto store = std::make_shared<cache::MetaStore>(cache::Lmdb::open(dir.path() / "c").value(), clock);
    Catalog catalog(std::make_shared<Archive>(options, client.http, store, clock), store, clock);
    const Query query = parse_component("collection=X").value();
    ASSERT_TRUE(catalog.listing(query, soon()));
    const std::size_t asked = service.tap_requests();
    Token token;
    token.value = "anna";
    token.origins = options.auth.hosts;
    ASSERT_TRUE(keep_token(options.auth.token_file, token));
    ASSERT_TRUE(catalog.listing(query, soon()));
    EXPECT_EQ(service.tap_requests(), asked + (in_scope ? 1 : 0));
    ASSERT_TRUE(forget_token(options.auth.token_file));
    ASSERT_TRUE(catalog.listing(query, soon()));
    EXPECT_EQ(service.tap_requests(), asked + (in_scope ? 1 : 0)) << "what everybody sees is still here";
  }
}

TEST(ListingsOfOneUser, SayWhereTheArchiveTookNoLoginAndAnsweredWhatAnybodyGets) {
  test::FakeService service([](auto&, auto) { return test::votable_reply(""); });
  service.origin.handle("/tap/sync", [](const demo::Request& request) {
    if (!request.header("Authorization").empty()) return demo::Reply::text(401, "who is that?");
    return test::votable_reply(test::obscore_votable(test::rows_around(2)));
  });
  skymount::test::TempDir dir;
  ManualClock clock;
  ArchiveOptions options = service.options();
  options.auth.kind = AuthOptions::Kind::bearer;
  options.auth.hosts = {HostRule::parse(service.origin.url("")).value()};
  options.auth.token_file = dir.path() / "tokens" / "x.json";
  options.http.allow_private = true;
  Token token;
  token.value = "anna";
  token.origins = options.auth.hosts;
  ASSERT_TRUE(keep_token(options.auth.token_file, token));
  const auto client = make_archive_client(options, options.http, RetryPolicy{}, clock);
  const auto store = std::make_shared<cache::MetaStore>(cache::Lmdb::open(dir.path() / "c").value(), clock);
  Catalog catalog(std::make_shared<Archive>(options, client.http, store, clock), store, clock);
  const auto listing = catalog.listing(parse_component("collection=X").value(), soon());
  ASSERT_TRUE(listing) << listing.error().what();
  std::string words;
  for (const Shortfall& shortfall : (*listing)->shortfalls) words += shortfall.words + "\n";
  EXPECT_THAT(words, HasSubstr("without your login"));
}

}  // namespace
}  // namespace skymount::vo
