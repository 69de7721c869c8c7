// SPDX-License-Identifier: MIT
//
// A worker as a hostile file might have made it: takes a job and then does what its argument says.
#include "vo/fits/wall/protocol.h"

#include <unistd.h>

#include <cstdlib>

using namespace skymount;
using namespace skymount::vo;

namespace {

void put(ByteView bytes) {
  if (write(3, bytes.data(), bytes.size()) < 0) _exit(0);
}

void put(FrameKind kind, ByteView payload) {
  put(frame_head(kind, payload.size()));
  put(payload);
}

}  // namespace

int main(int argc, char** argv) {
  char job[4096];
  if (read(3, job, sizeof job) <= 0) return 0;
  switch (argc > 1 ? std::atoi(argv[1]) : 0) {
    case 1: std::abort();
    case 2:
      for (;;) pause();
    case 3: put(as_bytes("this is no frame at all")); break;
    case 4: put(frame_head(FrameKind::region, 0xffffffff)); break;
    case 5: put(FrameKind::want, pack(std::vector<ByteRange>{{0, ~std::uint64_t{0}}})); break;
    case 6: put(FrameKind::failed, as_bytes("?")); break;
    case 99:  // well behaved: its job is done when the wanted bytes have come
      for (;;) {
        put(FrameKind::want, pack(std::vector<ByteRange>{{0, 10}}));
        for (std::size_t came = 0; came < kFrameHead + 10;) {
          const auto more = read(3, job, kFrameHead + 10 - came);
          if (more <= 0) return 0;
          came += static_cast<std::size_t>(more);
        }
        put(FrameKind::done, {});
        if (read(3, job, sizeof job) <= 0) return 0;
      }
    default: return 0;
  }
  pause();
}
