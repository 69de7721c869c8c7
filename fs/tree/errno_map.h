// SPDX-License-Identifier: MIT
//
// The one table from Code to errno, and the errno's name for people.
#pragma once

#include "cache/base/error.h"

#include <string_view>

namespace skymount::fs {

int to_errno(Code code);
/// "EHOSTUNREACH" and so on.
std::string_view errno_name(Code code);

}  // namespace skymount::fs
