// SPDX-License-Identifier: MIT
//
// secrets.toml: which secret the user binds to which archive and origin. The secrets themselves are not in it; it says
// where they are.
//
//   [eso."https://www.eso.org"]
//   username = "anna"
//   password = { command = ["pass", "show", "eso"] }      # or { env = "ESO_PASSWORD" }, { file = "~/.eso" }
#pragma once

#include "fs/config/config.h"

#include <map>

namespace skymount::fs {

/// By the archive's name.
using SecretBindings = std::map<std::string, std::vector<vo::SecretBinding>>;

/// Reads DIRECTORY/secrets.toml; without one there are no bindings.
/// Errors  denied: others may read the file (with the fix), or a secret is written in it plainly; invalid: with line
///         and key.
Result<SecretBindings> read_secrets(const std::filesystem::path& directory, const Environment& environment);

/// Gives an archive what is bound to it, and the place of its login.
/// Errors  invalid: a binding lacks what the archive's [auth] kind needs.
Result<void> bind_secrets(const SecretBindings& secrets, const std::filesystem::path& state,
                          vo::ArchiveOptions& archive);

}  // namespace skymount::fs
