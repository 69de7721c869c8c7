// SPDX-License-Identifier: MIT
//
// The worker's end of the conversation (vo/fits/wall/protocol): frames over one socket, waited for without limit
// because the other side keeps the time. When the other side is gone the worker ends.
#pragma once

#include "vo/fits/wall/protocol.h"

namespace skymount::vo {

/// Not thread-safe.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}

  /// Nothing after the idle time unless `patient`, at the other side's end, and when it sends what is no frame.
  std::optional<Frame> receive(bool patient = false);
  void send(FrameKind kind, ByteView payload);
  /// Asks for a range and waits for it; ends the process when it does not come.
  Bytes want(ByteRange range);
  /// The same for several that are together no more than kMostWanted.
  std::vector<Bytes> want(const std::vector<ByteRange>& ranges);

 private:
  const int socket_;
};

}  // namespace skymount::vo
