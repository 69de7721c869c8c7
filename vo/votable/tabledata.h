// SPDX-License-Identifier: MIT
//
// The text of a TD as a value. Internal to vo/votable. Source: VOTable 1.5, section 2.1 and 5.1.
#pragma once

#include "vo/votable/cell_rules.h"

#include <string_view>

namespace skymount::vo {

/// Never fails: text that is not what the field promises is null, because real services write "null" or "[0. 0.]".
/// `text` has its entities expanded; what is not UTF-8 is taken as Latin-1.
void read_cell(const CellRules& rules, std::string_view text, Value& out);

/// Whether a cell that was read as null says something all the same: "abc" in a column of numbers. Of single numbers
/// and booleans; what people write for null ("null", "NaN", "--") says nothing.
bool misfits(const CellRules& rules, std::string_view text);

}  // namespace skymount::vo
