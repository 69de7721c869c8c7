// SPDX-License-Identifier: MIT
//
// Numbers and words as VOTable writes them. Internal to vo/votable. Nothing here depends on the locale.
#pragma once

#include "cache/base/text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skymount::vo {

/// Decimal with an optional sign, "0x" hexadecimal, or a decimal fraction that is whole ("12.0"). Blanks around it are
/// fine.
std::optional<std::int64_t> read_integer(std::string_view text);
/// What IEEE allows, NaN and Inf in any case included. Blanks around it are fine.
std::optional<double> parse_real(std::string_view text);

/// The shortest text that reads back to the same number; no exponent where people would not write one; Inf, -Inf, NaN.
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);

}  // namespace skymount::vo
