// SPDX-License-Identifier: MIT
//
// What must not be shown to people who share a mount or read a log, and how it is blanked: signatures and tokens in
// URLs, user names and passwords before an '@', and the same written plainly in an archive's words. The one home of the
// list of names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// Whether a column or parameter of this name always holds a credential: *token*, *signature*, passwords, keys of
/// signed URLs. Such a parameter is no part of what a URL names.
bool names_a_secret(std::string_view name);

/// Whether name=value is better not shown: as above, and names that hold a credential in some places and mean something
/// in others (session, ticket, a key of 16 characters or more). These stay in identities.
bool hides_its_value(std::string_view name, std::string_view value);

enum class Secrets { drop, blank };
/// A URL's query (without '?') with its secret parameters left out or shown as "name=***". What signs along with a
/// signature (expires, policy) counts when there is one. Parameters end at '&', "&amp;" or a second '?'.
std::string query_without_secrets(std::string_view query, Secrets how);
/// A path without the session id that servlet containers put into it: "/x;jsessionid=1234".
std::string path_without_session(std::string_view path, Secrets how);

/// `text` with the secrets of every URL in it, and those in use wherever they stand (cache/base/hidden_words), replaced
/// by "***". Knows "&amp;" as a separator, so that XML stays what
/// it was but for the values.
std::string blank_urls(std::string_view text);

/// The values of a URL's secret parameters, as written and decoded: what an error page may repeat without their names.
std::vector<std::string> secrets_in_query(std::string_view query);

/// `text` with every occurrence of `secret` replaced by "***". Secrets under 4 characters are left: they would match by
/// chance.
std::string blank_word(std::string text, std::string_view secret);

/// For words that people will read: blank_urls(), and "token=abc", "password: abc", "Bearer abc", "user:abc@host"
/// wherever they stand.
std::string redact_text(std::string_view text);

}  // namespace skymount::vo
