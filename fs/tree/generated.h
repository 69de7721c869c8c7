// SPDX-License-Identifier: MIT
//
// The texts that skymount makes itself: their names in the tree, and their content from what is already here.
#pragma once

#include "fs/tree/node.h"

#include <string>
#include <string_view>

namespace skymount::fs {

/// "" of link_report, which the configuration names.
std::string_view file_name(GeneratedKind kind);

/// One line: where a named object is and who says so.
std::string resolved_text(const vo::Resolved& resolved);

/// The table behind a query folder and what was asked. Pure.
std::string results_vot(const vo::Listing& listing);
std::string results_csv(const vo::Listing& listing);
/// `resolved`: where the question's target is; may be null.
std::string query_adql(const vo::Listing& listing, const vo::Resolved* resolved);
/// Rows and estimated bytes, one a line, the number first in words of people and machines alike.
std::string count_txt(const vo::Count& count);
/// Why rows are missing or uncertain; empty when nothing is.
std::string incomplete_text(const vo::Listing& listing);

/// The dataset's row, an object keyed by column name; an array when several rows share the dataset. JSON, UTF-8.
std::string dataset_json(const vo::Listing& listing, const vo::Dataset& dataset);
/// What a [[report]] gathers from the links of a folder; `term` led to it, "" for a dataset's own.
std::string link_report_text(const vo::LinkReport& report, const vo::DatasetFolder& folder, std::string_view term);
/// The faults that the archive reported for a dataset; empty when there are none.
std::string errors_text(const vo::DatasetFolder& folder);

}  // namespace skymount::fs
