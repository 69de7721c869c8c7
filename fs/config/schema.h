// SPDX-License-Identifier: MIT
//
// Which sections and keys exist, and what a file gets to hear that uses another.
#pragma once

#include "fs/config/document.h"

namespace skymount::fs {

/// The two kinds of file: one an archive, and the user's skymount.toml.
enum class FileKind { archive, global };

/// Walks the document from the top and reports its first mistake.
/// Errors  invalid: an unknown section or key, with the nearest that exists; denied: a secret, which may only stand in
///         secrets.toml.
Result<void> check_keys(const Document& document, FileKind kind);

}  // namespace skymount::fs
