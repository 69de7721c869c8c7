// SPDX-License-Identifier: MIT
//
// What a FITS header says about the next reads, also when the header lies, is cut off or overflows.
#include "vo/fits/fits_layout.h"
#include "tests/support/random.h"
#include "vo/fits/header_scan.h"

#include <gmock/gmock.h>

namespace skymount::vo {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string card(std::string text) {
  text.resize(80, ' ');
  return text;
}

std::string header(const std::vector<std::string>& cards) {
  std::string out;
  for (const std::string& text : cards) out += card(text);
  out += card("END");
  out.resize((out.size() + 2879) / 2880 * 2880, ' ');
  return out;
}

const std::string kImage =
    header({"SIMPLE  =                    T", "BITPIX  =                   16", "NAXIS   =                    2",
            "NAXIS1  =                 1000", "NAXIS2  =                 2000 / rows"});
std::string as_extension(std::string image) {
  return image.replace(0, 30, "XTENSION= 'IMAGE   '          ");
}

const std::string kTable =
    header({"XTENSION= 'BINTABLE'", "BITPIX  =                    8", "NAXIS   =                    2",
            "NAXIS1  =                   10", "NAXIS2  =                    3", "PCOUNT  =                    5",
            "GCOUNT  =                    1"});

TEST(FitsHeader, KnowsWhereTheDataAndTheNextHeaderAre) {
  const HeaderScan image = scan_header(as_bytes(kImage));
  ASSERT_EQ(image.state, HeaderState::complete);
  EXPECT_TRUE(image.header.primary);
  EXPECT_EQ(image.header.header_bytes, 2880u);
  EXPECT_EQ(image.header.data_bytes, 4'000'000u);
  EXPECT_EQ(image.header.unit_bytes, 2880u + 4'000'320u);
  const HeaderScan table = scan_header(as_bytes(kTable));
  ASSERT_EQ(table.state, HeaderState::complete);
  EXPECT_EQ(table.header.data_bytes, 35u);
}

TEST(FitsHeader, AnEndThatIsNotHereYetIsWaitedFor) {
  EXPECT_EQ(scan_header(as_bytes(kImage).first(200)).state, HeaderState::needs_more);
  EXPECT_EQ(scan_header(as_bytes("SIMP")).state, HeaderState::needs_more);
  EXPECT_EQ(scan_header(as_bytes("<html>")).state, HeaderState::not_fits);
}

TEST(FitsHeader, SizesThatOverflowAreNoFits) {
  const std::string huge =
      header({"SIMPLE  =                    T", "BITPIX  =                  -64", "NAXIS   =                    2",
              "NAXIS1  =  9000000000000000000", "NAXIS2  =  9000000000000000000"});
  EXPECT_EQ(scan_header(as_bytes(huge)).state, HeaderState::not_fits);
  const std::string negative = header({"SIMPLE  =                    T", "BITPIX  =                   16",
                                       "NAXIS   =                    1", "NAXIS1  =                   -5"});
  EXPECT_EQ(scan_header(as_bytes(negative)).state, HeaderState::not_fits);
}

TEST(FitsLayout, ALargeImageSuggestsTheNextHeaderAndTheFirstPixels) {
  const std::uint64_t size = 2880 + 4'000'320 + 2880 + 2880;
  const auto hints = FitsLayout().likely_next(0, as_bytes(kImage), size);
  ASSERT_THAT(hints, SizeIs(2));
  EXPECT_EQ(hints[0].offset, 2880u + 4'000'320u);
  EXPECT_EQ(hints[0].end(), size);
  EXPECT_EQ(hints[1].offset, 2880u);
}

TEST(FitsLayout, WalksOverSmallUnitsThatAreAllHere) {
  const std::string file =
      header({"SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   =                    0"}) +
      kTable + std::string(2880, '\0') + as_extension(kImage);
  const auto hints = FitsLayout().likely_next(0, as_bytes(file), file.size() + 4'000'320 + 2880);
  ASSERT_THAT(hints, SizeIs(2));
  EXPECT_EQ(hints[0].offset, file.size() + 4'000'320);
}

TEST(FitsLayout, NothingOutsideTheFileAndNothingForOtherFiles) {
  EXPECT_THAT(FitsLayout().likely_next(0, as_bytes(kImage), kImage.size()), IsEmpty());
  EXPECT_THAT(FitsLayout().likely_next(0, as_bytes("\x1f\x8b and so on"), 1'000'000), IsEmpty());
  EXPECT_THAT(FitsLayout().likely_next(2880, as_bytes("pixels"), 1'000'000), IsEmpty());
}

TEST(FitsLayout, RandomDamageNeverLeavesTheFile) {
  for (const unsigned seed : test::seeds(200)) {
    SCOPED_TRACE(seed);
    std::string damaged = kImage + kTable;
    const Bytes noise = test::pattern(64, seed);
    for (std::size_t i = 0; i + 2 < noise.size(); i += 3) {
      const std::size_t at =
          (static_cast<std::size_t>(noise[i]) * 256 + static_cast<std::size_t>(noise[i + 1])) % damaged.size();
      damaged[at] = static_cast<char>(noise[i + 2]);
    }
    const std::uint64_t size = 10'000 + seed;
    for (const ByteRange& hint : FitsLayout().likely_next(0, as_bytes(damaged), size)) EXPECT_LE(hint.end(), size);
  }
}

}  // namespace
}  // namespace skymount::vo
