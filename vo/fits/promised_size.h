// SPDX-License-Identifier: MIT
//
// Whether a whole FITS file has all the bytes that its headers promise. For answers without a length: there HTTP cannot
// tell a file from the beginning of one.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/bytes.h"
#include "cache/base/result.h"

#include <functional>
#include <optional>

namespace skymount::vo {

/// Gives bytes of the file, or nothing when it cannot.
using ReadBytes = std::function<std::optional<SharedBytes>(ByteRange)>;

/// Walks the HDUs of a file of `size` bytes. What does not begin as FITS passes, so does a last unit without its
/// padding to 2880 bytes (real services leave it out) and anything behind the last HDU (FITS 4.0 section 3.5, special
/// records). Errors  corrupt: it ends inside a header, or before the data that a header promises.
Result<void> holds_what_its_headers_promise(std::uint64_t size, const ReadBytes& read);

}  // namespace skymount::vo
