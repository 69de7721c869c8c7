// SPDX-License-Identifier: MIT
//
// What an archive's refusal means, and its own words about it, fit for one line of a log.
#pragma once

#include "vo/http/message.h"

namespace skymount::vo {

/// How much of an error document is worth reading.
inline constexpr std::size_t kErrorText = 8 * 1024;

/// The gist of an error document (plain text, HTML, VOTable): tags removed, blanks collapsed, control bytes shown, at
/// most 300 characters.
std::string gist_of(std::string_view body);

/// The Error for an answer that is not the wanted one. `body`: its beginning. `computed`: the answer of a service,
/// where a 404 that speaks of UsageError (DALI 1.1 section 4.2) is about the parameters.
Error error_of(const HttpResponse& response, std::string_view body, bool computed = false);

}  // namespace skymount::vo
