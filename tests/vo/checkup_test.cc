// SPDX-License-Identifier: MIT
//
// A checkup names the part that is not well: every fault is made on a real origin, and only the step that it concerns
// may complain.
#include "vo/checkup.h"

#include "tests/support/temp_dir.h"
#include "vo/demo/archive.h"
#include "vo/demo/origin.h"

#include <gmock/gmock.h>

#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckupTest : public ::testing::Test {
 protected:
  demo::DemoArchive& archive(demo::DemoOptions options = {}) {
    side_ = std::make_unique<demo::DemoArchive>(origin_, options);
    return *side_;
  }
  ArchiveOptions configured(const std::string& url) {
    ArchiveOptions out;
    out.name = "demo";
    out.config_file = "demo.toml";
    out.tap.url = url;
    out.http.allow_private = true;
    return out;
  }
  std::vector<CheckStep> check(const ArchiveOptions& options, std::chrono::milliseconds budget = 15s) {
    origin_.clear_requests();
    auto steps = check_archive(options, clock_, {.step = budget});
    unsigned counted = 0;
    for (const CheckStep& step : steps) counted += step.requests;
    EXPECT_EQ(counted, origin_.requests().size()) << "requests were made that nobody told of";
    EXPECT_LE(counted, kMostCheckRequests);
    return steps;
  }
  std::vector<CheckStep> check() {
    if (!side_) archive();
    return check(configured(side_->tap_url()));
  }
  static const CheckStep& step(const std::vector<CheckStep>& steps, const std::string& name) {
    for (const CheckStep& one : steps)
      if (one.name == name) return one;
    static const CheckStep none{};
    ADD_FAILURE() << "no step " << name;
    return none;
  }
  /// Names of the steps with this verdict.
  static std::vector<std::string> with(Verdict verdict, const std::vector<CheckStep>& steps) {
    std::vector<std::string> out;
    for (const CheckStep& one : steps)
      if (one.verdict == verdict) out.push_back(one.name + "");
    return out;
  }

  SystemClock clock_;
  demo::Origin origin_;
  std::unique_ptr<demo::DemoArchive> side_;
};

TEST_F(CheckupTest, AWellArchiveIsWellInEveryPart) {
  const auto steps = check();
  EXPECT_TRUE(is_well(steps));
  EXPECT_THAT(with(Verdict::ok, steps), ElementsAre("dns", "connect", "tap", "obscore", "maxrec", "geometry", "links",
                                                    "batch", "ranges", "clock"));
  EXPECT_THAT(with(Verdict::skipped, steps), ElementsAre("tls", "auth", "routes"));
  EXPECT_THAT(step(steps, "obscore").words, HasSubstr("ivoa.obscore"));
  EXPECT_THAT(step(steps, "geometry").words, HasSubstr("\"intersects\""));
  EXPECT_THAT(step(steps, "maxrec").words, HasSubstr("OVERFLOW"));
  EXPECT_THAT(step(steps, "batch").words, HasSubstr("many datasets"));
  EXPECT_THAT(step(steps, "ranges").words, AllOf(HasSubstr("ranges are honoured"), HasSubstr("ETag")));
}

TEST_F(CheckupTest, AnUnknownNameIsDnsAndNothingElseIsAsked) {
  const auto steps = check(configured("http://no-such-archive.invalid/tap"));
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("dns"));
  EXPECT_THAT(step(steps, "dns").words, HasSubstr("no-such-archive.invalid"));
  EXPECT_THAT(step(steps, "dns").advice, HasSubstr("[tap] url"));
  EXPECT_EQ(step(steps, "ranges").verdict, Verdict::skipped);
}

TEST_F(CheckupTest, ARefusedConnectionIsConnect) {
  origin_.go_down();
  const auto steps = check(configured(origin_.url("/tap")));
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("connect"));
  EXPECT_EQ(step(steps, "dns").verdict, Verdict::ok);
}

TEST_F(CheckupTest, APrivateAddressIsToldAsSuch) {
  ArchiveOptions options = configured(archive().tap_url());
  options.http.allow_private = false;
  const auto steps = check(options);
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("connect"));
  EXPECT_THAT(step(steps, "connect").advice, HasSubstr("allow_private"));
}

TEST_F(CheckupTest, AnErrorDocumentOfTapIsObscoreWithTheArchivesWords) {
  archive();
  origin_.misbehave("/tap/sync",
                    {.status = 400,
                     .status_body = "<VOTABLE><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" "
                                    "value=\"ERROR\">the database is being moved</INFO></RESOURCE></VOTABLE>",
                     .status_content_type = "application/x-votable+xml"});
  const auto steps = check();
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("obscore"));
  EXPECT_THAT(step(steps, "obscore").words, HasSubstr("the database is being moved"));
  EXPECT_EQ(step(steps, "tap").verdict, Verdict::ok);
}

TEST_F(CheckupTest, AServiceWithoutObscoreIsToldSoAndWhereToNameTheTable) {
  ArchiveOptions options = configured(archive().tap_url());
  options.obscore.table = "tap_schema.columns";
  auto steps = check(options);
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("obscore"));
  EXPECT_THAT(step(steps, "obscore").advice, HasSubstr("[obscore] table in demo.toml"));
  options.obscore.table = "nowhere.obscore";
  steps = check(options);
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("obscore"));
  EXPECT_THAT(step(steps, "obscore").advice, HasSubstr("[obscore] table in demo.toml"));
}

RoutePtr route(std::string path, std::string adql, std::string name, std::string example) {
  Route out;
  std::string rest = out.written = std::move(path);
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    out.path.push_back(*RouteComponent::parse(rest.substr(0, slash)));
    rest.erase(0, slash + 1);
  }
  out.where = "demo.toml:9";
  out.adql = std::move(adql);
  out.name = std::move(name);
  out.url = "{access_url}";
  out.example = std::move(example);
  return std::make_shared<const Route>(std::move(out));
}

TEST_F(CheckupTest, RoutesAreAskedAndTheirColumnsLookedFor) {
  const std::string files = "SELECT plate_name, filename, access_url FROM demo.plates WHERE plate_id = {plate_id}";
  ArchiveOptions options = configured(archive().tap_url());
  options.routes = {route("plate={plate_id:int}", files, "{filename}", "plate=1"),
                    route("other/{plate_id:int}", files, "{plate_name}.fits", "")};
  auto steps = check(options);
  EXPECT_EQ(step(steps, "routes").verdict, Verdict::ok);
  EXPECT_THAT(step(steps, "routes").words, HasSubstr("2 of 2 answer with the columns that they name"));
  EXPECT_EQ(step(steps, "routes").requests, 2U);

  options.routes = {route("plate={plate_id:int}", files, "{file_name}", "plate=1"),
                    route("odd={plate_id:int}", "SELECT * FROM demo.paltes WHERE n = {plate_id}", "{x}", "odd=1"),
                    route("none={plate_id:int}", files, "{filename}", "none=999999"),
                    route("far={plate_id:int}", files, "{filename}", "fra=1")};
  steps = check(options);
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("routes"));
  const std::string words = step(steps, "routes").words;
  EXPECT_THAT(words, HasSubstr("demo.toml:9 plate={plate_id:int}: name wants the column {file_name}, which the answer "
                               "does not have - did you mean {filename}?"));
  EXPECT_THAT(words, HasSubstr("demo.paltes does not exist"));
  EXPECT_THAT(words, HasSubstr("none={plate_id:int}: its example has no rows"));
  EXPECT_THAT(words, HasSubstr("its example \"fra=1\" does not fit the path"));
}

TEST_F(CheckupTest, AnArchiveOfRoutesAloneIsWellWithoutObscore) {
  ArchiveOptions options = configured(archive({.obscore_table = "demo.everything"}).tap_url());
  options.routes = {
      route("plate={plate_id:int}", "SELECT * FROM demo.plates WHERE plate_id = {plate_id}", "{filename}", "plate=1")};
  const auto steps = check(options);
  EXPECT_TRUE(is_well(steps)) << step(steps, "obscore").words;
  EXPECT_EQ(step(steps, "obscore").verdict, Verdict::warn);
  EXPECT_EQ(step(steps, "routes").verdict, Verdict::ok) << step(steps, "routes").words;
}

TEST_F(CheckupTest, AWrongAddressAndAnArchiveThatSaysItIsDownAreTap) {
  archive();
  auto steps = check(configured(origin_.url("/elsewhere")));
  EXPECT_EQ(step(steps, "tap").verdict, Verdict::warn);
  EXPECT_THAT(step(steps, "tap").advice, HasSubstr("[tap] url"));
  EXPECT_FALSE(is_well(steps));

  origin_.misbehave("/tap/availability",
                    {.status = 200,
                     .status_body = "<availability xmlns=\"http://www.ivoa.net/xml/VOSIAvailability/v1.0\"><available>"
                                    "false</available><note>a new disk comes</note></availability>",
                     .status_content_type = "text/xml"});
  steps = check();
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("tap"));
  EXPECT_THAT(step(steps, "tap").words, HasSubstr("a new disk comes"));
}

TEST_F(CheckupTest, CapabilitiesWithoutEndAreGivenUp) {
  archive();
  std::atomic<std::uint64_t> sent = 0;
  origin_.handle("/tap/capabilities", [&](const demo::Request&) {
    demo::Reply reply;
    reply.content_type = "text/xml";
    reply.stream = [&](const demo::Reply::Sink& out) {
      const std::string piece(1 << 20, ' ');
      while (out(piece)) sent += piece.size();
    };
    return reply;
  });
  const auto steps = check();
  EXPECT_THAT(step(steps, "tap").words, HasSubstr("larger than"));
  EXPECT_LT(sent, 64U << 20);
}

TEST_F(CheckupTest, EachRungOfTheLadderIsNamed) {
  archive({.geometry = demo::Geometry::contains_only});
  EXPECT_THAT(step(check(), "geometry").words, HasSubstr("\"contains\""));
  archive({.geometry = demo::Geometry::centres_only});
  EXPECT_THAT(step(check(), "geometry").words, HasSubstr("\"centre\""));
  archive({.geometry = demo::Geometry::none});
  const auto steps = check();
  EXPECT_THAT(step(steps, "geometry").words, HasSubstr("\"box\""));
  EXPECT_EQ(step(steps, "geometry").verdict, Verdict::warn);
  EXPECT_TRUE(is_well(steps));
}

TEST_F(CheckupTest, ABrokenLinksServiceIsLinks) {
  archive();
  origin_.misbehave("/links", {.status = 500, .status_body = "out of cheese"});
  const auto steps = check();
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("links"));
  EXPECT_THAT(step(steps, "links").words, HasSubstr("out of cheese"));
  EXPECT_EQ(step(steps, "ranges").verdict, Verdict::skipped);
}

TEST_F(CheckupTest, ALinksServiceThatAnswersWithFaultsAloneIsLinks) {
  archive();
  std::string fault = "FatalFault: out of cheese";
  origin_.handle("/links", [&](const demo::Request& request) {
    return demo::Reply::text(
        200,
        "<VOTABLE version=\"1.4\"><RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>"
        "<FIELD name=\"ID\" datatype=\"char\" arraysize=\"*\"/>"
        "<FIELD name=\"access_url\" datatype=\"char\" arraysize=\"*\"/>"
        "<FIELD name=\"error_message\" datatype=\"char\" arraysize=\"*\"/>"
        "<FIELD name=\"semantics\" datatype=\"char\" arraysize=\"*\"/><DATA><TABLEDATA><TR><TD>" +
            request.param("ID").value_or("") + "</TD><TD/><TD>" + fault +
            "</TD><TD>#this</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>",
        "application/x-votable+xml;content=datalink");
  });
  auto steps = check();
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("links"));
  EXPECT_THAT(step(steps, "links").words, AllOf(HasSubstr("out of cheese"), HasSubstr("; and ")))
      << "another dataset is looked at before the service is blamed";
  EXPECT_THAT(step(steps, "links").advice, HasSubstr("ERRORS.txt"));

  fault = "AuthorizationFault: not yours";
  steps = check();
  EXPECT_EQ(step(steps, "links").verdict, Verdict::warn) << "not open to you is no illness";
  EXPECT_THAT(step(steps, "links").words, HasSubstr("not yours"));
}

TEST_F(CheckupTest, RangesThatAreIgnoredAreAWarningAndForbiddenFilesAreNot) {
  archive();
  origin_.misbehave("/files", {.ignore_range = true});
  auto steps = check();
  EXPECT_TRUE(is_well(steps));
  EXPECT_EQ(step(steps, "ranges").verdict, Verdict::warn);
  EXPECT_THAT(step(steps, "ranges").words, HasSubstr("no ranges"));

  origin_.misbehave("/files", {.status = 403, .status_body = "who are you?"});
  steps = check();
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("ranges"));
  EXPECT_THAT(step(steps, "ranges").advice, HasSubstr("skymount login"));
}

TEST_F(CheckupTest, AnArchiveThatIsSilentCostsOneBudgetAndNoMore) {
  archive();
  origin_.misbehave("/tap", {.silent = true});
  const auto begin = std::chrono::steady_clock::now();
  const auto steps = check(configured(side_->tap_url()), 300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("tap"));
  EXPECT_THAT(step(steps, "geometry").words, HasSubstr("TAP does not answer"));
}

TEST_F(CheckupTest, ASlowAnswerIsAWarningAndALimitBelowOursToo) {
  archive({.hard_maxrec = 1000});
  origin_.misbehave("/tap/sync", {.latency = 60ms});
  ArchiveOptions options = configured(side_->tap_url());
  origin_.clear_requests();
  const auto steps = check_archive(options, clock_, {.step = 15s, .slow_after = 50ms});
  EXPECT_EQ(step(steps, "obscore").verdict, Verdict::warn);
  EXPECT_THAT(step(steps, "obscore").advice, HasSubstr("[limits]"));
  EXPECT_THAT(step(steps, "maxrec").words, HasSubstr("never sends more than 1000 rows"));
  EXPECT_TRUE(is_well(steps));
}

TEST_F(CheckupTest, AClockThatIsWrongIsAWarning) {
  archive();
  const ManualClock wrong(clock_.now() + 1h);
  const auto steps = check_archive(configured(side_->tap_url()), wrong, {});
  EXPECT_EQ(step(steps, "clock").verdict, Verdict::warn);
  EXPECT_THAT(step(steps, "clock").words,
              AnyOf(HasSubstr("3599 s behind"), HasSubstr("3600 s behind"), HasSubstr("3601 s behind")));
}

/// A TLS server with a certificate that nobody has vouched for.
class SelfSigned {
 public:
  explicit SelfSigned(const std::filesystem::path& folder) : certificate(folder / "cert.pem") {
    const std::string cert = certificate.string(), key = (folder / "key.pem").string();
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost "
        "-addext subjectAltName=IP:127.0.0.1 "
        "-keyout " +
        key + " -out " + cert + " 2>/dev/null";
    int ends[2];
    if (std::system(make.c_str()) != 0 || pipe(ends) != 0) return;
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      dup2(ends[1], STDERR_FILENO);
      execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", cert.c_str(), "-key",
             key.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string said;
    char buffer[256];
    // "ACCEPT 127.0.0.1:41571"
    while (said.find("ACCEPT") == std::string::npos || said.back() != '\n') {
      const ssize_t got = read(ends[0], buffer, sizeof buffer);
      if (got <= 0) break;
      said.append(buffer, static_cast<std::size_t>(got));
    }
    output_ = ends[0];
    if (const std::size_t at = said.find("ACCEPT"); at != std::string::npos)
      port_ = std::atoi(said.c_str() + said.find(':', at) + 1);
  }
  ~SelfSigned() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
  }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/tap"; }
  bool runs() const { return port_ > 0; }

  const std::filesystem::path certificate;

 private:
  pid_t child_ = -1;
  int output_ = -1, port_ = 0;
};

TEST_F(CheckupTest, ACertificateThatNobodyVouchesForIsTlsAndNamingItHelps) {
  skymount::test::TempDir dir;
  const SelfSigned server(dir.path());
  if (!server.runs()) GTEST_SKIP() << "openssl is not installed";
  ArchiveOptions options = configured(server.url());
  auto steps = check_archive(options, clock_, {.step = 1s});
  EXPECT_THAT(with(Verdict::bad, steps), ElementsAre("tls"));
  EXPECT_THAT(step(steps, "tls").advice, HasSubstr("[tls] ca"));

  options.http.ca_file = server.certificate.string();
  steps = check_archive(options, clock_, {.step = 1s});
  EXPECT_EQ(step(steps, "tls").verdict, Verdict::ok);
  EXPECT_THAT(step(steps, "tls").words, HasSubstr("good for 29 days"));
  EXPECT_FALSE(is_well(steps)) << "a page of statistics is no TAP service";
}

}  // namespace
}  // namespace skymount::vo
