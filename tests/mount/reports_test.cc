// SPDX-License-Identifier: MIT
//
// [[report]] in the tree: a cascade of calibrations as ESO's archive sends it, with what it says of itself as a file.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>

#include <cerrno>

namespace skymount::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr const char* kEso = "http://archive.eso.org/rdf/datalink/eso#";

constexpr const char* kConfig = R"(
[[route]]
path = "prog_id={prog_id}"
adql = "SELECT * FROM dbo.raw WHERE prog_id = {prog_id}"
rows = "datasets"
name = "{dp_id}"
id = "{dp_id}"
links = "{datalink_url}"

[[report]]
file = "CASCADE.txt"
in = "calSelector_*"
semantics = ["#this", "#description"]
fields = ["category", "certified", "complete", "mode", "messages"]
warn = { certified = "false", complete = "false", mode = "!requested" }

[report.means]
mode = "Raw frames instead of master calibrations."
)";

struct Row {
  std::string url, semantics, description, type, length;
};

demo::Reply votable(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::string out =
      "<VOTABLE version=\"1.4\"><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>";
  for (const std::string& name : columns) out += "<FIELD name=\"" + name + "\" datatype=\"char\" arraysize=\"*\"/>";
  out += "<DATA><TABLEDATA>";
  for (const auto& row : rows) {
    out += "<TR>";
    for (const std::string& cell : row) out += "<TD><![CDATA[" + cell + "]]></TD>";
    out += "</TR>";
  }
  return demo::Reply::text(200, out + "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>", "application/x-votable+xml");
}

demo::Reply links(const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> cells;
  for (const Row& row : rows)
    cells.push_back({"x", row.url, "", "", row.semantics, row.description, row.type, row.length});
  return votable({"ID", "access_url", "service_def", "error_message", "semantics", "description", "content_type",
                  "content_length"},
                 cells);
}

class Reports : public ::testing::Test {
 protected:
  Reports() {
    origin_.handle("/tap", [this](const demo::Request&) {
      return votable(
          {"dp_id", "datalink_url"},
          {{"SPHER.2016-09-26T03:04:09.308", origin_.url("/links?ID=ivo://eso.org/ID?SPHER.2016-09-26T03:04:09.308")}});
    });
    origin_.handle("/links", [this](const demo::Request&) {
      const auto cascade = [&](const std::string& mode) {
        return origin_.url("/calselector/v1/associations?dp_id=SPHER.x&mode=" + mode + "&responseformat=votable");
      };
      return links(
          {{origin_.url("/file/SPHER.x"), "#this", "", "application/fits", ""},
           {cascade("Raw2Raw"), std::string(kEso) + "calSelector_raw2raw", "", "application/x-votable+xml", "500000"},
           {cascade("Raw2Master"), std::string(kEso) + "calSelector_raw2master", "", "application/x-votable+xml",
            "500000"}});
    });
    origin_.handle("/calselector", [this](const demo::Request& request) {
      return links({{origin_.url("/file/SPHER.x"), "#this", description_, "application/fits", ""},
                    {origin_.url("/file/BIAS." + request.param("mode").value_or("?")), "#calibration", "",
                     "application/fits", ""},
                    {origin_.url("/file/CASCADE.txt"), "#this", "", "text/plain", ""}});
    });
    origin_.handle("/file", [](const demo::Request&) { return demo::Reply::text(200, "of the archive\n"); });
    driver_ = direct_driver({dir_.path(), {{"eso", origin_.url("/tap"), kConfig}}});
  }

  const std::string raw_ = "/eso/prog_id=098.C-0739(C)/SPHER.2016-09-26T03:04:09.308";
  std::string description_ =
      R"(category="SCIENCE" certified="true" complete="false" mode="Raw2Raw" type="t" messages="no flat")";
  TempDir dir_;
  demo::Origin origin_;
  std::unique_ptr<Driver> driver_;
};

TEST_F(Reports, ACascadeStatesWhatItIsAndWarnsThatRawCalibrationsCameBack) {
  EXPECT_THAT(driver_->list(raw_).names,
              AllOf(IsSupersetOf({"calSelector_raw2raw", "calSelector_raw2master"}), Not(Contains("CASCADE.txt"))));
  EXPECT_THAT(driver_->list(raw_ + "/calSelector_raw2master").names, IsSupersetOf({"CASCADE.txt", "calibration"}));
  const Text master = driver_->read(raw_ + "/calSelector_raw2master/CASCADE.txt");
  EXPECT_EQ(master.error, 0);
  EXPECT_THAT(master.text, HasSubstr("WARNING: mode is \"Raw2Raw\", but \"Raw2Master\" was asked for. Raw frames "
                                     "instead of master calibrations.\n"));
  EXPECT_THAT(master.text, HasSubstr("WARNING: complete is \"false\".\n"));
  EXPECT_THAT(master.text, HasSubstr("certified: true\ncomplete:  false\nmode:      Raw2Raw\nmessages:  no flat\n"));
  const Text raw = driver_->read(raw_ + "/calSelector_raw2raw/CASCADE.txt");
  EXPECT_THAT(raw.text, AllOf(HasSubstr("mode:      Raw2Raw"), Not(HasSubstr("WARNING: mode"))));
  EXPECT_EQ(driver_->stat(raw_ + "/calSelector_raw2raw/CASCADE.txt").size, raw.text.size());
  EXPECT_EQ(driver_->stat(raw_ + "/CASCADE.txt").error, ENOENT);
  EXPECT_EQ(driver_->stat(raw_ + "/calSelector_raw2raw/calibration/CASCADE.txt").error, ENOENT);
}

TEST_F(Reports, AFileOfTheArchiveYieldsItsNameToTheReport) {
  const std::vector<std::string> names = driver_->list(raw_ + "/calSelector_raw2raw").names;
  EXPECT_EQ(std::count(names.begin(), names.end(), "CASCADE.txt"), 1);
  const auto its = std::find_if(names.begin(), names.end(), [](auto& name) { return name.starts_with("CASCADE~"); });
  ASSERT_NE(its, names.end());
  EXPECT_EQ(driver_->read(raw_ + "/calSelector_raw2raw/" + *its).text, "of the archive\n");
}

TEST_F(Reports, ControlBytesOfTheArchiveAreShownAsSuch) {
  description_ = "certified=\"tr\x1b[31mue\" complete=\"true\" mode=\"Raw2Raw\"";
  const std::string text = driver_->read(raw_ + "/calSelector_raw2raw/CASCADE.txt").text;
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST_F(Reports, ItIsThereAfterARemountWithoutARequest) {
  const std::string path = raw_ + "/calSelector_raw2master/CASCADE.txt";
  const std::string before = driver_->read(path).text;
  const std::size_t asked = origin_.requests().size();
  driver_->remount();
  EXPECT_EQ(driver_->read(path).text, before);
  EXPECT_EQ(origin_.requests().size(), asked);
}

}  // namespace
}  // namespace skymount::test
