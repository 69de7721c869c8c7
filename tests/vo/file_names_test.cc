// SPDX-License-Identifier: MIT
//
// Names that people, shells, cfitsio and tar can live with, whatever the archive wrote.
#include "vo/file_names.h"

#include "tests/support/random.h"
#include "vo/query/words.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

namespace skymount::vo {
namespace {

using test::seeds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

/// What the contract asks of every name.
::testing::AssertionResult is_safe(std::string_view name, std::size_t most = 255) {
  const auto no = [&](std::string_view why) { return ::testing::AssertionFailure() << why << " in '" << name << "'"; };
  if (name.empty() || name == "." || name == "..") return no("nothing");
  if (name.size() > most) return no("too many bytes");
  if (name.find_first_of(" []{}()!+='\"`$;&|<>*?\\#/\x7f") != std::string_view::npos) return no("a special character");
  if (std::any_of(name.begin(), name.end(), [](char c) { return is_control(c); })) return no("a control byte");
  if (std::string_view("~-@.").find(name.front()) != std::string_view::npos) return no("a special first character");
  if (!is_utf8(name)) return no("malformed UTF-8");
  return ::testing::AssertionSuccess();
}

std::string hostile(std::mt19937& random, unsigned longest) {
  static constexpr std::string_view kPieces[] = {"a",
                                                 "Z",
                                                 "9",
                                                 ".",
                                                 "..",
                                                 "/",
                                                 "~",
                                                 "-",
                                                 "@",
                                                 "_",
                                                 ".fits",
                                                 ".fits.gz",
                                                 " ",
                                                 "\t",
                                                 "\n",
                                                 "\x01",
                                                 "$(reboot)",
                                                 "`id`",
                                                 "*",
                                                 "?",
                                                 "#",
                                                 "[1]",
                                                 "+3",
                                                 "'",
                                                 "\"",
                                                 "é",
                                                 "☆",
                                                 "日本",
                                                 "\xF0\x9F\x94\xAD",
                                                 "\xFF",
                                                 "\xC3",
                                                 "\xE2\x80\xAE",
                                                 "\xC2\xA0",
                                                 "\xED\xA0\x80",
                                                 "%2F",
                                                 ":",
                                                 ",",
                                                 "\\",
                                                 "README.txt",
                                                 "%"};
  std::string out;
  for (unsigned n = random() % (longest + 1); n > 0; --n) out += kPieces[random() % std::size(kPieces)];
  return out;
}

TEST(SafeName, KeepsWhatIsHarmless) {
  for (std::string_view name :
       {"i00811.fits", "SPHER.2016-09-26T03:04:09.308", "a,b~c@d-e.f", "Größe_☆.fits", "日本.png", "50%"}) {
    EXPECT_EQ(safe_name(name), name);
  }
}

TEST(SafeName, ReplacesWhatShellsAndCfitsioRead) {
  EXPECT_EQ(safe_name("a b[1](2){3}!+=.fits"), "a_b_1__2__3____.fits");
  EXPECT_EQ(safe_name("$(rm -rf ~);`x`&|<>*?\\#'\"/"), "__rm_-rf_~___x____________");
  EXPECT_EQ(safe_name("~user"), "_user");
  EXPECT_EQ(safe_name("-rf"), "_rf");
  EXPECT_EQ(safe_name("@list"), "_list");
  EXPECT_EQ(safe_name(".hidden"), "_hidden");
  EXPECT_EQ(safe_name(".."), "_.");
  EXPECT_EQ(safe_name("."), "_");
  EXPECT_EQ(safe_name(""), "unnamed");
  EXPECT_EQ(safe_name("../../etc/passwd"), "_._.._etc_passwd");
  EXPECT_EQ(safe_name(std::string_view("a\0b", 3)), "a_b");
  EXPECT_EQ(safe_name("a\xFF\xC3z"), "a__z");
  EXPECT_EQ(safe_name("gnp.\xE2\x80\xAEstif"), "gnp._stif");  // U+202E would turn the name round on screen
  EXPECT_EQ(safe_name("a\xC2\xA0z"), "a_z");
}

TEST(SafeName, CutsBetweenCharactersAndKeepsTheExtension) {
  const std::string long_name = safe_name(std::string(300, 'x') + ".fits.gz");
  EXPECT_EQ(long_name.size(), 255u);
  EXPECT_TRUE(long_name.ends_with("x.fits.gz"));
  std::string stars;
  for (int i = 0; i < 100; ++i) stars += "☆";
  EXPECT_EQ(safe_name(stars + ".fits").size(), 83u * 3 + 5);
  EXPECT_TRUE(is_safe(safe_name(stars + ".fits")));
}

TEST(SafeName, IsSafeForAnyBytesAndChangesNothingTwice) {
  for (unsigned seed : seeds(3000)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const std::string text = hostile(random, seed % 10 == 0 ? 200 : 12);
    const std::string name = safe_name(text);
    EXPECT_TRUE(is_safe(name));
    EXPECT_EQ(safe_name(name), name);
    const std::string shorter = safe_name(text, 40);
    EXPECT_TRUE(is_safe(shorter, 40));
  }
  EXPECT_TRUE(is_safe(safe_name(std::string(5'000'000, '\xE2'))));
}

TEST(SplitExtension, KnowsDoubleOnesAndTimeStamps) {
  const auto parts = [](std::string_view name) {
    return std::string(split_extension(name).stem) + "|" + std::string(split_extension(name).extension);
  };
  EXPECT_EQ(parts("a.fits"), "a|.fits");
  EXPECT_EQ(parts("a.b.fits.gz"), "a.b|.fits.gz");
  EXPECT_EQ(parts("a.fits.Z"), "a|.fits.Z");
  EXPECT_EQ(parts("a.gz"), "a|.gz");
  EXPECT_EQ(parts("SPHER.2016-09-26T03:04:09.308"), "SPHER.2016-09-26T03:04:09.308|");
  EXPECT_EQ(parts(".profile"), ".profile|");
  EXPECT_EQ(parts("a."), "a.|");
  EXPECT_EQ(parts("a.verylongextension"), "a.verylongextension|");
}

TEST(ExtensionFor, ReadsMimeTypesAsServersWriteThem) {
  const std::pair<std::string_view, std::string_view> types[] = {
      {"image/fits", "fits"},
      {"application/fits", "fits"},
      {"Application/FITS; charset=binary", "fits"},
      {"image/x-fits-gzip", "fits.gz"},
      {"image/x-fits-hcompress", "fits.fz"},
      {"image/jpeg", "jpeg"},
      {"image/png", "png"},
      {"application/x-votable+xml;serialization=TABLEDATA", "vot"},
      {"text/csv;header=present", "csv"},
      {"text/plain", "txt"},
      {"text/html", "html"},
      {"application/pdf", "pdf"},
      {"application/x-tar", "tar"},
      {"application/gzip", "gz"},
      {"application/octet-stream", ""},
      {"", ""},
  };
  for (const auto& [type, extension] : types) EXPECT_EQ(extension_for(type), extension) << type;
}

TEST(ExtensionFor, TheHintWinsWhereItFits) {
  EXPECT_EQ(extension_for("image/jpeg", "a.jpg"), "jpg");
  EXPECT_EQ(extension_for("image/jpeg", "a.fits"), "jpeg");
  EXPECT_EQ(extension_for("application/fits", "http://x/a.fits.fz"), "fits.fz");
  EXPECT_EQ(extension_for("", "http://x/a.fits?token=b.c"), "fits");
  EXPECT_EQ(extension_for("text/plain", "spectrum.dat"), "dat");
}

TEST(IdTail, IsTheTellingPartOfAnIdentifier) {
  EXPECT_EQ(id_tail("ivo://x/y?path/i00811.fits"), "i00811");
  EXPECT_EQ(id_tail("ivo://org.gavo.dc/~?dasch/q/i00811.fits.gz"), "i00811");
  EXPECT_EQ(id_tail("ivo://eso.org/ID?ADP.2016-09-26T03:04:09.308"), "ADP.2016-09-26T03:04:09.308");
  EXPECT_EQ(id_tail("uid://A001/X87a/X3"), "X3");
  EXPECT_EQ(id_tail("mast:HST/product/abc_drz.fits"), "abc_drz");
  EXPECT_EQ(id_tail("mast:abc"), "abc");
  EXPECT_EQ(id_tail("i00811"), "i00811");
  EXPECT_EQ(id_tail("ivo://x/plates/"), "plates");
  EXPECT_EQ(id_tail(""), "");
  EXPECT_EQ(id_tail("///"), "");
}

TEST(Semantics, FoldersAreNamedByTheirTerm) {
  for (std::string_view term :
       {"", "#this", "this", "http://www.ivoa.net/rdf/datalink/core#this", "#preview", "#preview-image",
        "#preview-plot", "#thumbnail", "https://www.ivoa.net/rdf/datalink/core#thumbnail", "#cutout"}) {
    EXPECT_EQ(folder_for_semantics(term), "") << term;
  }
  EXPECT_EQ(folder_for_semantics("#coderived"), "coderived");
  EXPECT_EQ(folder_for_semantics("http://www.ivoa.net/rdf/datalink/core#coderived"), "coderived");
  EXPECT_EQ(folder_for_semantics("http://archive.eso.org/rdf/datalink/eso#calSelector_raw2master"),
            "calSelector_raw2master");
  EXPECT_EQ(folder_for_semantics("http://www.opencadc.org/caom2#pkg"), "pkg");
  EXPECT_EQ(folder_for_semantics("http://x.org/terms/flat field/"), "flat_field");
  EXPECT_EQ(folder_for_semantics("http://x.org/terms#cutouts"), "cutouts_links");  // ours is called cutouts
  EXPECT_EQ(folder_for_semantics("http://x.org/terms#preview"), "preview");        // not the vocabulary's preview
  EXPECT_TRUE(is_service("#proc"));
  EXPECT_TRUE(is_service("#cutout"));
  EXPECT_FALSE(is_service("#coderived"));
}

struct Case {
  LinkNaming link;
  std::string name;
};

TEST(LinkName, FollowsTheLadderOfWords) {
  const std::string did = "ivo://x/y?plates/i00811.fits";
  const Case cases[] = {
      {{.configured = "my name", .url = "http://x/a.fits", .content_type = "image/fits"}, "my_name.fits"},
      {{.file_name = "orig.fits", .url = "http://x/a.fits", .content_type = "image/fits"}, "orig.fits"},
      {{.file_name = "/data/dir/orig.fits"}, "orig.fits"},
      {{.local_semantics = "full", .url = "http://x/a.fits", .content_type = "image/fits"}, "full.fits"},
      {{.url = "http://x/files/i00811_full.fits", .id = did, .semantics = "#coderived"}, "i00811_full.fits"},
      {{.url = "http://x/files/a%20b.fits?sig=1#f"}, "a_b.fits"},
      {{.url = "http://x/a.fits;jsessionid=1.2"}, "a.fits"},
      {{.url = "https://dataportal.eso.org/dataPortal/file/ADP.2016-09-26T03:04:09.308",
        .content_type = "application/fits"},
       "ADP.2016-09-26T03:04:09.308.fits"},
      {{.url = "http://x/q/dlget?ID=ivo%3A%2F%2Fx%2Fy%3Fplates%2Fi7.fits", .id = did, .content_type = "image/fits"},
       "i7.fits"},
      {{.url = "http://x/links?ID=abc", .id = did, .content_type = "image/fits"}, "i00811.fits"},
      {{.url = "http://x/getproduct?key=4", .id = did, .content_type = "image/fits"}, "i00811.fits"},
      {{.url = "http://x/thing?ID=4", .id = did, .content_type = "image/fits"}, "i00811.fits"},
      {{.url = "http://x/get.php?id=4", .id = did, .content_type = "image/fits"}, "i00811.fits"},
      {{.url = "https://m/api/v0.1/Download/file?uri=mast:HST/product/abc_drz.fits", .id = did}, "abc_drz.fits"},
      {{.url = "http://x/dir/", .id = did, .content_type = "application/pdf"}, "i00811.pdf"},
      {{.url = "http://x", .id = did, .content_type = "text/csv"}, "i00811.csv"},
      {{.url = "http://x/scans/4711", .content_type = "image/fits"}, "4711.fits"},
      {{}, "unnamed"},
      {{.url = "http://x/..", .id = ""}, "unnamed"},
      {{.url = "http://x/calib", .id = did, .content_type = "application/x-votable+xml; content=\"datalink\""},
       "calib.vot"},
  };
  for (const Case& c : cases) EXPECT_EQ(link_name(c.link), c.name) << c.link.url;
}

TEST(FileNames, ALinkThatIsAskedForByAnotherIdBearsThatId) {
  // ESO's calibrations: each link of a raw file's cascade is about another file.
  LinkNaming link{
      .url =
          "https://archive.eso.org/datalink/links?ID=ivo://eso.org/ID?SPHER.2016-09-26T10:00:00.123&eso_download=file",
      .id = "ivo://eso.org/ID?SPHER.2016-09-26T03:04:09.308",
      .semantics = "#calibration",
      .content_type = "application/x-fits"};
  EXPECT_EQ(link_name(link), "SPHER.2016-09-26T10:00:00.123.fits");
  link.url = "https://archive.eso.org/datalink/links?eso_download=file";
  EXPECT_EQ(link_name(link), "SPHER.2016-09-26T03:04:09.308.fits");
}

TEST(LinkName, TheExtensionFitsTheContent) {
  const auto named = [](std::string url, std::string type) {
    return link_name({.url = "http://x/" + url, .content_type = type});
  };
  EXPECT_EQ(named("x", "image/fits"), "x.fits");
  EXPECT_EQ(named("x.fits.gz", "image/fits"), "x.fits.gz");
  EXPECT_EQ(named("x.fits.fz", "image/fits"), "x.fits.fz");
  EXPECT_EQ(named("x.FIT", "image/fits"), "x.FIT");
  EXPECT_EQ(named("x.fits.Z", "application/fits"), "x.fits.Z");
  EXPECT_EQ(named("x.fits", "image/x-fits-hcompress"), "x.fits.fz");
  EXPECT_EQ(named("x.jpg", "image/jpeg"), "x.jpg");
  EXPECT_EQ(named("x.jpeg", "image/jpeg"), "x.jpeg");
  EXPECT_EQ(named("x.fits", "image/jpeg"), "x.fits.jpeg");
  EXPECT_EQ(named("x.fits", "text/plain"), "x.fits");
  EXPECT_EQ(named("x.tar.gz", "application/gzip"), "x.tar.gz");
  EXPECT_EQ(named("x.anything", "application/octet-stream"), "x.anything");
}

TEST(LinkName, APreviewBearsItsTerm) {
  const auto named = [](std::string url, std::string term, std::string type) {
    return link_name({.url = url, .id = "ivo://x/y?plates/i00811.fits", .semantics = term, .content_type = type});
  };
  EXPECT_EQ(named("http://x/i00811.jpeg", "#preview-image", "image/jpeg"), "i00811.preview-image.jpeg");
  EXPECT_EQ(named("http://x/i00811.png", "#thumbnail", "image/png"), "i00811.thumbnail.png");
  EXPECT_EQ(named("http://x/i00811.jpg", "#preview", ""), "i00811.preview.jpg");
  EXPECT_EQ(named("http://x/getproduct/i00811.fits?preview=True", "#preview", "image/jpeg"), "i00811.preview.jpeg");
  EXPECT_EQ(named("http://x/getproduct/i00811.fits?preview=True", "#preview", ""), "i00811.preview");
  EXPECT_EQ(named("http://x/dlget?what=preview", "http://www.ivoa.net/rdf/datalink/core#preview-plot", "image/png"),
            "i00811.preview-plot.png");
  EXPECT_EQ(named("http://x/i00811.preview-image.jpeg", "#preview-image", "image/jpeg"), "i00811.preview-image.jpeg");
}

TEST(LinkName, IsSafeForAnyLink) {
  for (unsigned seed : seeds(2000)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto maybe = [&] { return random() % 2 == 0 ? hostile(random, 20) : std::string(); };
    static constexpr std::string_view kTypes[] = {"image/fits", "image/png", "", "text/plain", "image/x-fits-gzip"};
    static constexpr std::string_view kTerms[] = {"#this", "#preview", "#thumbnail", "#coderived", "http://a/b#c"};
    const LinkNaming link{maybe(),
                          maybe(),
                          maybe(),
                          "http://x/" + hostile(random, 100),
                          hostile(random, 9),
                          std::string(kTerms[random() % 5]),
                          std::string(kTypes[random() % 5])};
    EXPECT_TRUE(is_safe(link_name(link)));
    EXPECT_EQ(link_name(link), link_name(link));
    const std::string folder = folder_for_semantics(hostile(random, 5));
    EXPECT_TRUE(folder.empty() || is_safe(folder)) << folder;
  }
}

std::vector<NameWish> wishes(std::initializer_list<std::pair<std::string, std::string>> list) {
  std::vector<NameWish> out;
  for (const auto& [name, identity] : list) out.push_back({name, identity, {}});
  return out;
}

TEST(UniqueNames, LeavesUniqueNamesAlone) {
  EXPECT_THAT(unique_names(wishes({{"a.fits", "1"}, {"b.fits", "2"}})), ElementsAre("a.fits", "b.fits"));
  EXPECT_TRUE(unique_names({}).empty());
}

TEST(UniqueNames, TwinsBearTheirHashBeforeTheExtension) {
  const auto names = unique_names(wishes({{"a.fits.gz", "1"}, {"b.fits", "2"}, {"a.fits.gz", "3"}}));
  EXPECT_THAT(names[0], MatchesRegex("a~[0-9a-f]{6}\\.fits\\.gz"));
  EXPECT_EQ(names[1], "b.fits");
  EXPECT_THAT(names[2], MatchesRegex("a~[0-9a-f]{6}\\.fits\\.gz"));
  EXPECT_NE(names[0], names[2]);
}

TEST(UniqueNames, NamesThatDifferInCaseAreTwins) {
  const auto names = unique_names(wishes({{"A.fits", "1"}, {"a.FITS", "2"}}));
  EXPECT_THAT(names, ElementsAre(MatchesRegex("A~[0-9a-f]{6}\\.fits"), MatchesRegex("a~[0-9a-f]{6}\\.FITS")));
}

TEST(UniqueNames, FoldersBearItAtTheEnd) {
  const auto names = unique_names(wishes({{"1890_x_a.b", "1"}, {"1890_x_a.b", "2"}}), Suffix::at_end);
  EXPECT_THAT(names[0], MatchesRegex("1890_x_a\\.b~[0-9a-f]{6}"));
}

TEST(UniqueNames, OurOwnNamesYieldToNone) {
  for (std::string ours :
       {"README.txt", "readme.TXT", "links.vot",  "dataset.json", "ERRORS.txt",      "INCOMPLETE.txt", "cutout.fits",
        "cutout",     "COUNT.txt",  "query.adql", "results.vot",  "results.csv",     "cutouts",        "images",
        "previews",   "by-year",    "best.fits",  "best.jpeg",    "i00811.fits.hdr", "a.fits.gz.hdr"}) {
    EXPECT_TRUE(is_reserved_name(ours)) << ours;
    const auto names = unique_names({{ours, "identity", "ivo://x/y?i00811.fits"}});
    EXPECT_NE(lower(names[0]), lower(ours));
    EXPECT_FALSE(is_reserved_name(names[0])) << names[0];
    EXPECT_THAT(names[0], ::testing::HasSubstr("~i00811")) << ours;
  }
  EXPECT_EQ(unique_names({{"README.txt", "identity", "ivo://x/y?i00811.fits"}})[0], "README~i00811.txt");
  EXPECT_FALSE(is_reserved_name("i00811.hdr"));
  EXPECT_FALSE(is_reserved_name("README.md"));
}

TEST(UniqueNames, FilesYieldToFoldersBesideThem) {
  const auto names = unique_names({{"coderived", "x", "id7"}}, Suffix::before_extension, {"Coderived"});
  EXPECT_THAT(names, ElementsAre("coderived~id7"));
}

TEST(UniqueNames, ANameThatImitatesASuffixIsToldApartToo) {
  const auto twins = wishes({{"a.fits", "1"}, {"a.fits", "2"}});
  const std::string first = unique_names(twins)[0];
  auto three = twins;
  three.push_back({first, "3", {}});
  const auto names = unique_names(three);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 3u);
}

TEST(UniqueNames, RowsAlikeInEverythingAreCounted) {
  const auto names = unique_names(wishes({{"a.fits", "1"}, {"a.fits", "1"}, {"a.fits", "2"}}));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 3u);
  EXPECT_THAT(names[2], MatchesRegex("a~[0-9a-f]{6}\\.fits"));
}

TEST(UniqueNames, AreUniqueSafeAndTheSameInAnyOrder) {
  for (unsigned seed : seeds(400)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    static constexpr std::string_view kNames[] = {"a.fits",    "A.fits", "a.FITS", "README.txt",
                                                  "links.vot", "b",      "c.d",    "a~1.fits"};
    std::vector<NameWish> all;
    for (unsigned n = random() % 30; n > 0; --n) {
      std::string name =
          random() % 4 == 0 ? safe_name(hostile(random, 8)) : std::string(kNames[random() % std::size(kNames)]);
      if (random() % 10 == 0) name = std::string(251, 'x') + (random() % 2 == 0 ? ".fit" : "☆");
      all.push_back({safe_name(name), "identity " + std::to_string(random() % 40), random() % 2 == 0 ? "id/x" : ""});
    }
    const Suffix place = seed % 2 == 0 ? Suffix::at_end : Suffix::before_extension;
    const std::vector<std::string> names = unique_names(all, place);
    ASSERT_EQ(names.size(), all.size());
    std::set<std::string> folded;
    for (const std::string& name : names) {
      EXPECT_TRUE(is_safe(name));
      EXPECT_FALSE(is_reserved_name(name)) << name;
      EXPECT_TRUE(folded.insert(lower(name)).second) << name;
    }
    std::vector<std::size_t> order(all.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    std::vector<NameWish> shuffled;
    for (std::size_t i : order) shuffled.push_back(all[i]);
    const std::vector<std::string> again = unique_names(shuffled, place);
    // Wishes alike in everything are interchangeable: compare what each kind of wish got.
    std::multiset<std::string> before, after;
    const auto told = [](const NameWish& w, const std::string& name) {
      return w.name + '\0' + w.identity + '\0' + w.id + '\0' + name;
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
      before.insert(told(all[i], names[i]));
      after.insert(told(shuffled[i], again[i]));
    }
    EXPECT_EQ(before, after);
  }
}

}  // namespace
}  // namespace skymount::vo
