// SPDX-License-Identifier: MIT
//
// Merged settings of one archive to vo::ArchiveOptions.
#pragma once

#include "fs/config/document.h"
#include "vo/archive_options.h"

namespace skymount::fs {

/// `file` is the file to name when something is missing altogether; `ttl` holds where the archive has no [ttl] of its
/// own.
/// Errors  as load_archive; the keys have passed check_keys().
Result<vo::ArchiveOptions> archive_from(const Settings& settings, const std::string& file,
                                        const vo::Lifetimes& ttl = {});

}  // namespace skymount::fs
