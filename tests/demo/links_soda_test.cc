// SPDX-License-Identifier: MIT
//
// Links name what exists and report what does not; cutouts are the pixels that they claim to be.
#include "tests/demo/archive_fixture.h"
#include "tests/demo/fits_view.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace skymount::demo {
namespace {

using test::Answer;
using test::FitsView;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LinksTest : public test::ArchiveTest {
 protected:
  std::string links(const std::string& did) { return "/links?ID=" + url_encode(did); }
  std::string plate(const std::string& name) { return did_of("DEMO_PLATES", name); }
  vo::Table links_of(const std::string& did) { return table(get(links(did))); }
  static std::vector<std::string> column(const vo::Table& t, const char* name) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < t.size(); ++i) values.push_back(t.text(i, name));
    return values;
  }
  /// A cutout with everything that the service wants beside the region.
  Answer soda(const std::string& did, const std::string& more) {
    return get("/soda/sync?COMPRESS=false&OVERSCAN=0&ID=" + url_encode(did) + "&TOKEN=" + archive().soda_token(did) +
               more);
  }
};

TEST_F(LinksTest, EveryAccessUrlOfAPlateAnswers) {
  const vo::Table t = links_of(plate("i00811"));
  EXPECT_THAT(column(t, "semantics"), ::testing::ElementsAre("#this", "#preview-image", "#thumbnail", "#coderived",
                                                             "#calibration", "#documentation", "#cutout"));
  for (std::size_t i = 0; i < t.size(); ++i) {
    const std::string url = t.text(i, "access_url");
    if (url.empty()) continue;
    const Answer a = get(url.substr(origin.url("").size()));
    EXPECT_EQ(a.status, 200) << url;
    EXPECT_EQ(a.header("Content-Type"), t.text(i, "content_type")) << url;
  }
  EXPECT_EQ(t.text(0, "content_length"), std::to_string(archive().file_bytes("/files/DEMO_PLATES/i00811.fits").size()));
}

TEST_F(LinksTest, LengthsLieInEveryWayThatWasSeen) {
  const auto claim = [&](const char* name) { return links_of(plate(name)).text(0, "content_length"); };
  const std::uint64_t truth = archive().file_bytes("/files/DEMO_PLATES/a01345.fits").size();
  EXPECT_EQ(claim("a01345"), std::to_string(truth * 3));
  EXPECT_EQ(claim("i20611"), "500000");
  EXPECT_EQ(claim("ac12345"), "0");
  EXPECT_EQ(claim("mc07003"), "") << "absent";
  EXPECT_THAT(get(links(plate("ac00417"))).body, HasSubstr("<TD>-1</TD>"));
}

TEST_F(LinksTest, FaultsAreRowsUnder200) {
  const vo::Table unknown = links_of("ivo://nobody/knows");
  ASSERT_EQ(unknown.size(), 1u);
  EXPECT_THAT(unknown.text(0, "error_message"), StartsWith("NotFoundFault"));
  const vo::Table every = links_of(did_of("DEMO_ODD", "every-fault"));
  const std::vector<std::string> errors = column(every, "error_message");
  for (const char* fault :
       {"NotFoundFault", "AuthorizationFault", "TransientFault", "FatalFault", "UsageFault", "DefaultFault"}) {
    EXPECT_THAT(errors, ::testing::Contains(StartsWith(fault)));
  }
  EXPECT_EQ(links_of(did_of("DEMO_ODD", "empty-links")).size(), 0u);
  EXPECT_EQ(links_of(did_of("DEMO_ODD", "fatal-links")).size(), 1u);
  EXPECT_THAT(column(links_of(plate("i00102")), "semantics")[0], "http://www.ivoa.net/rdf/datalink/core#this");
}

TEST_F(LinksTest, LinksLeadToLinksAndSometimesBack) {
  const std::string did = plate("mc07003");
  const vo::Table outer = links_of(did);
  const auto terms = column(outer, "semantics");
  const auto at = static_cast<std::size_t>(std::find(terms.begin(), terms.end(), "#calibration") - terms.begin());
  ASSERT_LT(at, terms.size());
  const vo::Table inner = table(get(outer.text(at, "access_url").substr(origin.url("").size())));
  EXPECT_THAT(column(inner, "semantics"), ::testing::ElementsAre("#flat", "#dark", "#progenitor"));
  EXPECT_EQ(inner.text(2, "access_url"), archive().links_url(did));
}

TEST_F(LinksTest, SeveralIdsComeInOneAnswerUpToALimit) {
  options.links_max_ids = 3;
  std::string target = "/links?";
  for (const char* name : {"i00811", "i00102", "a01345", "i20611"}) target += "ID=" + url_encode(plate(name)) + "&";
  const vo::Table t = table(get(target));
  EXPECT_EQ(t.meta.status.kind, vo::QueryStatus::Kind::overflow);
  EXPECT_EQ(t.meta.services.size(), 3u);
  const auto ids = column(t, "ID");
  EXPECT_THAT(ids, ::testing::Contains(plate("a01345")));
  EXPECT_THAT(ids, ::testing::Not(::testing::Contains(plate("i20611"))));
}

TEST_F(LinksTest, TheDescriptorSaysAllThatSodaWants) {
  const std::string did = plate("i00811");
  const vo::Table t = links_of(did);
  ASSERT_EQ(t.meta.services.size(), 1u);
  const vo::ServiceDescriptor& service = t.meta.services[0];
  EXPECT_EQ(service.id, t.text(t.size() - 1, "service_def"));
  std::string query;
  for (const vo::Field& input : service.inputs) {
    std::string value = input.value;
    if (!input.ref.empty()) value = t.text(t.size() - 1, "soda_token");
    if (!value.empty()) query += (query.empty() ? "?" : "&") + input.name + "=" + url_encode(value);
  }
  query += "&CIRCLE=" + url_encode("156.01 48.14 0.1");
  const Answer a = get(service.access_url.substr(origin.url("").size()) + query);
  EXPECT_EQ(a.status, 200) << a.body;
  EXPECT_THAT(a.body, StartsWith("SIMPLE  ="));
  EXPECT_EQ(a.header("Content-Length"), "");
  EXPECT_EQ(a.header("Accept-Ranges"), "");
  EXPECT_NE(a.header("Last-Modified"), "");
}

TEST_F(LinksTest, ACutoutHasThePixelsAndTheStarsOfItsPlate) {
  const std::string did = plate("ir02219");  // turned by 12 degrees
  const auto image = archive().sky().image_of(*archive().sky().dataset(did));
  for (const char* region : {"&CIRCLE=156.01%2048.14%200.2", "&POS=CIRCLE%20156.01%2048.14%200.2",
                             "&POLYGON=155.8%2048.0%20156.2%2048.0%20156.2%2048.3%20155.8%2048.3",
                             "&POS=RANGE%20155.8%20156.2%2048.0%2048.3"}) {
    SCOPED_TRACE(region);
    const Answer a = soda(did, region);
    if (a.status == 400) continue;  // this plate may not declare the parameter; checked elsewhere
    ASSERT_EQ(a.status, 200) << a.body;
    EXPECT_EQ(a.body.size() % 2880, 0u);
    const FitsView cut(a.body);
    const int x0 = static_cast<int>(std::lround(image->spec().wcs.crpix.x - cut.real("CRPIX1")));
    const int y0 = static_cast<int>(std::lround(image->spec().wcs.crpix.y - cut.real("CRPIX2")));
    EXPECT_LT(cut.integer("NAXIS1"), 400);
    for (int y = 0; y < cut.integer("NAXIS2"); ++y) {
      for (int x = 0; x < cut.integer("NAXIS1"); ++x) {
        ASSERT_EQ(cut.sample(a.body, x, y), image->value(0, y0 + y, x0 + x)) << x << "," << y;
      }
    }
    const auto star = cut.pixel_of(156.01, 48.14);
    EXPECT_GT(
        cut.sample(a.body, static_cast<int>(std::lround(star[0])) - 1, static_cast<int>(std::lround(star[1])) - 1),
        10'000);
    EXPECT_EQ(cut.cards.at("PLATENUM"), "ir02219");
    EXPECT_EQ(cut.cards.at("OBSERVER"), "A. J. O'Demo");
  }
}

TEST_F(LinksTest, CutoutsWorkAtZeroAndAtThePoleAndEndAtTheEdge) {
  const Answer zero = soda(did_of("DEMO_ZERO", "z00001"), "&CIRCLE=359.9%2012.6%200.05");
  ASSERT_EQ(zero.status, 200) << zero.body;
  const FitsView at_zero(zero.body);
  const auto star = at_zero.pixel_of(359.9, 12.6);
  EXPECT_NEAR(star[0], (at_zero.integer("NAXIS1") + 1) / 2.0, 1.0);
  EXPECT_NEAR(at_zero.integer("NAXIS1"), 50, 2) << "0.1 degrees at 0.002 degrees a pixel";
  const Answer pole = soda(did_of("DEMO_POLE", "p00001"), "&CIRCLE=0%2090%200.2");
  ASSERT_EQ(pole.status, 200) << pole.body;
  const FitsView at_pole(pole.body);
  EXPECT_NEAR(at_pole.pixel_of(0, 90)[0], (at_pole.integer("NAXIS1") + 1) / 2.0, 1.0);
  EXPECT_EQ(soda(plate("i00811"), "&CIRCLE=10%2010%201").status, 204);
  const FitsView corner(soda(plate("i00811"), "&CIRCLE=156.01%2048.14%205").body);
  EXPECT_EQ(corner.integer("NAXIS1"), 2500) << "cut to the image";
}

TEST_F(LinksTest, APartOfTheBigPlateCostsNoMoreThanThatPart) {
  const std::string did = did_of("DEMO_BIG", "big0001");
  const Answer a = soda(did, "&CIRCLE=83.82%20-5.39%200.02");
  ASSERT_EQ(a.status, 200) << a.body;
  EXPECT_LT(a.body.size(), 20'000u);
  EXPECT_EQ(soda(did, "&CIRCLE=83.82%20-5.39%2020").status, 400) << "too large";
}

TEST_F(LinksTest, PlanesOfACubeAreChosenByWavelength) {
  const std::string did = did_of("DEMO_CUBE", "cube01");
  const auto image = archive().sky().image_of(*archive().sky().dataset(did));
  const Answer a = soda(did, "&BAND=6.52e-7%206.53e-7&CIRCLE=49.95%2041.51%200.005");
  ASSERT_EQ(a.status, 200) << a.body;
  const FitsView cut(a.body);
  EXPECT_EQ(cut.integer("NAXIS3"), 3);
  EXPECT_NEAR(cut.real("CRVAL3"), 6.52e-7, 1e-12);
  const int x0 = static_cast<int>(std::lround(image->spec().wcs.crpix.x - cut.real("CRPIX1")));
  const int y0 = static_cast<int>(std::lround(image->spec().wcs.crpix.y - cut.real("CRPIX2")));
  EXPECT_EQ(cut.sample(a.body, 3, 4, 1), image->value(5, y0 + 4, x0 + 3) / 8.0);
  EXPECT_EQ(soda(did, "&BAND=1e-6%202e-6").status, 204);
  EXPECT_EQ(soda(plate("i00811"), "&BAND=1e-7%202e-7").status, 400) << "a plate declares no BAND";
}

TEST_F(LinksTest, SodaRefusesWhatIsNotDeclaredOrMissing) {
  const std::string did = plate("i00811"), id = "ID=" + url_encode(did), circle = "&CIRCLE=156.01%2048.14%200.1";
  const std::string token = "&TOKEN=" + archive().soda_token(did), constants = "&COMPRESS=false&OVERSCAN=0";
  const auto refused = [&](const std::string& query) {
    const Answer a = get("/soda/sync?" + query);
    EXPECT_EQ(a.status, 400) << query;
    EXPECT_THAT(a.header("Content-Type"), StartsWith("text/plain"));
    return a.body;
  };
  EXPECT_THAT(refused(id + constants + circle), StartsWith("UsageError: TOKEN"));
  EXPECT_THAT(refused(id + token + "&OVERSCAN=0" + circle), StartsWith("UsageError: COMPRESS"));
  EXPECT_THAT(refused(id + token + "&COMPRESS=false" + circle), StartsWith("UsageError: OVERSCAN"));
  EXPECT_THAT(refused(id + token + constants + circle + "&KIND=1"), StartsWith("UsageError: the parameter KIND"));
  EXPECT_THAT(refused(id + token + constants + "&CIRCLE=1%202"), StartsWith("UsageError: CIRCLE"));
  EXPECT_THAT(refused(id + token + constants + "&CIRCLE=1%20x%203"), StartsWith("UsageError: CIRCLE"));
  EXPECT_THAT(refused(id + token + constants + circle + circle), StartsWith("MultiValuedParamNotSupported"));
  EXPECT_EQ(get("/soda/sync?ID=unknown").status, 404);
  const std::string circle_only = plate("i20611"), pos_only = plate("ac00417");
  EXPECT_EQ(soda(circle_only, "&POS=CIRCLE%20156.01%2048.14%200.1").status, 400);
  EXPECT_EQ(soda(circle_only, circle).status, 200);
  EXPECT_EQ(soda(pos_only, circle).status, 400);
  EXPECT_EQ(soda(pos_only, "&POS=CIRCLE%20156.01%2048.14%200.1").status, 200);
}

TEST_F(LinksTest, WithoutSodaNoLinksOfferIt) {
  options.soda = false;
  EXPECT_TRUE(links_of(plate("i00811")).meta.services.empty());
}

TEST_F(LinksTest, FilesHaveTheSameValidatorsAtEveryStartAndOthersAfterReprocessing) {
  const Answer here = get("/files/DEMO_PLATES/i00811.fits");
  Origin other;
  const DemoArchive again(other);
  Origin third;
  const DemoArchive later(third, {.generation = 2});
  const Answer there = test::get(other.port(), "/files/DEMO_PLATES/i00811.fits");
  const Answer changed = test::get(third.port(), "/files/DEMO_PLATES/i00811.fits");
  EXPECT_EQ(here.header("ETag"), there.header("ETag"));
  EXPECT_EQ(here.header("Last-Modified"), there.header("Last-Modified"));
  EXPECT_EQ(here.body, there.body);
  EXPECT_NE(here.header("ETag"), changed.header("ETag"));
  EXPECT_NE(here.body, changed.body);
}

TEST_F(LinksTest, HostileFileNamesAreServedUnderTheirOwnUrls) {
  int seen = 0;
  for (const Dataset& d : archive().sky().datasets()) {
    if (!d.obs_id.starts_with("file-name-")) continue;
    const Answer a = get(archive().file_url(d.this_path).substr(origin.url("").size()));
    EXPECT_EQ(a.status, 200) << d.this_path;
    EXPECT_THAT(a.header("Content-Disposition"), HasSubstr("../../"));
    ++seen;
  }
  EXPECT_EQ(seen, 3);
}

}  // namespace
}  // namespace skymount::demo
