// SPDX-License-Identifier: MIT
//
// Cutouts that are made on this machine: where the archive offers none, and where what it offers fails. Through the
// real worker, against an image of which every pixel tells its place.
#include "tests/fits/fits_files.h"
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"
#include "vo/demo/archive.h"
#include "vo/fits/cards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cerrno>
#include <cmath>

namespace skymount::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr long kWidth = 8'000, kHeight = 6'000;

unsigned sample(long x, long y) {
  return static_cast<unsigned>(x * 31 + y * 17) & 0xffff;
}

/// 96 MB of 16-bit samples that are made when they are asked for, centred on the position of the tests.
demo::OriginFile plate() {
  const std::string header =
      image_header(kPrimary, 16, {kWidth, kHeight}, tan_cards(156.01, 48.14, 0.001, kWidth, kHeight));
  demo::OriginFile file;
  file.content_type = "application/fits";
  file.etag = "\"v1\"";
  file.size = (header.size() + kWidth * kHeight * 2 + 2879) / 2880 * 2880;
  file.read = [header](std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::uint64_t at = offset + i;
      if (at < header.size()) {
        out[i] = static_cast<std::byte>(header[at]);
        continue;
      }
      const auto index = static_cast<long>((at - header.size()) / 2);
      const unsigned value = sample(index % kWidth, index / kWidth);
      out[i] = static_cast<std::byte>((at - header.size()) % 2 == 0 ? value >> 8 : value & 0xff);
    }
  };
  return file;
}

long axis(const std::string& file, int n) {
  const auto cards = vo::cards_of(as_bytes(file));
  const vo::Card* found = vo::find_card(cards, "NAXIS" + std::to_string(n));
  return found == nullptr ? -1 : static_cast<long>(vo::integer_value(*found).value_or(-1));
}

double reference(const std::string& file, int n) {
  const auto cards = vo::cards_of(as_bytes(file));
  const vo::Card* found = vo::find_card(cards, "CRPIX" + std::to_string(n));
  return found == nullptr ? NAN : vo::real_value(*found).value_or(NAN);
}

/// Every pixel is that of the plate where the cutout says that it is.
void expect_pixels_of_plate(const std::string& file) {
  const long nx = axis(file, 1), ny = axis(file, 2);
  const long x0 = std::lround((kWidth + 1) / 2.0 - reference(file, 1)),
             y0 = std::lround((kHeight + 1) / 2.0 - reference(file, 2));
  const std::size_t data = vo::header_of(vo::cards_of(as_bytes(file))).size();
  ASSERT_EQ(file.size(), data + (static_cast<std::size_t>(nx * ny * 2) + 2879) / 2880 * 2880);
  long wrong = 0;
  for (long y = 0; y < ny; ++y) {
    for (long x = 0; x < nx; ++x) {
      const std::size_t at = data + static_cast<std::size_t>(y * nx + x) * 2;
      const unsigned value = static_cast<unsigned char>(file[at]) << 8 | static_cast<unsigned char>(file[at + 1]);
      wrong += value != sample(x0 + x, y0 + y);
    }
  }
  EXPECT_EQ(wrong, 0) << "of " << nx * ny << " pixels from " << x0 << "," << y0;
}

class LocalCutouts : public ::testing::Test {
 protected:
  LocalCutouts() : tiny_(origin_) {
    origin_.put("/plate.fits", plate());
    tiny_.add({"plate", {{"#this", "/plate.fits"}}});
    setup_ = {dir_.path(), {{"tiny", tiny_.tap_url(), ""}}};
    tree_ = direct_driver(setup_);
  }
  TempDir dir_;
  demo::Origin origin_;
  TinyArchive tiny_;
  MountSetup setup_;
  std::unique_ptr<Driver> tree_;
  const std::string dataset_ = "/tiny/pos=156.01,48.14,0.1/1913-08-21_TINY_plate";
};

TEST_F(LocalCutouts, TheFieldInThePathIsCutWhereTheArchiveOffersNone) {
  EXPECT_THAT(tree_->list(dataset_).names, Contains("cutout.fits"));
  const Text file = tree_->read(dataset_ + "/cutout.fits");
  ASSERT_EQ(file.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_NEAR(axis(file.text, 1), 201, 2);
  EXPECT_NEAR(axis(file.text, 2), 201, 2);
  expect_pixels_of_plate(file.text);
  EXPECT_EQ(tree_->stat(dataset_ + "/cutout.fits").size, file.text.size());
  EXPECT_THAT(tree_->xattr(dataset_ + "/cutout.fits", "user.skymount.made_by").text, StartsWith("skymount"));
  const std::uint64_t rows = 201 * kWidth * 2;
  EXPECT_LE(origin_.body_bytes_sent(), rows * 3 / 2 + 300'000) << "the rows of the region, and the header";
  EXPECT_THAT(tree_->list("/tiny/pos=156.01,48.14,0.1/cutouts").names, Contains("1913-08-21_TINY_plate.fits"));
}

TEST_F(LocalCutouts, TheBestIsTheCutoutUntilThatFails) {
  EXPECT_EQ(tree_->readlink(dataset_ + "/best.fits").text, "cutout.fits");
  EXPECT_THAT(tree_->list(dataset_).names, Contains("best.fits"));
  const std::string elsewhere = "/tiny/pos=10,10/1913-08-21_TINY_plate";
  EXPECT_EQ(tree_->readlink(elsewhere + "/best.fits").text, "cutout.fits");
  EXPECT_EQ(tree_->read(elsewhere + "/cutout.fits").error, ENODATA);
  EXPECT_EQ(tree_->readlink(elsewhere + "/best.fits").text, "plate.fits");
  EXPECT_EQ(tree_->readlink("/tiny/collection=TINY/1913-08-21_TINY_plate/best.fits").text, "plate.fits");
  EXPECT_LE(origin_.count("/plate.fits"), 1U) << "choosing asks nobody";
}

TEST_F(LocalCutouts, APictureOfAnyImageIsMadeOnDemandAndListedNowhere) {
  const std::string picture = dataset_ + "/plate.fits.png";
  EXPECT_THAT(tree_->list(dataset_).names, Not(Contains(HasSubstr(".png"))));
  EXPECT_EQ(tree_->stat(picture).error, 0);
  EXPECT_EQ(origin_.count("/plate.fits"), 0U) << "to look at its name costs nothing";
  const Text png = tree_->read(picture);
  ASSERT_EQ(png.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_THAT(png.text, StartsWith("\x89PNG"));
  EXPECT_EQ(tree_->stat(picture).size, png.text.size());
  EXPECT_LE(origin_.body_bytes_sent(), 300ULL * 2 * 16'384 + 500'000)
      << "one row in twenty; each lies in two blocks of 16 KiB";
  EXPECT_THAT(tree_->xattr(picture, "user.skymount.made_by").text, StartsWith("skymount"));
  const std::size_t requests = origin_.requests().size();
  EXPECT_TRUE(tree_->read(picture).text == png.text);
  tree_->remount();
  EXPECT_TRUE(tree_->read(picture).text == png.text);
  EXPECT_EQ(origin_.requests().size(), requests);
}

TEST_F(LocalCutouts, CutoutsHavePicturesToo) {
  EXPECT_THAT(tree_->read(dataset_ + "/cutout.fits.png").text, StartsWith("\x89PNG"));
  EXPECT_THAT(tree_->read(dataset_ + "/cutout/pixels=1..50,1..40.fits.png").text, StartsWith("\x89PNG"));
  EXPECT_THAT(tree_->list(dataset_ + "/cutout").names, Not(Contains(HasSubstr(".png"))));
  EXPECT_EQ(tree_->read(dataset_ + "/cutout/pixels=9000..9100,1..10.fits.png").error, ENODATA);
  EXPECT_EQ(tree_->stat(dataset_ + "/links.vot.png").error, ENOENT);
}

/// Two images of one sky: a reduced one under #this, and a full one that an archive calls #coderived.
class FullResolution : public LocalCutouts {
 protected:
  FullResolution() {
    origin_.put("/reduced.fits", small_fits(100, 7), "application/fits", "\"r\"", 1'000'000'000);
    tiny_.add({"pair", {{"#this", "/reduced.fits"}, {"#coderived", "/plate.fits"}}});
    tiny_.add({"lost", {{"#this", "/reduced.fits"}, {"#coderived", "/gone.fits"}}});
    setup_ = {dir_.path() / "full", {{"tiny", tiny_.tap_url(), "[best]\nfull = { semantics = \"#coderived\" }\n"}}};
    std::filesystem::create_directories(setup_.folder);
    tree_ = direct_driver(setup_);
  }
  const std::string whole_ = "/tiny/collection=TINY/1913-08-21_TINY_";
};

TEST_F(FullResolution, IsWhatIsCutAndTheBestWholeImage) {
  const std::string field = "/tiny/pos=156.01,48.14,0.1/1913-08-21_TINY_pair";
  EXPECT_EQ(tree_->readlink(field + "/best.fits").text, "cutout.fits");
  EXPECT_EQ(tree_->readlink(whole_ + "pair/best.fits").text, "coderived/plate.fits");
  EXPECT_THAT(tree_->list(whole_ + "pair").names, Contains("best.fits"));
  const Text cut = tree_->read(field + "/cutout.fits");
  ASSERT_EQ(cut.error, 0) << tree_->read("/.skymount/errors.log").text;
  expect_pixels_of_plate(cut.text);
  EXPECT_EQ(origin_.count("/reduced.fits"), 0U);
  const std::string pixels = whole_ + "pair/cutout/pixels=1..3000,5..5";
  EXPECT_EQ(axis(tree_->read(pixels + ".fits").text, 1), 3000);
  EXPECT_EQ(axis(tree_->read(pixels + ",from=reduced.fits.fits").text, 1), 1440);
}

TEST_F(FullResolution, IsPassedOverOnceItFailed) {
  EXPECT_EQ(tree_->readlink(whole_ + "lost/best.fits").text, "coderived/gone.fits");
  EXPECT_EQ(tree_->read(whole_ + "lost/coderived/gone.fits").error, ENOENT);
  const std::size_t requests = origin_.requests().size();
  EXPECT_EQ(tree_->readlink(whole_ + "lost/best.fits").text, "reduced.fits");
  EXPECT_EQ(origin_.requests().size(), requests) << "choosing asks nobody";
  EXPECT_EQ(tree_->readlink("/tiny/collection=TINY/1913-08-21_TINY_plate/best.fits").text, "plate.fits")
      << "a dataset without one";
}

TEST_F(LocalCutouts, WhatWasCutOnceCostsNothingAgain) {
  const std::string name = dataset_ + "/cutout/circle=156.01,48.14,0.05.fits";
  const Text once = tree_->read(name);
  ASSERT_EQ(once.error, 0);
  expect_pixels_of_plate(once.text);
  const std::size_t requests = origin_.requests().size();
  EXPECT_TRUE(tree_->read(name).text == once.text);
  EXPECT_THAT(tree_->list(dataset_ + "/cutout").names, Contains("circle=156.01,48.14,0.05.fits"));
  tree_->remount();
  EXPECT_TRUE(tree_->read(name).text == once.text) << "also its date stays";
  EXPECT_EQ(origin_.requests().size(), requests);
}

TEST_F(LocalCutouts, ReadingTheHeaderFetchesNoPixels) {
  const std::string name = dataset_ + "/cutout/pixels=3001..5000,2001..4000.fits";
  const Text header = tree_->read(name, 0, 2880);
  ASSERT_EQ(header.error, 0);
  EXPECT_EQ(axis(header.text, 1), 2000);
  EXPECT_EQ(tree_->stat(name).size % 2880, 0U);
  EXPECT_GT(tree_->stat(name).size, 8'000'000U) << "the size is known";
  EXPECT_LE(origin_.body_bytes_sent(), 300'000U);
}

TEST_F(LocalCutouts, AnyWayOfReadingYieldsTheSameBytes) {
  const std::string name = dataset_ + "/cutout/pixels=101..700,201..900.fits";
  const Text whole = tree_->read(name);
  ASSERT_EQ(whole.error, 0);
  EXPECT_EQ(axis(whole.text, 1), 600);
  expect_pixels_of_plate(whole.text);
  const std::string other = dataset_ + "/cutout/pixels=101..700,201..901.fits";
  for (const std::uint64_t offset : {500'000ULL, 2'881ULL, 760'000ULL, 0ULL}) {
    const Text part = tree_->read(other, offset, 70'000);
    if (offset < 5'000) continue;  // the headers differ
    EXPECT_TRUE(part.text == whole.text.substr(offset, part.text.size())) << offset;
  }
}

TEST_F(LocalCutouts, OrdersThatCannotBeMetSayWhy) {
  const auto cutout = [&](const std::string& name) { return dataset_ + "/cutout/" + name; };
  EXPECT_EQ(tree_->read(cutout("circle=10,10,0.1.fits")).error, ENODATA);
  EXPECT_EQ(tree_->read(cutout("pixels=9000..9100,1..10.fits")).error, ENODATA);
  EXPECT_EQ(tree_->stat(cutout("pixels=9..1,1..10.fits")).error, EINVAL);
  EXPECT_EQ(tree_->stat(cutout("circle=10,10,0.1.csv")).error, EOPNOTSUPP);
  EXPECT_EQ(tree_->stat(cutout("circle=156.01,48.14,0.1,from=nosuch.fits.fits")).error, EINVAL);
  EXPECT_EQ(tree_->read(cutout("hdu=3,pixels=1..2,1..2.fits")).error, EINVAL);
  EXPECT_EQ(tree_->read(cutout("planes=2..3.fits")).error, EINVAL) << "a plain image has no planes";
  EXPECT_EQ(tree_->stat(cutout("circle=156.01,48.14,0.1,from=plate.fits.fits")).error, 0);
}

std::string gzipped(const std::string& inside) {
  std::string packed(compressBound(inside.size()) + 100, '\0');
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(inside.data()));
  z.avail_in = static_cast<uInt>(inside.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return packed;
}

void append_number(std::string& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 0xff);
}

/// The picture, 16 bits a sample, as a table of gzipped rows (FITS 4.0 section 10).
std::string tile_compressed(long nx, long ny, const std::string& picture) {
  std::string table, heap;
  for (long y = 0; y < ny; ++y) {
    const std::string row =
        gzipped(picture.substr(static_cast<std::size_t>(y * nx * 2), static_cast<std::size_t>(nx * 2)));
    append_number(table, static_cast<std::uint32_t>(row.size()));
    append_number(table, static_cast<std::uint32_t>(heap.size()));
    heap += row;
  }
  std::string header = card("XTENSION= 'BINTABLE'") + number_card("BITPIX", "8") + number_card("NAXIS", "2") +
                       number_card("NAXIS1", "8") + number_card("NAXIS2", std::to_string(ny)) +
                       number_card("PCOUNT", std::to_string(heap.size())) + number_card("GCOUNT", "1") +
                       number_card("TFIELDS", "1") + card("TTYPE1  = 'COMPRESSED_DATA'") +
                       card("TFORM1  = '1PB(1000)'") + number_card("ZIMAGE", "T") + card("ZTENSION= 'IMAGE   '") +
                       number_card("ZBITPIX", "16") + number_card("ZNAXIS", "2") +
                       number_card("ZNAXIS1", std::to_string(nx)) + number_card("ZNAXIS2", std::to_string(ny)) +
                       number_card("ZTILE1", std::to_string(nx)) + number_card("ZTILE2", "1") +
                       card("ZCMPTYPE= 'GZIP_1  '") + card("OBJECT  = 'packed'");
  for (const std::string& text : tan_cards(156.01, 48.14, 0.001, nx, ny)) header += card(text);
  return image_header(kPrimary, 8, {}) + blocks(header + card("END"), ' ') + blocks(table + heap, '\0');
}

TEST_F(LocalCutouts, OfATileCompressedImageTheTilesAreFetchedAndUnpacked) {
  constexpr long kSide = 1'000;
  std::string picture;
  for (long y = 0; y < kSide; ++y) {
    for (long x = 0; x < kSide; ++x) {
      const unsigned value = (sample(x, y) ^ sample(y * 7, x * 3)) & 0xffff;  // does not pack well
      picture += static_cast<char>(value >> 8);
      picture += static_cast<char>(value & 0xff);
    }
  }
  const std::string packed = tile_compressed(kSide, kSide, picture);
  ASSERT_GT(packed.size(), 1'000'000U);
  origin_.put("/packed.fits.fz", packed, "application/fits", "\"z\"", 1'000'000'000);
  tiny_.add({"packed", {{"#this", "/packed.fits.fz"}}});
  const std::string name = "/tiny/pos=156.01,48.14,0.1/1913-08-21_TINY_packed/cutout/pixels=301..400,701..760.fits";
  const Text cut = tree_->read(name);
  ASSERT_EQ(cut.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_EQ(axis(cut.text, 1), 100);
  EXPECT_EQ(axis(cut.text, 2), 60);
  EXPECT_THAT(cut.text, HasSubstr("OBJECT  = 'packed'"));
  EXPECT_THAT(cut.text, Not(HasSubstr("ZIMAGE")));
  const std::size_t data = vo::header_of(vo::cards_of(as_bytes(cut.text))).size();
  for (const long row : {0L, 1L, 59L}) {
    EXPECT_TRUE(cut.text.substr(data + static_cast<std::size_t>(row) * 200, 200) ==
                picture.substr(static_cast<std::size_t>((700 + row) * kSide + 300) * 2, 200))
        << row;
  }
  EXPECT_LE(origin_.body_bytes_sent(), 260'000U + 60 * 2'100 + 100'000) << "the head of the file and the tiles";
  EXPECT_THAT(tree_->read("/tiny/pos=156.01,48.14,0.1/1913-08-21_TINY_packed/packed.fits.fz.png").text,
              StartsWith("\x89PNG"));
}

TEST_F(LocalCutouts, WhatIsInsideACompressedFileIsAFileAndCanBeCut) {
  const std::string inside = image_header(kPrimary, 16, {100, 80}) + samples({100, 80});
  const std::string packed = gzipped(inside);
  origin_.put("/small.fits.gz", packed, "application/fits", "\"z\"", 1'000'000'000);
  tiny_.add({"small", {{"#this", "/small.fits.gz"}}});
  const std::string folder = "/tiny/pos=156.01,48.14,0.1/1913-08-21_TINY_small";
  EXPECT_THAT(tree_->list(folder).names, Not(Contains("small.fits")));
  EXPECT_TRUE(tree_->read(folder + "/small.fits.gz").text == packed);
  const Text unpacked = tree_->read(folder + "/small.fits");
  EXPECT_EQ(unpacked.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_TRUE(unpacked.text == inside);
  EXPECT_EQ(tree_->stat(folder + "/small.fits").size, inside.size());
  EXPECT_EQ(origin_.count("/small.fits.gz"), 1U) << "fetched once for both";
  const Text cut = tree_->read(folder + "/cutout/pixels=11..20,5..9.fits");
  ASSERT_EQ(cut.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_EQ(axis(cut.text, 1), 10);
  EXPECT_THAT(tree_->read(folder + "/small.fits.gz.png").text, StartsWith("\x89PNG"));
  EXPECT_EQ(origin_.count("/small.fits.gz"), 1U);
  EXPECT_THAT(tree_->read(folder + "/small.fits.gz.hdr").text, HasSubstr("compressed with gzip"));
}

TEST_F(LocalCutouts, WhatIsInsideNeverHidesAFileOfTheArchive) {
  const std::string inside = image_header(kPrimary, 16, {100, 80}) + samples({100, 80});
  origin_.put("/both.fits.gz", gzipped(inside), "application/fits", "\"z\"", 1'000'000'000);
  origin_.put("/both.fits", image_header(kPrimary, 16, {50, 40}) + samples({50, 40}), "application/fits", "\"p\"",
              1'000'000'000);
  tiny_.add({"both", {{"#this", "/both.fits.gz"}, {"#this", "/both.fits"}}});
  const std::string folder = "/tiny/collection=TINY/1913-08-21_TINY_both";
  EXPECT_EQ(axis(tree_->read(folder + "/both.fits").text, 1), 50);
}

TEST_F(LocalCutouts, ACompressedFileThatIsDamagedIsAnErrorAndNothingOfItStays) {
  const std::string inside = image_header(kPrimary, 16, {100, 80}) + samples({100, 80});
  std::string wrong_sum = gzipped(inside);
  wrong_sum[wrong_sum.size() - 8] ^= 1;
  origin_.put("/sum.fits.gz", wrong_sum, "application/fits", "\"z\"", 1'000'000'000);
  origin_.put("/short.fits.gz", gzipped(inside.substr(0, 9'000)), "application/fits", "\"z\"", 1'000'000'000);
  tiny_.add({"sum", {{"#this", "/sum.fits.gz"}}});
  tiny_.add({"short", {{"#this", "/short.fits.gz"}}});
  for (const std::string id : {"sum", "short"}) {
    const std::string folder = "/tiny/pos=156.01,48.14,0.1/1913-08-21_TINY_" + id;
    const std::string file = "/" + id + ".fits";
    for (const std::string& name : {file, std::string("/cutout/pixels=11..20,5..9.fits"), file}) {
      EXPECT_EQ(tree_->read(folder + name).error, EIO) << id << name;
      EXPECT_EQ(tree_->xattr(folder + name, "user.skymount.cached").text, "0") << id << name;
    }
  }
}

TEST_F(LocalCutouts, TheDateOfAFileStaysWhenWhatIsMadeOfItIsRead) {
  const std::string inside = image_header(kPrimary, 16, {100, 80}) + samples({100, 80});
  for (const std::string id : {"headers", "cut", "seen"})
    origin_.put("/" + id + ".fits", inside, "application/fits", "\"" + id + "\"", 1'000'000'000);
  origin_.put("/inner.fits.gz", gzipped(inside), "application/fits", "\"i\"", 1'000'000'000);
  const std::vector<std::pair<std::string, std::string>> made = {{"headers.fits", "headers.fits.hdr"},
                                                                 {"cut.fits", "cutout/pixels=1..9,1..9.fits"},
                                                                 {"inner.fits.gz", "inner.fits"},
                                                                 {"seen.fits", "seen.fits.png"}};
  for (const auto& [name, other] : made) tiny_.add({name.substr(0, name.find('.')), {{"#this", "/" + name}}});
  for (const auto& [name, other] : made) {
    const std::string id = name.substr(0, name.find('.')), folder = "/tiny/collection=TINY/1913-08-21_TINY_" + id + "/";
    const auto before = tree_->stat(folder + name).mtime;
    ASSERT_EQ(tree_->read(folder + other).error, 0) << tree_->read("/.skymount/errors.log").text;
    EXPECT_EQ(tree_->stat(folder + name).mtime, before) << other;
    tree_->read(folder + name);
    EXPECT_EQ(tree_->stat(folder + name).mtime, before) << other;
    tree_->remount();
    EXPECT_EQ(tree_->stat(folder + name).mtime, before) << other;
  }
}

class FailingService : public ::testing::Test {
 protected:
  FailingService() : archive_(origin_, {}), setup_{dir_.path(), {{"demo", origin_.url("/tap"), ""}}} {
    tree_ = direct_driver(setup_);
  }
  TempDir dir_;
  demo::Origin origin_;
  demo::DemoArchive archive_;
  MountSetup setup_;
  std::unique_ptr<Driver> tree_;
  const std::string dataset_ = "/demo/pos=156.01,48.14/1890-05-03_DEMO-PLATES_i00811";
};

TEST_F(FailingService, TheServiceIsAskedFirst) {
  ASSERT_EQ(tree_->read(dataset_ + "/cutout.fits").error, 0);
  EXPECT_EQ(tree_->xattr(dataset_ + "/cutout.fits", "user.skymount.made_by").text, "archive");
}

TEST_F(FailingService, AWholeFileInThePlaceOfACutoutIsNoCutout) {
  const std::uint64_t whole = tree_->stat(dataset_ + "/i00811.fits").size;
  const std::string url = tree_->xattr(dataset_ + "/i00811.fits", "user.skymount.url").text;
  origin_.misbehave("/soda", {.redirect_to = url});
  const Text cut = tree_->read(dataset_ + "/cutout/circle=156.01,48.14,0.1.fits");
  ASSERT_EQ(cut.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_LT(cut.text.size(), whole);
  EXPECT_THAT(cut.text, HasSubstr("skymount region: circle=156.01,48.14,0.1"));
  const std::size_t asked = origin_.count("/soda");
  EXPECT_TRUE(tree_->read(dataset_ + "/cutout/circle=156.01,48.14,0.1.fits").text == cut.text);
  EXPECT_EQ(origin_.count("/soda"), asked) << "that it sends all is remembered";
}

TEST_F(FailingService, WhatItDoesNotTakeOrFailsAtIsMadeHere) {
  origin_.misbehave("/soda", {.status = 500});
  const Text file = tree_->read(dataset_ + "/cutout.fits");
  ASSERT_EQ(file.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_THAT(file.text, StartsWith("SIMPLE  ="));
  EXPECT_THAT(file.text, HasSubstr("skymount region: circle=156.01,48.14,0.25"));
  EXPECT_THAT(tree_->xattr(dataset_ + "/cutout.fits", "user.skymount.made_by").text, StartsWith("skymount"));
  origin_.behave();
  const std::size_t asked = origin_.count("/soda");
  EXPECT_TRUE(tree_->read(dataset_ + "/cutout.fits").text == file.text);
  EXPECT_EQ(origin_.count("/soda"), asked) << "a failure is remembered for a while";
  EXPECT_EQ(tree_->read(dataset_ + "/cutout/pixels=1..20,1..30.fits").error, 0) << "no parameter of the service";
}

TEST_F(FailingService, NoAnswerIsNoEmptyFile) {
  origin_.misbehave("/soda", {.status = 204});
  const std::string inside = dataset_ + "/cutout/circle=156.01,48.14,0.05.fits",
                    outside = dataset_ + "/cutout/circle=10,10,0.05.fits";
  const Text cut = tree_->read(inside);
  ASSERT_EQ(cut.error, 0) << "the service is wrong: the field lies in the image";
  EXPECT_THAT(cut.text, HasSubstr("skymount region: circle=156.01,48.14,0.05"));
  EXPECT_THAT(tree_->xattr(inside, "user.skymount.made_by").text, StartsWith("skymount"));
  EXPECT_EQ(tree_->read(outside).error, ENODATA);
  EXPECT_NE(tree_->stat(outside).size, 0U);
  EXPECT_THAT(tree_->list(dataset_ + "/cutout").names, Not(Contains("circle=10,10,0.05.fits")));
  const std::size_t asked = origin_.count("/soda");
  EXPECT_TRUE(tree_->read(inside).text == cut.text);
  EXPECT_EQ(origin_.count("/soda"), asked) << "that it did not make this one is remembered";
}

std::string circle(const char* radius) {
  return std::string("/cutout/circle=156.01,48.14,") + radius + ".fits";
}

TEST_F(FailingService, IsLeftAloneWhateverIsOrderedOfIt) {
  origin_.misbehave("/soda", {.status = 500});
  EXPECT_EQ(tree_->read(dataset_ + circle("0.1")).error, 0);
  const std::size_t asked = origin_.count("/soda");
  EXPECT_GT(asked, 0U);
  EXPECT_EQ(tree_->read(dataset_ + circle("0.05")).error, 0);
  EXPECT_EQ(tree_->read(dataset_ + "/cutout/circle=10,10,0.1.fits").error, ENODATA);
  EXPECT_EQ(origin_.count("/soda"), asked);
}

TEST_F(FailingService, ARefusedOrderShutsNobodyOut) {
  origin_.misbehave("/soda", {.status = 422, .status_body = "what a radius"});
  const Text cut = tree_->read(dataset_ + circle("0.1"));
  EXPECT_EQ(cut.error, 0);
  EXPECT_EQ(tree_->read(dataset_ + "/cutout/circle=10,10,0.1.fits").error, ENODATA);
  origin_.behave();
  EXPECT_EQ(tree_->read(dataset_ + circle("0.05")).error, 0);
  EXPECT_EQ(tree_->xattr(dataset_ + circle("0.05"), "user.skymount.made_by").text, "archive");
  origin_.misbehave("/soda", {.status = 422, .status_body = "what a radius"});
  for (const char* radius : {"0.04", "0.03", "0.02"}) EXPECT_EQ(tree_->read(dataset_ + circle(radius)).error, 0);
  const std::size_t asked = origin_.count("/soda");
  EXPECT_EQ(tree_->read(dataset_ + circle("0.01")).error, 0);
  EXPECT_EQ(origin_.count("/soda"), asked) << "it understands nothing";
}

TEST_F(FailingService, ThatSendsTheWholeFileIsLeftAloneAndTheFileIsNeverThePart) {
  const std::string url = tree_->xattr(dataset_ + "/i00811.fits", "user.skymount.url").text;
  origin_.misbehave("/soda", {.redirect_to = url});
  EXPECT_EQ(tree_->read(dataset_ + "/cutout/circle=10,10,0.1.fits").error, ENODATA) << "far outside";
  EXPECT_EQ(tree_->xattr(dataset_ + "/cutout/circle=10,10,0.1.fits", "user.skymount.made_by").text, "")
      << "nobody has made it";
  const std::size_t asked = origin_.count("/soda");
  for (const char* radius : {"0.1", "0.05"}) {
    const Text cut = tree_->read(dataset_ + circle(radius));
    EXPECT_EQ(cut.error, 0) << tree_->read("/.skymount/errors.log").text;
    EXPECT_THAT(cut.text, HasSubstr(std::string("skymount region: circle=156.01,48.14,") + radius));
  }
  EXPECT_EQ(origin_.count("/soda"), asked);
}

TEST_F(FailingService, ThatSendsHalfAFileOrNoneIsNotBelieved) {
  const std::string whole = image_header(kPrimary, 16, {300, 300}) + samples({300, 300});
  origin_.put("/short.fits", whole.substr(0, 100'000), "application/fits");
  origin_.put("/headers.fits", image_header(kPrimary, 8, {}), "application/fits");
  for (const char* answer : {"/short.fits", "/headers.fits"}) {
    const std::string name = dataset_ + circle(answer[1] == 's' ? "0.1" : "0.05");
    const std::filesystem::path own = dir_.path() / (answer + 1);
    std::filesystem::create_directories(own);
    tree_ = direct_driver({own, setup_.archives});
    origin_.misbehave("/soda", {.redirect_to = origin_.url(answer)});
    const Text cut = tree_->read(name);
    ASSERT_EQ(cut.error, 0) << tree_->read("/.skymount/errors.log").text;
    EXPECT_THAT(cut.text, HasSubstr("skymount region: circle=156.01")) << answer;
    EXPECT_EQ(tree_->read(dataset_ + "/cutout/circle=10,10,0.1.fits").error, ENODATA) << answer;
  }
}

TEST_F(FailingService, ThatDoesNotAnswerIsNotWaitedForTwice) {
  const MountSetup brief{dir_.path() / "brief", {{"demo", origin_.url("/tap"), "[limits]\nopen = 4\n"}}};
  std::filesystem::create_directories(brief.folder);
  tree_ = direct_driver(brief);
  tree_->list(dataset_ + "/cutout");
  origin_.misbehave("/soda", {.silent = true});
  const Text cut = tree_->read(dataset_ + circle("0.1"));
  ASSERT_EQ(cut.error, 0) << tree_->read("/.skymount/errors.log").text;
  EXPECT_THAT(cut.text, HasSubstr("skymount region: circle=156.01"));
  const std::size_t asked = origin_.count("/soda");
  EXPECT_EQ(tree_->read(dataset_ + circle("0.05")).error, 0);
  EXPECT_TRUE(tree_->read(dataset_ + circle("0.1")).text == cut.text);
  EXPECT_EQ(origin_.count("/soda"), asked);
}

}  // namespace
}  // namespace skymount::test
