// SPDX-License-Identifier: MIT
//
// From a path component to a Query. Source: docs/SEMANTICS.md "Path grammar" (contract).
// component = term ("," term)*; term = key "=" value. A comma begins a new term only before a known key and "=".
#pragma once

#include "vo/query/query.h"

#include <string_view>
#include <vector>

namespace skymount::vo {

/// True when the text begins with something that looks like `key=`: letters, digits and '_' before the first '='.
bool looks_like_term(std::string_view component);

/// `base` AND `component`.
/// Errors  not_found: an unknown key (the message names the nearest); invalid: a bad value, a repeated key (also one that
///         `base` has), '%' without two hex digits; name_too_long: over 255 bytes.
Result<Query> parse_component(std::string_view component, const Query& base = {});

/// The keys of the grammar, in table order.
const std::vector<std::string_view>& query_keys();
/// The candidate nearest to `word` by edit distance, empty when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace skymount::vo
