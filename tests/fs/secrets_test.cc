// SPDX-License-Identifier: MIT
//
// What secrets.toml and [auth] promise: secrets are bound in one private file, to an archive and an origin, and are
// never written down; mistakes are told with line and fix, and no text of ours repeats a secret.
#include "fs/config/config.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <fstream>

namespace skymount::fs {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kEso = R"(name = "eso"
[tap]
url = "https://archive.eso.org/tap_obs"
[auth]
kind = "oidc-password"
hosts = ["archive.eso.org", "dataportal.eso.org"]
token_url = "https://www.eso.org/sso/oidc/token"
)";
constexpr const char* kBound = R"([eso."https://www.eso.org"]
username = "anna"
password = { env = "ESO_PASSWORD" }
)";

class Secrets : public ::testing::Test {
 protected:
  Secrets() {
    std::filesystem::create_directories(dir_.path() / "home/.config/skymount");
    std::filesystem::create_directories(dir_.path() / "share");
  }
  std::string secrets(const std::string& text, mode_t mode = 0600) {
    const std::string file = dir_.path() / "home/.config/skymount/secrets.toml";
    std::ofstream(file, std::ios::trunc) << text;
    chmod(file.c_str(), mode);
    return file;
  }
  Result<Configuration> load(const std::string& archive = kEso) {
    std::ofstream(dir_.path() / "share/eso.toml", std::ios::trunc) << archive;
    ConfigRequest request;
    request.shipped = dir_.path() / "share";
    return load_configuration(request, [this](const char* name) -> std::optional<std::string> {
      return std::string(name) == "HOME" ? std::optional((dir_.path() / "home").string()) : std::nullopt;
    });
  }
  std::string complaint(const std::string& text, const std::string& archive = kEso) {
    secrets(text);
    const Result<Configuration> config = load(archive);
    return config ? "no complaint" : config.error().what();
  }

  test::TempDir dir_;
};

TEST_F(Secrets, AreBoundToAnArchiveAndAnOrigin) {
  secrets(kBound);
  const Result<Configuration> config = load();
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_THAT(config->notices, IsEmpty());
  const vo::AuthOptions& auth = config->archives[0].auth;
  EXPECT_EQ(auth.kind, vo::AuthOptions::Kind::oidc_password);
  ASSERT_EQ(auth.bindings.size(), 1U);
  EXPECT_EQ(auth.bindings[0].username, "anna");
  EXPECT_EQ(auth.bindings[0].password->described(), "the environment variable ESO_PASSWORD");
  EXPECT_TRUE(auth.bindings[0].origin.matches(vo::Url::parse("https://www.eso.org/sso").value()));
  EXPECT_EQ(auth.token_file, dir_.path() / "home/.local/state/skymount/tokens/eso.json");
  EXPECT_THAT(effective_config_text(*config),
              AllOf(HasSubstr("kind = \"oidc-password\""), HasSubstr("secrets.toml:1 binds a secret"),
                    Not(HasSubstr("ESO_PASSWORD"))));
}

TEST_F(Secrets, AFileThatOthersMayReadIsRefusedWithTheFix) {
  for (const mode_t mode : {0644, 0640, 0604}) {
    const std::string file = secrets(kBound, mode);
    const Result<Configuration> config = load();
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code(), Code::denied);
    EXPECT_THAT(config.error().what(), HasSubstr("run: chmod 600 " + file));
  }
}

TEST_F(Secrets, AreNotWrittenDownThere) {
  const std::string words = complaint("[eso.\"https://www.eso.org\"]\nusername = \"a\"\npassword = \"hunter2\"\n");
  EXPECT_THAT(words, AllOf(HasSubstr("secrets.toml:3"), HasSubstr("{ env = "), Not(HasSubstr("hunter2"))));
}

TEST_F(Secrets, MistakesAreToldWithTheirLine) {
  const std::string head = "[eso.\"https://www.eso.org\"]\n";
  EXPECT_THAT(complaint("token = { env = \"X\" }\n"),
              HasSubstr("secrets.toml:1: a secret is bound to an archive and an origin"));
  EXPECT_THAT(complaint("token = \"x\"\n"), HasSubstr("secrets.toml:1: 'token' belongs below"));
  EXPECT_THAT(complaint("[eso]\ntoken = { env = \"X\" }\n"), HasSubstr("secrets.toml:2:"));
  EXPECT_THAT(complaint("[eso]\nusername = \"X\"\n"), HasSubstr("[eso.\"https://HOST\"]"));
  EXPECT_THAT(complaint("[eso.\"*\"]\ntoken = { env = \"X\" }\n"), HasSubstr("secrets.toml:1: \"*\" is no host"));
  EXPECT_THAT(complaint(head + "pasword = { env = \"X\" }\n"), HasSubstr("did you mean 'password'?"));
  EXPECT_THAT(complaint(head + "password = { env = \"X\", file = \"/y\" }\n"), HasSubstr("must be one of"));
  EXPECT_THAT(complaint(head + "password = { file = \"y\" }\n"), HasSubstr("absolute path"));
  EXPECT_THAT(complaint(head + "password = { command = \"pass eso\" }\n"), HasSubstr("list of texts"));
  EXPECT_THAT(complaint(head + "username = \"a\"\n"), HasSubstr("'password' is missing"));
  EXPECT_THAT(complaint("not toml"), HasSubstr("secrets.toml:1: not valid TOML"));
}

TEST_F(Secrets, OneThatNobodyUsesIsSaid) {
  secrets("[esoo.\"https://www.eso.org\"]\nusername = \"a\"\npassword = { env = \"X\" }\n");
  EXPECT_THAT(load()->notices, ElementsAre(HasSubstr("did you mean \"eso\"?")));
  secrets(kBound);
  EXPECT_THAT(load("name = \"eso\"\n[tap]\nurl = \"http://a.example/\"\n")->notices,
              ElementsAre(HasSubstr("has no [auth] kind")));
}

TEST_F(Secrets, AuthOfAnArchiveIsChecked) {
  const std::string head = "name = \"eso\"\n[tap]\nurl = \"http://a.example/\"\n[auth]\n";
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"kind = \"kerberos\"\n", "eso.toml:5"},
      {"kind = \"bearer\"\nhosts = [\"*.eso.org\"]\n", "is no host"},
      {"kind = \"header\"\nheader = \"Authorization\"\n", "must be NAME: VALUE"},
      {"kind = \"header\"\nheader = \"Authorization: Token abcdef\"\n", "must hold {token} once"},
      {"kind = \"header\"\nheader = \"Host: {token}\"\n", "must not be the header Host"},
      {"kind = \"header\"\nheader = \"X: {token}\\r\\nY: z\"\n", "must be one line"},
      {"kind = \"bearer\"\nscope = [\"file\"]\n", "lists \"file\""},
      {"kind = \"oidc-password\"\nhosts = [\"a.example\"]\n", "needs [auth] token_url"},
      {"kind = \"oidc-password\"\ntoken_url = \"https://a.example/\"\n", "needs [auth] hosts"}};
  for (const auto& [text, words] : mistakes) EXPECT_THAT(complaint("", head + text), HasSubstr(words)) << text;
}

}  // namespace
}  // namespace skymount::fs
