// SPDX-License-Identifier: MIT
//
// The README.txt of each kind of folder: what this is and examples to paste. Lines that begin with two blanks and a
// command work in this very folder: a test types them.
#pragma once

#include "fs/tree/node.h"

#include <string>
#include <vector>

namespace skymount::fs {

std::string root_readme(const std::vector<std::shared_ptr<MountedArchive>>& archives);
std::string archive_readme(const vo::ArchiveOptions& options);
/// `listing` may be null: then the text says nothing of counts. `resolved`: where the question's target is, or null.
std::string query_readme(const vo::Query& query, const vo::Listing* listing, const vo::Resolved* resolved);
/// Of a folder of [[route]]: what can be entered below, and what its answer holds when that is here.
std::string route_readme(const vo::ArchiveOptions& options, const vo::RouteSpot& spot, const vo::Listing* listing);
/// What the routes below a spot are for, with an example each; empty without any.
std::string routes_text(const vo::RouteSpot& spot);
/// Which names of lists this folder does not show though it should, and why; empty: none.
std::string unlisted_text(const vo::RouteSpot& spot);
/// The parameters that the dataset's cutout services declare, and what is cut here. `field`: a position that can be cut
/// out.
std::string cutout_readme(const vo::DatasetFolder& folder, const vo::Dataset& dataset, bool cut_here,
                          const std::optional<vo::SkyPosition>& field);

}  // namespace skymount::fs
