// SPDX-License-Identifier: MIT
//
// The one file that cfitsio gets to see, as a driver of its own: 2880 bytes of a primary header without data, then the
// bytes of one HDU, fetched over the channel when they are read or ahead of it.
#pragma once

#include "vo/fits/worker/channel.h"

#include <vector>

namespace skymount::vo {

/// cfitsio's drivers know no context, so there is one window at a time: the last that was opened.
class Window {
 public:
  static constexpr std::uint64_t kStub = 2880;
  /// How cfitsio is told to open it.
  static constexpr const char* kName = "window://hdu";

  /// False when cfitsio does not take the driver.
  static bool register_driver();

  Window(Channel& channel, std::uint64_t unit_bytes);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// As the driver sees it: with the stub, padded to whole blocks.
  std::uint64_t size() const;
  bool read(std::uint64_t offset, std::span<std::byte> out);
  /// Fetches ranges of the window, joined where they are close, and lets go of those fetched before. Only as many as
  /// memory is meant for; the rest comes as many at a time when it is read from its first on.
  void fetch_ahead(std::vector<ByteRange> ranges);

 private:
  struct Held {
    ByteRange range;  // of the HDU
    Bytes bytes;
  };
  const Held* holding(std::uint64_t offset) const;
  /// The next of what is planned, when it is what is read now.
  bool go_on(std::uint64_t offset);
  void fetch_planned();

  Channel& channel_;
  const std::uint64_t unit_bytes_;
  std::vector<Held> ahead_;
  std::vector<ByteRange> planned_;  // of the HDU, by offset
  std::size_t next_planned_ = 0;
  Held last_;
};

}  // namespace skymount::vo
