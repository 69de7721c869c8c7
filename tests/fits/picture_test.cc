// SPDX-License-Identifier: MIT
//
// Pictures of FITS images, through the real worker: they show what is in the image, the right way up, and cost rows
// instead of images.
#include "vo/fits/picture.h"
#include "tests/fits/fits_files.h"

#include <gmock/gmock.h>
#include <png.h>

#include <bit>

namespace skymount::vo {
namespace {

using test::File;
using test::image_header;
using test::kPrimary;
using ::testing::HasSubstr;

struct Grey {
  std::uint32_t width = 0, height = 0;
  std::vector<png_byte> pixels;
  int at(std::uint32_t x, std::uint32_t y) const { return pixels[std::size_t{y} * width + x]; }  // y from the top
};

Grey decoded(const Bytes& png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  Grey out;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
  image.format = PNG_FORMAT_GRAY;
  out.width = image.width;
  out.height = image.height;
  out.pixels.resize(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, out.pixels.data(), 0, nullptr), 0) << image.message;
  return out;
}

/// Samples of a formula, big-endian.
template <class T, class Of>
std::string image(long nx, long ny, Of of) {
  std::string out;
  for (long y = 0; y < ny; ++y) {
    for (long x = 0; x < nx; ++x) {
      const T value = static_cast<T>(of(x, y));
      const char* bytes = reinterpret_cast<const char*>(&value);
      for (std::size_t i = sizeof value; i-- > 0;) out += bytes[i];
    }
  }
  return test::blocks(std::move(out), '\0');
}

class Picture : public ::testing::Test {
 protected:
  Result<Bytes> look(File& file) {
    return picture_of(
        file.bytes.size(), file.reader(), [](ByteRange) {}, workers_,
        FetchContext::within(std::chrono::seconds(30), "test"));
  }
  Grey seen(File& file) {
    const Result<Bytes> png = look(file);
    EXPECT_TRUE(png) << png.error().what();
    return png ? decoded(*png) : Grey{};
  }
  Workers workers_{{SKYMOUNT_FITS}};
};

TEST_F(Picture, ShowsTheImageWithItsFirstRowBelow) {
  // A slope to the right, and a bright square above on the left.
  const auto scene = [](long x, long y) { return x < 20 && y > 80 ? 900 : 100 + x; };
  File file(image_header(kPrimary, 16, {100, 120}) + image<std::int16_t>(100, 120, scene));
  const Grey grey = seen(file);
  ASSERT_EQ(grey.width, 100U);
  ASSERT_EQ(grey.height, 120U);
  EXPECT_EQ(grey.at(5, 5), 255) << "above on the left";
  EXPECT_LT(grey.at(5, 115), 30);
  EXPECT_LT(grey.at(5, 115), grey.at(50, 115));
  EXPECT_LT(grey.at(50, 115), grey.at(95, 115));
}

TEST_F(Picture, OfANegativeKeepsDarkThingsApart) {
  const auto plate = [](long x, long y) { return y > 60 ? 3000 - 20 * (x % 10) : 3000 - (x % 50 == 0 ? 2500 : 0); };
  File file(image_header(kPrimary, 16, {100, 100}) + image<std::int16_t>(100, 100, plate));
  const Grey grey = seen(file);
  EXPECT_GT(grey.at(1, 99), 240) << "the sky of a plate is bright";
  EXPECT_GT(grey.at(10, 10) - grey.at(19, 10), 15) << "faint dark things are seen";
}

TEST_F(Picture, TakesEveryKindOfSampleAndLeavesOutWhatHasNoValue) {
  const auto slope = [](long x, long) { return static_cast<double>(x); };
  const auto with_hole = [](long x, long y) { return x == 10 && y == 10 ? NAN : static_cast<double>(x); };
  File bytes(image_header(kPrimary, 8, {64, 32}) + image<std::uint8_t>(64, 32, slope));
  File words(image_header(kPrimary, 32, {64, 32}) + image<std::int32_t>(64, 32, slope));
  File longs(image_header(kPrimary, 64, {64, 32}) + image<std::int64_t>(64, 32, slope));
  File floats(image_header(kPrimary, -32, {64, 32}) + image<float>(64, 32, with_hole));
  File doubles(image_header(kPrimary, -64, {64, 32}) + image<double>(64, 32, with_hole));
  for (File* file : {&bytes, &words, &longs, &floats, &doubles}) {
    const Grey grey = seen(*file);
    ASSERT_EQ(grey.width, 64U);
    EXPECT_EQ(grey.at(0, 0), 0);
    EXPECT_GT(grey.at(63, 0), 250);
    if (file == &floats || file == &doubles) {
      EXPECT_EQ(grey.at(10, 21), 0);
      EXPECT_GT(grey.at(11, 21), 50);
    }
  }
  File blank(image_header(kPrimary, 16, {64, 32}, {"BLANK   = -32768"}) +
             image<std::int16_t>(64, 32, [](long x, long y) { return x == 10 && y == 10 ? -32768 : x; }));
  EXPECT_GT(seen(blank).at(12, 21), 50) << "BLANK is no value";
  File flat(image_header(kPrimary, 16, {10, 10}) + image<std::int16_t>(10, 10, [](long, long) { return 7; }));
  EXPECT_EQ(seen(flat).at(5, 5), 128);
}

TEST_F(Picture, OfACubeIsItsMiddlePlane) {
  std::string planes;
  for (const int bright : {0, 1, 0}) {
    for (long y = 0; y < 20; ++y)
      for (long x = 0; x < 20; ++x) planes += {'\0', static_cast<char>(bright * x)};
  }
  File file(image_header(kPrimary, 16, {20, 20, 3}) + test::blocks(planes, '\0'));
  EXPECT_GT(seen(file).at(19, 3), 250);
  File line(image_header(kPrimary, 16, {50}) + test::samples({50}));
  EXPECT_EQ(look(line).error().code(), Code::unsupported);
}

TEST_F(Picture, CostsRowsInsteadOfTheImage) {
  constexpr long kSide = 4'000;
  File file(image_header(kPrimary, 16, {kSide, kSide}) +
            image<std::int16_t>(kSide, kSide, [](long x, long y) { return (x + y) / 2; }));
  const Grey grey = seen(file);
  EXPECT_EQ(grey.width, 400U);
  EXPECT_EQ(grey.height, 400U);
  EXPECT_LT(grey.at(0, 399), 5);
  EXPECT_GT(grey.at(399, 0), 250);
  EXPECT_LE(file.moved, 400 * kSide * 2 + 300'000U) << "one row in ten";
}

TEST_F(Picture, OfRowsThatNobodyCanReadIsRefusedBeforeTheyAreRead) {
  File file(image_header(kPrimary, 16, {40'000'000, 1}) + std::string(80'000'000, '\0'));
  const Result<Bytes> png = look(file);
  ASSERT_FALSE(png);
  EXPECT_EQ(png.error().code(), Code::too_large);
  EXPECT_LT(file.moved, 1'000'000U);
}

TEST_F(Picture, OfAFileThatLiesIsAnError) {
  File lies(image_header(kPrimary, 16, {4'000, 4'000}) + std::string(28'800, '\0'));
  EXPECT_EQ(look(lies).error().code(), Code::corrupt);
  File none(image_header(kPrimary, 8, {}));
  EXPECT_EQ(look(none).error().code(), Code::unsupported);
}

TEST(PictureJobs, OfWrongSizesAreNone) {
  const auto changed = [](std::uint32_t width, std::uint32_t height, std::size_t values) {
    return unpack_picture_job(pack(PictureJob{width, height, std::vector<float>(values, 1)})).has_value();
  };
  EXPECT_TRUE(changed(3, 4, 12));
  EXPECT_FALSE(changed(3, 4, 11));
  EXPECT_FALSE(changed(3, 4, 13));
  EXPECT_FALSE(changed(0, 4, 0));
  EXPECT_FALSE(changed(5000, 1, 5000));
}

}  // namespace
}  // namespace skymount::vo
