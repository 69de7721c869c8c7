// SPDX-License-Identifier: MIT
//
// Large answers: one request whatever their size, bounded memory, and a kernel that is not asked again. What takes long
// has "Stress" in its name and is not part of the quick suite.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/origin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include <dirent.h>
#include <sys/stat.h>

namespace skymount::test {
namespace {

using ::testing::HasSubstr;

struct Column {
  const char* name;
  const char* type;
};

// Every mandatory column of ObsCore 1.1, because that is what `SELECT *` brings of a real archive.
constexpr Column kColumns[] = {
    {"dataproduct_type", "char"},  {"calib_level", "int"},     {"obs_collection", "char"}, {"obs_id", "char"},
    {"obs_publisher_did", "char"}, {"access_url", "char"},     {"access_format", "char"},  {"access_estsize", "long"},
    {"target_name", "char"},       {"s_ra", "double"},         {"s_dec", "double"},        {"s_fov", "double"},
    {"s_region", "char"},          {"s_resolution", "double"}, {"t_min", "double"},        {"t_max", "double"},
    {"t_exptime", "double"},       {"t_resolution", "double"}, {"em_min", "double"},       {"em_max", "double"},
    {"em_res_power", "double"},    {"o_ucd", "char"},          {"pol_states", "char"},     {"facility_name", "char"},
    {"instrument_name", "char"}};

std::string fields() {
  std::string out;
  for (const Column& column : kColumns) {
    out += std::string("<FIELD name=\"") + column.name + "\" datatype=\"" + column.type + "\"";
    if (std::string_view(column.type) == "char") out += " arraysize=\"*\"";
    out += "/>";
  }
  return out;
}

/// A row with what rows of plate archives look like: some 700 bytes of text.
std::string row(std::size_t i) {
  char text[1400];
  const double ra = static_cast<double>(i % 3600) / 10, dec = static_cast<double>(i % 170) - 85;
  std::snprintf(
      text, sizeof text,
      "<TR><TD>image</TD><TD>2</TD><TD>SCALE SURVEY</TD><TD>scan%06zu</TD>"
      "<TD>ivo://scale.test/~?survey/scans/1953/scan%06zu.fits</TD>"
      "<TD>http://127.0.0.1:9/survey/q/dl/dlmeta?ID=ivo%%3A%%2F%%2Fscale.test%%2F~%%3Fsurvey%%2Fscans%%2F1953%%2F"
      "scan%06zu.fits</TD><TD>application/x-votable+xml;content=datalink</TD><TD>250000</TD><TD>field %zu</TD>"
      "<TD>%.6f</TD><TD>%.6f</TD><TD>5.5</TD>"
      "<TD>POLYGON ICRS %.5f %.5f %.5f %.5f %.5f %.5f %.5f %.5f</TD><TD>1.5</TD><TD>%.5f</TD><TD>%.5f</TD>"
      "<TD>3600</TD><TD>3600</TD><TD>4e-07</TD><TD>5e-07</TD><TD>4</TD><TD>phot.mag</TD><TD></TD>"
      "<TD>Scale Observatory</TD><TD>Schmidt camera</TD></TR>\n",
      i, i, i, i, ra, dec, ra - 1, dec - 1, ra + 1, dec - 1, ra + 1, dec + 1, ra - 1, dec + 1,
      30000 + static_cast<double>(i) / 7, 30000.04 + static_cast<double>(i) / 7);
  return text;
}

/// An archive whose every answer has `rows` rows, sent while they are made.
class LargeArchive {
 public:
  explicit LargeArchive(std::size_t rows) : rows_(rows) {
    origin_.handle("/tap", [this](const demo::Request& request) {
      const bool about_tables = request.param("QUERY").value_or("").find("TAP_SCHEMA") != std::string::npos;
      demo::Reply reply;
      reply.content_type = "application/x-votable+xml";
      const std::string head =
          "<?xml version=\"1.0\"?><VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">"
          "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>";
      const std::string foot = "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
      if (about_tables) {
        reply.body = head +
                     "<FIELD name=\"table_name\" datatype=\"char\" arraysize=\"*\"/><DATA><TABLEDATA><TR><TD>"
                     "ivoa.obscore</TD></TR>" +
                     foot;
        return reply;
      }
      reply.stream = [count = rows_.load(), head, foot](const demo::Reply::Sink& sink) {
        std::string piece = head + fields() + "<DATA><TABLEDATA>";
        for (std::size_t i = 0; i < count; ++i) {
          piece += row(i);
          if (piece.size() < 100'000) continue;
          if (!sink(piece)) return;
          piece.clear();
        }
        sink(piece + foot);
      };
      return reply;
    });
  }
  void resize(std::size_t rows) { rows_ = rows; }
  MountSetup setup(const std::filesystem::path& folder) const {
    // No service to learn: the table and the rows as they come.
    return {folder, {{"large", origin_.url("/tap"), "[obscore]\ntable = \"ivoa.obscore\"\n", tap_}}};
  }
  void configure(std::string tap) { tap_ = std::move(tap); }
  demo::Origin& origin() { return origin_; }

 private:
  std::atomic<std::size_t> rows_;
  std::string tap_;
  demo::Origin origin_;
};

/// Memory that is the daemon's own: RssAnon and RssShmem, in MiB.
double resident_mib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  double kib = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:") || line.starts_with("RssShmem:"))
      kib += std::stod(line.substr(line.find(':') + 1));
  }
  return kib / 1024;
}

int daemon_of(const Mount& mount) {
  const Ran pid = run("python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[\"pid\"])' " +
                      mount.path().string() + "/.skymount/status.json");
  return std::stoi(pid.output);
}

/// The most that the daemon held while this lives, looked at ten times a second.
class Watch {
 public:
  explicit Watch(int pid) : pid_(pid) {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        peak_ = std::max(peak_.load(), resident_mib(pid_));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    });
  }
  double peak() const { return peak_; }

 private:
  const int pid_;
  std::atomic<double> peak_{0};
  std::jthread thread_;
};

TEST(Scale, AThousandDatasetsAreOneRequest) {
  TempDir dir;
  LargeArchive archive(1000);
  const Mount mount(archive.setup(dir.path()));
  const std::string query = mount.path().string() + "/large/collection=SCALE*";
  const Ran listed = run("ls -l " + query + " | grep -c SCALE-SURVEY");
  EXPECT_EQ(listed.output, "1000\n");
  EXPECT_EQ(archive.origin().count("/tap"), 1U);
  EXPECT_EQ(archive.origin().requests().size(), 1U);
  const Ran found = run("find " + query + " -maxdepth 1 -name '*SCALE-SURVEY*' -newermt 1940-01-01 | wc -l");
  EXPECT_EQ(found.output, "1000\n");
  EXPECT_EQ(archive.origin().requests().size(), 1U) << "and find over the first level asks nobody";
}

TEST(Scale, AListingSurvivesARemount) {
  TempDir dir;
  LargeArchive archive(1000);
  std::string before;
  {
    Mount mount(archive.setup(dir.path()));
    before = run("ls -i " + mount.path().string() + "/large/collection=SCALE*").output;
    mount.unmount();
  }
  archive.origin().clear_requests();
  const Mount mount(archive.setup(dir.path()));
  EXPECT_EQ(run("ls -i " + mount.path().string() + "/large/collection=SCALE*").output, before);
  EXPECT_EQ(run("find " + mount.path().string() + "/large/collection=SCALE* -maxdepth 1 -ls | grep -c SCALE-S").output,
            "1000\n");
  EXPECT_TRUE(archive.origin().requests().empty());
}

/// How often the kernel asked the daemon for `what` so far.
long asked(const Mount& mount, const std::string& what) {
  return std::stol(
      run("python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[\"kernel_asked\"][sys.argv[2]])' " +
          mount.path().string() + "/.skymount/status.json " + what)
          .output);
}

TEST(Scale, TheKernelKeepsAFolderWhileItsListingStands) {
  TempDir dir;
  LargeArchive archive(1000);
  const Mount mount(archive.setup(dir.path()));
  const std::string count = "ls -f " + mount.path().string() + "/large/collection=SCALE* | wc -l";
  const std::string first = run(count).output;
  const long readdirs = asked(mount, "readdir");
  EXPECT_GT(readdirs, 0);
  EXPECT_EQ(run(count).output, first);
  EXPECT_EQ(run(count).output, first);
  EXPECT_EQ(asked(mount, "readdir"), readdirs) << "names that the kernel has are not asked again";
}

TEST(Scale, AChangedAnswerIsSeenAllTheSame) {
  TempDir dir;
  LargeArchive archive(10);
  MountSetup setup = archive.setup(dir.path());
  setup.archives[0].extra += "[ttl]\nlistings = \"1 s\"\n";
  const Mount mount(setup);
  const std::string count = "ls " + mount.path().string() + "/large/collection=SCALE* | grep -c SCALE-SURVEY";
  EXPECT_EQ(run(count).output, "10\n");
  archive.resize(12);
  std::string now;
  for (int i = 0; i < 50 && now != "12\n"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    now = run(count).output;
  }
  EXPECT_EQ(now, "12\n");
}

struct Cost {
  double listed = 0, walked = 0, peak = 0;  ///< MiB
};

/// ls, ls -l, find and a look at every folder's attributes.
Cost walk(const Mount& mount, std::size_t rows) {
  const int pid = daemon_of(mount);
  const Watch watch(pid);
  const std::string query = mount.path().string() + "/large/collection=SCALE*";
  const std::string count = std::to_string(rows) + "\n";
  EXPECT_EQ(run("ls -f " + query + " | grep -c SCALE-SURVEY", 300).output, count);
  Cost cost;
  cost.listed = resident_mib(pid);
  EXPECT_EQ(run("ls -l " + query + " | grep -c SCALE-SURVEY", 300).output, count);
  EXPECT_EQ(run("find " + query + " -maxdepth 1 -ls | grep -c SCALE-SURVEY", 300).output, count);
  cost.walked = resident_mib(pid);
  cost.peak = watch.peak();
  return cost;
}

// Design: the daemon's memory while 65,000 rows are listed and walked.
constexpr double kBudgetMib = 256;

TEST(ScaleStress, SixtyFiveThousandRowsFitIntoTheMemoryBudget) {
  constexpr std::size_t kRows = 65'000;
  TempDir dir;
  LargeArchive archive(kRows);
  archive.configure("maxrec = 100000\n");
  Cost cold, warm;
  {
    Mount mount(archive.setup(dir.path()));
    cold = walk(mount, kRows);
    EXPECT_EQ(archive.origin().requests().size(), 1U);
    mount.unmount();
  }
  archive.origin().clear_requests();
  {
    const Mount mount(archive.setup(dir.path()));
    warm = walk(mount, kRows);
    EXPECT_TRUE(archive.origin().requests().empty()) << "after a remount all of it is here";
  }
  for (const auto& [name, cost] : {std::pair("asked", cold), std::pair("remembered", warm)}) {
    std::printf("65,000 rows %s: %.0f MiB after ls, %.0f after find and ls -l, %.0f at most\n", name, cost.listed,
                cost.walked, cost.peak);
    EXPECT_LE(cost.peak, kBudgetMib) << name;
  }
}

}  // namespace
}  // namespace skymount::test
