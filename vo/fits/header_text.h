// SPDX-License-Identifier: MIT
//
// The headers of a FITS file as text that grep, SExtractor and astropy's Header.fromtextfile read: one card a line
// without its trailing blanks, up to END; then an empty line and the next header.
#pragma once

#include "vo/fits/header_walk.h"

#include <string>

namespace skymount::vo {

/// Of a compressed file the first header alone, with a COMMENT that says so. Control bytes are shown as \xNN.
/// Reads the headers' blocks only. Errors  corrupt: no FITS file, or a header that is wrong, with its place; too_large:
/// a header, or all of them, beyond what anybody reads (kLongestHeader; 2,000 HDUs; 16 MB).
Result<std::string> headers_as_text(std::uint64_t size, const ReadRange& read);

}  // namespace skymount::vo
