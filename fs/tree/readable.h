// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace skymount::fs {

/// Archive text as people may see it: tokens, signatures and userinfo blanked, control bytes as \xNN. Everything that
/// an archive or a configuration said passes here on its way into a text, a log or an xattr.
std::string readable(std::string_view text);

}  // namespace skymount::fs
