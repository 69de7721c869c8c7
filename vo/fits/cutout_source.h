// SPDX-License-Identifier: MIT
//
// A cutout as a file: a header that was computed, and pixels that are taken from the original when they are read,
// row by row, through the original's own reader and its cache.
#pragma once

#include "cache/content_reader.h"
#include "vo/fits/cutout_plan.h"

#include <memory>

namespace skymount::vo {

/// `original` is the file that `plan` was made of; it is kept open as long as the source lives.
std::shared_ptr<cache::ByteSource> cutout_source(cache::ContentId id, std::shared_ptr<const CutPlan> plan,
                                                 std::shared_ptr<cache::ContentReader> original,
                                                 std::shared_ptr<Workers> workers);

}  // namespace skymount::vo
