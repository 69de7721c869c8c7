// SPDX-License-Identifier: MIT
//
// What an origin was asked, for programs that are tested against it from outside.
#pragma once

#include "vo/demo/origin.h"

namespace skymount::demo {

/// Under /.requests: method, target, range, body, authorization, status and bytes of each request so far, a JSON object
/// a line; DELETE forgets them. It is not told about itself.
void record_requests(Origin& origin);

}  // namespace skymount::demo
