// SPDX-License-Identifier: MIT
//
// NAME.fits.hdr: what is in a FITS file's headers, for grep, at the price of its first bytes.
#include "tests/fits/fits_files.h"
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// `first` and the pixels behind it, which are made when they are asked for.
demo::OriginFile with_pixels(const std::string& first, std::uint64_t pixels, const std::string& last = "") {
  demo::OriginFile file;
  file.content_type = "application/fits";
  file.etag = "\"v1\"";
  const std::uint64_t padded = (pixels + 2879) / 2880 * 2880;
  file.size = first.size() + padded + last.size();
  file.read = [=](std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::uint64_t at = offset + i;
      char c = 'p';
      if (at < first.size()) c = first[at];
      if (at >= first.size() + padded) c = last[at - first.size() - padded];
      out[i] = static_cast<std::byte>(c);
    }
  };
  return file;
}

class HeaderFiles : public ::testing::Test {
 protected:
  HeaderFiles() : tiny_(origin_) {}
  void start() {
    setup_ = {dir_.path(), {{"tiny", tiny_.tap_url(), ""}}};
    tree_ = direct_driver(setup_);
  }
  std::string folder(const std::string& id) const { return "/tiny/pos=156.01,48.14/1913-08-21_TINY_" + id; }

  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  MountSetup setup_;
  std::unique_ptr<Driver> tree_;
};

TEST_F(HeaderFiles, AreListedBesideEachFitsFileAndHoldItsCards) {
  const std::string header = image_header(kPrimary, 16, {20'000, 10'000}, {"EXPTIME =                 60.0 / seconds"});
  origin_.put("/plate.fits", with_pixels(header, 400'000'000));
  origin_.put("/plate.jpg", std::string("\xff\xd8\xff\xe0 jpeg"), "image/jpeg", "\"j\"", 1'000'000'000);
  tiny_.add({"plate", {{"#this", "/plate.fits"}, {"#preview", "/plate.jpg", "image/jpeg"}}});
  start();
  EXPECT_THAT(tree_->list(folder("plate")).names, Contains("plate.fits.hdr"));
  EXPECT_THAT(tree_->list(folder("plate")).names, Not(Contains(HasSubstr("jpg.hdr"))));
  EXPECT_EQ(origin_.count("/plate"), 0U) << "listing is free";
  const Text text = tree_->read(folder("plate") + "/plate.fits.hdr");
  ASSERT_EQ(text.error, 0);
  EXPECT_THAT(text.text, StartsWith("SIMPLE  =                    T\n"));
  EXPECT_THAT(text.text, HasSubstr("\nEXPTIME =                 60.0 / seconds\n"));
  EXPECT_EQ(tree_->stat(folder("plate") + "/plate.fits.hdr").size, text.text.size());
  EXPECT_EQ(origin_.count("/plate.fits"), 1U) << "the request that an open costs";
  EXPECT_LE(origin_.requests().back().body_bytes_sent, 260'000U) << "no pixels beyond it";
  tree_->remount();
  EXPECT_EQ(tree_->read(folder("plate") + "/plate.fits.hdr").text, text.text);
  EXPECT_EQ(origin_.count("/plate.fits"), 1U);
}

TEST_F(HeaderFiles, OfAFileWithExtensionsShowAllHeadersAndFetchNoPixels) {
  const std::string last = image_header(kImageExtension, 16, {50, 40}, {"EXTNAME = 'LAST'"}) + samples({50, 40});
  origin_.put("/mef.fits", with_pixels(image_header(kPrimary, 16, {20'000, 10'000}), 400'000'000, last));
  tiny_.add({"mef", {{"#this", "/mef.fits"}}});
  start();
  const Text text = tree_->read(folder("mef") + "/mef.fits.hdr");
  EXPECT_THAT(text.text, HasSubstr("\nEND\n\nXTENSION= 'IMAGE   '\n"));
  EXPECT_THAT(text.text, HasSubstr("EXTNAME = 'LAST'"));
  EXPECT_EQ(origin_.count("/mef.fits"), 2U);
  std::uint64_t bytes = 0;
  for (const auto& request : origin_.requests()) bytes += request.target == "/mef.fits" ? request.body_bytes_sent : 0;
  EXPECT_LE(bytes, 300'000U);
}

TEST_F(HeaderFiles, AHeaderThatIsNoneIsAnErrorWithItsReason) {
  origin_.put("/endless.fits", with_pixels(card(kPrimary), 400'000'000));
  tiny_.add({"endless", {{"#this", "/endless.fits"}}});
  start();
  EXPECT_EQ(tree_->read(folder("endless") + "/endless.fits.hdr").error, EFBIG);
  EXPECT_THAT(tree_->xattr(folder("endless") + "/endless.fits.hdr", "user.skymount.error").text, HasSubstr("no end"));
  EXPECT_THAT(tree_->read("/.skymount/errors.log").text, HasSubstr("no end"));
  EXPECT_LE(origin_.body_bytes_sent(), 8'000'000U);
}

TEST_F(HeaderFiles, AnArchivesOwnFileOfSuchANameIsNotHidden) {
  origin_.put("/a.fits", small_fits(3, 1), "application/fits", "\"a\"", 1'000'000'000);
  origin_.put("/a.fits.hdr", "the archive's words\n", "text/plain", "\"h\"", 1'000'000'000);
  tiny_.add({"a", {{"#this", "/a.fits"}, {"#this", "/a.fits.hdr", "text/plain"}}});
  start();
  EXPECT_EQ(tree_->read(folder("a") + "/a.fits~a.hdr").text, "the archive's words\n");
  EXPECT_THAT(tree_->read(folder("a") + "/a.fits.hdr").text, StartsWith("SIMPLE"));
  EXPECT_THAT(tree_->list(folder("a")).names, Not(Contains("a.fits.hdr.hdr")));
}

}  // namespace
}  // namespace skymount::test
