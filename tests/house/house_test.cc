// SPDX-License-Identifier: MIT
//
// The house stands as docs/ARCHITECTURE.md draws it: includes point down, each foreign library lives in its one room
// and is in none of our headers, every source bears its licence.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = SKYMOUNT_SOURCE_DIR;

struct Source {
  std::string path;  ///< from the root: "vo/http/url.cc"
  std::string text;
  std::vector<std::string> ours, foreign;  ///< "..." and <...>
};

std::vector<Source> sources(const std::set<std::string>& floors) {
  std::vector<Source> out;
  static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  for (const std::string& floor : floors) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / floor)) {
      const std::string extension = entry.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      Source source{fs::relative(entry.path(), kRoot).string(), {}, {}, {}};
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        source.text += line + "\n";
        std::smatch match;
        if (std::regex_search(line, match, include))
          (match[1] == "<" ? source.foreign : source.ours).push_back(match[2]);
      }
      out.push_back(std::move(source));
    }
  }
  return out;
}

/// How high a folder stands; an include may only name a folder that is no higher, and none beside it of equal height.
const std::map<std::string, int> kHeight = {
    {"cache/base", 0},     {"cache", 1},   {"vo/votable", 2}, {"vo/query", 3}, {"vo/http", 4},     {"vo/fits/wall", 2},
    {"vo/fits/worker", 3}, {"vo/fits", 4}, {"vo/route", 4},   {"vo/auth", 5},  {"vo/protocol", 5}, {"vo", 6},
    {"fs/config", 7},      {"fs/tree", 7}, {"fs", 8},         {"fs/fuse", 9},  {"fs/daemon", 10},  {"fs/cli", 11}};

std::string room_of(const std::string& path) {
  return fs::path(path).parent_path().string();
}

TEST(House, IncludesPointDown) {
  std::size_t seen = 0;
  for (const Source& source : sources({"cache", "vo", "fs"})) {
    const std::string room = room_of(source.path);
    if (room.starts_with("vo/demo")) {  // vo/demo/archives stands on vo/demo; nothing else is below them
      for (const std::string& include : source.ours)
        EXPECT_TRUE(room_of(include) == "vo/demo" || room_of(include) == room || source.path == "vo/demo/main.cc")
            << source.path << " includes " << include << " and is no independent oracle any more";
      continue;
    }
    ASSERT_TRUE(kHeight.contains(room)) << room
                                        << " is a new room: give it its height here and in docs/ARCHITECTURE.md";
    for (const std::string& include : source.ours) {
      const std::string other = room_of(include);
      ASSERT_TRUE(kHeight.contains(other)) << source.path << " includes " << include;
      ++seen;
      EXPECT_TRUE(other == room || kHeight.at(other) < kHeight.at(room))
          << source.path << " includes " << include << ", which is not below it";
    }
  }
  EXPECT_GT(seen, 100U) << "this test has lost sight of the sources";
}

TEST(House, EachForeignLibraryHasOneRoom) {
  const std::vector<std::pair<std::regex, std::regex>> rooms = {
      {std::regex("^curl/"), std::regex("^vo/http/curl_.*")},
      {std::regex("^rapidxml/"), std::regex("^vo/votable/xml.*")},
      {std::regex("^lmdb\\.h"), std::regex("^cache/lmdb.*\\.cc")},
      {std::regex("^toml\\+\\+/"), std::regex("^fs/config/.*")},
      {std::regex("^fuse"), std::regex("^fs/fuse/.*")},
      {std::regex("^CLI/"), std::regex("^fs/cli/.*\\.cc")},
      {std::regex("^spdlog/"), std::regex("^cache/base/log\\.cc")},
      {std::regex("^fitsio"), std::regex("^vo/(demo|fits/worker)/.*\\.cc")},
      {std::regex("^(wcslib/|erfa\\.h|seccomp\\.h|png\\.h)"), std::regex("^vo/fits/worker/.*\\.cc")},
      {std::regex("^sqlite3"), std::regex("^vo/demo/.*\\.cc")},
      {std::regex("^xxhash"), std::regex("^(cache|vo/demo)/.*\\.cc")},
      {std::regex("^archive"), std::regex("^vo/fits/.*\\.cc")},
      {std::regex("^zlib"), std::regex("^vo/(votable|http|fits|demo)/.*\\.cc")}};
  for (const Source& source : sources({"cache", "vo", "fs"})) {
    for (const std::string& include : source.foreign) {
      for (const auto& [library, room] : rooms) {
        if (!std::regex_search(include, library)) continue;
        EXPECT_TRUE(std::regex_match(source.path, room)) << source.path << " includes <" << include << ">";
        const bool fuse_edge = source.path.starts_with("fs/fuse/");  // the edge is made of FUSE's types
        EXPECT_TRUE(fuse_edge || !source.path.ends_with(".h"))
            << source.path << " shows <" << include << "> to its includers";
      }
    }
  }
}

TEST(House, EverySourceBearsItsLicence) {
  for (const Source& source : sources({"cache", "vo", "fs", "tests"})) {
    EXPECT_TRUE(source.text.starts_with("// SPDX-License-Identifier: MIT\n")) << source.path;
  }
}

TEST(House, NoFileHidesASecondSubject) {
  for (const Source& source : sources({"cache", "vo", "fs"})) {
    EXPECT_LE(std::count(source.text.begin(), source.text.end(), '\n'), 450) << source.path;
  }
}

}  // namespace
