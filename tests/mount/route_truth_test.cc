// SPDX-License-Identifier: MIT
//
// What an archive of [[route]]s says that cannot all be true, and what would be lost without a word: tables that are
// not whole, values that are not of their type, groups and ids that are no names, two files of one id.
#include "tests/mount/driver.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/origin.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <set>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kRoutes = R"(
[[route]]
path = "t={k}/t"
adql = "SELECT t {k}"
rows = "table"

[[route]]
path = "files={k}"
adql = "SELECT files {k}"
rows = "files"
id = "{id}"
url = "{url}"
group = "{grp}"

[[route]]
path = "others={k}"
adql = "SELECT others {k}"
rows = "files"
id = "{id}"
url = "{url}"

[[route]]
path = "at={id:int}"
adql = "SELECT at {id}"
url = "{url}"
list = { csv = "plates.csv", columns = { id = "id" } }

[[route]]
path = "listed/{id}.txt"
rows = "service"
url = "ORIGIN/service"
params = { ID = "{id}" }
list = { csv = "ids.csv", columns = { id = "id" } }
)";

using Cells = std::vector<std::string>;

/// A VOTable of these rows; `fields` are FIELD elements' attributes.
std::string votable(const Cells& fields, const std::vector<Cells>& rows, const std::string& table = "") {
  std::string out = R"(<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">)"
                    R"(<INFO name="QUERY_STATUS" value="OK"/><TABLE)" +
                    table + ">";
  for (const std::string& field : fields) out += "<FIELD " + field + "/>";
  out += "<DATA><TABLEDATA>";
  for (const Cells& row : rows) {
    out += "<TR>";
    for (const std::string& cell : row) out += "<TD>" + cell + "</TD>";
    out += "</TR>";
  }
  return out + "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
}

const Cells kNumbers = {R"(name="n" datatype="int")", R"(name="a" datatype="char" arraysize="*")"};
const Cells kFiles = {R"(name="id" datatype="char" arraysize="*")", R"(name="url" datatype="char" arraysize="*")",
                      R"(name="grp" datatype="char" arraysize="*")"};

class RouteTruth : public ::testing::Test {
 protected:
  RouteTruth() {
    origin_.handle("/tap/sync", [this](const demo::Request& request) {
      const std::string query = request.param("QUERY").value_or("");
      for (const auto& [word, answer] : answers_)
        if (query.find(word) != std::string::npos) {
          return demo::Reply::text(200, answer, "application/x-votable+xml");
        }
      return demo::Reply::text(404, "?");
    });
    origin_.handle("/f", [](const demo::Request& request) { return demo::Reply::text(200, request.path + "\n"); });
  }
  void mount() {
    std::string routes = kRoutes;
    routes.replace(routes.find("ORIGIN"), 6, origin_.url(""));
    driver_ = direct_driver({dir_.path(), {{"odd", origin_.url("/tap"), routes, "mode = \"sync\"\n"}}});
  }
  std::string read(const std::string& path) {
    const Text text = driver_->read("/odd/" + path);
    return text.error != 0 ? "errno " + std::to_string(text.error) : text.text;
  }
  std::vector<std::string> names(const std::string& path) { return driver_->list("/odd/" + path).names; }
  std::string errors() { return driver_->read("/.skymount/errors.log").text; }
  std::string file(const std::string& path) { return origin_.url("/f/" + path); }

  TempDir dir_;
  demo::Origin origin_;
  std::map<std::string, std::string> answers_;  ///< by what the question holds
  std::unique_ptr<Driver> driver_;
};

TEST_F(RouteTruth, ATableWhoseAnswerContradictsItselfIsNotWhole) {
  answers_["'nrows'"] = votable(kNumbers, {{"1", "x"}, {"2", "y"}}, R"( nrows="50")");
  std::string two = votable(kNumbers, {{"1", "x"}});
  const std::size_t from = two.find("<TABLE>"), to = two.find("</RESOURCE>");
  answers_["'two'"] = two.insert(to, two.substr(from, to - from));
  mount();
  const std::string eio = "errno " + std::to_string(EIO);
  for (const char* format : {"csv", "tsv", "vot", "fits"}) EXPECT_EQ(read("t=nrows/t." + std::string(format)), eio);
  EXPECT_THAT(errors(), HasSubstr("2 rows came, the answer contradicts itself: the table promises 50 rows (nrows), "
                                  "and 2 came; t.INCOMPLETE.csv holds them"));
  EXPECT_THAT(names("t=nrows"), Contains("t.INCOMPLETE.csv"));
  EXPECT_EQ(read("t=nrows/t.INCOMPLETE.csv"), "n,a\n1,x\n2,y\n");
  EXPECT_EQ(read("t=two/t.csv"), eio);
  EXPECT_THAT(errors(), HasSubstr("it holds 2 tables with rows, and only the first is shown"));
}

TEST_F(RouteTruth, OneIdUnderTwoAddressesIsTwoFiles) {
  for (const std::string route : {"files", "others"})
    for (const std::string value : {"x", "y"})
      answers_["SELECT " + route + " '" + value + "'"] = votable(
          kFiles, {{"0", file(route + value + "/same.fits"), ""}, {"0", file(route + value + "2/same.fits"), ""}});
  mount();
  std::set<std::string> contents;
  for (const std::string folder : {"files=x", "files=y", "others=x", "others=y"})
    for (const std::string& name : names(folder))
      if (name.starts_with("same")) contents.insert(read(folder + "/" + name));
  EXPECT_EQ(contents.size(), 8U) << "each has its own bytes";
  EXPECT_THAT(contents, IsSupersetOf({std::string("/f/filesx/same.fits\n"), std::string("/f/othersy2/same.fits\n")}));
}

TEST_F(RouteTruth, AGroupOfAnyNameIsAFolderOfItsOwn) {
  const std::vector<std::string> groups = {"README.txt", "results.csv", "INCOMPLETE.txt", "a b", "a_b",
                                           "..",         "x/y",         "plain"};
  std::vector<Cells> rows;
  for (const std::string& group : groups) rows.push_back({group, file(std::to_string(rows.size()) + ".fits"), group});
  answers_["'g'"] = votable(kFiles, rows);
  mount();
  std::set<std::string> contents;
  for (const std::string& folder : names("files=g"))
    for (const std::string& name : names("files=g/" + folder)) contents.insert(read("files=g/" + folder + "/" + name));
  EXPECT_EQ(contents.size(), groups.size());
  EXPECT_THAT(names("files=g"), Contains("plain"));
  EXPECT_THAT(read("files=g/README.txt"), HasSubstr("count: 8 files"));
}

TEST_F(RouteTruth, NamesThatAListHasAndTheFolderDoesNotAreTold) {
  std::ofstream(dir_.path() / "ids.csv") << "id\nd/e\n..\none\n" << std::string(252, 'x') << "\n";
  std::ofstream(dir_.path() / "plates.csv") << "id\n1\nx\n";
  mount();
  EXPECT_THAT(names(""), IsSupersetOf({"at=1", "INCOMPLETE.txt"}));
  EXPECT_THAT(read("INCOMPLETE.txt"), HasSubstr("plates.csv are left out: they do not fit at={id:int}\n"));
  EXPECT_THAT(names("listed"), IsSupersetOf({"d%2Fe.txt", "%2E..txt", "one.txt", "INCOMPLETE.txt"}));
  EXPECT_THAT(read("listed/INCOMPLETE.txt"), HasSubstr("1 in "));
  EXPECT_THAT(read("listed/INCOMPLETE.txt"), HasSubstr("ids.csv are left out: they do not fit {id}.txt\n"));
  EXPECT_THAT(read("listed/README.txt"), HasSubstr("Read INCOMPLETE.txt: not all names are listed."));
  EXPECT_THAT(names("t=x"), Not(Contains("INCOMPLETE.txt")));
  std::ofstream(dir_.path() / "ids.csv") << "id\none\ntwo\n";
  driver_->remount();
  EXPECT_THAT(names("listed"), ::testing::ElementsAre("README.txt", "one.txt", "two.txt"));
  std::ofstream(dir_.path() / "ids.csv") << "id\none\n\"two\nthree\n";
  driver_->remount();
  EXPECT_THAT(names("listed"), ::testing::ElementsAre("INCOMPLETE.txt", "README.txt", "one.txt"));
  EXPECT_THAT(read("listed/INCOMPLETE.txt"), HasSubstr("in line 3 is never closed"));
}

TEST_F(RouteTruth, AValueThatIsNotOfItsColumnsTypeIsTold) {
  answers_["t 'odd'"] = votable(kNumbers, {{"1", "x"}, {"abc", "y"}, {"1.5", "z"}, {"", "e"}, {"NaN", "e"}});
  answers_["t 'wide'"] = votable(kNumbers, {{"1", "x"}, {"99999999999", "y"}, {"null", "z"}});
  answers_["files 'odd'"] = votable({kFiles[0], kFiles[1], R"(name="grp" datatype="int")"},
                                    {{"1", file("1.fits"), "x"}, {"2", file("2.fits"), "3"}});
  mount();
  EXPECT_EQ(read("t=odd/t.fits"), "errno " + std::to_string(EIO));
  EXPECT_THAT(errors(), HasSubstr("5 rows came, 2 values are not of the column's type, the first \"abc\" in column n "
                                  "(int) of row 2; t.INCOMPLETE.csv holds them"));
  EXPECT_EQ(read("t=odd/t.INCOMPLETE.csv"), "n,a\n1,x\n,y\n,z\n,e\n,e\n");
  EXPECT_EQ(read("t=wide/t.csv"), "n,a\n1,x\n99999999999,y\n,z\n");
  EXPECT_THAT(read("t=wide/t.vot"), HasSubstr("name=\"n\" datatype=\"long\""));
  EXPECT_THAT(read("files=odd/INCOMPLETE.txt"),
              HasSubstr("1 value is not of the column's type, the first \"x\" in column grp (int) of row 1"));
}

}  // namespace
}  // namespace skymount::test
