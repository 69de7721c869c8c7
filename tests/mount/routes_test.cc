// SPDX-License-Identifier: MIT
//
// An archive's own folders, as [[route]]s of its configuration describe them, on the demo archive: files, datasets,
// tables and services, what they cost, and what arrives at the archive of what was typed.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/archive.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kRoutes = R"(
[[route]]
path = "big={id}"
description = "the files of an observation"
example = "big=big0001"
adql = "SELECT obs_id, access_url, access_estsize, obs_collection FROM ivoa.obscore WHERE obs_id = {id}"
rows = "files"
name = "{obs_id}.fits"
id = "{obs_id}"
url = "ORIGIN/files/DEMO_BIG/{obs_id}.fits"
size = "{access_estsize} kB"
date = "1950-03-01"

[[route]]
path = "grouped/collection={c}"
adql = "SELECT obs_id, access_url, access_estsize, obs_collection, instrument_name FROM ivoa.obscore WHERE obs_collection = {c}"
rows = "files"
name = "same.fits"
id = "{obs_id}"
url = "ORIGIN/files/{obs_collection}/{obs_id}.fits"
group = "{obs_collection}"

[[route]]
path = "plates/collection={c}"
adql = "SELECT * FROM ivoa.obscore WHERE obs_collection = {c}"
rows = "datasets"
id = "{obs_publisher_did}"
links = "{access_url}"
name = "{obs_id:tail}"
date = "{t_min}"

[[route]]
path = "plates/calib={level:int}/source"
description = "all rows of one level"
adql = "SELECT obs_id, obs_collection, t_min, calib_level, access_estsize FROM ivoa.obscore WHERE calib_level = {level} ORDER BY obs_id"
rows = "table"

[[route]]
path = "few/source"
adql = "SELECT obs_id FROM ivoa.obscore ORDER BY obs_id"
rows = "table"
maxrec = 5

[[route]]
path = "spectra/{id:name}.txt"
rows = "service"
url = "ORIGIN/service"
params = { ID = "ivo://x/{id}", FORMAT = "text/plain" }
list = { csv = "ids.csv", columns = { id = "id" }, strip = "ivo://x/" }

[[route]]
path = "spectra/band={b:band}/{id:name}.txt"
rows = "service"
url = "ORIGIN/service"
params = { ID = "ivo://x/{id}", BAND = "{b}", FORMAT = "text/plain" }
list = { csv = "missing.csv", columns = { id = "id" } }

[[route]]
path = "local={id}"
adql = "SELECT obs_id FROM ivoa.obscore WHERE obs_id = {id}"
url = "file:///etc/{obs_id}"
id = "{obs_id}"
)";

class Routes : public ::testing::Test {
 protected:
  Routes() {
    origin_.handle("/service", [](const demo::Request& request) {
      const std::string id = request.param("ID").value_or("?");
      if (id == "ivo://x/unknown") return demo::Reply::text(404, "NotFoundFault");
      const std::string band = request.param("BAND").value_or("");
      return demo::Reply::text(200, "spectrum of " + id + (band.empty() ? "" : " in " + band) + "\n");
    });
    std::string routes = kRoutes;
    for (std::size_t at; (at = routes.find("ORIGIN")) != std::string::npos;) routes.replace(at, 6, origin_.url(""));
    std::ofstream(dir_.path() / "ids.csv") << "id,mag\nivo://x/one,3\nivo://x/two,4\n";
    driver_ = direct_driver({dir_.path(), {{"demo", archive_.tap_url(), routes}}});
    origin_.clear_requests();
  }
  std::string read(const std::string& path) {
    const Text text = driver_->read("/demo/" + path);
    return text.error != 0 ? "errno " + std::to_string(text.error) : text.text;
  }
  std::string last_query() {
    std::string query;
    for (const demo::RequestRecord& request : origin_.requests())
      if (request.target.starts_with("/tap/")) query = demo::url_decode(request.body, true);
    return query;
  }
  std::size_t questions() { return origin_.count("/tap/sync") + origin_.count("/tap/async"); }

  TempDir dir_;
  demo::Origin origin_;
  demo::DemoArchive archive_{origin_};
  std::unique_ptr<Driver> driver_;
};

TEST_F(Routes, TheArchivesFolderShowsWhatCanBeEnteredAndItsReadmeExplainsIt) {
  const Listed root = driver_->list("/demo");
  EXPECT_THAT(root.names, IsSupersetOf({"grouped", "plates", "few", "spectra", "README.txt", "recent"}));
  EXPECT_EQ(questions(), 0U);
  const std::string readme = read("README.txt");
  EXPECT_THAT(readme, HasSubstr("big={id}/"));
  EXPECT_THAT(readme, HasSubstr("the files of an observation"));
  EXPECT_THAT(readme, HasSubstr("Try, in this folder:\n  ls big=big0001\n"));
  EXPECT_THAT(readme, HasSubstr("plates/calib={level:int}/source.csv"));
  EXPECT_THAT(driver_->read("/README.txt").text, HasSubstr("  ls demo/big=big0001 "));
  EXPECT_THAT(readme, HasSubstr("2 names are listed"));
}

TEST_F(Routes, ARowIsAFile) {
  const Listed folder = driver_->list("/demo/big=big0001");
  EXPECT_THAT(folder.names,
              ElementsAre("COUNT.txt", "README.txt", "big0001.fits", "query.adql", "results.csv", "results.vot"));
  EXPECT_EQ(questions(), 1U);
  EXPECT_THAT(last_query(), HasSubstr("WHERE obs_id = 'big0001'"));
  EXPECT_THAT(driver_->read("/demo/big=big0001/big0001.fits", 0, 80).text, StartsWith("SIMPLE  ="));
  EXPECT_EQ(driver_->stat("/demo/big=big0001/big0001.fits").size, 209'724'480U);
  EXPECT_THAT(read("big=big0001/README.txt"), HasSubstr("count: 1 files in 1 rows\nbytes: "));
  EXPECT_THAT(read("big=big0001/results.csv"), StartsWith("obs_id,access_url"));
  EXPECT_EQ(questions(), 1U);
  driver_->remount();
  EXPECT_THAT(driver_->list("/demo/big=big0001").names, Contains("big0001.fits"));
  EXPECT_EQ(questions(), 1U) << "answers outlive the mount";
}

TEST_F(Routes, FilesOfOneNameAreKeptApartInTheirGroup) {
  const Listed folder = driver_->list("/demo/grouped/collection=DEMO_PLATES");
  EXPECT_THAT(folder.names, Contains("DEMO_PLATES"));
  const Listed group = driver_->list("/demo/grouped/collection=DEMO_PLATES/DEMO_PLATES");
  ASSERT_GE(group.names.size(), 2U);
  for (const std::string& name : group.names) EXPECT_THAT(name, ::testing::StartsWith("same~"));
}

TEST_F(Routes, ARowIsADatasetWithItsLinks) {
  const Listed folder = driver_->list("/demo/plates/collection=DEMO_PLATES");
  EXPECT_THAT(folder.names, IsSupersetOf({"i00811", "i00102"}));
  EXPECT_THAT(driver_->list("/demo/plates/collection=DEMO_PLATES/i00811").names,
              IsSupersetOf({"i00811.fits", "links.vot", "dataset.json", "coderived"}));
  EXPECT_THAT(read("plates/collection=DEMO_PLATES/i00811/dataset.json"), HasSubstr("\"obs_id\""));
}

TEST_F(Routes, ATableIsFourFilesOfOneQuestion) {
  EXPECT_THAT(driver_->list("/demo/plates/calib=2").names,
              ElementsAre("COUNT.txt", "README.txt", "source.csv", "source.fits", "source.tsv", "source.vot"));
  EXPECT_EQ(questions(), 0U);
  const std::string csv = read("plates/calib=2/source.csv");
  EXPECT_THAT(csv, StartsWith("obs_id,obs_collection,t_min,calib_level,access_estsize,t_min_iso\n"));
  EXPECT_THAT(read("plates/calib=2/source.tsv"),
              StartsWith("obs_id\tobs_collection\tt_min\tcalib_level\taccess_estsize\n"));
  const std::string vot = read("plates/calib=2/source.vot");
  EXPECT_THAT(vot, HasSubstr("</TABLEDATA></DATA>"));
  const std::string fits = read("plates/calib=2/source.fits");
  EXPECT_EQ(fits.size() % 2880, 0U);
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = vot.find("<TR>", at)) != std::string::npos; ++at) ++rows;
  EXPECT_GT(rows, 10U);
  EXPECT_THAT(fits, HasSubstr("XTENSION= 'BINTABLE'"));
  EXPECT_THAT(fits,
              HasSubstr("NAXIS2  = " + std::string(20 - std::to_string(rows).size(), ' ') + std::to_string(rows)));
  EXPECT_EQ(questions(), 1U) << "all four from one query";
  EXPECT_EQ(driver_->stat("/demo/plates/calib=2/source.csv").size, csv.size());
  driver_->remount();
  EXPECT_EQ(read("plates/calib=2/source.csv"), csv);
  EXPECT_EQ(questions(), 1U);
  EXPECT_EQ(read("plates/calib=2/source.INCOMPLETE.csv"), "errno " + std::to_string(ENOENT));
}

TEST_F(Routes, ATruncatedTableFailsWhenItIsOpenedAndItsRowsAreInAnotherFile) {
  for (const char* format : {"csv", "fits"})
    EXPECT_EQ(read("few/source." + std::string(format)), "errno " + std::to_string(EIO));
  EXPECT_THAT(driver_->read("/.skymount/errors.log").text,
              HasSubstr("source.csv: 5 rows came, the archive says that it holds more (its row limit); "
                        "source.INCOMPLETE.csv holds them"));
  EXPECT_THAT(driver_->list("/demo/few").names, Contains("source.INCOMPLETE.csv")) << "listed once it is known";
  EXPECT_THAT(driver_->list("/demo/plates/calib=2").names, Not(Contains("source.INCOMPLETE.csv")));
  const std::string rows = read("few/source.INCOMPLETE.csv");
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 6) << rows;
  EXPECT_EQ(questions(), 1U);
}

TEST_F(Routes, AServiceMakesAFileOfANameListedOrNot) {
  EXPECT_THAT(driver_->list("/demo/spectra").names, ElementsAre("README.txt", "one.txt", "two.txt"));
  EXPECT_EQ(read("spectra/one.txt"), "spectrum of ivo://x/one\n");
  EXPECT_EQ(read("spectra/a+b%2Cc.txt"), "spectrum of ivo://x/a+b,c\n") << "what was typed fills one parameter";
  EXPECT_EQ(read("spectra/unknown.txt"), "errno " + std::to_string(ENOENT));
  EXPECT_EQ(read("spectra/a b.txt"), "errno " + std::to_string(EINVAL));
  EXPECT_EQ(origin_.count("/service"), 3U);
}

TEST_F(Routes, CountsAreAskedForWhenTheyAreRead) {
  driver_->list("/demo/plates/calib=2");
  EXPECT_EQ(questions(), 0U);
  const std::string count = read("plates/calib=2/COUNT.txt");
  EXPECT_EQ(questions(), 1U);
  EXPECT_THAT(last_query(), HasSubstr("COUNT(*)"));
  const std::string vot = read("plates/calib=2/source.vot");
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = vot.find("<TR>", at)) != std::string::npos; ++at) ++rows;
  EXPECT_THAT(count, StartsWith("source\nrows: " + std::to_string(rows) + "\nbytes: unknown\n"));
  EXPECT_EQ(read("plates/calib=2/COUNT.txt"), count) << "and remembered";
  EXPECT_EQ(questions(), 2U);
  // Of files: rows and sizes, before anything is listed.
  const std::string files = read("big=big0001/COUNT.txt");
  EXPECT_THAT(files, StartsWith("rows: 1\nbytes: 20"));
  EXPECT_THAT(last_query(), HasSubstr("SUM(t.access_estsize)"));
  EXPECT_EQ(questions(), 3U);
  driver_->list("/demo/big=big0001");
  EXPECT_THAT(read("big=big0001/README.txt"), HasSubstr(files.substr(8, files.find('\n', 8) - 8)));
}

TEST_F(Routes, AFileBearsTheDateOfItsRow) {
  EXPECT_EQ(driver_->stat("/demo/big=big0001/big0001.fits").mtime, -626'054'400) << "1950-03-01";
}

TEST_F(Routes, ABandIsTypedAsInAQuestionAndSentInMetres) {
  EXPECT_EQ(read("spectra/band=650nm..660nm/one.txt"), "spectrum of ivo://x/one in 0.00000065 0.00000066\n");
  EXPECT_EQ(read("spectra/band=6.5e-7..6.6e-7/one.txt"), "spectrum of ivo://x/one in 0.00000065 0.00000066\n");
  EXPECT_EQ(origin_.count("/service"), 1U) << "one content, however it is spelled";
  EXPECT_EQ(read("spectra/band=red/one.txt"), "errno " + std::to_string(EINVAL));
  EXPECT_THAT(driver_->read("/.skymount/errors.log").text, HasSubstr("a band is needed, such as 650nm..660nm"));
}

TEST_F(Routes, AMissingListIsSaidInTheReadme) {
  EXPECT_THAT(driver_->list("/demo/spectra/band=650nm..660nm").names, ElementsAre("README.txt"));
  EXPECT_THAT(
      read("spectra/band=650nm..660nm/README.txt"),
      HasSubstr("missing.csv: there is no such file, so nothing is listed; what is known by name can still be opened"));
}

TEST_F(Routes, ARowThatNamesAFileOfThisMachineIsNotRead) {
  const Listed folder = driver_->list("/demo/local=big0001");
  EXPECT_EQ(folder.error, 0);
  for (const std::string& name : folder.names)
    if (name.find("big0001") != std::string::npos) {
      EXPECT_NE(driver_->read("/demo/local=big0001/" + name).error, 0) << name;
    }
}

TEST_F(Routes, WhatWasTypedArrivesAsData) {
  for (const std::string value : {"x' OR '1'='1", "x'; DROP TABLE t; --", "x/* */", "x%27%27--"}) {
    std::string typed;
    for (const char c : value) typed += c == '/' ? "%2F" : std::string(1, c);
    EXPECT_EQ(driver_->list("/demo/big=" + typed).error, ENOENT) << "the archive knows no such id";
    EXPECT_THAT(last_query(), HasSubstr("WHERE obs_id = 'x"));
    EXPECT_THAT(last_query(), Not(HasSubstr("'x' OR '1'='1'")));
  }
  origin_.clear_requests();
  EXPECT_EQ(driver_->list("/demo/plates/calib=two").error, EINVAL);
  EXPECT_EQ(driver_->list("/demo/plates/calib=1;--").error, EINVAL);
  EXPECT_EQ(questions(), 0U) << "looking at a name asks nobody";
  EXPECT_THAT(driver_->read("/.skymount/errors.log").text, HasSubstr("a whole number is needed"));
}

TEST_F(Routes, QuestionsOfObsCoreStayBesideThem) {
  EXPECT_THAT(driver_->list("/demo/pos=156.01,48.14").names, Contains("1890-05-03_DEMO-PLATES_i00811"));
  EXPECT_EQ(driver_->list("/demo/nothing").error, ENOENT);
}

TEST(RoutesStress, AMillionRowsBecomeFilesWhileTheProcessStaysSmall) {
  TempDir dir;
  demo::Origin origin;
  demo::DemoOptions options;
  options.extra_rows = 999'900;
  const demo::DemoArchive archive(origin, options);
  const std::string route =
      "[limits]\nopen = 500\n[[route]]\npath = \"all/source\"\nrows = \"table\"\n"
      "adql = \"SELECT obs_id, obs_publisher_did, s_ra, s_dec, t_min, access_estsize FROM ivoa.obscore\"\n";
  const Mount mount({dir.path(), {{"demo", archive.tap_url(), route}}});
  const std::string root = mount.path().string();
  const Ran lines = run("wc -l < " + root + "/demo/all/source.csv", 500);
  EXPECT_GT(std::atol(lines.output.c_str()), 999'900) << lines.output;
  const Ran fits =
      run("head -c 2880 " + root + "/demo/all/source.fits > /dev/null; wc -c < " + root + "/demo/all/source.fits", 500);
  EXPECT_EQ(std::atol(fits.output.c_str()) % 2880, 0) << fits.output;
  const Ran peak = run("grep VmHWM /proc/$(grep -o '\"pid\": [0-9]*' " + root +
                       "/.skymount/status.json | cut -d ' ' -f 2)/status | tr -dc 0-9");
  // Measured: 24 MB of its own at most; the rest are pages of the program and of the index.
  EXPECT_GT(std::atol(peak.output.c_str()), 1'000) << peak.output;
  EXPECT_LT(std::atol(peak.output.c_str()), 250'000) << peak.output;
  EXPECT_EQ(origin.count("/tap/sync"), 1U);
}

}  // namespace
}  // namespace skymount::test
