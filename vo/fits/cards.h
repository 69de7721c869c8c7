// SPDX-License-Identifier: MIT
//
// The cards of one FITS header, to be looked up and rewritten one by one. What is not rewritten stays as it is, to the
// byte. Source: FITS 4.0 section 4; HIERARCH and CONTINUE as their conventions say.
#pragma once

#include "cache/base/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// Of exactly 80 characters.
using Card = std::string;

/// All cards before END, which is left out.
std::vector<Card> cards_of(ByteView header);
/// With END, padded to whole blocks.
Bytes header_of(const std::vector<Card>& cards);

/// "NAXIS1"; for HIERARCH cards all that is before "=".
std::string_view keyword(const Card& card);
/// What lies behind "= ", without comment: a string without its quotes, else the token. Nothing for a card without
/// value.
std::optional<std::string> value_text(const Card& card);
std::optional<std::int64_t> integer_value(const Card& card);
/// Also with the exponent letter D.
std::optional<double> real_value(const Card& card);

/// The first card of that keyword; null when there is none.
const Card* find_card(const std::vector<Card>& cards, std::string_view key);

/// The same card with another number; its comment stays as far as there is room.
Card with_number(const Card& card, std::int64_t value);
/// The shortest text that reads back to the same double.
Card with_number(const Card& card, double value);
Card make_card(std::string_view key, double value);
/// As many HISTORY cards as the text needs; what is no printable ASCII becomes "?".
void add_history(std::vector<Card>& cards, std::string_view text);

}  // namespace skymount::vo
