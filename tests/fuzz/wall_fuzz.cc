// SPDX-License-Identifier: MIT
//
// Any bytes as what is said over the wall, in either direction: understood or refused, and what was understood is the
// same when it is said again.
#include "vo/fits/wall/protocol.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace skymount::test {

std::vector<std::string> fuzz_examples() {
  vo::RegionJob region;
  region.cards = std::string(160, 'x');
  region.outline = {{1, 2}, {3, 4}};
  region.band_m = {{1e-7, 2e-7}};
  std::vector<std::string> out;
  const auto add = [&](const Bytes& bytes) { out.emplace_back(as_text(bytes)); };
  add(vo::pack(region));
  add(vo::pack(vo::RegionAnswer{{1, 2.5, 3.5}, {2, 1, 9}}));
  add(vo::pack(vo::PixelsJob{12345, -32, {{1, 10}, {5, 6}}}));
  add(vo::pack(vo::PictureJob{2, 3, {1, 2, 3, 4, 5, 6}}));
  add(vo::pack(Error(Code::no_data, "outside")));
  add(vo::pack(std::vector<ByteRange>{{0, 100}, {5000, 64}}));
  const auto head = vo::frame_head(vo::FrameKind::bytes, 77);
  out.emplace_back(as_text(head));
  return out;
}

}  // namespace skymount::test

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

bool same(const skymount::Bytes& said, skymount::ByteView heard) {
  return skymount::as_text(said) == skymount::as_text(heard);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skymount;
  using namespace skymount::vo;
  const ByteView bytes = std::as_bytes(std::span(data, size));
  if (const auto region = unpack_region_job(bytes)) must(pack(*region).size() == size, "a region is said alike");
  if (const auto answer = unpack_region_answer(bytes)) must(same(pack(*answer), bytes), "an answer is said alike");
  if (const auto pixels = unpack_pixels_job(bytes)) must(pack(*pixels).size() == size, "a box is said alike");
  if (const auto picture = unpack_picture_job(bytes)) must(pack(*picture).size() == size, "a picture is said alike");
  if (const auto wanted = unpack_wanted(bytes)) {
    std::uint64_t total = 0;
    for (const ByteRange& range : *wanted) total += range.length;
    must(total <= kMostWanted, "what is wanted is bounded");
  }
  if (const auto failure = unpack_failure(bytes)) must(failure->what().size() <= 1000, "words are bounded");
  if (const auto head = parse_frame_head(bytes)) must(head->second <= kLongestFrame, "frames are bounded");
  return 0;
}
