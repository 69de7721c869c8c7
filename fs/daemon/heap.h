// SPDX-License-Identifier: MIT
//
// How the process holds memory. A daemon lives for weeks and now and then holds a large answer for a moment.
#pragma once

namespace skymount::fs {

/// Has freed memory go back to the system instead of staying with the threads that freed it. Once, before threads.
void bound_heap();

}  // namespace skymount::fs
