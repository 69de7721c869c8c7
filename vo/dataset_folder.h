// SPDX-License-Identifier: MIT
//
// What a dataset's folder shows: from a links answer, or from the row alone when access_url is the file itself. Names,
// sub-folders, identities, what is forbidden beforehand, and the services that cut out.
#pragma once

#include "vo/listing.h"
#include "vo/protocol/datalink.h"

#include <set>
#include <string>
#include <vector>

namespace skymount::vo {

/// The row's access_url as the one file (#this). No entry and a fault when there is none.
DatasetFolder folder_of_file(const Listing& listing, const Dataset& dataset, WallTime now);

/// How deep links documents that lead to links documents are followed. Real archives have two levels (ALMA: dataset,
/// tar).
inline constexpr std::size_t kDeepestLinks = 4;

/// How the fault of an answer begins that ended with an error behind its links.
inline constexpr std::string_view kBrokeOff = "the archive broke off its list of links; there may be more";

/// How a links document was reached, and what is known of where its links lead.
struct LinksWay {
  std::vector<std::string> documents;  ///< document_address of those on the way, its own last
  std::set<std::string> unmarked;  ///< addresses of links that are links documents though their type does not say so

  std::vector<std::string> reserved = {};  ///< names that the archive's files yield to: its reports

  bool nested() const { return documents.size() > 1; }
};

/// What names a links document wherever it is met: its URL without signatures, decoded.
std::string document_address(const Url& url);

/// `base` is where the document came from. `document` as received, secrets are blanked here; empty: written again from
/// the answer. Links that lead back to a document on the way, or too deep, are faults instead of entries.
DatasetFolder folder_of_links(const Listing& listing, const Dataset& dataset, const LinksAnswer& answer,
                              std::string_view document, const Url& base, const LinksWay& way, WallTime now);

/// Why the row's data cannot be had yet, in words; empty when they can or nothing is said.
std::string embargo_of(const Listing& listing, const Dataset& dataset, WallTime now);

}  // namespace skymount::vo
