// SPDX-License-Identifier: MIT
//
// Result<T>: a T, or the Error that kept us from it. `return fail(Code::invalid, "...")` makes the unhappy half.
#pragma once

#include "cache/base/error.h"

#include <tl/expected.hpp>

namespace skymount {

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Code code, std::string what) {
  return tl::unexpected<Error>(Error(code, std::move(what)));
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace skymount
