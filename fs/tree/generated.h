// SPDX-License-Identifier: MIT
//
// The texts that skymount makes itself: their names in the tree, and their content from what is already here.
#pragma once

#include "fs/tree/node.h"

#include <string>
#include <string_view>

namespace skymount::fs {

std::string_view file_name(GeneratedKind kind);

/// The table behind a query folder and what was asked. Pure.
std::string results_vot(const vo::Listing& listing);
std::string results_csv(const vo::Listing& listing);
std::string query_adql(const vo::Listing& listing);
/// Why rows are missing or uncertain; empty when nothing is.
std::string incomplete_text(const vo::Listing& listing);

/// The dataset's row, an object keyed by column name; an array when several rows share the dataset. JSON, UTF-8.
std::string dataset_json(const vo::Listing& listing, const vo::Dataset& dataset);
/// The faults that the archive reported for a dataset; empty when there are none.
std::string errors_text(const vo::DatasetFolder& folder);

}  // namespace skymount::fs
