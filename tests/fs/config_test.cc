// SPDX-License-Identifier: MIT
//
// What a configuration file promises: four lines are enough, the user's file wins key by key, and every mistake is told
// with file, line, key and the nearest key that exists.
#include "fs/config/config.h"
#include "fs/config/document.h"
#include "fs/config/values.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>
#include <map>

namespace skymount::fs {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kFourLines =
    "name = \"gavo\"\ntitle = \"GAVO Data Center\"\n[tap]\nurl = \"http://dc.g-vo.org/tap\"\n";

/// A home with a shipped directory beside it.
class Configured : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = dir_.path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }
  std::filesystem::path shipped(const std::string& name, const std::string& text) {
    return write("share/" + name, text);
  }
  std::filesystem::path users(const std::string& name, const std::string& text) {
    return write("home/.config/skymount/" + name, text);
  }
  Result<Configuration> load(ConfigRequest request = {}) {
    std::filesystem::create_directories(dir_.path() / "share");
    request.shipped = dir_.path() / "share";
    return load_configuration(request, [this](const char* name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    });
  }
  /// What the one file of a configuration gets to hear.
  std::string complaint(const std::string& text) {
    Result<Configuration> config = load({{write("given.toml", text)}, {}, {}, {}, {}});
    return config ? "no complaint" : config.error().what();
  }
  Code code_of(const std::string& text) {
    Result<Configuration> config = load({{write("given.toml", text)}, {}, {}, {}, {}});
    EXPECT_FALSE(config);
    return config ? Code::cancelled : config.error().code();
  }

  test::TempDir dir_;
  std::map<std::string, std::string> variables_{{"HOME", (dir_.path() / "home").string()}};
};

TEST_F(Configured, FourLinesAreAnArchive) {
  shipped("gavo.toml", kFourLines);
  Result<Configuration> config = load();
  ASSERT_TRUE(config) << config.error().what();
  ASSERT_THAT(config->archives, SizeIs(1));
  const vo::ArchiveOptions& gavo = config->archives[0];
  EXPECT_EQ(gavo.name, "gavo");
  EXPECT_EQ(gavo.title, "GAVO Data Center");
  EXPECT_EQ(gavo.tap.url, "http://dc.g-vo.org/tap");
  EXPECT_EQ(gavo.tap.maxrec, 20'000u);
  EXPECT_EQ(gavo.limits.open, 300s);
  EXPECT_FALSE(gavo.http.allow_private);
  EXPECT_EQ(config->global.cache_bytes, 50'000'000'000u);
  EXPECT_EQ(config->global.memory_bytes, 256u << 20);
  EXPECT_EQ(config->global.cache_dir, dir_.path() / "home/.cache/skymount");
}

TEST_F(Configured, TheUsersFileWinsKeyByKeyOverTheShippedOneOfTheSameName) {
  shipped("gavo.toml", std::string(kFourLines) + "maxrec = 500\n");
  users("gavo.toml", "[tap]\nmaxrec = 7\n[limits]\nconnections = 2\nopen = 1.5\n");
  Result<Configuration> config = load();
  ASSERT_TRUE(config) << config.error().what();
  ASSERT_THAT(config->archives, SizeIs(1));
  EXPECT_EQ(config->archives[0].tap.url, "http://dc.g-vo.org/tap");
  EXPECT_EQ(config->archives[0].tap.maxrec, 7u);
  EXPECT_EQ(config->archives[0].http.connections, 2u);
  EXPECT_EQ(config->archives[0].limits.open, 1500ms);
}

TEST_F(Configured, EveryKeyOfAnArchiveArrives) {
  const auto file = write("all.toml", R"(name = "all"
title = "T"
description = "D"
[tap]
url = "https://a.example/tap"
language = "ADQL-2.1"
mode = "async"
maxrec = 10
execution_duration = 1800
[obscore]
table = "ivoa.ObsCore"
where = "calib_level > 1"
order_by = "t_min"
form = "centre"
search_radius = "30 arcmin"
id_columns = ["obs_id", "plate_id"]
[datalink]
url = "https://a.example/links"
batch = 20
[naming]
dataset = "{obs_id:tail}"
[cutout]
radius = "0.5 deg"
max_bytes = "1 GiB"
[auth]
kind = "none"
[limits]
connections = 3
requests_per_second = 2.5
bytes_per_hour = "2 GB"
connect = 1
first_byte = 2
stall = 3
listing = 4
read = 5
open = 6
[network]
allow_private = true
)");
  Result<vo::ArchiveOptions> all = load_archive(file, true);
  ASSERT_TRUE(all) << all.error().what();
  EXPECT_EQ(all->description, "D");
  EXPECT_EQ(all->tap.language, "ADQL-2.1");
  EXPECT_EQ(all->tap.mode, "async");
  EXPECT_EQ(all->tap.execution_duration, 1800s);
  EXPECT_EQ(all->obscore.table, "ivoa.ObsCore");
  EXPECT_EQ(all->obscore.where, "calib_level > 1");
  EXPECT_EQ(all->obscore.order_by, "t_min");
  EXPECT_EQ(all->obscore.form, "centre");
  EXPECT_DOUBLE_EQ(all->obscore.search_radius_deg, 0.5);
  EXPECT_THAT(all->obscore.id_columns, ElementsAre("obs_id", "plate_id"));
  EXPECT_EQ(all->datalink.url, "https://a.example/links");
  EXPECT_EQ(all->datalink.batch, 20u);
  EXPECT_EQ(all->naming.dataset, "{obs_id:tail}");
  EXPECT_DOUBLE_EQ(all->cutout.radius_deg, 0.5);
  EXPECT_EQ(all->cutout.max_bytes, 1ull << 30);
  EXPECT_DOUBLE_EQ(all->http.requests_per_second, 2.5);
  EXPECT_EQ(all->http.bytes_per_hour, 2'000'000'000u);
  EXPECT_EQ(all->http.connect, 1s);
  EXPECT_EQ(all->http.first_byte, 2s);
  EXPECT_EQ(all->http.stall, 3s);
  EXPECT_EQ(all->limits.listing, 4s);
  EXPECT_EQ(all->limits.read, 5s);
  EXPECT_EQ(all->limits.open, 6s);
  EXPECT_TRUE(all->http.allow_private);
}

TEST_F(Configured, AMisspeltKeyIsToldWithFileLineAndTheNearestKey) {
  EXPECT_THAT(complaint("name = \"gavo\"\n\n[tap]\nurl = \"http://dc.g-vo.org/tap/sync\"\n"),
              HasSubstr("given.toml:4: [tap] url is an address below the service; write what stands before /sync"));
  EXPECT_THAT(complaint("name = \"gavo\"\n\n[tap]\nurll = \"http://dc.g-vo.org/tap\"\n"),
              HasSubstr("given.toml:4: [tap] has no key 'urll' - did you mean 'url'?"));
  EXPECT_THAT(complaint("nmae = \"gavo\"\n"),
              HasSubstr("given.toml:1: there is no top-level key 'nmae' - did you mean 'name'?"));
  EXPECT_THAT(complaint("name = \"g\"\n[tapp]\nurl = \"http://a.example/\"\n"),
              HasSubstr("given.toml:2: there is no section [tapp] - did you mean [tap]?"));
}

TEST_F(Configured, TheFirstMistakeFromTheTopIsTheOneReported) {
  EXPECT_THAT(complaint("name = \"g\"\nzzz = 1\n[limmits]\nopen = 3\n[tap]\nurll = \"x\"\n"), HasSubstr(":2:"));
}

TEST_F(Configured, TextThatIsNotTomlIsToldWithItsLine) {
  EXPECT_THAT(complaint("name = \"gavo\"\n[tap\nurl = 3\n"),
              AllOf(HasSubstr("given.toml:2"), HasSubstr("not valid TOML")));
}

TEST_F(Configured, AValueOfTheWrongKindIsToldWhatWasExpected) {
  const std::string head = kFourLines;
  EXPECT_THAT(complaint(head + "maxrec = \"many\"\n"),
              HasSubstr("given.toml:5: [tap] maxrec must be a whole number from 1 to 1000000, not the text \"many\""));
  EXPECT_THAT(complaint(head + "mode = \"fast\"\n"), HasSubstr("must be one of \"auto\", \"sync\", \"async\""));
  EXPECT_THAT(complaint(head + "execution_duration = 0\n"),
              HasSubstr("given.toml:5: [tap] execution_duration must be a whole number from 1 to 604800"));
  EXPECT_THAT(complaint(head + "[limits]\nopen = \"5 min\"\n"),
              HasSubstr("given.toml:6: [limits] open must be seconds"));
  EXPECT_THAT(complaint(head + "[limits]\nread = 0\n"), HasSubstr("[limits] read"));
  EXPECT_THAT(complaint(head + "[limits]\nconnections = 400\n"), HasSubstr("from 1 to 16"));
  EXPECT_THAT(complaint(head + "[obscore]\nsearch_radius = \"3 parsec\"\n"), HasSubstr("\"3 deg\""));
  EXPECT_THAT(complaint(head + "[obscore]\nid_columns = [1, 2]\n"), HasSubstr("must be a list of texts"));
  for (const char* full : {"\"#coderived\"", "{}", "{ semantics = 3 }", "{ semantic = \"#coderived\" }"}) {
    EXPECT_THAT(complaint(head + "[best]\nfull = " + full + "\n"),
                AllOf(HasSubstr("given.toml:6: [best] full"), HasSubstr("{ semantics = \"#coderived\" }")));
  }
  EXPECT_THAT(complaint(head + "[cutout]\nmax_bytes = \"2 gigs\"\n"), HasSubstr("must be a size with unit"));
  EXPECT_THAT(complaint(head + "[naming]\ndataset = \"{obs_id:slugg}\"\n"),
              HasSubstr("given.toml:6: [naming] dataset"));
  EXPECT_THAT(complaint("name = 3\n[tap]\nurl = \"http://a.example/\"\n"),
              HasSubstr("given.toml:1: name must be a text"));
  EXPECT_THAT(complaint("name = \"a\"\n[tap]\nurl = \"ftp://a.example/\"\n"), HasSubstr("given.toml:3: [tap] url"));
}

TEST_F(Configured, AnArchiveWithoutUrlOrNameIsToldWhatIsMissing) {
  EXPECT_THAT(complaint("name = \"gavo\"\n"), HasSubstr("[tap] url is missing"));
  EXPECT_THAT(complaint("[tap]\nurl = \"http://a.example/tap\"\n"), HasSubstr("name = \"given\""));
}

TEST_F(Configured, ANameMustBeAFolder) {
  for (const char* name : {"", "a/b", ".hidden", "-x", "two words", "README.txt", "a\\nb"}) {
    EXPECT_EQ(code_of("name = \"" + std::string(name) + "\"\n[tap]\nurl = \"http://a.example/\"\n"), Code::invalid)
        << name;
  }
}

TEST_F(Configured, TwoArchivesOfOneNameAreAMistakeThatNamesBothFiles) {
  users("a.toml", kFourLines);
  users("b.toml", kFourLines);
  Result<Configuration> config = load();
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what(), AllOf(HasSubstr("a.toml"), HasSubstr("b.toml"), HasSubstr("\"gavo\"")));
}

TEST_F(Configured, OnlyTheUsersOwnFileOpensPrivateAddresses) {
  shipped("gavo.toml", std::string(kFourLines) + "[network]\nallow_private = true\n");
  Result<Configuration> config = load();
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code(), Code::denied);
  EXPECT_THAT(config.error().what(),
              HasSubstr("gavo.toml:6: [network] allow_private may only be set in your own file"));

  shipped("gavo.toml", kFourLines);
  users("gavo.toml", "[network]\nallow_private = true\n");
  config = load();
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_TRUE(config->archives[0].http.allow_private);
}

TEST_F(Configured, ASecretIsRefusedWithItsLineAndNotRepeated) {
  for (const char* key : {"password", "token", "client_secret"}) {
    const std::string text = std::string(kFourLines) + "[auth]\n" + key + " = \"hunter2\"\n";
    EXPECT_EQ(code_of(text), Code::denied);
    EXPECT_THAT(complaint(text), AllOf(HasSubstr("given.toml:6: [auth] " + std::string(key)), HasSubstr("secrets.toml"),
                                       Not(HasSubstr("hunter2"))));
  }
  const std::string in_url = "name = \"a\"\n[tap]\nurl = \"http://me:hunter2@a.example/tap\"\n";
  EXPECT_EQ(code_of(in_url), Code::denied);
  EXPECT_THAT(complaint(in_url), AllOf(HasSubstr("given.toml:3: [tap] url"), Not(HasSubstr("hunter2"))));
}

TEST_F(Configured, WithConfigOnlyThoseFilesAreReadAndTheyAreTheUsersOwn) {
  shipped("gavo.toml", kFourLines);
  users("mine.toml", "name = \"mine\"\n[tap]\nurl = \"http://b.example/tap\"\n");
  const auto given =
      write("x.toml", "name = \"x\"\n[tap]\nurl = \"http://127.0.0.1:1/tap\"\n[network]\nallow_private = true\n");
  Result<Configuration> config = load({{given}, {}, {}, {}, {}});
  ASSERT_TRUE(config) << config.error().what();
  ASSERT_THAT(config->archives, SizeIs(1));
  EXPECT_EQ(config->archives[0].name, "x");
  EXPECT_TRUE(config->archives[0].http.allow_private);

  variables_["SKYMOUNT_CONFIG"] =
      given.string() + ":" + users("mine.toml", "name = \"mine\"\n[tap]\nurl = \"http://b.example/tap\"\n").string();
  config = load();
  ASSERT_TRUE(config) << config.error().what();
  ASSERT_THAT(config->archives, SizeIs(2));
  EXPECT_EQ(config->archives[0].name, "mine");
}

TEST_F(Configured, TheShippedDemoIsNotMountedUnasked) {
  shipped("gavo.toml", kFourLines);
  shipped("demo.toml",
          "name = \"demo\"\n[tap]\nurl = \"http://127.0.0.1:48148/tap\"\n[network]\nallow_private = true\n");
  Result<Configuration> config = load();
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_THAT(config->archives, SizeIs(1));
}

TEST_F(Configured, AskingForAnArchiveLeavesOutTheOthersAndTheirMistakes) {
  shipped("gavo.toml", kFourLines);
  users("broken.toml", "nonsense\n");
  ConfigRequest request;
  request.only = {"gavo"};
  Result<Configuration> config = load(request);
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_THAT(config->archives, SizeIs(1));
  EXPECT_FALSE(load());

  users("broken.toml", "name = \"whole\"\n[tap]\nurl = \"http://b.example/tap\"\n");
  request.only = {"gavvo"};
  config = load(request);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what(), HasSubstr("did you mean \"gavo\"?"));
}

TEST_F(Configured, AFileThatDoesNotExistIsNamed) {
  Result<Configuration> config = load({{dir_.path() / "nowhere.toml"}, {}, {}, {}, {}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code(), Code::not_found);
  EXPECT_THAT(config.error().what(), HasSubstr("nowhere.toml"));
}

TEST_F(Configured, NothingButTheCacheIsNeededToLookAtTheCache) {
  const Environment environment = [this](const char* name) -> std::optional<std::string> {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::nullopt : std::optional(found->second);
  };
  EXPECT_FALSE(load()) << "no archive is configured";
  Result<GlobalOptions> global = load_global({}, environment);
  ASSERT_TRUE(global) << global.error().what();
  EXPECT_EQ(global->cache_dir, dir_.path() / "home/.cache/skymount");
  users("broken.toml", "name = ");
  users("skymount.toml", "[cache]\ndir = \"~/bytes\"\n");
  EXPECT_EQ(load_global({}, environment)->cache_dir, dir_.path() / "home/bytes");
  ConfigRequest request;
  request.cache = "~/mine";  // as -o cache=~/mine says it, which no shell expands
  EXPECT_EQ(load_global(request, environment)->cache_dir, dir_.path() / "home/mine");
}

TEST_F(Configured, MemoryThatHoldsNotEvenOneRequestIsRefused) {
  shipped("gavo.toml", kFourLines);
  users("skymount.toml", "[cache]\nmemory = \"1 kB\"\n");
  Result<Configuration> config = load();
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what(), AllOf(HasSubstr("skymount.toml:2"), HasSubstr("at least \"32 MB\"")));
  users("skymount.toml", "[cache]\nmemory = \"32 MB\"\n");
  EXPECT_TRUE(load());
}

TEST_F(Configured, TheGlobalFileSetsCacheLifetimesProxyAndCrawlersForAllArchives) {
  shipped("gavo.toml", kFourLines);
  const auto ca = write("ca.pem", "");
  users("skymount.toml",
        "[cache]\ndir = \"~/bytes\"\nsize = \"2 GB\"\nmemory = \"64 MiB\"\n[ttl]\nlistings = \"2 h\"\nlinks = \"1 w\"\n"
        "negative = \"30 s\"\n[proxy]\nurl = "
        "\"http://proxy.example:3128\"\n[tls]\nca = \"" +
            ca.string() + "\"\n");
  Result<Configuration> config = load();
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_EQ(config->global.cache_dir, dir_.path() / "home/bytes");
  EXPECT_EQ(config->global.cache_bytes, 2'000'000'000u);
  EXPECT_EQ(config->global.memory_bytes, 64u << 20);
  EXPECT_EQ(config->archives[0].ttl.listings, 2h);
  EXPECT_EQ(config->archives[0].ttl.negative, 30s);
  EXPECT_EQ(config->archives[0].http.proxy, "http://proxy.example:3128");
  EXPECT_EQ(config->archives[0].http.ca_file, ca.string());

  users("skymount.toml", "[ttl]\nlistings = \"1 fortnight\"\n");
  config = load();
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().what(), HasSubstr("skymount.toml:2: [ttl] listings must be a time with unit"));
}

TEST_F(Configured, CrawlersAreDeniedByDefaultAndTheUsersListTakesTheirPlace) {
  shipped("gavo.toml", kFourLines);
  EXPECT_THAT(load()->global.crawlers_deny,
              AllOf(Contains("updatedb"), Contains("tracker-miner-*"), Contains("localsearch*"), Contains("tumblerd")));
  users("skymount.toml", "[crawlers]\ndeny = [\"mine\", \"walker-*\"]\n");
  EXPECT_THAT(load()->global.crawlers_deny, ElementsAre("mine", "walker-*"));
  users("skymount.toml", "[crawlers]\ndeny = []\n");
  EXPECT_THAT(load()->global.crawlers_deny, IsEmpty());
  for (const char* bad : {"/usr/bin/updatedb", "*", ""}) {
    users("skymount.toml", "[crawlers]\ndeny = [\"ok\", \"" + std::string(bad) + "\"]\n");
    Result<Configuration> config = load();
    ASSERT_FALSE(config) << bad;
    EXPECT_THAT(config.error().what(),
                HasSubstr("skymount.toml:2: [crawlers] deny lists \"" + std::string(bad) + "\""));
  }
}

TEST_F(Configured, WhoResolvesNamesIsConfiguredForAllArchives) {
  shipped("gavo.toml", kFourLines);
  EXPECT_THAT(load()->archives[0].resolver.urls, ElementsAre(HasSubstr("cds.unistra.fr"), HasSubstr("vizier.cfa")));
  users("skymount.toml", "[sesame]\nurl = \"http://one.example/sesame\"\n");
  EXPECT_THAT(load()->archives[0].resolver.urls, ElementsAre("http://one.example/sesame"));
  users("skymount.toml", "[sesame]\nurl = [\"http://one.example/s\", \"http://two.example/s\"]\n");
  EXPECT_THAT(load()->archives[0].resolver.urls, ElementsAre("http://one.example/s", "http://two.example/s"));
  users("skymount.toml", "[sesame]\nurl = [\"http://one.example/s\", \"not a url\"]\n");
  EXPECT_THAT(load().error().what(), HasSubstr("skymount.toml:2: [sesame] url is no URL"));
  users("skymount.toml", "[sesame]\nurl = []\n");
  EXPECT_THAT(load().error().what(), HasSubstr("or a list of them"));
  users("skymount.toml", "[sesame]\nulr = \"http://one.example/\"\n");
  EXPECT_THAT(load().error().what(), HasSubstr("did you mean 'url'?"));
}

TEST_F(Configured, AnArchivesOwnLifetimesWinKeyByKey) {
  shipped("gavo.toml", std::string(kFourLines) + "[ttl]\nlinks = \"3 h\"\n");
  users("skymount.toml", "[ttl]\nlistings = \"2 h\"\nlinks = \"1 w\"\n");
  Result<Configuration> config = load();
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_EQ(config->archives[0].ttl.links, 3h);
  EXPECT_EQ(config->archives[0].ttl.listings, 2h);
  EXPECT_EQ(config->archives[0].ttl.negative, 10min);
  users("gavo.toml", "[ttl]\nlinks = 5\n");
  EXPECT_THAT(load().error().what(), HasSubstr("gavo.toml:2: [ttl] links must be a time with unit"));
}

TEST_F(Configured, AnArchiveKnowsTheFilesItCameFrom) {
  const auto below = shipped("gavo.toml", kFourLines);
  const auto above = users("gavo.toml", "[tap]\nmaxrec = 7\n");
  EXPECT_THAT(load()->archives[0].config_files, ElementsAre(below.string(), above.string()));
}

TEST_F(Configured, TheCacheIsWhereTheMostExplicitWordSaysItIs) {
  shipped("gavo.toml", kFourLines);
  users("skymount.toml", "[cache]\ndir = \"/from/file\"\n");
  EXPECT_EQ(load()->global.cache_dir, "/from/file");
  variables_["SKYMOUNT_CACHE"] = "/from/environment";
  EXPECT_EQ(load()->global.cache_dir, "/from/environment");
  ConfigRequest request;
  request.cache = "/from/flag";
  EXPECT_EQ(load(request)->global.cache_dir, "/from/flag");
}

TEST_F(Configured, MappedOriginsReachEveryArchiveAndAreChecked) {
  shipped("gavo.toml", kFourLines);
  ConfigRequest request;
  request.map = {{"dc.g-vo.org", "http://127.0.0.1:8080"}};
  Result<Configuration> config = load(request);
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_THAT(config->archives[0].http.map,
              ElementsAre(std::pair<std::string, std::string>("dc.g-vo.org", "http://127.0.0.1:8080")));
  request.map = {{"http://dc.g-vo.org", "http://127.0.0.1:8080"}};
  EXPECT_FALSE(load(request));
}

TEST_F(Configured, TheEffectiveConfigurationIsTomlAndShowsNoToken) {
  shipped("gavo.toml",
          "name = \"gavo\"\ntitle = \"Quote \\\" and \\\\ and tab \\t\"\n[tap]\nurl = "
          "\"http://a.example/tap?token=hunter2\"\n");
  users("two.toml", "name = \"two\"\n[tap]\nurl = \"http://b.example/tap\"\n");
  Result<Configuration> config = load();
  ASSERT_TRUE(config) << config.error().what();
  const std::string text = effective_config_text(*config);
  EXPECT_THAT(text,
              AllOf(HasSubstr("[archive.\"gavo\".tap]"), HasSubstr("http://b.example/tap"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(text,
              AllOf(HasSubstr("size = \"50 GB\""), HasSubstr("memory = \"256 MiB\""), HasSubstr("links = \"1 d\"")));
  EXPECT_TRUE(parse_document(text, "effective", true)) << text;
}

TEST(Units, OfSizesAndTimes) {
  EXPECT_EQ(parse_size("50 GB"), 50'000'000'000u);
  EXPECT_EQ(parse_size("256MiB"), 256u << 20);
  EXPECT_EQ(parse_size("1.5 kB"), 1500u);
  EXPECT_EQ(parse_size("0 B"), 0u);
  for (const char* bad : {"", "GB", "5", "-1 GB", "5 gigs", "1e400 B", "nan B", "9999999 TB"})
    EXPECT_FALSE(parse_size(bad)) << bad;
  EXPECT_EQ(parse_duration("1 d"), 24h);
  EXPECT_EQ(parse_duration("10 min"), 10min);
  EXPECT_EQ(parse_duration("1.5 h"), 90min);
  for (const char* bad : {"", "1", "d", "-1 d", "1 month", "99999999 w"}) EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(ShippedDirectory, IsFoundBesideAnInstalledBinaryAndBesideABuiltOne) {
  test::TempDir dir;
  std::filesystem::create_directories(dir.path() / "usr/share/skymount/mount-configs");
  std::filesystem::create_directories(dir.path() / "tree/mount-configs");
  EXPECT_EQ(shipped_directory(dir.path() / "usr/bin/skymount"), "");
  std::filesystem::create_directories(dir.path() / "usr/bin");
  std::filesystem::create_directories(dir.path() / "tree/build/release");
  EXPECT_EQ(shipped_directory(dir.path() / "usr/bin/skymount"), dir.path() / "usr/share/skymount/mount-configs");
  EXPECT_EQ(shipped_directory(dir.path() / "tree/build/release/skymount"), dir.path() / "tree/mount-configs");
}

TEST(ShippedConfigurations, AreWithoutMistakes) {
  const std::filesystem::path shipped = SKYMOUNT_SHIPPED_CONFIGURATIONS;
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shipped)) {
    if (entry.path().extension() != ".toml") continue;
    Result<vo::ArchiveOptions> archive = load_archive(entry.path(), true);
    EXPECT_TRUE(archive) << archive.error().what();
    ++seen;
  }
  EXPECT_GE(seen, 2);
}

}  // namespace
}  // namespace skymount::fs
