// SPDX-License-Identifier: MIT
//
// What a header says of tables in other HDUs: look-up tables that correct positions (CPDIS, D2IM) and axes whose
// coordinates are listed (-TAB). A cutout does not have them, so its header must not refer to them, and wcslib takes no
// header that does. Source: FITS WCS paper III, section 6, for -TAB; the drafts of paper IV for the others.
#pragma once

#include "vo/fits/cards.h"

namespace skymount::vo {

/// Of the keywords of a correction.
bool names_distortion(std::string_view key);

/// Without corrections; a -TAB axis becomes a LINEAR one, whose coordinates are then only numbers.
std::vector<Card> without_tables(const std::vector<Card>& original);
/// What that loses, for people; a line each.
std::vector<std::string> lost_tables(const std::vector<Card>& original);

}  // namespace skymount::vo
