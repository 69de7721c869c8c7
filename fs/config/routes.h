// SPDX-License-Identifier: MIT
//
// [[route]] sections to routes, each checked by itself and against the others.
#pragma once

#include "fs/config/document.h"
#include "vo/route/route.h"

namespace skymount::fs {

/// `sections`: of one archive's files, the lowest first; a route of the same path takes the place of a lower one.
/// `users_folder`: where a user may put lists of names that shipped files mention; empty: nowhere.
/// Errors  invalid: an unknown key, a hole that no name of the path has, two routes that can match one path; with line
///         and key.
Result<std::vector<vo::RoutePtr>> read_routes(const std::vector<RepeatedSection>& sections,
                                              const std::filesystem::path& users_folder);

}  // namespace skymount::fs
