// SPDX-License-Identifier: MIT
//
// Compressed files as what is inside them, from their beginning on: archives serve plates as .fits.gz and ESO its raw
// frames as .fits.Z. Nothing is kept and nothing is skipped: a reader takes as much as it wants.
#pragma once

#include "vo/fits/header_walk.h"

#include <memory>
#include <string_view>

namespace skymount::vo {

enum class Packing { none, gzip, compress, bzip2 };

/// By the first bytes; names lie.
Packing packing_of(ByteView head);
/// "gzip", "compress (.Z)", "bzip2", for people.
std::string_view name_of(Packing packing);

/// The most that may be inside a file of `packed` bytes, where a cache of `room` bytes is to keep it: a file of a few
/// MB may say that it holds thousands of times as many, and nothing else should have to leave for it.
std::uint64_t most_inside(std::uint64_t packed, std::uint64_t room);

/// Not thread-safe.
class Unpacked {
 public:
  /// A file of `size` bytes, read from its beginning in steps of 64 KiB as unpacking goes on.
  Unpacked(std::uint64_t size, ReadRange read);
  ~Unpacked();
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;

  /// Fills `out` as far as it can; 0 at the end.
  /// Errors  corrupt: it is none of the packings, or damaged; as `read`. Whether gzip's and bzip2's sums are right is
  /// known when they have been reached; compress has none, and nothing tells that such a file ends early.
  Result<std::size_t> next(std::span<std::byte> out);

  class Stream;

 private:
  std::unique_ptr<Stream> stream_;
};

}  // namespace skymount::vo
