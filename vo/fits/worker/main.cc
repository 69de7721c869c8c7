// SPDX-License-Identifier: MIT
//
// skymount-fits: looks into FITS files for a skymount that does not trust them. Started by vo/fits/wall/workers with a
// socket as descriptor 3 and the memory it may have; of no use to anybody else.
#include "cache/base/record.h"
#include "vo/fits/worker/channel.h"
#include "vo/fits/worker/picture.h"
#include "vo/fits/worker/region.h"
#include "vo/fits/worker/sandbox.h"
#include "vo/fits/worker/tiles.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

using namespace skymount;
using namespace skymount::vo;

constexpr int kSocket = 3;
// What a library needs at least; a wrong argument is no reason to have none.
constexpr std::uint64_t kLeastMemory = 16 << 20;

// What a single job may have whose tiles are large: twice as much as others, and never more than this.
constexpr std::uint64_t kMostMemory = 128 << 20;

std::uint64_t own_memory = kLeastMemory, most_memory = kLeastMemory;

std::string megabytes(std::uint64_t bytes) {
  return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

Result<void> do_memory(Channel& channel, ByteView payload) {
  RecordReader in(payload);
  const std::uint64_t bytes = in.u64();
  if (!in.complete()) return fail(Code::corrupt, "not an amount of memory");
  if (bytes > most_memory) {
    return fail(Code::unsupported,
                "the image is compressed in tiles too large to be unpacked here: that takes " + megabytes(bytes) +
                    " of memory, and a half of [cache] memory, at most 128 MiB, is " + megabytes(most_memory));
  }
  const std::byte alone{static_cast<unsigned char>(bytes > own_memory ? 1 : 0)};
  channel.send(FrameKind::memory, ByteView(&alone, 1));
  return {};
}

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
  if (!job) return fail(Code::corrupt, "not a box of pixels");
  const bool large = job->memory > own_memory;
  if (large && !allow_memory(most_memory)) return fail(Code::unsupported, "its tiles take more memory than they may");
  Result<void> sent = send_pixels(channel, *job);
  if (large) allow_memory(own_memory);
  return sent;
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
      case FrameKind::memory: return do_memory(channel, job.payload);
      default: return fail(Code::corrupt, "not a job");
    }
  } catch (const std::exception& e) {
    return fail(Code::unsupported,
                std::string("looking into this FITS file takes more memory than it may: ") + e.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t asked = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (!prepare_tiles()) _exit(1);
  own_memory = std::max(asked, kLeastMemory);
  most_memory = std::max(own_memory, std::min(2 * std::min(own_memory, kMostMemory), kMostMemory));
  if (!enter_sandbox(kSocket, own_memory, most_memory)) _exit(1);
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
