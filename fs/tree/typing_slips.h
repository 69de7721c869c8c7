// SPDX-License-Identifier: MIT
//
// What was probably meant by a name that is nearly a question: "pos", "=x", ",type=image", "156.01,48.14", "M31". It
// gets words in .skymount/errors.log; names that programs look for everywhere (Makefile, HEAD, a.out) are none of
// these.
#pragma once

#include <string>
#include <string_view>

namespace skymount::fs {

/// A sentence that names the question that was perhaps meant; empty when `name` resembles none. Never looks anything
/// up.
std::string typing_slip(std::string_view name);

}  // namespace skymount::fs
