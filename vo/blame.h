// SPDX-License-Identifier: MIT
//
// Whose mistake an archive's refusal of a question is. What was typed has been understood and checked here before it is
// asked, so an archive that refuses it has mostly trouble of its own (a column that its table lacks, an ADQL that it
// does not speak), and "Invalid argument" would send people looking for a mistake that they did not make.
#pragma once

#include "cache/base/error.h"

namespace skymount::vo {

/// `error` as the caller should read it: an archive's refusal stays invalid where its words are about a value, and is
/// corrupt otherwise, with the same words. Errors of ours, and of other kinds, are left as they are.
Error blamed(Error error);

}  // namespace skymount::vo
