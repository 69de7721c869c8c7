// SPDX-License-Identifier: MIT
//
// A secret in use is never shown, in whatever form an archive writes it back.
#pragma once

#include <string>
#include <string_view>

namespace skymount::vo {

std::string base64_of(std::string_view bytes);

/// Hides `secret` (cache/base/hidden_words) as it is, in base64, percent-encoded, and as XML and JSON write it. To be
/// called before it is sent anywhere. Thread-safe.
void hide_secret(std::string_view secret);
/// And "username:password" as HTTP writes it (RFC 7617).
void hide_login(std::string_view username, std::string_view password);

}  // namespace skymount::vo
