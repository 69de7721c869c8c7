// SPDX-License-Identifier: MIT
//
// A dataset's services as folders, through the whole tree: the README that explains the parameters and whose examples
// work, files made of names, a folder a service where there are several, and what a bad name is answered.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <sstream>

namespace skymount::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRow = R"(<VOTABLE version="1.4"><RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>
<TABLE><FIELD name="obs_id" datatype="char" arraysize="*"/><FIELD name="obs_publisher_did" datatype="char" arraysize="*"/>
<FIELD name="access_url" datatype="char" arraysize="*"/><FIELD name="access_format" datatype="char" arraysize="*"/>
<DATA><TABLEDATA><TR><TD>sh270028</TD><TD>ivo://x/sh270028</TD><TD>ORIGIN/links</TD>
<TD>application/x-votable+xml;content=datalink</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>)";

constexpr const char* kSchema = R"(<VOTABLE version="1.4"><RESOURCE type="results"><TABLE>
<FIELD name="table_name" datatype="char" arraysize="*"/><DATA><TABLEDATA><TR><TD>ivoa.obscore</TD></TR></TABLEDATA></DATA>
</TABLE></RESOURCE></VOTABLE>)";

constexpr const char* kLinks = R"(<VOTABLE version="1.4"><RESOURCE type="results"><TABLE>
<FIELD name="ID" datatype="char" arraysize="*"/><FIELD name="access_url" datatype="char" arraysize="*"/>
<FIELD name="service_def" datatype="char" arraysize="*"/><FIELD name="semantics" datatype="char" arraysize="*"/>
<DATA><TABLEDATA><TR><TD>d</TD><TD/><TD>spec</TD><TD>#proc</TD></TR><TR><TD>d</TD><TD/><TD>plot</TD><TD>#proc</TD></TR>
</TABLEDATA></DATA></TABLE></RESOURCE>
<RESOURCE type="meta" utype="adhoc:service" ID="spec" name="spectrum"><DESCRIPTION>the spectrum, cut and calibrated</DESCRIPTION>
<PARAM name="accessURL" datatype="char" arraysize="*" value="ORIGIN/dlget"/><GROUP name="inputParams">
<PARAM name="ID" datatype="char" arraysize="*" value="ivo://x/sh270028"/>
<PARAM name="FLUXCALIB" datatype="char" arraysize="*" value=""><DESCRIPTION>how fluxes are calibrated</DESCRIPTION>
<VALUES><OPTION value="normalized"/><OPTION value="relative"/></VALUES></PARAM>
<PARAM name="BAND" datatype="double" arraysize="2" unit="m" value=""><VALUES><MIN value="6.2e-7"/><MAX value="6.7e-7"/></VALUES></PARAM>
<PARAM name="FORMAT" datatype="char" arraysize="*" value=""><VALUES><OPTION value="application/fits"/><OPTION value="text/csv"/></VALUES></PARAM>
</GROUP></RESOURCE>
<RESOURCE type="meta" utype="adhoc:service" ID="plot" name="plot">
<PARAM name="accessURL" datatype="char" arraysize="*" value="ORIGIN/plot"/>
<PARAM name="contentType" datatype="char" arraysize="*" value="image/png"/><GROUP name="inputParams">
<PARAM name="ID" datatype="char" arraysize="*" value="ivo://x/sh270028"/>
<PARAM name="BAND" datatype="double" arraysize="2" unit="m" value=""/></GROUP></RESOURCE></VOTABLE>)";

const std::string kPng = "\x89PNG\r\n\x1a\n" + std::string(64, '\0');

class Services : public ::testing::Test {
 protected:
  Services() {
    const auto filled = [this](std::string text) {
      for (std::size_t at; (at = text.find("ORIGIN")) != std::string::npos;) text.replace(at, 6, origin_.url(""));
      return demo::Reply::text(200, text, "application/x-votable+xml");
    };
    origin_.handle("/tap", [filled](const demo::Request& request) {
      return filled(request.param("QUERY").value_or("").find("TAP_SCHEMA") != std::string::npos ? kSchema : kRow);
    });
    origin_.handle("/links", [filled](const demo::Request&) { return filled(kLinks); });
    origin_.handle("/dlget", [](const demo::Request& request) {
      const std::string format = request.param("FORMAT").value_or("");
      const std::string body = "SIMPLE  =                    T of " + request.param("FLUXCALIB").value_or("none") +
                               " in " + request.param("BAND").value_or("all") + "\n";
      return demo::Reply::text(200, format == "text/csv" ? "spectral,flux\n1,2\n" : body, format);
    });
    origin_.handle("/plot", [](const demo::Request&) { return demo::Reply::text(200, kPng, "image/png"); });
    driver_ = direct_driver({dir_.path(), {{"a", origin_.url("/tap")}}});
    for (const std::string& name : driver_->list("/a/id=sh270028").names)
      if (name.find("sh270028") != std::string::npos) cutout_ = "/a/id=sh270028/" + name + "/cutout";
  }
  std::string last_error() {
    const std::string log = driver_->read("/.skymount/errors.log").text;
    return log.substr(log.rfind('\n', log.size() - 2) + 1);
  }

  TempDir dir_;
  demo::Origin origin_;
  std::unique_ptr<Driver> driver_;
  std::string cutout_;
};

TEST_F(Services, ANameIsACallAndWhatWasUsedIsListed) {
  EXPECT_THAT(driver_->list(cutout_).names, ElementsAre("README.txt", "plot", "spectrum"));
  const std::string name = "FLUXCALIB=normalized,BAND=6.5e-7..6.6e-7.fits";
  const Text made = driver_->read(cutout_ + "/" + name);
  EXPECT_EQ(made.error, 0);
  EXPECT_THAT(made.text, HasSubstr("T of normalized in 0.00000065 0.00000066"));
  EXPECT_EQ(driver_->read(cutout_ + "/spectrum/fluxcalib=normalized,band=650nm..660nm.fits").text, made.text);
  EXPECT_EQ(origin_.count("/dlget"), 1U) << "equal calls are one content";
  EXPECT_THAT(driver_->list(cutout_).names, Contains(name));
  EXPECT_EQ(driver_->read(cutout_ + "/spectrum/fluxcalib=relative.fits").error, 0);
  EXPECT_THAT(driver_->list(cutout_ + "/spectrum").names, ElementsAre("README.txt", "fluxcalib=relative.fits"));
  EXPECT_THAT(driver_->list(cutout_ + "/plot").names, ElementsAre("README.txt"));
  EXPECT_EQ(driver_->read(cutout_ + "/fluxcalib=relative.csv").text, "spectral,flux\n1,2\n");
}

TEST_F(Services, OneOfSeveralIsChosenByItsFolder) {
  EXPECT_EQ(driver_->read(cutout_ + "/plot/band=6.5e-7..6.6e-7.png").text, kPng) << last_error();
  EXPECT_EQ(origin_.count("/plot"), 1U);
  EXPECT_EQ(driver_->stat(cutout_ + "/plot/fluxcalib=normalized.png").error, EINVAL);
  EXPECT_EQ(driver_->stat(cutout_ + "/nosuch").error, EINVAL);
  EXPECT_EQ(driver_->stat(cutout_ + "/plot/plot").error, EINVAL);
}

TEST_F(Services, TheReadmeTellsParametersUnitsRangesAndChoicesAndItsExamplesWork) {
  const std::string readme = driver_->read(cutout_ + "/README.txt").text;
  EXPECT_THAT(readme, AllOf(HasSubstr("Service spectrum: the spectrum, cut and calibrated\n"),
                            HasSubstr("  FLUXCALIB  how fluxes are calibrated\n      one of normalized, relative\n"),
                            HasSubstr("  BAND [m]\n      6.2e-07 to 6.7e-07 m, as LOW..HIGH\n"),
                            HasSubstr("  delivers .fits .csv\n"), HasSubstr("Service plot\n")));
  EXPECT_THAT(driver_->read(cutout_ + "/plot/README.txt").text,
              AllOf(HasSubstr("Service plot"), Not(HasSubstr("FLUXCALIB"))));
  std::istringstream lines(readme);
  std::size_t tried = 0;
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kCommand = "  head -c 80 ";
    if (!line.starts_with(kCommand)) continue;
    const Text made = driver_->read(cutout_ + "/" + line.substr(kCommand.size()));
    EXPECT_EQ(made.error, 0) << line;
    ++tried;
  }
  EXPECT_GE(tried, 1U) << readme;
}

TEST_F(Services, WhatTheDeclarationForbidsIsInvalidInWordsAndAsksNobody) {
  driver_->list(cutout_);
  const std::size_t asked = origin_.requests().size();
  for (const auto& [name, words] : std::initializer_list<std::pair<const char*, const char*>>{
           {"FLUXCALIB=absolute.fits", "FLUXCALIB is one of normalized, relative; not absolute"},
           {"BAND=1e-7..2e-7.fits", "6.2e-07 to 6.7e-07 m"},
           {"FLUXCALIBRATION=normalized.fits", "expected KEY=VALUE with one of FLUXCALIB, BAND, FORMAT"},
           {"FLUXCALIB=normalized.pdf", "ends in .fits, .vot, .csv or .txt"}}) {
    EXPECT_EQ(driver_->stat(cutout_ + "/spectrum/" + name).error, EINVAL) << name;
    EXPECT_THAT(last_error(), HasSubstr(words));
  }
  EXPECT_EQ(origin_.requests().size(), asked);
}

}  // namespace
}  // namespace skymount::test
