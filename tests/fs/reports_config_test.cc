// SPDX-License-Identifier: MIT
//
// What [[report]] promises to who writes it: each mistake is told with line, key and the nearest that exists, and the
// shipped report of ESO's cascades is read.
#include "fs/config/config.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>

namespace skymount::fs {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kHead = "name = \"eso\"\n[tap]\nurl = \"http://a.example/tap\"\n";
constexpr const char* kReport =
    "[[report]]\nfile = \"CASCADE.txt\"\nin = \"calSelector_*\"\nfields = [\"mode\", \"complete\"]\n"
    "warn = { mode = \"!requested\" }\n[report.means]\nmode = \"raw ones\"\n";

class ReportConfig : public ::testing::Test {
 protected:
  Result<vo::ArchiveOptions> load(const std::string& text) {
    std::ofstream(dir_.path() / "eso.toml", std::ios::trunc) << kHead << text;
    return load_archive(dir_.path() / "eso.toml", true);
  }
  std::string complaint(const std::string& report) {
    const auto loaded = load("[[report]]\n" + report);
    return loaded ? "no complaint" : loaded.error().what();
  }

  test::TempDir dir_;
};

TEST_F(ReportConfig, AReportIsRead) {
  const auto options = load(kReport);
  ASSERT_TRUE(options) << options.error().what();
  ASSERT_THAT(options->reports, SizeIs(1));
  const vo::LinkReport& report = options->reports[0];
  EXPECT_EQ(report.file, "CASCADE.txt");
  EXPECT_EQ(report.warn.at("mode"), "!requested");
  EXPECT_EQ(report.means.at("mode"), "raw ones");
  EXPECT_EQ(report.where, "eso.toml:5");
}

TEST_F(ReportConfig, MistakesAreToldWithLineAndKey) {
  EXPECT_THAT(complaint("file = \"C.txt\"\nin = \"x\"\nfeilds = [\"a\"]\n"),
              HasSubstr("eso.toml:7: [[report]] feilds is no key of a report - did you mean 'fields'?"));
  EXPECT_THAT(complaint("file = \"C.txt\"\nfields = [\"a\"]\n"), HasSubstr("eso.toml:5: [[report]] 'in' is missing"));
  EXPECT_THAT(complaint("file = \"C.txt\"\nin = \"x\"\n"), HasSubstr("'fields' is missing"));
  EXPECT_THAT(complaint("file = \"a/b c\"\nin = \"x\"\nfields = [\"a\"]\n"), HasSubstr("perhaps \"a_b_c\""));
  EXPECT_THAT(complaint("file = \"links.vot\"\nin = \"x\"\nfields = [\"a\"]\n"), HasSubstr("which skymount itself"));
  EXPECT_THAT(complaint("file = \"C.txt\"\nin = \"x\"\nfields = [\"complete\"]\nwarn = { complet = \"x\" }\n"),
              HasSubstr("is about 'complet', which is not among fields - did you mean 'complete'?"));
  EXPECT_THAT(complaint("file = \"C.txt\"\nin = \"x\"\nfields = [\"mode\"]\nmeans = { mode = \"x\" }\n"),
              HasSubstr("which is not among warn"));
  EXPECT_THAT(complaint("file = 3\nin = \"x\"\nfields = [\"a\"]\n"), HasSubstr("eso.toml:5"));
  const auto twice = load(std::string(kReport) + kReport);
  EXPECT_THAT(twice ? "no complaint" : twice.error().what(), HasSubstr("is there twice (eso.toml:5)"));
  const auto single = load("[report]\nfile = \"C.txt\"\n");
  EXPECT_THAT(single ? "no complaint" : single.error().what(), HasSubstr("must be written [[report]]"));
}

TEST_F(ReportConfig, TheShippedCascadeIsRead) {
  const auto options = load_archive(SKYMOUNT_SHIPPED_CONFIGURATIONS "/eso.toml", false);
  ASSERT_TRUE(options) << options.error().what();
  ASSERT_THAT(options->reports, SizeIs(1));
  EXPECT_EQ(options->reports[0].file, "CASCADE.txt");
  EXPECT_EQ(options->reports[0].in, "calSelector_*");
  EXPECT_THAT(options->reports[0].warn, SizeIs(3));
}

}  // namespace
}  // namespace skymount::fs
