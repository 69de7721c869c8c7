// SPDX-License-Identifier: MIT
//
// The header that an image had before it was compressed in tiles, out of the table's header that took its place.
// Source: FITS 4.0 section 10.
#pragma once

#include "vo/fits/cards.h"

namespace skymount::vo {

/// As a primary header. What describes the table and the compression is left out; all else is as it was.
std::vector<Card> picture_cards(const std::vector<Card>& table);

}  // namespace skymount::vo
