// SPDX-License-Identifier: MIT
//
// Numbers as people read them, for what the commands print.
#pragma once

#include <cstdint>
#include <string>

namespace skymount::fs {

/// "0 B", "999 B", "1.5 kB", "12.3 MB": decimal units, as archives and disks count.
std::string human_bytes(std::uint64_t bytes);
/// "0.4 s", "12 s", "3 min 20 s", "2 h 5 min".
std::string human_seconds(double seconds);
/// "[=====>    ]" of `width` characters; full at `total`, empty when that is 0.
std::string bar(std::uint64_t done, std::uint64_t total, unsigned width);
/// `text` in at most `width` characters, its middle left out: names of files differ at their ends.
std::string shortened(const std::string& text, std::size_t width);
/// Columns of the terminal that standard output is, 0 when it is none.
unsigned terminal_width();

}  // namespace skymount::fs
