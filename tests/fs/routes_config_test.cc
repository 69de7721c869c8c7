// SPDX-License-Identifier: MIT
//
// What [[route]] promises to who writes it: a file of one's own adds to and replaces shipped routes, and each mistake
// is told with line, key and the nearest that exists.
#include "fs/config/config.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>

namespace skymount::fs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kHead = "name = \"eso\"\n[tap]\nurl = \"http://a.example/tap\"\n";
constexpr const char* kRoute =
    "[[route]]\npath = \"product={product_id}\"\n"
    "adql = \"SELECT * FROM f WHERE product_id = {product_id}\"\nurl = \"{access_url}\"\n";

class RouteConfig : public ::testing::Test {
 protected:
  Result<Configuration> load(const std::string& text) {
    std::ofstream(dir_.path() / "eso.toml", std::ios::trunc) << text;
    ConfigRequest request;
    request.files = {dir_.path() / "eso.toml"};
    return load_configuration(request, [this](const char* name) -> std::optional<std::string> {
      return std::string(name) == "HOME" ? std::optional(dir_.path().string()) : std::nullopt;
    });
  }
  std::string complaint(const std::string& route) {
    const Result<Configuration> config = load(std::string(kHead) + "[[route]]\n" + route);
    return config ? "no complaint" : config.error().what();
  }

  test::TempDir dir_;
};

TEST_F(RouteConfig, ARouteIsReadWithItsDefaults) {
  const Result<Configuration> config = load(std::string(kHead) + kRoute);
  ASSERT_TRUE(config) << config.error().what();
  ASSERT_THAT(config->archives[0].routes, SizeIs(1));
  const vo::Route& route = *config->archives[0].routes[0];
  EXPECT_EQ(route.rows, vo::Route::Rows::files);
  EXPECT_EQ(route.where, "eso.toml:5");
  EXPECT_EQ(route.path.front().hole, "product_id");
}

TEST_F(RouteConfig, AListIsRelativeToItsFile) {
  const Result<Configuration> config =
      load(std::string(kHead) +
           "[[route]]\npath = \"n/{id:name}.fits\"\nrows = \"service\"\nurl = \"http://a.example/dlget\"\n"
           "params = { ID = \"ivo://x/{id}\" }\nlist = { csv = \"ids.csv\", columns = { id = \"id\" }, strip = "
           "\"ivo://x/\" }\n");
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_EQ(config->archives[0].routes[0]->list.csv, (dir_.path() / "ids.csv").string());
}

TEST_F(RouteConfig, MistakesAreToldWithLineAndKey) {
  const std::string path = "path = \"p={id}\"\n";
  const std::string rest = "url = \"{access_url}\"\n";
  EXPECT_THAT(complaint("adql = \"SELECT 1\"\n" + rest),
              AllOf(HasSubstr("eso.toml:5"), HasSubstr("'path' is missing")));
  EXPECT_THAT(complaint(path + rest), HasSubstr("'adql' is missing"));
  EXPECT_THAT(complaint(path + "adql = \"SELECT 1\"\n"), HasSubstr("'url' is missing"));
  EXPECT_THAT(complaint(path + "adql = \"SELECT {ids}\"\n" + rest),
              AllOf(HasSubstr("eso.toml:6: [[route]] adql has the hole {ids}"), HasSubstr("did you mean {id}?")));
  EXPECT_THAT(complaint(path + "adql = \"SELECT '{id}'\"\n" + rest), HasSubstr("has a hole in quotes"));
  EXPECT_THAT(complaint(path + "adqll = \"SELECT 1\"\n" + rest), HasSubstr("did you mean 'adql'?"));
  EXPECT_THAT(complaint(path + "query = \"SELECT 1\"\n" + rest),
              HasSubstr("is no key of a route; there are: path, adql"));
  EXPECT_THAT(complaint(path + "adql = \"SELECT 1\"\nurl = \"access_url\"\n"),
              HasSubstr("url is the same for every row; a column stands in braces: \"{access_url}\""));
  EXPECT_THAT(complaint("path = \"p={id:integer}\"\n" + rest), HasSubstr("hole of type 'integer'"));
  EXPECT_THAT(complaint("path = \"recent\"\nadql = \"SELECT 1\"\n" + rest), HasSubstr("which skymount itself shows"));
  EXPECT_THAT(complaint("path = \"a//b\"\nadql = \"SELECT 1\"\n" + rest), HasSubstr("empty name"));
  EXPECT_THAT(complaint("path = \"a={x}/b={x}\"\nadql = \"SELECT 1\"\n" + rest), HasSubstr("{x} twice"));
  EXPECT_THAT(complaint(path + "rows = \"row\"\nadql = \"SELECT 1\"\n" + rest), HasSubstr("one of \"files\""));
  EXPECT_THAT(complaint(path + "rows = \"table\"\nadql = \"SELECT 1\"\n"), HasSubstr("must end with the table's name"));
  EXPECT_THAT(complaint(path + "rows = \"service\"\n"), HasSubstr("'url' is missing"));
  EXPECT_THAT(complaint(path + "rows = \"service\"\nurl = \"http://a/\"\nparams = { ID = \"{x}\" }\n"),
              HasSubstr("hole {x}"));
  EXPECT_THAT(
      complaint(path + "rows = \"service\"\nurl = \"http://a/\"\nlist = { csv = \"a\", columns = { x = \"y\" } }\n"),
      HasSubstr("must be a hole of the path"));
  const std::string service = path + "rows = \"service\"\n";
  EXPECT_THAT(complaint(service + "url = \"http://me:hunter2@a/\"\n"),
              AllOf(HasSubstr("holds a secret"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(complaint(service + "url = \"http://a/\"\nparams = { token = \"hunter2\" }\n"),
              AllOf(HasSubstr("params.token is a secret"), Not(HasSubstr("hunter2"))));
  const Result<Configuration> twice = load(std::string(kHead) + kRoute + kRoute);
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().what(), AllOf(HasSubstr("eso.toml:9"), HasSubstr("can match one path")));
  const Result<Configuration> single = load(std::string(kHead) + "[route]\npath = \"x\"\n");
  ASSERT_FALSE(single);
  EXPECT_THAT(single.error().what(), HasSubstr("must be written [[route]]"));
  const Result<Configuration> several = load(std::string(kHead) + "[[routes]]\npath = \"x\"\n");
  ASSERT_FALSE(several);
  EXPECT_THAT(several.error().what(), HasSubstr("did you mean [[route]]?"));
}

TEST_F(RouteConfig, NoTypedNameMayChooseTheServerAndNoIntervalStandsInAQuestion) {
  EXPECT_THAT(complaint("path = \"at={host}/{id:name}.fits\"\nrows = \"service\"\nurl = \"http://{host}/get\"\n"),
              HasSubstr("url would let the name {host} choose the server"));
  EXPECT_THAT(complaint("path = \"x={u}\"\nadql = \"SELECT 1\"\nurl = \"{u}\"\n"), HasSubstr("choose the server"));
  EXPECT_THAT(complaint("path = \"x={id}\"\nadql = \"SELECT 1\"\nurl = \"http://a.example/{id}\"\n"), "no complaint");
  EXPECT_THAT(complaint("path = \"b={b:band}\"\nadql = \"SELECT * FROM t WHERE w = {b}\"\nurl = \"{u}\"\n"),
              HasSubstr("has the interval {b}, which is no value of a question"));
  EXPECT_THAT(complaint("path = \"COUNT.txt\"\nrows = \"table\"\nadql = \"SELECT 1\"\n"), HasSubstr("COUNT.txt"));
}

}  // namespace
}  // namespace skymount::fs
