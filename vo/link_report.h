// SPDX-License-Identifier: MIT
//
// [[report]]: what an archive says about a set of links in passing, inside a description, put where a person sees it.
// ESO's calibration cascades tell so that raw frames came in the place of master calibrations; whoever copies the
// folder would not learn it otherwise.
#pragma once

#include "vo/listing.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// One report of an archive's configuration.
struct LinkReport {
  std::string file;                          ///< "CASCADE.txt"
  std::string in;                            ///< names of folders with '*', the last ones of a path: "calSelector_*"
  std::vector<std::string> semantics;        ///< which links' descriptions; empty: those of all
  std::vector<std::string> fields;           ///< keys of key="value" pairs, in the order in which they are shown
  std::map<std::string, std::string> warn;   ///< field -> value that is worth a warning; "!x": any but x; "!requested":
                                             ///< any but what the document was asked for by a parameter of this name
  std::map<std::string, std::string> means;  ///< field -> a sentence that a warning about it is followed by
  std::string where;                         ///< "eso.toml:80"
};

/// Whether the report belongs into the folder of a links document. `path` from the mount's root. A document that stands
/// in the folder of its term belongs to that folder, too: "calSelector_raw2master/NAME" is in "calSelector_*".
/// `term_folder`: whether its last name but one is such a folder.
bool applies(const LinkReport& report, std::string_view path, bool term_folder);

/// The report on a folder that has a links document. `term`: of the link that led to it, "" for a dataset's own. What
/// the archive does not say is said to be missing. Text of the archive is in it: to be made readable.
std::string report_text(const LinkReport& report, const DatasetFolder& folder, std::string_view term);

}  // namespace skymount::vo
