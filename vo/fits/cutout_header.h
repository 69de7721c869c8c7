// SPDX-License-Identifier: MIT
//
// The header of a cutout: the original's, cards in their order and as they were, but for what a smaller image must say
// otherwise.
#pragma once

#include "vo/fits/cards.h"
#include "vo/fits/cutout_plan.h"

namespace skymount::vo {

/// NAXISn are the box's; CRPIX, LTV and CNPIX of all coordinate systems are shifted by it; checksums, sections and
/// extremes of the original are left out. Tables in other HDUs are vo/fits/header_tables' business. An extension
/// becomes a primary HDU; `primary` are the cards that it inherits when it says so.
std::vector<Card> cutout_cards(const std::vector<Card>& original, const std::vector<Card>& primary,
                               const std::vector<PixelSpan>& box);

/// Where the cutout comes from and what it lacks, as HISTORY.
void add_provenance(std::vector<Card>& cards, const CutSpec& spec, const CutProvenance& provenance, int hdu,
                    const std::vector<PixelSpan>& box, const std::vector<std::string>& warnings);

}  // namespace skymount::vo
