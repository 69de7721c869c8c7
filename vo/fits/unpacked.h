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

/// Not thread-safe.
class Unpacked {
 public:
  /// A file of `size` bytes, read from its beginning in steps of 64 KiB as unpacking goes on.
  Unpacked(std::uint64_t size, ReadRange read);
  ~Unpacked();
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;

  /// Fills `out` as far as it can; 0 at the end.
  /// Errors  corrupt: it is none of the packings, or damaged; as `read`.
  Result<std::size_t> next(std::span<std::byte> out);

 private:
  class Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace skymount::vo
