// SPDX-License-Identifier: MIT
//
// What it costs to look into the headers of many plates: `grep EXPTIME */*.hdr`.
#include "tests/fits/fits_files.h"
#include "tests/mount/driver.h"
#include "tests/mount/tiny_archive.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace skymount::test {
namespace {

// Enough to see what one more costs; with SKYMOUNT_TEST_PLATES=1000 it takes half a minute.
long plates() {
  const char* asked = std::getenv("SKYMOUNT_TEST_PLATES");
  return asked == nullptr ? 40 : std::max(std::atol(asked), 1L);
}

/// 20 MB of zeros under a header of three blocks.
demo::OriginFile plate(long number) {
  std::vector<std::string> cards(80, "COMMENT what a scanner has to say");
  cards.push_back("EXPTIME = " + std::to_string(600 + number));
  const std::string header = image_header(kPrimary, 16, {4'000, 2'500}, cards);
  demo::OriginFile file;
  file.content_type = "application/fits";
  file.etag = "\"p" + std::to_string(number) + "\"";
  file.size = header.size() + (4'000ULL * 2'500 * 2 + 2879) / 2880 * 2880;
  file.read = [header](std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = offset + i < header.size() ? static_cast<std::byte>(header[offset + i]) : std::byte{};
  };
  return file;
}

TEST(HeaderFiles, OfManyPlatesCostOneRequestEachAndNoPixels) {
  TempDir dir;
  demo::Origin origin;
  TinyArchive tiny(origin);
  const long count = plates();
  for (long i = 0; i < count; ++i) {
    const std::string name = "p" + std::to_string(i);
    origin.put("/plates/" + name + ".fits", plate(i));
    tiny.add({name, {{"#this", "/plates/" + name + ".fits"}}});
  }
  const MountSetup setup{dir.path(), {{"tiny", tiny.tap_url(), ""}}};
  const Mount mount(setup);
  const Ran ran =
      run("cd " + mount.path().string() + "/tiny/collection=TINY && grep -h ^EXPTIME */*.hdr | sort -u | wc -l", 100);
  ASSERT_EQ(ran.exit_code, 0) << ran.output;
  EXPECT_EQ(std::atol(ran.output.c_str()), count);
  std::size_t most = 0;
  for (long i = 0; i < count; ++i) most = std::max(most, origin.count("/plates/p" + std::to_string(i) + ".fits"));
  EXPECT_EQ(most, 1U) << "requests for one file";
  EXPECT_LE(origin.body_bytes_sent(), static_cast<std::uint64_t>(count) * 260'000 + 2'000'000) << "what opens bring";
}

}  // namespace
}  // namespace skymount::test
