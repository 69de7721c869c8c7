// SPDX-License-Identifier: MIT
//
// [[report]] sections to reports: which words of an archive's descriptions become a file.
#pragma once

#include "fs/config/document.h"
#include "vo/link_report.h"

namespace skymount::fs {

/// `sections`: of one archive's files, the lowest first; a report of the same file and folders takes the place of a
/// lower one.
/// Errors  invalid: an unknown key, a name that is no file's or is taken, a rule about no field; with line and key.
Result<std::vector<vo::LinkReport>> read_reports(const std::vector<RepeatedSection>& sections);

}  // namespace skymount::fs
