// SPDX-License-Identifier: MIT
//
// skymount-fits: looks into FITS files for a skymount that does not trust them. Started by vo/fits/wall/workers with a
// socket as descriptor 3 and the memory it may have; of no use to anybody else.
#include "vo/fits/worker/channel.h"
#include "vo/fits/worker/picture.h"
#include "vo/fits/worker/region.h"
#include "vo/fits/worker/sandbox.h"
#include "vo/fits/worker/tiles.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>

namespace {

using namespace skymount;
using namespace skymount::vo;

constexpr int kSocket = 3;
// What a library needs at least; a wrong argument is no reason to have none.
constexpr std::uint64_t kLeastMemory = 16 << 20;

Result<void> do_region(Channel& channel, ByteView payload) {
  const auto job = unpack_region_job(payload);
  if (!job) return fail(Code::corrupt, "not a region");
  Result<RegionAnswer> answer = find_region(*job);
  if (!answer) return fail(std::move(answer).error());
  channel.send(FrameKind::region, pack(*answer));
  return {};
}

Result<void> do_pixels(Channel& channel, ByteView payload) {
  const auto job = unpack_pixels_job(payload);
  return job ? send_pixels(channel, *job) : Result<void>(fail(Code::corrupt, "not a box of pixels"));
}

Result<void> do_picture(Channel& channel, ByteView payload) {
  const auto job = unpack_picture_job(payload);
  if (!job) return fail(Code::corrupt, "not a picture");
  const Result<Bytes> png = png_of(*job);
  if (!png) return fail(png.error());
  channel.send(FrameKind::picture, *png);
  return {};
}

Result<void> work(Channel& channel, const Frame& job) {
  try {
    switch (job.kind) {
      case FrameKind::region: return do_region(channel, job.payload);
      case FrameKind::pixels: return do_pixels(channel, job.payload);
      case FrameKind::picture: return do_picture(channel, job.payload);
      default: return fail(Code::corrupt, "not a job");
    }
  } catch (const std::exception& e) {
    return fail(Code::too_large, std::string("looking into this FITS file takes more memory than it may: ") + e.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t asked = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (!prepare_tiles()) _exit(1);
  if (!enter_sandbox(kSocket, asked < kLeastMemory ? kLeastMemory : asked)) _exit(1);
  Channel channel(kSocket);
  while (const std::optional<Frame> job = channel.receive()) {
    const Result<void> outcome = work(channel, *job);
    if (outcome)
      channel.send(FrameKind::done, {});
    else
      channel.send(FrameKind::failed, pack(outcome.error()));
  }
  _exit(0);
}
