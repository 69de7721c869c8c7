// SPDX-License-Identifier: MIT
//
// From the words of a FIELD to what its cells hold. Internal to vo/votable.
// Source: VOTable 1.5, sections 2.1 and 2.2; the aliases are what real services write.
#pragma once

#include "vo/votable/fields.h"

namespace skymount::vo {

/// The word of the standard, or one of its aliases (string, timestamp, integer, byte); else unknown.
Datatype datatype_of(std::string_view word);
/// The word of the standard; "char" for unknown.
std::string_view word_of(Datatype type);
/// Bytes of one element in BINARY; 0 for bit and unknown, whose size is not a multiple of a byte or not known.
std::uint64_t bytes_of(Datatype type);
/// Sets datatype and arraysize from datatype_text and arraysize_text.
void settle_type(Field& field);
/// The arraysize as an attribute would say it, also when arraysize_text was never set.
std::string arraysize_word(const Field& field);

}  // namespace skymount::vo
