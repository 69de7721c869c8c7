// SPDX-License-Identifier: MIT
//
// What the worker gives up before it looks at the first byte: files, network, other processes, more memory than it is
// allowed, and the right to start anything.
#pragma once

#include <cstdint>

namespace skymount::vo {

/// For ever. All descriptors but the standard ones and `socket` are closed. False when the system refuses: then the
/// worker must not work. Built with sanitizers the limits are left out, which those could not live with.
/// `most_memory`: what allow_memory() may raise the limit to.
bool enter_sandbox(int socket, std::uint64_t memory_bytes, std::uint64_t most_memory = 0);

/// Another limit than that, up to `most_memory`. False when that is over it.
bool allow_memory(std::uint64_t bytes);

}  // namespace skymount::vo
