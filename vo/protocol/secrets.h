// SPDX-License-Identifier: MIT
//
// What must not be shown to people who share a mount, and how it is blanked in text that came from an archive:
// signatures and tokens in URLs, user names and passwords before an '@', cells of columns that hold tokens.
#pragma once

#include <string>
#include <string_view>

namespace skymount::vo {

/// Whether a column or parameter of this name holds a credential: *token*, *signature*, passwords, keys of signed URLs.
bool names_a_secret(std::string_view name);

/// `text` with the secrets of every http(s) URL in it replaced by "***". Knows "&amp;" as a separator, so that XML
/// stays what it was but for the values.
std::string blank_urls(std::string_view text);

/// `text` with every occurrence of `secret` replaced by "***". Secrets under 4 characters are left: they would match by
/// chance.
std::string blank_word(std::string text, std::string_view secret);

}  // namespace skymount::vo
