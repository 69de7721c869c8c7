// SPDX-License-Identifier: MIT
//
// What holds for the names of any answer, however hostile: told apart, the same whatever order the rows came in, and at
// home in a real shell, a real file system and the real cfitsio.
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "vo/dataset_names.h"
#include "vo/listing_builder.h"
#include "vo/query/words.h"

#include <fitsio.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include <unistd.h>

namespace skymount::vo {
namespace {

using test::seeds;

/// Pieces that meet shells, file systems, terminals and cfitsio where they are weak.
std::string hostile(std::mt19937& random, unsigned longest) {
  using namespace std::string_view_literals;
  static constexpr std::string_view kPieces[] = {"a"sv,
                                                 "Z"sv,
                                                 "9"sv,
                                                 "."sv,
                                                 ".."sv,
                                                 "/"sv,
                                                 "~"sv,
                                                 "-"sv,
                                                 "@"sv,
                                                 "_"sv,
                                                 ".fits"sv,
                                                 ".gz"sv,
                                                 " "sv,
                                                 "\t"sv,
                                                 "\n"sv,
                                                 "\0"sv,
                                                 "$(id)"sv,
                                                 "`id`"sv,
                                                 "*"sv,
                                                 "?"sv,
                                                 "#"sv,
                                                 "[1]"sv,
                                                 "+3"sv,
                                                 "'"sv,
                                                 "\""sv,
                                                 "!1"sv,
                                                 "{a,b}"sv,
                                                 "\\"sv,
                                                 "%s"sv,
                                                 "%2F"sv,
                                                 ":"sv,
                                                 ","sv,
                                                 ";"sv,
                                                 "&"sv,
                                                 "|"sv,
                                                 "<"sv,
                                                 ">"sv,
                                                 "="sv,
                                                 "(x)"sv,
                                                 "^"sv,
                                                 "mem:"sv,
                                                 "http://"sv,
                                                 "ftp:"sv,
                                                 "file:"sv,
                                                 "shmem:"sv,
                                                 "stdin"sv,
                                                 "root:"sv,
                                                 "README.txt"sv,
                                                 "cutout"sv,
                                                 "\xC3\xA9"sv /* é */,
                                                 "e\xCC\x81"sv /* é in two */,
                                                 "\xE2\x80\xAE"sv /* right to left */,
                                                 "\xC2\x9B"sv /* C1 */,
                                                 "\xE2\x80\x8B"sv /* no width */,
                                                 "\xF0\x9F\x94\xAD"sv,
                                                 "\xFF"sv,
                                                 "\xED\xA0\x80"sv /* half a surrogate */,
                                                 "\x7F"sv,
                                                 "\x1B[31m"sv};
  std::string out;
  for (unsigned n = 1 + random() % longest; n > 0; --n) out += kPieces[random() % std::size(kPieces)];
  return out;
}

/// A file that cfitsio takes for one.
std::string tiny_fits() {
  std::string out = "SIMPLE  =                    T";
  out.resize(80, ' ');
  out += "BITPIX  =                    8";
  out.resize(160, ' ');
  out += "NAXIS   =                    0";
  out.resize(240, ' ');
  out += "END";
  out.resize(2880, ' ');
  return out;
}

/// In a folder of its own, so that names can be used as people use them: without a path.
class NamesAtWork : public ::testing::Test {
 protected:
  NamesAtWork() : before_(std::filesystem::current_path()) { std::filesystem::current_path(dir_.path()); }
  ~NamesAtWork() override { std::filesystem::current_path(before_); }

  static std::set<std::string> names(unsigned seed, unsigned count) {
    std::mt19937 random(seed);
    std::set<std::string> out;
    while (out.size() < count) {
      LinkNaming link;
      (random() % 2 == 0 ? link.file_name : link.id) = hostile(random, 6);
      link.content_type = "application/fits";
      out.insert(link_name(link));
      out.insert(safe_name(hostile(random, 6)));
    }
    return out;
  }

  test::TempDir dir_;
  const std::filesystem::path before_;
};

TEST_F(NamesAtWork, AFileSystemAndAShellTakeThemWithoutQuotes) {
  for (unsigned seed : seeds(3)) {
    SCOPED_TRACE("SKYMOUNT_SEED=" + std::to_string(seed));
    std::string script, expected;
    for (const std::string& name : names(seed, 300)) {
      ASSERT_LE(name.size(), 255U);
      std::ofstream(name) << "x";
      ASSERT_TRUE(std::filesystem::exists(name)) << name;
      script += "echo " + name + "\n";
      expected += name + "\n";
    }
    for (const std::string shell : {"sh", "bash"}) {
      const test::TempDir elsewhere;
      std::ofstream(elsewhere.path() / "script") << script;
      FILE* pipe = popen((shell + " " + (elsewhere.path() / "script").string() + " 2>&1").c_str(), "r");
      std::string output;
      for (int c = 0; (c = std::fgetc(pipe)) != EOF;) output += static_cast<char>(c);
      EXPECT_EQ(pclose(pipe), 0);
      EXPECT_TRUE(output == expected) << shell << ": " << output.substr(0, 300);
    }
  }
}

TEST_F(NamesAtWork, CfitsioOpensTheFileAndNothingElse) {
  for (unsigned seed : seeds(3)) {
    SCOPED_TRACE("SKYMOUNT_SEED=" + std::to_string(seed));
    for (const std::string& name : names(seed, 300)) {
      if (split_extension(name).extension.ends_with("gz")) continue;  // would be unpacked
      std::ofstream(name) << tiny_fits();
      fitsfile* file = nullptr;
      int status = 0;
      fits_open_file(&file, name.c_str(), READONLY, &status);
      EXPECT_EQ(status, 0) << "cfitsio does not open '" << name << "'";
      if (status == 0) fits_close_file(file, &status);
      std::filesystem::remove(name);
    }
  }
}

/// One row: what a dataset is named and known by.
struct HostileRow {
  std::string did, url, obs_id, collection;
  double t_min = 0;
};

Listing listing_of(const std::vector<HostileRow>& rows) {
  ListingParts parts;
  for (const char* column : {"obs_publisher_did", "access_url", "obs_id", "obs_collection", "t_min"}) {
    Field field;
    field.name = column;
    field.datatype = Datatype::character;
    parts.table.meta.fields.push_back(field);
  }
  for (const HostileRow& row : rows) {
    parts.table.append({row.did, row.url, row.obs_id, row.collection, std::to_string(row.t_min)});
  }
  return build_listing(std::move(parts), "{t_min:date}_{obs_collection:slug}_{obs_id:tail}");
}

std::vector<HostileRow> random_rows(std::mt19937& random, std::size_t count, std::size_t from = 0) {
  std::vector<HostileRow> out;
  for (std::size_t i = from; i < from + count; ++i) {
    HostileRow row;
    row.did = "ivo://x/y?" + std::to_string(i) + hostile(random, 3);
    row.url = "http://x/" + std::to_string(i);
    row.obs_id = random() % 3 == 0 ? "twin" : hostile(random, 5);
    if (random() % 20 == 0) row.obs_id = std::string(10'000, 'x');
    row.collection = random() % 2 == 0 ? "A" : hostile(random, 2);
    row.t_min = 20'000 + static_cast<double>(random() % 4);
    out.push_back(row);
  }
  return out;
}

/// By what the dataset is, its name.
std::map<std::string, std::string> named(const Listing& listing) {
  std::map<std::string, std::string> out;
  for (const Dataset& dataset : listing.datasets)
    out[std::string(dataset.publisher_did).append("\n").append(dataset.access_url)] = dataset.name;
  return out;
}

TEST(DatasetNames, AreToldApartAndSafeAndLeaveRoomForAnExtension) {
  for (unsigned seed : seeds(100)) {
    SCOPED_TRACE("SKYMOUNT_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    const Listing listing = listing_of(random_rows(random, 60));
    std::set<std::string> seen;
    for (const Dataset& dataset : listing.datasets) {
      EXPECT_TRUE(seen.insert(lower(dataset.name)).second) << dataset.name;
      EXPECT_EQ(safe_name(dataset.name), dataset.name);
      EXPECT_FALSE(is_reserved_name(dataset.name)) << dataset.name;
      EXPECT_TRUE(is_utf8(dataset.name));
      EXPECT_LE(dataset.name.size() + std::string_view(".preview-image.fits.gz").size(), 255U);
      EXPECT_EQ(listing.find(dataset.name), &dataset);
    }
  }
}

TEST(DatasetNames, DoNotDependOnTheOrderOfRows) {
  for (unsigned seed : seeds(100)) {
    SCOPED_TRACE("SKYMOUNT_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<HostileRow> rows = random_rows(random, 60);
    const auto before = named(listing_of(rows));
    std::shuffle(rows.begin(), rows.end(), random);
    EXPECT_EQ(named(listing_of(rows)), before);
  }
}

TEST(DatasetNames, StayWhenRowsAreAddedExceptForNewTwins) {
  for (unsigned seed : seeds(100)) {
    SCOPED_TRACE("SKYMOUNT_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<HostileRow> rows = random_rows(random, 30);
    const Listing before = listing_of(rows);
    for (HostileRow& row : random_rows(random, 30, 1000)) rows.push_back(std::move(row));
    const Listing after = listing_of(rows);
    const auto names = named(after);
    for (const auto& [what, name] : named(before)) {
      const std::string& now = names.at(what);
      if (now == name) continue;
      EXPECT_TRUE(lower(now).starts_with(lower(name).substr(0, std::min<std::size_t>(name.size(), 100))))
          << name << " became " << now;
      EXPECT_NE(now.find('~'), std::string::npos) << name << " became " << now << " without a twin";
    }
  }
}

TEST(DatasetNames, ATwinIsStillFoundByTheNameItHadBeforeWhileItIsTheOnlyOne) {
  const Listing alone = listing_of({{"ivo://x/1", "http://x/1", "a", "A", 20'000}});
  EXPECT_EQ(alone.datasets[0].name, "1913-08-21_A_a");
  const Listing twins =
      listing_of({{"ivo://x/1", "http://x/1", "a", "A", 20'000}, {"ivo://x/2", "http://x/2", "a", "A", 20'000}});
  EXPECT_TRUE(twins.datasets[0].name.starts_with("1913-08-21_A_a~"));
  EXPECT_EQ(alone.find(twins.datasets[0].name), nullptr);
  EXPECT_EQ(twins.find("1913-08-21_A_a"), nullptr) << "it could be either";
}

TEST(DatasetNames, NamesThatLookAlikeButDifferAreDifferentFolders) {
  const Listing listing = listing_of({{"ivo://x/1", "http://x/1", "caf\xC3\xA9", "A", 20'000},
                                      {"ivo://x/2", "http://x/2", "cafe\xCC\x81", "A", 20'000},
                                      {"ivo://x/3", "http://x/3", "Scan", "A", 20'000},
                                      {"ivo://x/4", "http://x/4", "SCAN", "A", 20'000}});
  std::set<std::string> seen;
  for (const Dataset& dataset : listing.datasets) seen.insert(lower(dataset.name));
  EXPECT_EQ(seen.size(), 4U) << "also on a file system that ignores case";
}

}  // namespace
}  // namespace skymount::vo
