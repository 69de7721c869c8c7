// SPDX-License-Identifier: MIT
//
// What a [[report]] finds in the descriptions of a links document, and what it warns about.
#include "vo/link_report.h"
#include "tests/vo/fake_service.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using test::LinkRow;
using test::links_votable;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

LinkReport cascade() {
  LinkReport report;
  report.file = "CASCADE.txt";
  report.in = "calSelector_*";
  report.semantics = {"#this", "#description"};
  report.fields = {"category", "certified", "complete", "mode", "messages"};
  report.warn = {{"certified", "false"}, {"complete", "!true"}, {"mode", "!requested"}};
  report.means = {{"mode", "Raw frames instead of master calibrations."}};
  return report;
}

constexpr const char* kTerm = "http://archive.eso.org/rdf/datalink/eso#calSelector_raw2master";

/// A folder whose document has these links: (semantics, description).
DatasetFolder folder_of(const std::vector<std::pair<std::string, std::string>>& links,
                        const std::string& source = "http://a.example/associations?dp_id=x&mode=Raw2Master") {
  std::vector<LinkRow> rows;
  for (const auto& [semantics, description] : links)
    rows.push_back({"x", "http://a.example/f", "", "", semantics, description, "", ""});
  DatasetFolder folder;
  folder.links_document = links_votable(rows);
  folder.source = source;
  return folder;
}

std::string report_on(const std::string& description, const char* semantics = "#this") {
  return report_text(cascade(), folder_of({{semantics, description}}), kTerm);
}

TEST(LinkReport, WhatIsWellIsToldWithoutAWarning) {
  const std::string text =
      report_on(R"(category="SCIENCE" certified="TRUE" complete="true" mode="raw2MASTER" type="x" messages="")");
  EXPECT_EQ(text, "category:  SCIENCE\ncertified: TRUE\ncomplete:  true\nmode:      raw2MASTER\nmessages:  \"\"\n");
}

TEST(LinkReport, AnotherModeThanTheAddressAskedForIsAWarning) {
  const std::string text = report_on(R"(certified="false" complete="false" mode="Raw2Raw")");
  EXPECT_THAT(text, StartsWith("WARNING: certified is \"false\".\nWARNING: complete is \"false\", not \"true\".\n"
                               "WARNING: mode is \"Raw2Raw\", but \"Raw2Master\" was asked for. Raw frames instead "
                               "of master calibrations.\n"));
}

TEST(LinkReport, WhereTheAddressDoesNotTellTheTermDoes) {
  const auto text = [](const char* mode) {
    return report_text(
        cascade(), folder_of({{"#this", std::string("mode=\"") + mode + "\""}}, "http://a.example/links?ID=x"), kTerm);
  };
  EXPECT_THAT(text("Raw2Raw"), HasSubstr("mode is \"Raw2Raw\", which is not what calSelector_raw2master stands for"));
  EXPECT_THAT(text("Raw2Master"), Not(HasSubstr("stands for")));
}

TEST(LinkReport, WhatIsNotSaidIsToldAsNotSaid) {
  const std::string text = report_on("calibrations of a night");
  EXPECT_THAT(text, StartsWith("WARNING: the archive does not say whether certified is as it should be.\n"));
  EXPECT_THAT(text, HasSubstr("\ncategory:  (the archive does not say)\n"));
  EXPECT_THAT(report_on(R"(certified="true complete="x)"), HasSubstr("certified: true complete=\n"));
  EXPECT_THAT(report_on(R"(uncertified="true" certified)"), HasSubstr("certified: (the archive does not say)"));
  DatasetFolder broken;
  broken.links_document = "<html>no links</html>";
  EXPECT_THAT(report_text(cascade(), broken, ""), HasSubstr("mode:      (the archive does not say)"));
}

TEST(LinkReport, OnlyTheTermsThatAreNamedAreReadAndEachValueIsToldOnce) {
  const std::string text =
      report_text(cascade(),
                  folder_of({{"#calibration", "certified=\"false\""},
                             {"#description", "complete='true' certified = \"true\""},
                             {"http://www.ivoa.net/rdf/datalink/core#this", "mode=\"Raw2Master\" certified=\"true\""},
                             {"#this", "category=\"A\" mode=\"Raw2Raw\" messages=\"two\""}}),
                  kTerm);
  EXPECT_THAT(text, HasSubstr("mode:      Raw2Master, Raw2Raw\n"));
  EXPECT_THAT(text, HasSubstr("certified: true\ncomplete:  true\n"));
  EXPECT_THAT(text, HasSubstr("WARNING: mode is \"Raw2Raw\""));
}

TEST(LinkReport, BelongsIntoTheFoldersThatItsPatternNames) {
  const LinkReport report = cascade();
  EXPECT_TRUE(applies(report, "/eso/prog_id=1/SPHER.x/calSelector_raw2raw", false));
  EXPECT_FALSE(applies(report, "/eso/prog_id=1/SPHER.x", false));
  EXPECT_FALSE(applies(report, "/calSelector_x", false)) << "an archive is no folder of links";
  EXPECT_FALSE(applies(report, "/eso/x/calSelector_raw2raw/night", false));
  EXPECT_TRUE(applies(report, "/eso/x/calSelector_raw2raw/night", true)) << "one of several documents of the term";
  LinkReport deep = report;
  deep.in = "prog_id=*/*/calSelector_raw2master";
  EXPECT_TRUE(applies(deep, "/eso/prog_id=098.C-0739(C)/SPHER.x/calSelector_raw2master", false));
  EXPECT_FALSE(applies(deep, "/eso/SPHER.x/calSelector_raw2master", false));
}

}  // namespace
}  // namespace skymount::vo
